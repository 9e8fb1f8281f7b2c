//! Line charts as inline SVG, coloured by the page's style sheet so that they follow its theme.

use std::fmt::Write as _;

use super::simplify::simplified;

/// Size of a chart in user units; the page scales it.
pub(crate) const WIDTH: f64 = 340.0;
pub(crate) const HEIGHT: f64 = 260.0;
/// Room for axis labels: left, top, right, bottom.
const MARGIN: [f64; 4] = [50.0, 12.0, 14.0, 42.0];

/// How far a drawn line may be from its points: less than its own width.
const TOLERANCE: f64 = 0.3;

/// A chart of lines over two axes.
#[derive(Debug)]
pub(crate) struct Chart {
    /// Read out by screen readers and shown on hovering.
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
}

/// An axis with its label and the values it runs over.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) ticks: Vec<f64>,
}

/// A line, with the style classes that make it stand out.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) style: String,
    pub(crate) points: Vec<[f64; 2]>,
}

impl Axis {
    /// From 0 to 1 with a tick every quarter.
    pub(crate) fn unit(label: &str) -> Self {
        Self::from_zero(label, &[0.0, 0.25, 0.5, 0.75, 1.0])
    }

    /// From 0 to the last of the ticks.
    pub(crate) fn from_zero(label: &str, ticks: &[f64]) -> Self {
        Self {
            label: label.to_owned(),
            low: 0.0,
            high: ticks.last().copied().unwrap_or(1.0),
            ticks: ticks.to_vec(),
        }
    }

    /// Over all `values`, widened to round ticks; `None` without a finite value.
    pub(crate) fn around(label: &str, values: impl Iterator<Item = f64>) -> Option<Self> {
        let finite = values.filter(|v| v.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        if low > high {
            return None;
        }
        let step = round_step((high - low).max(low.abs() * 1e-3).max(1e-9) / 4.0);
        let first = (low / step).floor();
        let n = ((high / step).ceil() - first).max(1.0) as u32;
        let ticks: Vec<f64> = (0..=n).map(|i| (first + f64::from(i)) * step).collect();
        Some(Self {
            label: label.to_owned(),
            low: ticks[0],
            high: ticks[ticks.len() - 1],
            ticks,
        })
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let mut factors = [1.0, 2.0, 5.0].into_iter();
    let factor = factors.find(|f| f * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

impl Chart {
    /// The chart as an `<svg>` element.
    pub(crate) fn to_svg(&self) -> String {
        let title = escaped(&self.title);
        let mut svg = format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{title}\"><title>{title}</title>"
        );
        self.add_axes(&mut svg);
        for line in &self.lines {
            self.add_line(&mut svg, line);
        }
        svg.push_str("</svg>");
        svg
    }

    fn left_of(&self, x: f64) -> f64 {
        MARGIN[0] + self.x.share(x) * (WIDTH - MARGIN[0] - MARGIN[2])
    }

    fn top_of(&self, y: f64) -> f64 {
        MARGIN[1] + (1.0 - self.y.share(y)) * (HEIGHT - MARGIN[1] - MARGIN[3])
    }

    fn add_axes(&self, svg: &mut String) {
        let (left, right) = (MARGIN[0], WIDTH - MARGIN[2]);
        let (top, bottom) = (MARGIN[1], HEIGHT - MARGIN[3]);
        for &tick in &self.y.ticks {
            let (y, text) = (self.top_of(tick), tick_text(tick));
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>\
                 <text class=\"tick\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                left - 6.0,
                y + 4.0
            );
        }
        for &tick in &self.x.ticks {
            let (x, text) = (self.left_of(tick), tick_text(tick));
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{x:.1} {top}V{bottom}\"/>\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
                bottom + 16.0
            );
        }
        let middle = f64::midpoint(top, bottom);
        let _ = write!(
            svg,
            "<path class=\"axis\" d=\"M{left} {top}V{bottom}H{right}\"/>\
             <text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text class=\"label\" x=\"13\" y=\"{middle}\" text-anchor=\"middle\" \
             transform=\"rotate(-90 13 {middle})\">{}</text>",
            f64::midpoint(left, right),
            HEIGHT - 6.0,
            escaped(&self.x.label),
            escaped(&self.y.label)
        );
    }

    fn add_line(&self, svg: &mut String, line: &Line) {
        let finite = line
            .points
            .iter()
            .filter(|p| p.iter().all(|v| v.is_finite()));
        let placed: Vec<[f64; 2]> = finite
            .map(|p| [self.left_of(p[0]), self.top_of(p[1])])
            .collect();
        let path = path_data(&simplified(&placed, TOLERANCE));
        if !path.is_empty() {
            let (name, style) = (escaped(&line.name), escaped(&line.style));
            let _ = write!(
                svg,
                "<path class=\"line {style}\" d=\"{path}\"><title>{name}</title></path>"
            );
        }
    }
}

/// A path's data: absolute start, relative steps, in tenths of a unit and no letter too many.
fn path_data(points: &[[f64; 2]]) -> String {
    let mut path = String::new();
    let mut last = [0; 2];
    for point in points {
        let here = point.map(|v| (v * 10.0).round() as i64);
        let step = [here[0] - last[0], here[1] - last[1]];
        match path.len() {
            0 => path.push('M'),
            _ => path.push('l'),
        }
        path.push_str(&tenths(step[0]));
        if step[1] >= 0 {
            path.push(' ');
        }
        path.push_str(&tenths(step[1]));
        last = here;
    }
    path
}

/// `125` as `12.5`, `-120` as `-12`.
fn tenths(n: i64) -> String {
    let sign = if n < 0 { "-" } else { "" };
    match (n.abs() / 10, n.abs() % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, rest) => format!("{sign}{whole}.{rest}"),
    }
}

