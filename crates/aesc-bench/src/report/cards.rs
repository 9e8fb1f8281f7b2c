//! The page's headline figures: progress, and the best column in the mean.

use super::format::duration;
use super::tables::{HEADLINE, capital};
use super::{Report, ReportCell};
use crate::{Column, Metric};

/// A figure that sums something up.
#[derive(Debug)]
pub(crate) struct Card {
    pub(crate) heading: String,
    pub(crate) value: String,
    pub(crate) detail: String,
    /// Style class: "bad" or none.
    pub(crate) tone: &'static str,
}

/// The cards: the highest mean of each headline metric, then progress.
pub(crate) fn cards(report: &Report) -> Vec<Card> {
    let mut cards: Vec<Card> = HEADLINE.iter().map(|m| metric_card(report, *m)).collect();
    cards.push(progress_card(report));
    cards
}

fn metric_card(report: &Report, metric: Metric) -> Card {
    let heading = format!("{}, highest mean", capital(metric.label()));
    let Some((column, strategy, mean)) = best(report, metric) else {
        return Card {
            heading,
            value: "missing".to_owned(),
            detail: "no column is complete".to_owned(),
            tone: "",
        };
    };
    let whose = format!("{} by {strategy}", report.column_label(&column));
    Card {
        heading,
        value: format!("{mean:.3}"),
        detail: match report.missing.as_slice() {
            [] => whose,
            _ => format!("{whose}, of the complete columns"),
        },
        tone: "",
    }
}

/// The first of the highest means over categories, with its column and strategy.
fn best(report: &Report, metric: Metric) -> Option<(Column, &str, f64)> {
    let quantity = move |cell: &ReportCell| metric.of(&cell.metrics);
    let mut best: Option<(Column, &str, f64)> = None;
    for strategy in &report.plan.strategies {
        for column in report.columns() {
            let mean = report.mean_entry(&column, strategy, &quantity).mean();
            if let Some(mean) = mean.filter(|mean| best.as_ref().is_none_or(|b| *mean > b.2)) {
                best = Some((column, strategy, mean));
            }
        }
    }
    best
}

fn progress_card(report: &Report) -> Card {
    let done = report.plan.n_cells - report.missing.len();
    let cells = report.cells.iter();
    // A cell is there once a strategy; its time counts once.
    let secs: f64 = cells
        .filter(|cell| cell.strategy == report.main_strategy())
        .map(|cell| cell.timing.training_secs + cell.timing.scoring_secs)
        .sum();
    Card {
        heading: "Cells with a result".to_owned(),
        value: format!("{done} of {}", report.plan.n_cells),
        detail: format!("{} of training and scoring", duration(secs)),
        tone: if report.missing.is_empty() { "" } else { "bad" },
    }
}
