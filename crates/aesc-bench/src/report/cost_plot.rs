//! Accuracy against cost: ours and published methods as points of one SVG file.

use std::fmt::Write as _;

use super::published_table::our_columns;
use super::svg::escaped;
use super::{Report, ReportCell};
use crate::published::{Method, Published, compiled_in};
use crate::summary::Spread;
use crate::{Column, Metric};

/// Size of the picture, and room for axes: left, top, right, bottom.
const SIZE: [f64; 2] = [720.0, 420.0];
const MARGIN: [f64; 4] = [64.0, 40.0, 24.0, 66.0];
/// The axes: GMAC on a logarithmic scale, and shares of 1.
const GMAC: [f64; 2] = [1.0, 1000.0];
const TICKS: f64 = 0.02;
/// Height of a line of text, and about what a letter is wide.
const LINE_PX: f64 = 13.0;
const LETTER_PX: f64 = 6.2;
/// What a file says that it is, and what a page that holds it does not.
const NAMESPACE: &str = " xmlns=\"http://www.w3.org/2000/svg\"";

/// A method's place in the picture.
struct Point {
    name: String,
    gmac: f64,
    value: f64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ours,
    FromScratch,
    /// Pretrained, or shown images from elsewhere.
    Helped,
}

/// The mean image AUROC over the report's categories against GMAC an image, ours by the main
/// strategy and every method whose cost was counted and whose figures of these categories were
/// found; `None` when nothing published can stand beside the report.
pub fn cost_svg(report: &Report) -> Option<String> {
    let published = compiled_in().ok()?;
    if !published.covers(&report.plan.categories) {
        return None;
    }
    let mut points: Vec<Point> = our_points(report)?;
    let theirs = published.methods.iter();
    points.extend(theirs.filter_map(|method| their_point(method, report, &published)));
    let values = || points.iter().map(|point| point.value);
    let lowest = values().fold(1.0, f64::min);
    let low = ((lowest / TICKS).floor() * TICKS).clamp(0.0, 1.0 - TICKS);
    Some(drawn(&points, low, &report.plan.categories))
}

/// The same as part of a page.
pub(super) fn inline_cost_svg(report: &Report) -> Option<String> {
    Some(cost_svg(report)?.replacen(NAMESPACE, "", 1))
}

fn our_points(report: &Report) -> Option<Vec<Point>> {
    let strategy = report.main_strategy();
    let point = |column: Column| {
        let auroc = |cell: &ReportCell| cell.metrics.image_auroc;
        let value = report.mean_entry(&column, strategy, &auroc).mean()?;
        let cells = report.cells_of(&column, strategy);
        let gmac: Vec<f64> = cells.map(|cell| cell.cost.gmac).collect();
        Some(Point {
            name: format!("ours: {}", report.column_label(&column)),
            gmac: Spread::of(&gmac)?.mean,
            value,
            kind: Kind::Ours,
        })
    };
    Some(our_columns(report)?.into_iter().filter_map(point).collect())
}

fn their_point(method: &Method, report: &Report, published: &Published) -> Option<Point> {
    let categories = &report.plan.categories;
    let value = if categories.len() == published.categories.len() {
        method.mean_of(Metric::ImageAuroc)
    } else {
        method.mean_over(Metric::ImageAuroc, categories)
    };
    let protocol = &method.protocol;
    let alone = protocol.pretrained == "no" && protocol.external_data == "no";
    Some(Point {
        name: method.name.clone(),
        gmac: method.cost.as_ref()?.gmac,
        value: value?,
        kind: if alone {
            Kind::FromScratch
        } else {
            Kind::Helped
        },
    })
}

fn left_of(gmac: f64) -> f64 {
    let share = (gmac.log10() - GMAC[0].log10()) / (GMAC[1].log10() - GMAC[0].log10());
    MARGIN[0] + share.clamp(0.0, 1.0) * (SIZE[0] - MARGIN[0] - MARGIN[2])
}

