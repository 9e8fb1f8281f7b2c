//! The picture grids: query and mask once, then each column's reconstruction and map below them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Pictures, Report, ReportCell};
use crate::{Figure, Panel};

/// Panels that show the image itself and are the same for every cell.
const SHARED: [&str; 2] = ["query", "mask"];

/// The pictures of one test image.
#[derive(Debug)]
pub(crate) struct Grid {
    /// `hole · test/hole/003.png`.
    pub(crate) caption: String,
    pub(crate) columns: Vec<GridColumn>,
}

/// The image itself, or what one cell makes of it.
#[derive(Debug)]
pub(crate) struct GridColumn {
    pub(crate) heading: String,
    /// "score 4.50, over the threshold 3.25", or why there is no picture.
    pub(crate) note: String,
    pub(crate) panels: Vec<GridPanel>,
}

/// One picture.
#[derive(Debug)]
pub(crate) struct GridPanel {
    pub(crate) label: String,
    pub(crate) alt: String,
    /// A data URL; `None` when the file is gone or no picture.
    pub(crate) src: Option<String>,
}

/// The grids of one category, one an image, of the plan's first seed.
pub(crate) fn grids(report: &Report, category: &str, pictures: &Pictures) -> Vec<Grid> {
    let strategy = report.plan.strategies.first().map_or("", String::as_str);
    let cells = report
        .cells
        .iter()
        .filter(|c| c.category == category && c.strategy == strategy);
    let mut shown: Vec<(&ReportCell, &Figure)> = Vec::new();
    for cell in cells.clone() {
        for figure in &cell.figures {
            if !shown.iter().any(|(_, other)| same_image(other, figure)) {
                shown.push((cell, figure));
            }
        }
    }
    let columns = report.columns();
    let grid = |(cell, figure): &(&ReportCell, &Figure)| {
        let mut parts = vec![image_column(cell, figure, pictures)];
        for column in &columns {
            let of_column = |c: &&ReportCell| {
                c.network == column.network
                    && c.corruption == column.corruption
                    && c.preset == column.preset
            };
            let heading = report.column_label(column);
            let cell = cells.clone().find(of_column);
            parts.push(cell_column(heading, cell, figure, pictures));
        }
        Grid {
            caption: format!("{} · {}", figure.defect_type, figure.image),
            columns: parts,
        }
    };
    shown.iter().map(grid).collect()
}

fn same_image(a: &Figure, b: &Figure) -> bool {
    a.name == b.name && a.image == b.image
}

fn image_column(cell: &ReportCell, figure: &Figure, pictures: &Pictures) -> GridColumn {
    let shared = figure
        .panels
        .iter()
        .filter(|p| SHARED.contains(&p.label.as_str()));
    GridColumn {
        heading: "test image".to_owned(),
        note: figure.defect_type.clone(),
        panels: shared
            .map(|p| grid_panel(cell, figure, p, pictures))
            .collect(),
    }
}

fn cell_column(
    heading: String,
    cell: Option<&ReportCell>,
    shown: &Figure,
    pictures: &Pictures,
) -> GridColumn {
    let figure = cell.and_then(|c| c.figures.iter().find(|other| same_image(other, shown)));
    let (Some(cell), Some(figure)) = (cell, figure) else {
        return GridColumn {
            heading,
            note: "missing".to_owned(),
            panels: Vec::new(),
        };
    };
    let own = figure
        .panels
        .iter()
        .filter(|p| !SHARED.contains(&p.label.as_str()));
    let note = figure.score.map_or_else(String::new, |score| {
        let side = if score > cell.threshold {
            "over"
        } else {
            "under"
        };
        format!(
            "score {score:.3}, {side} the threshold {:.3}",
            cell.threshold
        )
    });
    GridColumn {
        heading,
        note,
        panels: own.map(|p| grid_panel(cell, figure, p, pictures)).collect(),
    }
}

fn grid_panel(cell: &ReportCell, figure: &Figure, panel: &Panel, pictures: &Pictures) -> GridPanel {
    let key = (cell.id.clone(), panel.file.clone());
    let of_whom = if SHARED.contains(&panel.label.as_str()) {
        String::new()
    } else {
        format!(" by {} trained on {}", cell.network, cell.corruption)
    };
    GridPanel {
        label: panel.label.clone(),
        alt: format!(
            "{} of {} {}{of_whom}",
            panel.label, cell.category, figure.image
        ),
        src: pictures.get(&key).and_then(|bytes| data_url(bytes)),
    }
}

/// The picture as a `data:` URL; `None` for bytes that are neither PNG nor JPEG.
fn data_url(bytes: &[u8]) -> Option<String> {
    let kind = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        "png"
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        "jpeg"
    } else {
        return None;
    };
    Some(format!(
        "data:image/{kind};base64,{}",
        STANDARD.encode(bytes)
    ))
}
