//! The advice as a picture: AUROC over contrast, a line a strategy.

use aesc_bench::report::{PanelChart, panels_svg};

use super::{Advice, AdviceRow};

/// An SVG of two panels: images told apart, and pixels found.
pub(crate) fn plot(advice: &Advice, heading: &str) -> String {
    let image = |row: &AdviceRow| row.image_auroc;
    let pixel = |row: &AdviceRow| row.pixel_auroc;
    let panels = [
        panel(advice, "image AUROC", &image),
        panel(advice, "pixel AUROC", &pixel),
    ];
    panels_svg(heading, &panels)
}

fn panel(advice: &Advice, y_label: &str, value: &dyn Fn(&AdviceRow) -> f64) -> PanelChart {
    let line = |strategy: &'static str| {
        let rows = advice.rows.iter().filter(|row| row.strategy == strategy);
        let points = rows.map(|row| [row.contrast, value(row)]).collect();
        (strategy.to_owned(), points)
    };
    let mut x_ticks = vec![0.0];
    for row in &advice.rows {
        if !x_ticks.contains(&row.contrast) {
            x_ticks.push(row.contrast);
        }
    }
    PanelChart {
        title: format!("{y_label} of planted defects by contrast"),
        x_label: "contrast of the defect, grey levels of 255".to_owned(),
        y_label: y_label.to_owned(),
        x_ticks,
        lines: advice.totals.iter().map(|t| line(t.strategy)).collect(),
    }
}
