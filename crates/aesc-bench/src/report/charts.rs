//! Which charts a category gets, and how its lines are told apart.

use super::svg::{Axis, Chart, Line};
use super::{Report, ReportCell};

/// Reports of more columns than this get a chart for each network, instead of one for all.
const TOGETHER: usize = 8;
/// AUPRO is taken up to this false-positive rate; so is its curve drawn.
const PRO_LIMIT: f64 = 0.3;
/// Hues and dashes that the style sheet knows.
const HUES: usize = 8;
const DASHES: usize = 4;

/// A line's points, taken from a cell.
type Points<'a> = &'a dyn Fn(&ReportCell) -> Vec<[f64; 2]>;

/// A finished chart with its heading.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) heading: String,
    pub(crate) svg: String,
}

/// Charts that belong together.
#[derive(Debug)]
pub(crate) struct Charts {
    pub(crate) title: String,
    pub(crate) drawings: Vec<Drawing>,
}

/// One entry of the legend: what a hue or a dash stands for.
#[derive(Debug)]
pub(crate) struct LegendEntry {
    pub(crate) label: String,
    /// Class of the lines it switches.
    pub(crate) class: String,
}

/// The legend of every chart: corruptions by hue, then networks by dash where they share charts.
pub(crate) fn legend(report: &Report) -> Vec<LegendEntry> {
    let entry = |label: &String, class: String| LegendEntry {
        label: label.clone(),
        class,
    };
    let hues = report.plan.corruptions.iter();
    let mut legend: Vec<LegendEntry> = hues.map(|c| entry(c, hue(report, c))).collect();
    if !is_split(report) && report.plan.networks.len() > 1 {
        let dashes = report.plan.networks.iter();
        legend.extend(dashes.map(|n| entry(n, dash(report, n))));
    }
    legend
}

/// ROC and PRO curves of one category by one strategy.
pub(crate) fn curves(report: &Report, category: &str, strategy: &str) -> Charts {
    let roc = || (Axis::unit("false-positive rate"), "true-positive rate");
    let pro_axis = Axis::from_zero("false-positive rate", &[0.0, 0.1, 0.2, PRO_LIMIT]);
    let kinds: [(&str, (Axis, &str), Points<'_>); 3] = [
        ("Image ROC", roc(), &|cell| cell.curves.image_roc.clone()),
        ("Pixel ROC", roc(), &|cell| cell.curves.pixel_roc.clone()),
        ("PRO", (pro_axis, "per-region overlap"), &|cell| {
            up_to(PRO_LIMIT, &cell.curves.pro)
        }),
    ];
    let mut drawings = Vec::new();
    for (kind, (x, y_label), points) in kinds {
        let view = View {
            title: format!("{kind} of {category} by {strategy}"),
            kind,
            x,
            y: Axis::unit(y_label),
        };
        let cells = cells(report, category, strategy);
        drawings.extend(split(report, &cells, view, points));
    }
    Charts {
        title: format!("Curves by {strategy}"),
        drawings,
    }
}

/// Training loss and validation PSNR of one category over the steps.
pub(crate) fn training(report: &Report, category: &str) -> Charts {
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
    let cells = cells(report, category, report.main_strategy());
    let mut drawings = Vec::new();
    for (kind, y_label, points) in kinds {
        let all: Vec<[f64; 2]> = cells.iter().flat_map(|cell| points(cell)).collect();
        let x = Axis::around("step", all.iter().map(|p| p[0]).chain([0.0]));
        let y = Axis::around(y_label, all.iter().map(|p| p[1]));
        if let (Some(x), Some(y)) = (x, y) {
            let title = format!("{kind} of {category}");
            let view = View { title, kind, x, y };
            drawings.extend(split(report, &cells, view, points));
        }
    }
    Charts {
        title: "Training".to_owned(),
        drawings,
    }
}

/// What a chart shows, apart from its lines.
struct View<'a> {
    title: String,
    kind: &'a str,
    x: Axis,
    y: Axis,
}

