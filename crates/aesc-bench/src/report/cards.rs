//! The page's summary cards.

use super::claim_tables::wins;
use super::format::{duration, signed};
use super::{Report, ReportCell};
use crate::summary::Quantity;
use crate::{Column, Comparison, Metric};

/// A figure that sums something up.
#[derive(Debug)]
pub(crate) struct Card {
    pub(crate) heading: String,
    pub(crate) value: String,
    pub(crate) detail: String,
    /// Style class: "good", "bad" or none.
    pub(crate) tone: &'static str,
}

/// The cards: progress, the best columns, the claims.
pub(crate) fn cards(report: &Report) -> Vec<Card> {
    let mut cards = vec![progress_card(report)];
    let main = report.plan.strategies.first().map_or("", String::as_str);
    for metric in [Metric::ImageAuroc, Metric::PixelAuroc, Metric::Aupro30] {
        let quantity = move |cell: &ReportCell| metric.of(&cell.metrics);
        let best = best_column(report, main, &quantity);
        cards.push(Card {
            heading: format!("best {}", metric.label()),
            value: best
                .as_ref()
                .map_or("missing".to_owned(), |(_, mean)| format!("{mean:.3}")),
            detail: match &best {
                Some((column, _)) if report.missing.is_empty() => {
                    format!("{} by {main}", report.column_label(column))
                }
                Some((column, _)) => {
                    let label = report.column_label(column);
                    format!("{label} by {main}, of the complete columns")
                }
                None => "no column is complete".to_owned(),
            },
            tone: "",
        });
    }
    cards.extend(claim_cards(report));
    cards
}

fn progress_card(report: &Report) -> Card {
    let done = report.plan.n_cells - report.missing.len();
    let mut seen = std::collections::BTreeSet::new();
    let cells = report
        .cells
        .iter()
        .filter(|cell| seen.insert(cell.id.as_str()));
    let secs: f64 = cells
        .map(|c| c.timing.training_secs + c.timing.scoring_secs)
        .sum();
    Card {
        heading: "cells with a result".to_owned(),
        value: format!("{done} of {}", report.plan.n_cells),
        detail: format!("{} of training and scoring", duration(secs)),
        tone: if report.missing.is_empty() { "" } else { "bad" },
    }
}

/// One card for each claim about each network or corruption: image AUROC, and sharpness.
fn claim_cards(report: &Report) -> Vec<Card> {
    let told = ["image AUROC", "clean sharpness"];
    let comparisons = report
        .comparisons
        .iter()
        .filter(|c| told.contains(&c.quantity.as_str()));
    let card = |comparison: &Comparison| {
        let same_network = comparison.challenger.network == comparison.control.network;
        let whose = if same_network {
            format!(
                "{} ({})",
                comparison.challenger.network, comparison.strategy
            )
        } else {
            format!("trained on {}", comparison.challenger.corruption)
        };
        let quantity = &comparison.quantity;
        let by = match comparison.mean_difference {
            Some(mean) => format!("{} {quantity}", signed(mean)),
            None => format!("no mean of {quantity}"),
        };
        Card {
            heading: format!("{}? {whose}", comparison.claim),
            value: comparison.verdict().to_owned(),
            detail: format!("{by}, higher in {}", wins(comparison)),
            tone: match comparison.verdict() {
                "holds" => "good",
                "does not hold" => "bad",
                _ => "",
            },
        }
    };
    comparisons.map(card).collect()
}

/// The first column of the report whose cells are all there, and best in the mean: for the cards.
fn best_column(report: &Report, strategy: &str, quantity: Quantity<'_>) -> Option<(Column, f64)> {
    let columns = report.columns().into_iter();
    let scored = columns.filter_map(|column| {
        let mean = report.mean_entry(&column, strategy, quantity).mean()?;
        Some((column, mean))
    });
    scored.reduce(|best, other| if other.1 > best.1 { other } else { best })
}
