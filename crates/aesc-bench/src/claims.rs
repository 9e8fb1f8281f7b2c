//! The method's claims as comparisons of two columns, category by category.

use serde::{Deserialize, Serialize};

use crate::report::ReportCell;
use crate::summary::Quantity;
use crate::{Column, Metric, Report};

/// Whether one column beats another in one quantity; higher is better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The claim: "stain beats none", "aesc is sharper than ae".
    pub claim: String,
    /// Strategy the cells were scored by.
    pub strategy: String,
    /// What is compared: "image AUROC", "clean sharpness".
    pub quantity: String,
    /// The column expected to win.
    pub challenger: Column,
    /// The column it is measured against.
    pub control: Column,
    /// One entry a category.
    pub categories: Vec<Difference>,
    /// Mean of challenger less control; `null` when a category has no difference.
    pub mean_difference: Option<f64>,
    /// Categories in which the challenger is higher.
    pub wins: usize,
}

/// One category of a [`Comparison`]; `None` where missing or undefined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The category.
    pub category: String,
    /// The challenger's value, mean over seeds.
    pub challenger: Option<f64>,
    /// The control's value, mean over seeds.
    pub control: Option<f64>,
}

impl Difference {
    /// Challenger less control.
    pub fn value(&self) -> Option<f64> {
        Some(self.challenger? - self.control?)
    }
}

impl Comparison {
    /// "holds": higher in the mean and in more than half of the categories; "does not hold":
    /// neither; "mixed": one of the two; "undecided": a category is missing.
    pub fn verdict(&self) -> &'static str {
        let Some(mean) = self.mean_difference else {
            return "undecided";
        };
        match (mean > 0.0, 2 * self.wins > self.categories.len()) {
            (true, true) => "holds",
            (false, false) => "does not hold",
            _ => "mixed",
        }
    }
}

/// Every claim that the report's columns allow to be checked.
pub(crate) fn comparisons(report: &Report) -> Vec<Comparison> {
    let columns = report.columns();
    let mut found = Vec::new();
    for challenger in &columns {
        for control in &columns {
            if challenger.preset != control.preset {
                continue;
            }
            let same_network = challenger.network == control.network;
            let same_corruption = challenger.corruption == control.corruption;
            if same_network && is_stain(&challenger.corruption) && control.corruption == "none" {
                found.extend(detection(report, challenger, control));
            }
            if same_corruption && challenger.network == "aesc" && control.network == "ae" {
                found.extend(sharpness(report, challenger, control));
            }
        }
    }
    // Stable: claims side by side, within each the order of the columns.
    found.sort_by_key(|c| !c.claim.ends_with("beats none"));
    found
}

fn is_stain(corruption: &str) -> bool {
    matches!(corruption, "stain" | "stain-blur")
}

/// Does training with the corruption detect better? By every strategy, at every level.
fn detection(report: &Report, challenger: &Column, control: &Column) -> Vec<Comparison> {
    let mut found = Vec::new();
    for strategy in &report.plan.strategies {
        for metric in [Metric::ImageAuroc, Metric::PixelAuroc, Metric::Aupro30] {
            let quantity = move |cell: &ReportCell| metric.of(&cell.metrics);
            let comparison = Comparison {
                claim: format!("{} beats none", challenger.corruption),
                strategy: strategy.clone(),
                quantity: metric.label().to_owned(),
                ..blank(challenger, control)
            };
            found.push(filled(report, comparison, &quantity));
        }
    }
    found
}

/// Is the reconstruction sharper, and truer, on clean images? The strategy does not matter.
fn sharpness(report: &Report, challenger: &Column, control: &Column) -> Vec<Comparison> {
    let sharp = |cell: &ReportCell| Some(cell.reconstruction.clean_sharpness);
    let psnr = |cell: &ReportCell| Some(cell.reconstruction.clean_psnr_db);
    let quantities: [(&str, Quantity<'_>); 2] =
        [("clean sharpness", &sharp), ("clean PSNR (dB)", &psnr)];
    let compare = |(name, quantity): (&str, Quantity<'_>)| {
        let comparison = Comparison {
            claim: format!("{} is sharper than {}", challenger.network, control.network),
            strategy: report.plan.strategies.first().cloned().unwrap_or_default(),
            quantity: name.to_owned(),
            ..blank(challenger, control)
        };
        filled(report, comparison, quantity)
    };
    quantities.into_iter().map(compare).collect()
}

fn blank(challenger: &Column, control: &Column) -> Comparison {
    Comparison {
        claim: String::new(),
        strategy: String::new(),
        quantity: String::new(),
        challenger: challenger.clone(),
        control: control.clone(),
        categories: Vec::new(),
        mean_difference: None,
        wins: 0,
    }
}

fn filled(report: &Report, mut comparison: Comparison, quantity: Quantity<'_>) -> Comparison {
    let Comparison {
        strategy,
        challenger,
        control,
        ..
    } = &comparison;
    let at = |category: &str, column| report.entry(category, column, strategy, quantity).mean();
    let categories = report.plan.categories.iter().map(|category| Difference {
        category: category.clone(),
        challenger: at(category, challenger),
        control: at(category, control),
    });
    comparison.categories = categories.collect();
    let differences: Vec<_> = comparison
        .categories
        .iter()
        .map(Difference::value)
        .collect();
    comparison.wins = differences.iter().flatten().filter(|d| **d > 0.0).count();
    let all: Option<Vec<f64>> = differences.into_iter().collect();
    comparison.mean_difference = all
        .filter(|values| !values.is_empty())
        .map(|values| values.iter().sum::<f64>() / values.len() as f64);
    comparison
}
