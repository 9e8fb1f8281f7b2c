//! Which pictures a report shows: a category's test images, what networks make of them, and what
//! the maps of the method see in them.

use std::collections::BTreeSet;

use super::{Report, ReportCell};
use crate::claims::STAINS;
use crate::{Column, Figure, Panel};

/// Panels that show the image itself and are the same for every cell.
const QUERY: &str = "query";
const MASK: &str = "mask";
const RECONSTRUCTION: &str = "reconstruction";
/// Columns shown where none is of the paper's figure.
const FALLBACK_COLUMNS: usize = 4;

/// What stands at one place of a sheet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot<'a> {
    /// A panel of a cell's figure.
    Panel(Found<'a>),
    /// The cell has no result, or did not draw this image.
    Missing,
    /// There is nothing to show: the mask of a clean image.
    Nothing,
}

/// A picture, and whose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) cell: &'a ReportCell,
    pub(super) figure: &'a Figure,
    pub(super) panel: &'a Panel,
}

/// One test image in a row of a sheet.
#[derive(Debug)]
pub(super) struct SheetRow<'a> {
    pub(super) defect_type: &'a str,
    pub(super) image: &'a str,
    pub(super) slots: Vec<Slot<'a>>,
}

/// Test images by what is shown of them.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) headings: Vec<String>,
    pub(super) rows: Vec<SheetRow<'a>>,
}

/// The pictures of one category, the same images on both sheets.
#[derive(Debug)]
pub(super) struct Sheets<'a> {
    /// Query, what each network makes of it, mask.
    pub(super) reconstructions: Sheet<'a>,
    /// Query, the method's maps, mask.
    pub(super) maps: Sheet<'a>,
    /// The column whose maps are shown.
    pub(super) mapped: String,
}

/// The sheets of a category; none without a figure.
pub(super) fn sheets<'a>(report: &'a Report, category: &str) -> Option<Sheets<'a>> {
    let columns = shown_columns(report);
    let cells: Vec<Option<&ReportCell>> = columns
        .iter()
        .map(|column| drawn_cell(report, category, column))
        .collect();
    let method = report.method_column().filter(|m| columns.contains(m));
    let mapped = method.or_else(|| columns.last().cloned())?;
    let map_cell = drawn_cell(report, category, &mapped);
    let images = images(&cells);
    let labels = map_labels(&images);
    let reconstructions = Sheet {
        headings: framed(columns.iter().map(|c| report.column_label(c))),
        rows: images
            .iter()
            .map(|image| reconstruction_row(image, &cells))
            .collect(),
    };
    let maps = Sheet {
        headings: framed(labels.iter().map(|label| (*label).to_owned())),
        rows: images
            .iter()
            .map(|image| map_row(image, map_cell, &labels))
            .collect(),
    };
    (!images.is_empty()).then(|| Sheets {
        reconstructions,
        maps,
        mapped: report.column_label(&mapped),
    })
}

/// Cell and file of every picture that the report's sheets show.
pub(crate) fn wanted(report: &Report) -> BTreeSet<(String, String)> {
    let mut files = BTreeSet::new();
    for category in &report.plan.categories {
        let sheets = sheets(report, category).into_iter();
        let rows = sheets.flat_map(|s| s.reconstructions.rows.into_iter().chain(s.maps.rows));
        for slot in rows.flat_map(|row| row.slots) {
            if let Slot::Panel(found) = slot {
                files.insert((found.cell.id.clone(), found.panel.file.clone()));
            }
        }
    }
    files
}

/// The columns of the paper's figure: every network with none and with stain, of one preset.
fn shown_columns(report: &Report) -> Vec<Column> {
    let columns = report.columns();
    let has = |corruption: &str| columns.iter().any(|c| c.corruption == corruption);
    let stain = STAINS.into_iter().find(|stain| has(stain));
    let of_figure = |column: &&Column| {
        let corruption = column.corruption.as_str();
        report.plan.presets.first() == Some(&column.preset)
            && (corruption == "none" || Some(corruption) == stain)
    };
    let shown: Vec<Column> = columns.iter().filter(of_figure).cloned().collect();
    if shown.is_empty() {
        return columns.into_iter().take(FALLBACK_COLUMNS).collect();
    }
    shown
}

/// The cell of the first seed that drew anything.
fn drawn_cell<'a>(report: &'a Report, category: &str, column: &Column) -> Option<&'a ReportCell> {
    report.cells.iter().find(|cell| {
        cell.category == category
            && cell.strategy == report.main_strategy()
            && cell.network == column.network
            && cell.corruption == column.corruption
            && cell.preset == column.preset
            && !cell.figures.is_empty()
    })
}

/// Every image shown by any of the cells, once, with the first cell that shows it.
fn images<'a>(cells: &[Option<&'a ReportCell>]) -> Vec<(&'a ReportCell, &'a Figure)> {
    let mut images: Vec<(&ReportCell, &Figure)> = Vec::new();
    for cell in cells.iter().copied().flatten() {
        for figure in &cell.figures {
            if !images.iter().any(|(_, known)| same_image(known, figure)) {
                images.push((cell, figure));
            }
        }
    }
    images
}

fn same_image(a: &Figure, b: &Figure) -> bool {
    a.name == b.name && a.image == b.image
}

fn framed(between: impl Iterator<Item = String>) -> Vec<String> {
    let ends = |label: &str| std::iter::once(label.to_owned());
    ends(QUERY).chain(between).chain(ends(MASK)).collect()
}

/// Labels of the panels that are maps, in the order of first appearance.
fn map_labels<'a>(images: &[(&'a ReportCell, &'a Figure)]) -> Vec<&'a str> {
    let mut labels: Vec<&str> = Vec::new();
    for panel in images.iter().flat_map(|(_, image)| &image.panels) {
        let label = panel.label.as_str();
        if ![QUERY, MASK, RECONSTRUCTION].contains(&label) && !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

fn figure_of<'a>(cell: &'a ReportCell, image: &Figure) -> Option<&'a Figure> {
    cell.figures.iter().find(|figure| same_image(figure, image))
}

fn panel<'a>(cell: Option<&'a ReportCell>, image: &Figure, label: &str) -> Slot<'a> {
    let found = cell.and_then(|cell| {
        let figure = figure_of(cell, image)?;
        let panel = figure.panels.iter().find(|panel| panel.label == label)?;
        Some(Found {
            cell,
            figure,
            panel,
        })
    });
    found.map_or(Slot::Missing, Slot::Panel)
}

fn reconstruction_row<'a>(
    image: &(&'a ReportCell, &'a Figure),
    cells: &[Option<&'a ReportCell>],
) -> SheetRow<'a> {
    let between = cells
        .iter()
        .map(|cell| panel(*cell, image.1, RECONSTRUCTION));
    row(image, between.collect())
}

fn map_row<'a>(
    image: &(&'a ReportCell, &'a Figure),
    cell: Option<&'a ReportCell>,
    labels: &[&str],
) -> SheetRow<'a> {
    let between = labels.iter().map(|label| panel(cell, image.1, label));
    row(image, between.collect())
}

fn row<'a>((cell, image): &(&'a ReportCell, &'a Figure), between: Vec<Slot<'a>>) -> SheetRow<'a> {
    let mask = match panel(Some(cell), image, MASK) {
        Slot::Missing => Slot::Nothing,
        found => found,
    };
    let mut slots = vec![panel(Some(cell), image, QUERY)];
    slots.extend(between);
    slots.push(mask);
    SheetRow {
        defect_type: &image.defect_type,
        image: &image.image,
        slots,
    }
}
