//! Two small charts as SVG that take their colours from the page: a curve, and dots on a line.

use std::fmt::Write as _;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 34.0;

/// A stretch of numbers laid over a stretch of the page.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// Over all `values`, a stretch of no length widened.
    fn over(values: impl Iterator<Item = f64> + Clone, (from, to): (f64, f64)) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = if low < high {
            (low, high)
        } else {
            (low - 0.5, low + 0.5)
        };
        Self {
            low,
            high,
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }
}

/// A curve of points (x, y), finite, at least one, under a title.
pub(super) fn curve(title: &str, x_label: &str, points: &[[f64; 2]]) -> String {
    let x = Axis::over(points.iter().map(|p| p[0]), (LEFT, WIDTH - RIGHT));
    let y = Axis::over(points.iter().map(|p| p[1]), (HEIGHT - BOTTOM, TOP));
    let mut svg = begin(title, HEIGHT);
    let (floor, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    let _ = write!(
        svg,
        "<path class=\"axis\" fill=\"none\" d=\"M{LEFT} {TOP}V{floor}H{right}\"/>\
         <text x=\"{}\" y=\"{TOP}\" text-anchor=\"end\">{}</text>\
         <text x=\"{}\" y=\"{floor}\" text-anchor=\"end\">{}</text>\
         <text x=\"{LEFT}\" y=\"{}\">{}</text>\
         <text x=\"{right}\" y=\"{}\" text-anchor=\"end\">{} {x_label}</text>",
        LEFT - 5.0,
        short(y.high),
        LEFT - 5.0,
        short(y.low),
        floor + 15.0,
        short(x.low),
        floor + 15.0,
        short(x.high),
    );
    let places = points
        .iter()
        .map(|p| format!("{:.1},{:.1}", x.place(p[0]), y.place(p[1])));
    let _ = write!(
        svg,
        "<polyline class=\"curve\" points=\"{}\"/>",
        places.collect::<Vec<_>>().join(" ")
    );
    // A line of one point is not seen.
    if let [[at, value]] = points {
        let (cx, cy) = (x.place(*at), y.place(*value));
        let _ = write!(
            svg,
            "<circle class=\"dot\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"3\"/>"
        );
    }
    svg + "</svg>"
}

/// Scores as dots on a line, and thresholds across it. The dots are spread in rows so that equal
/// ones show.
pub(super) fn dots(title: &str, scores: &[f64], thresholds: &[f64]) -> String {
    let height = 110.0;
    let all = scores.iter().chain(thresholds).copied();
    let x = Axis::over(all, (LEFT, WIDTH - RIGHT - LEFT));
    let floor = height - BOTTOM;
    let mut svg = begin(title, height);
    let _ = write!(
        svg,
        "<path class=\"axis\" d=\"M{} {floor}H{}\"/>",
        LEFT / 2.0,
        WIDTH - RIGHT
    );
    for (i, score) in scores.iter().enumerate() {
        let y = floor - 6.0 - 7.0 * (i % 5) as f64;
        let _ = write!(
            svg,
            "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{y}\" r=\"3\"/>",
            x.place(*score)
        );
    }
    for threshold in thresholds {
        let place = x.place(*threshold);
        let _ = write!(
            svg,
            "<path class=\"limit\" d=\"M{place:.1} {}V{}\"/>\
             <text x=\"{place:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            TOP + 4.0,
            floor + 4.0,
            floor + 18.0,
            short(*threshold)
        );
    }
    svg + "</svg>"
}

fn begin(title: &str, height: f64) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">\
         <text x=\"{LEFT}\" y=\"12\">{title}</text>"
    )
}

/// Four digits that matter.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        a if a >= 1000.0 || a.fract() == 0.0 => format!("{value:.0}"),
        a if a >= 1.0 => format!("{value:.2}"),
        a if a >= 1e-3 => format!("{value:.4}"),
        _ => format!("{value:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_runs_from_corner_to_corner() {
        let svg = curve("loss", "steps", &[[0.0, 4.0], [10.0, 2.0]]);
        // From the top left of the frame, (56, 24), to its bottom right, (448, 186).
        assert!(svg.contains("points=\"56.0,24.0 448.0,186.0\""), "{svg}");
    }

    #[test]
    fn one_point_and_equal_scores_still_have_a_place() {
        let svg = curve("loss", "steps", &[[5.0, 1.0]]);
        assert!(!svg.contains("NaN"));
        // In the middle of the frame, from (56, 24) to (448, 186).
        assert!(svg.contains("cx=\"252.0\" cy=\"105.0\""), "{svg}");
        let svg = dots("scores", &[2.0, 2.0], &[2.0]);
        assert!(!svg.contains("NaN") && svg.matches("circle").count() == 2);
    }
}
