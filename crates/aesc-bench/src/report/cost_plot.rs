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
/// Distance of the ticks of the image AUROC.
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
    let plot = Plot {
        low,
        decades: decades(&points),
    };
    Some(plot.drawn(&points, &report.plan.categories))
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

/// The powers of ten that hold every cost.
fn decades(points: &[Point]) -> [i32; 2] {
    let powers = || points.iter().map(|point| point.gmac.log10());
    let low = powers().fold(f64::INFINITY, f64::min).floor();
    let high = powers().fold(f64::NEG_INFINITY, f64::max).ceil();
    if low.is_finite() && high.is_finite() {
        [low as i32, (high as i32).max(low as i32 + 1)]
    } else {
        [0, 1]
    }
}

/// The axes: GMAC on a logarithmic scale over whole decades, and shares of 1 from `low` on.
struct Plot {
    low: f64,
    decades: [i32; 2],
}

impl Plot {
    fn left_of(&self, gmac: f64) -> f64 {
        let [low, high] = self.decades.map(f64::from);
        let share = (gmac.log10() - low) / (high - low);
        MARGIN[0] + share * (SIZE[0] - MARGIN[0] - MARGIN[2])
    }

    fn top_of(&self, value: f64) -> f64 {
        let share = (value - self.low) / (1.0 - self.low);
        SIZE[1] - MARGIN[3] - share * (SIZE[1] - MARGIN[1] - MARGIN[3])
    }

    fn drawn(&self, points: &[Point], categories: &[String]) -> String {
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
        self.add_axes(&mut svg);
        let mut taken: Vec<[f64; 3]> = points.iter().map(|point| self.dot(point)).collect();
        for point in points {
            self.add_point(&mut svg, point, &mut taken);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn add_axes(&self, svg: &mut String) {
        let low = self.low;
        let (left, right) = (MARGIN[0], SIZE[0] - MARGIN[2]);
        let (top, bottom) = (self.top_of(1.0), self.top_of(low));
        let n = ((1.0 - low) / TICKS).round() as u32;
        for i in 0..=n {
            let value = low + f64::from(i) * TICKS;
            let y = self.top_of(value);
            let _ = writeln!(
                svg,
                "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">{value:.2}</text>",
                left - 6.0,
                y + 4.0
            );
        }
        for power in self.decades[0]..=self.decades[1] {
            let gmac = 10_f64.powi(power);
            let x = self.left_of(gmac);
            let _ = writeln!(
                svg,
                "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">{gmac}</text>",
                bottom + 18.0
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">GMAC an image</text>",
            f64::midpoint(left, right),
            bottom + 36.0
        );
        add_legend(svg);
    }

    /// Left, right and height of what a point's dot keeps free of names.
    fn dot(&self, point: &Point) -> [f64; 3] {
        let x = self.left_of(point.gmac);
        [x - 7.0, x + 7.0, self.top_of(point.value) + 4.0]
    }

    /// The dot, and its name beside it, at the nearest height where no other name stands already.
    fn add_point(&self, svg: &mut String, point: &Point, taken: &mut Vec<[f64; 3]>) {
        let at = [self.left_of(point.gmac), self.top_of(point.value)];
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
}

/// What the dots mean.
fn add_legend(svg: &mut String) {
    let marks = [
        (Kind::Ours, "ours"),
        (
            Kind::FromScratch,
            "from scratch, the category's images alone",
        ),
        (Kind::Helped, "pretrained, or with other images"),
    ];
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

/// A dot: orange for ours, blue from scratch, hollow with help.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, gmac: f64, value: f64) -> Point {
        Point {
            name: name.to_owned(),
            gmac,
            value,
            kind: Kind::Ours,
        }
    }

    #[test]
    fn a_small_network_has_its_own_decade() {
        assert_eq!(
            decades(&[point("a", 0.15, 0.9), point("b", 20.0, 0.9)]),
            [-1, 2]
        );
        assert_eq!(decades(&[point("a", 10.0, 0.9)]), [1, 2]);
        assert_eq!(decades(&[]), [0, 1]);
    }

    #[test]
    fn names_of_neighbours_stand_apart_and_near_their_dots() {
        let plot = Plot {
            low: 0.9,
            decades: [0, 3],
        };
        // Beside each other, as good as each other: no name over another's dot or name.
        let costs = [(10.0, 0.96), (15.0, 0.961), (20.0, 0.959)];
        let points = costs.map(|(gmac, value)| point("method", gmac, value));
        let mut taken: Vec<[f64; 3]> = points.iter().map(|point| plot.dot(point)).collect();
        let mut svg = String::new();
        for point in &points {
            plot.add_point(&mut svg, point, &mut taken);
        }
        for (i, name) in taken.iter().enumerate().skip(3) {
            let is_over = |other: &[f64; 3]| {
                name[0] < other[1] && other[0] < name[1] && (name[2] - other[2]).abs() < LINE_PX
            };
            assert!(!taken[..i].iter().any(is_over), "{taken:?}");
            assert!(
                (name[2] - plot.top_of(0.96)).abs() < 4.0 * LINE_PX,
                "{taken:?}"
            );
        }
    }
}