fn top_of(value: f64, low: f64) -> f64 {
    let share = (value - low) / (1.0 - low);
    SIZE[1] - MARGIN[3] - share.clamp(0.0, 1.0) * (SIZE[1] - MARGIN[1] - MARGIN[3])
}

fn drawn(points: &[Point], low: f64, categories: &[String]) -> String {
    let [width, height] = SIZE;
    let title = format!("Image AUROC, mean over {}", categories.join(", "));
    let mut svg = format!(
        "<svg{NAMESPACE} viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"system-ui, sans-serif\" \
         font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{}\" y=\"22\" text-anchor=\"middle\" font-size=\"15\">{}, against cost</text>\n",
        width / 2.0,
        escaped(&title)
    );
    add_axes(&mut svg, low);
    let mut taken = Vec::new();
    for point in points {
        add_point(&mut svg, point, low, &mut taken);
    }
    svg.push_str("</svg>\n");
    svg
}

fn add_axes(svg: &mut String, low: f64) {
    let (left, right) = (left_of(GMAC[0]), left_of(GMAC[1]));
    let (top, bottom) = (top_of(1.0, low), top_of(low, low));
    let n = ((1.0 - low) / TICKS).round() as u32;
    for i in 0..=n {
        let value = low + f64::from(i) * TICKS;
        let y = top_of(value, low);
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">{value:.2}</text>",
            left - 6.0,
            y + 4.0
        );
    }
    for gmac in [1.0, 10.0, 100.0, 1000.0] {
        let x = left_of(gmac);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">{gmac}</text>",
            bottom + 18.0
        );
    }
    let marks = [
        (Kind::Ours, "ours"),
        (
            Kind::FromScratch,
            "from scratch, the category's images alone",
        ),
        (Kind::Helped, "pretrained, or with other images"),
    ];
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">GMAC an image</text>",
        f64::midpoint(left, right),
        bottom + 36.0
    );
    for ((kind, words), x) in marks.into_iter().zip([70.0, 140.0, 430.0]) {
        let y = SIZE[1] - 10.0;
        let _ = writeln!(
            svg,
            "{}<text x=\"{}\" y=\"{y}\">{words}</text>",
            mark(kind, [x, y - 4.0]),
            x + 10.0
        );
    }
}

/// A dot: full for ours, half-tone from scratch, hollow with help.
fn mark(kind: Kind, [x, y]: [f64; 2]) -> String {
    let fill = match kind {
        Kind::Ours => "#d55e00",
        Kind::FromScratch => "#0072b2",
        Kind::Helped => "#fff",
    };
    let stroke = if kind == Kind::Ours {
        "#d55e00"
    } else {
        "#0072b2"
    };
    format!(
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{fill}\" stroke=\"{stroke}\" \
         stroke-width=\"1.5\"/>"
    )
}

/// The dot, and its name beside it, at the nearest height where no other name stands already.
fn add_point(svg: &mut String, point: &Point, low: f64, taken: &mut Vec<[f64; 3]>) {
    let at = [left_of(point.gmac), top_of(point.value, low)];
    let text = format!("{} {:.3}", point.name, point.value);
    let length = LETTER_PX * text.chars().count() as f64;
    let (x, start, anchor) = if at[0] > SIZE[0] * 0.7 {
        (at[0] - 9.0, at[0] - 9.0 - length, "end")
    } else {
        (at[0] + 9.0, at[0] + 9.0, "start")
    };
    let is_free = |y: f64| {
        let apart = |other: &[f64; 3]| {
            other[1] < start || start + length < other[0] || (other[2] - y).abs() >= LINE_PX
        };
        y > LINE_PX && taken.iter().all(apart)
    };
    let middle = at[1] + 4.0;
    let heights =
        (0..20).flat_map(|n| [1.0, -1.0].map(|side| middle + side * f64::from(n) * LINE_PX));
    let y = heights.into_iter().find(|y| is_free(*y)).unwrap_or(middle);
    taken.push([start, start + length, y]);
    let _ = writeln!(
        svg,
        "{}<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
        mark(point.kind, at),
        escaped(&text)
    );
}