/// Four significant digits at most: `0.25`, `31`, `0.002`, `1e-5`.
fn tick_text(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 {
        return format!("{value:.0e}").replace('-', "−");
    }
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.replace('-', "−")
    }
}

/// Text fit for an XML text or attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_every_value() {
        // A quarter of 25.5 - 14 is 2.875: steps of 5 from 10 to 30.
        let axis = Axis::around("dB", [14.0, 25.5].into_iter()).unwrap();
        assert_eq!(axis.ticks, [10.0, 15.0, 20.0, 25.0, 30.0]);
        // A single value still gets an axis that it lies on.
        let flat = Axis::around("x", [5.0].into_iter()).unwrap();
        assert!(
            flat.low <= 5.0 && flat.high >= 5.0 && flat.low < flat.high,
            "{flat:?}"
        );
        assert!(Axis::around("x", [f64::NAN].into_iter()).is_none());
    }

    #[test]
    fn corners_of_the_unit_square_land_on_the_corners_of_the_frame() {
        let chart = Chart {
            title: "<ROC>".to_owned(),
            x: Axis::unit("FPR"),
            y: Axis::unit("TPR"),
            lines: vec![Line {
                name: "a & b".to_owned(),
                style: "c0".to_owned(),
                points: vec![[0.0, 0.0], [1.0, 1.0]],
            }],
        };
        let svg = chart.to_svg();
        // x: 50 to 340 - 14; y: 260 - 42 down to 12: steps of 276 and -206.
        assert!(svg.contains("d=\"M50 218l276-206\""), "{svg}");
        assert!(svg.contains("&lt;ROC&gt;") && svg.contains("a &amp; b"));
    }

    #[test]
    fn steps_of_a_path_do_not_add_up_their_rounding() {
        // Tenths: 0, 0 (0.04), 1 (0.08), 1 (0.12), so steps of 0, 1 and 0.
        let points = [0.0, 0.04, 0.08, 0.12].map(|x| [x, 2.0]);
        assert_eq!(path_data(&points), "M0 2l0 0l0.1 0l0 0");
        assert_eq!(path_data(&[[1.0, 2.0], [0.5, 0.0]]), "M1 2l-0.5-2");
    }

    #[test]
    fn ticks_are_written_short() {
        let written = [0.0, -0.0, 0.25, 31.0, 0.002, 2e-5, -5.0].map(tick_text);
        assert_eq!(written, ["0", "0", "0.25", "31", "0.002", "2e−5", "−5"]);
    }
}
