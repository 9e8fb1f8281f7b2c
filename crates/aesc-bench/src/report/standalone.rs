//! Line charts side by side as one SVG file that needs no style sheet of a page.

use std::fmt::Write as _;

use super::svg::{Axis, Chart, HEIGHT, Line, WIDTH, escaped};

/// Colours of the lines, told apart by most colour-blind readers (Okabe & Ito), and their dashes.
const LOOKS: [(&str, &str); 4] = [
    ("#0072b2", "none"),
    ("#d55e00", "6 3"),
    ("#009e73", "2 2"),
    ("#cc79a7", "8 3 2 3"),
];
/// Height of the heading and of the legend.
const BAR: f64 = 26.0;

/// One panel of [`panels_svg`]: a quantity of 0..=1 over x, a line each for the same names.
#[derive(Debug, Clone)]
pub struct PanelChart {
    /// Read out by screen readers and shown on hovering.
    pub title: String,
    /// What x is, with its unit.
    pub x_label: String,
    /// What y is.
    pub y_label: String,
    /// Ticks of x, rising from 0; the last ends the axis.
    pub x_ticks: Vec<f64>,
    /// Name and points (x, y) of each line, at most four.
    pub lines: Vec<(String, Vec<[f64; 2]>)>,
}

/// Panels beside each other under a heading, with a legend below, as a whole SVG file.
pub fn panels_svg(heading: &str, panels: &[PanelChart]) -> String {
    let width = WIDTH * panels.len().max(1) as f64;
    let height = HEIGHT + 2.0 * BAR;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"system-ui, sans-serif\" \
         font-size=\"11\"><style>{}</style>\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
         <text x=\"{}\" y=\"18\" text-anchor=\"middle\" font-size=\"14\">{}</text>",
        styles(),
        width / 2.0,
        escaped(heading)
    );
    for (i, panel) in panels.iter().enumerate() {
        let left = WIDTH * i as f64;
        let _ = write!(
            svg,
            "<svg x=\"{left}\" y=\"{BAR}\" width=\"{WIDTH}\" height=\"{HEIGHT}\">{}</svg>",
            chart(panel).to_svg()
        );
    }
    if let Some(panel) = panels.first() {
        add_legend(&mut svg, panel, (width, BAR + HEIGHT + 16.0));
    }
    svg.push_str("</svg>\n");
    svg
}

fn chart(panel: &PanelChart) -> Chart {
    let lines = panel.lines.iter().zip(0..);
    Chart {
        title: panel.title.clone(),
        x: Axis::from_zero(&panel.x_label, &panel.x_ticks),
        y: Axis::unit(&panel.y_label),
        lines: lines
            .map(|((name, points), i)| Line {
                name: name.clone(),
                style: format!("l{}", i % LOOKS.len()),
                points: points.clone(),
            })
            .collect(),
    }
}

fn styles() -> String {
    let mut styles = ".grid{stroke:#ddd;fill:none}.axis{stroke:#666;fill:none}\
                      .tick,.label{fill:#444}.line{fill:none;stroke-width:1.8}"
        .to_owned();
    for (i, (colour, dash)) in LOOKS.iter().enumerate() {
        let _ = write!(styles, ".l{i}{{stroke:{colour};stroke-dasharray:{dash}}}");
    }
    styles
}

fn add_legend(svg: &mut String, panel: &PanelChart, (width, y): (f64, f64)) {
    let share = width / (panel.lines.len().max(1) as f64 + 1.0);
    for (i, (name, _)) in panel.lines.iter().enumerate() {
        let x = share * (i as f64 + 0.6);
        let _ = write!(
            svg,
            "<path class=\"line l{}\" d=\"M{x:.0} {}h24\"/><text x=\"{:.0}\" y=\"{y}\">{}</text>",
            i % LOOKS.len(),
            y - 4.0,
            x + 30.0,
            escaped(name)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_drawn_and_named_in_each_panel() {
        let panel = |title: &str| PanelChart {
            title: title.to_owned(),
            x_label: "x".to_owned(),
            y_label: "y".to_owned(),
            x_ticks: vec![0.0, 1.0],
            lines: vec![
                ("a < b".to_owned(), vec![[0.0, 0.0], [1.0, 1.0]]),
                ("c".to_owned(), vec![[0.0, 1.0], [1.0, 0.5]]),
            ],
        };
        let svg = panels_svg("both", &[panel("first"), panel("second")]);
        // Two lines in each of two panels, and two in the legend.
        assert_eq!(svg.matches("class=\"line l0\"").count(), 3);
        assert_eq!(svg.matches("class=\"line l1\"").count(), 3);
        assert!(svg.contains("a &lt; b") && !svg.contains("a < b"));
        assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
    }
}