/// One chart of all lines, or one for each network on the same axes; none without a line.
fn split(
    report: &Report,
    cells: &[&ReportCell],
    view: View<'_>,
    points: Points<'_>,
) -> Vec<Drawing> {
    let View { title, kind, x, y } = view;
    let drawing = |of: &dyn Fn(&ReportCell) -> bool, whose: &str| {
        let shown = cells.iter().filter(|cell| of(cell));
        let lines: Vec<Line> = shown.map(|cell| line(report, cell, points)).collect();
        let drawn = lines.iter().any(|line| !line.points.is_empty());
        drawn.then(|| Drawing {
            heading: format!("{kind}{whose}"),
            svg: Chart {
                title: format!("{title}{whose}"),
                x: x.clone(),
                y: y.clone(),
                lines,
            }
            .to_svg(),
        })
    };
    if !is_split(report) {
        return drawing(&|_| true, "").into_iter().collect();
    }
    let networks = report.plan.networks.iter();
    networks
        .filter_map(|network| drawing(&|cell| cell.network == *network, &format!(" · {network}")))
        .collect()
}

/// The cells of a category whose lines are drawn: of each column the first seed that is there.
fn cells<'a>(report: &'a Report, category: &str, strategy: &str) -> Vec<&'a ReportCell> {
    let mut cells: Vec<&ReportCell> = Vec::new();
    let of_category = |c: &&ReportCell| c.category == category && c.strategy == strategy;
    for cell in report.cells.iter().filter(of_category) {
        let column = |c: &ReportCell| [&c.network, &c.corruption, &c.preset].map(String::clone);
        if !cells.iter().any(|known| column(known) == column(cell)) {
            cells.push(cell);
        }
    }
    cells
}

fn line(report: &Report, cell: &ReportCell, points: Points<'_>) -> Line {
    let ReportCell {
        network,
        corruption,
        seed,
        ..
    } = cell;
    let hue = hue(report, corruption);
    Line {
        name: format!("{network} · {corruption} · seed {seed}"),
        style: if is_split(report) {
            hue
        } else {
            format!("{hue} {}", dash(report, network))
        },
        points: points(cell),
    }
}

fn is_split(report: &Report) -> bool {
    report.columns().len() > TOGETHER
}

fn hue(report: &Report, corruption: &str) -> String {
    format!("c{}", place(&report.plan.corruptions, corruption) % HUES)
}

/// The method's own network gets the solid line, the others a dash each.
fn dash(report: &Report, network: &str) -> String {
    let mut networks = report.plan.networks.clone();
    networks.sort_by_key(|name| name != "aesc");
    format!("d{}", place(&networks, network) % DASHES)
}

fn place(list: &[String], name: &str) -> usize {
    list.iter().position(|n| n == name).unwrap_or(0)
}

/// A curve of rising x, cut at `limit`.
fn up_to(limit: f64, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let inside = points.iter().take_while(|p| p[0] <= limit);
    let mut cut: Vec<[f64; 2]> = inside.copied().collect();
    if let (Some(&[x, y]), Some(&[next_x, next_y])) = (cut.last(), points.get(cut.len())) {
        let share = (limit - x) / (next_x - x);
        cut.push([limit, y + share * (next_y - y)]);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_cut_between_its_points() {
        let curve = [[0.0, 0.0], [0.2, 0.6], [0.6, 0.8], [1.0, 1.0]];
        // A quarter of the way from 0.2 to 0.6, so of that from 0.6 to 0.8.
        let cut = up_to(0.3, &curve);
        assert_eq!(cut[..2], curve[..2]);
        assert!((cut[2][1] - 0.65).abs() < 1e-12, "{cut:?}");
        assert_eq!(up_to(1.0, &curve), curve);
        assert!(up_to(0.3, &[]).is_empty());
    }
}
