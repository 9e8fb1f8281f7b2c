//! Which charts a category gets, and how its lines are told apart.

use super::svg::{Axis, Chart, Line};
use super::{Report, ReportCell};

/// A line's points, taken from a cell.
type Points<'a> = &'a dyn Fn(&ReportCell) -> Vec<[f64; 2]>;

/// A finished chart with its heading.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) heading: String,
    pub(crate) svg: String,
}

/// One entry of a legend: a column's name and the style of its lines.
#[derive(Debug)]
pub(crate) struct LegendEntry {
    pub(crate) label: String,
    pub(crate) style: String,
}

/// The legend of every chart of the report.
pub(crate) fn legend(report: &Report) -> Vec<LegendEntry> {
    let entry = |column: &crate::Column| LegendEntry {
        label: report.column_label(column),
        style: style(report, &column.network, &column.corruption),
    };
    report.columns().iter().map(entry).collect()
}

/// ROC and PRO curves of one category by one strategy.
pub(crate) fn curves(report: &Report, category: &str, strategy: &str) -> Vec<Drawing> {
    let kinds: [(&str, &str, Points<'_>); 3] = [
        ("Image ROC", "true-positive rate", &|cell| {
            cell.curves.image_roc.clone()
        }),
        ("Pixel ROC", "true-positive rate", &|cell| {
            cell.curves.pixel_roc.clone()
        }),
        ("PRO curve", "per-region overlap", &|cell| {
            cell.curves.pro.clone()
        }),
    ];
    let mut drawings = Vec::new();
    for (kind, y_label, points) in kinds {
        let chart = Chart {
            title: format!("{kind} of {category} by {strategy}"),
            x: Axis::unit("false-positive rate"),
            y: Axis::unit(y_label),
            lines: lines(report, category, strategy, points),
        };
        let drawn = chart.lines.iter().any(|line| !line.points.is_empty());
        drawings.extend(drawn.then(|| Drawing {
            heading: format!("{kind} · {strategy}"),
            svg: chart.to_svg(),
        }));
    }
    drawings
}

/// Training loss and validation PSNR of one category over the steps.
pub(crate) fn training(report: &Report, category: &str) -> Vec<Drawing> {
    let strategy = report.plan.strategies.first().map_or("", String::as_str);
    let loss = |cell: &ReportCell| {
        let rows = cell.history.iter().filter(|row| row.loss > 0.0);
        rows.map(|row| [row.step as f64, row.loss.log10()])
            .collect()
    };
    let psnr = |cell: &ReportCell| {
        let points = cell.history.iter();
        points
            .filter_map(|row| Some([row.step as f64, row.validation_psnr_db?]))
            .collect()
    };
    let kinds: [(&str, &str, Points<'_>); 2] = [
        ("Training loss", "log₁₀ of the loss", &loss),
        ("Validation PSNR", "PSNR (dB)", &psnr),
    ];
    let mut drawings = Vec::new();
    for (kind, y_label, points) in kinds {
        let lines = lines(report, category, strategy, points);
        let all = || lines.iter().flat_map(|line| &line.points);
        let x = Axis::around("step", all().map(|p| p[0]).chain([0.0]));
        let y = Axis::around(y_label, all().map(|p| p[1]));
        if let (Some(x), Some(y)) = (x, y) {
            let title = format!("{kind} of {category}");
            drawings.push(Drawing {
                heading: kind.to_owned(),
                svg: Chart { title, x, y, lines }.to_svg(),
            });
        }
    }
    drawings
}

/// One line a cell of the category.
fn lines(report: &Report, category: &str, strategy: &str, points: Points<'_>) -> Vec<Line> {
    let cells = report.cells.iter();
    let cells = cells.filter(|c| c.category == category && c.strategy == strategy);
    let line = |cell: &ReportCell| Line {
        name: format!(
            "{} · {} · seed {}",
            cell.network, cell.corruption, cell.seed
        ),
        style: style(report, &cell.network, &cell.corruption),
        points: points(cell),
    };
    cells.map(line).collect()
}

/// Hue by corruption, dashes by network: classes of the page's style sheet.
fn style(report: &Report, network: &str, corruption: &str) -> String {
    let place = |list: &[String], name: &str| list.iter().position(|n| n == name).unwrap_or(0);
    let hue = place(&report.plan.corruptions, corruption) % 8;
    // The plan's last network, the newest, gets the solid line.
    let dash = report
        .plan
        .networks
        .len()
        .saturating_sub(place(&report.plan.networks, network) + 1);
    format!("c{hue} d{}", dash % 4)
}
