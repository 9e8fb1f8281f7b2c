//! Stored and new figures side by side, and whether they are near enough.

use aesc_bench::{Recomputed, Report};
use serde_json::json;

use super::super::missing;
use super::ReproduceArgs;
use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::path_text;

/// Every figure on stdout, and by what stored and new ones were made where that differs.
pub(super) fn tell(
    args: &ReproduceArgs,
    found: &Report,
    (figures, unlike): (&[Recomputed], &[String]),
    context: &Context,
) -> Result<(), Failure> {
    let n_same = figures.iter().filter(|figure| figure.same_bits).count();
    let differences = figures.iter().filter_map(|figure| figure.difference);
    let largest = differences.map(f64::abs).fold(0.0, f64::max);
    let value = json!({
        "result": path_text(&args.result), "out": path_text(&args.out),
        "report": path_text(&args.out.join("report.html")),
        "n_figures": figures.len(), "n_same_bits": n_same, "largest_difference": largest,
        "made_otherwise": unlike, "missing": missing(found), "figures": figures,
    });
    context.output.result(&value, || {
        let otherwise = unlike.iter().map(|fact| format!("made by another {fact}\n"));
        format!(
            "{}{}{n_same} of {} figures are equal to the bit; the largest difference is {largest:.4}",
            table(figures),
            otherwise.collect::<String>(),
            figures.len()
        )
    })
}

/// A line a figure under a heading, columns aligned.
fn table(figures: &[Recomputed]) -> String {
    let value = |v: Option<f64>| v.map_or("–".to_owned(), |v| format!("{v:.4}"));
    let heading = [
        "cell",
        "strategy",
        "metric",
        "stored",
        "found",
        "difference",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    rows.extend(figures.iter().map(|figure| {
        let difference = match figure.difference {
            _ if figure.same_bits => "same bits".to_owned(),
            Some(difference) => format!("{difference:+.1e}"),
            None => "–".to_owned(),
        };
        [
            figure.cell.clone(),
            figure.strategy.clone(),
            figure.metric.to_owned(),
            value(figure.stored),
            value(figure.found),
            difference,
        ]
    }));
    let lengths = |i: usize| rows.iter().map(move |row| row[i].chars().count());
    let widths: [usize; 6] = std::array::from_fn(|i| lengths(i).max().unwrap_or_default());
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths);
        let line: String = cells
            .map(|(cell, width)| format!("{cell:<width$}  "))
            .collect();
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// Exit 21 when a figure differs by more, naming each.
pub(super) fn must_be_within(figures: &[Recomputed], tolerance: f64) -> Result<(), Failure> {
    let value = |v: Option<f64>| v.map_or("nothing".to_owned(), |v| format!("{v:.4}"));
    let told = |figure: &Recomputed| {
        let Recomputed {
            cell,
            strategy,
            metric,
            ..
        } = figure;
        let (stored, found) = (value(figure.stored), value(figure.found));
        format!("{cell} by {strategy}: {metric}: expected {stored}, found {found}")
    };
    let off: Vec<&Recomputed> = figures.iter().filter(|f| !f.is_within(tolerance)).collect();
    if off.is_empty() {
        return Ok(());
    }
    let (n, list) = (off.len(), off.into_iter().map(told).collect::<Vec<_>>());
    let message = format!(
        "{n} figure(s) differ by more than {tolerance}:\n  {}",
        list.join("\n  ")
    );
    Err(Failure::text(ExitCode::GateFailed, message))
}
