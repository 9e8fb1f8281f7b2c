//! The method's claims as comparisons of two columns, or of two strategies, category by category.

use serde::{Deserialize, Serialize};

use crate::report::ReportCell;
use crate::summary::Quantity;
use crate::{Column, Metric, Report};

/// Corruptions that are the paper's stain.
pub(crate) const STAINS: [&str; 2] = ["stain", "stain-blur"];

const RESIDUAL: &str = "residual";
const UNCERTAINTY: &str = "uncertainty";

/// Whether a challenger is higher than its control in one quantity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The claim: "stain beats none", "aesc is sharper than ae".
    pub claim: String,
    /// Strategy the challenger's cells were scored by.
    pub strategy: String,
    /// Strategy of the control's cells; `None` when it is the challenger's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_strategy: Option<String>,
    /// What is compared: "image AUROC", "clean sharpness".
    pub quantity: String,
    /// The column expected to be higher.
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

/// Every claim that the report's columns and strategies allow to be checked.
pub(crate) fn comparisons(report: &Report) -> Vec<Comparison> {
    let columns = report.columns();
    let mut found = Vec::new();
    for stain in STAINS {
        let claim = format!("{stain} beats none");
        let is_pair = |a: &Column, b: &Column| {
            a.network == b.network && a.corruption == stain && b.corruption == "none"
        };
        found.extend(detection(report, &claim, &pairs(&columns, is_pair)));
    }
    let against = |control: &'static str| {
        let is_pair = move |a: &Column, b: &Column| {
            a.corruption == b.corruption && a.network == "aesc" && b.network == control
        };
        pairs(&columns, is_pair)
    };
    found.extend(sharpness(report, "aesc is sharper than ae", &against("ae")));
    let unet = against("unet");
    found.extend(detection(report, "aesc detects better than unet", &unet));
    found.extend(sharpness(report, "aesc is sharper than unet", &unet));
    found.extend(strategies(report, &columns));
    found
}

/// The pairs of (challenger, control) of one preset that belong to a claim.
fn pairs(
    columns: &[Column],
    is_pair: impl Fn(&Column, &Column) -> bool,
) -> Vec<(&Column, &Column)> {
    let all = columns
        .iter()
        .flat_map(|a| columns.iter().map(move |b| (a, b)));
    all.filter(|(a, b)| a.preset == b.preset && is_pair(a, b))
        .collect()
}

/// What is set against what: a column and the strategy its cells are scored by, on either side.
#[derive(Clone, Copy)]
struct Sides<'a> {
    claim: &'a str,
    challenger: (&'a Column, &'a str),
    control: (&'a Column, &'a str),
}

/// Does the challenger detect better? By every strategy, at every level.
fn detection(report: &Report, claim: &str, pairs: &[(&Column, &Column)]) -> Vec<Comparison> {
    let mut found = Vec::new();
    for &(challenger, control) in pairs {
        for strategy in &report.plan.strategies {
            let sides = Sides {
                claim,
                challenger: (challenger, strategy),
                control: (control, strategy),
            };
            found.extend(by_metric(report, sides));
        }
    }
    found
}

fn by_metric(report: &Report, sides: Sides<'_>) -> impl Iterator<Item = Comparison> {
    let metrics = [Metric::ImageAuroc, Metric::PixelAuroc, Metric::Aupro30];
    metrics.into_iter().map(move |metric| {
        let quantity = move |cell: &ReportCell| metric.of(&cell.metrics);
        compare(report, sides, (metric.label(), &quantity))
    })
}

/// Is the reconstruction sharper, and truer, on clean images? The strategy does not matter.
fn sharpness(report: &Report, claim: &str, pairs: &[(&Column, &Column)]) -> Vec<Comparison> {
    let sharp = |cell: &ReportCell| Some(cell.reconstruction.clean_sharpness);
    let psnr = |cell: &ReportCell| Some(cell.reconstruction.clean_psnr_db);
    let strategy = report.main_strategy();
    let mut found = Vec::new();
    for &(challenger, control) in pairs {
        let sides = Sides {
            claim,
            challenger: (challenger, strategy),
            control: (control, strategy),
        };
        found.push(compare(report, sides, ("clean sharpness", &sharp)));
        found.push(compare(report, sides, ("clean PSNR (dB)", &psnr)));
    }
    found
}

/// Which of the two strategies detects better, and which raises more false alarms?
fn strategies(report: &Report, columns: &[Column]) -> Vec<Comparison> {
    let both = [RESIDUAL, UNCERTAINTY];
    let planned = |name: &str| report.plan.strategies.iter().any(|s| s == name);
    if !both.into_iter().all(planned) {
        return Vec::new();
    }
    let (mut better, mut alarms) = (Vec::new(), Vec::new());
    for column in columns {
        let sides = Sides {
            claim: "residual beats uncertainty",
            challenger: (column, RESIDUAL),
            control: (column, UNCERTAINTY),
        };
        better.extend(by_metric(report, sides));
        let sides = Sides {
            claim: "uncertainty raises false positives on clean images",
            challenger: (column, UNCERTAINTY),
            control: (column, RESIDUAL),
        };
        let rate = |cell: &ReportCell| cell.fpr_on_good;
        alarms.push(compare(report, sides, ("false-positive rate", &rate)));
    }
    better.extend(alarms);
    better
}

fn compare(
    report: &Report,
    sides: Sides<'_>,
    (name, quantity): (&str, Quantity<'_>),
) -> Comparison {
    let at = |category: &str, (column, strategy): (&Column, &str)| {
        report.entry(category, column, strategy, quantity).mean()
    };
    let categories = report.plan.categories.iter().map(|category| Difference {
        category: category.clone(),
        challenger: at(category, sides.challenger),
        control: at(category, sides.control),
    });
    let categories: Vec<Difference> = categories.collect();
    let differences: Vec<_> = categories.iter().map(Difference::value).collect();
    let wins = differences.iter().flatten().filter(|d| **d > 0.0).count();
    let all: Option<Vec<f64>> = differences.into_iter().collect();
    let all = all.filter(|values| !values.is_empty());
    let other = sides.control.1 != sides.challenger.1;
    Comparison {
        claim: sides.claim.to_owned(),
        strategy: sides.challenger.1.to_owned(),
        control_strategy: other.then(|| sides.control.1.to_owned()),
        quantity: name.to_owned(),
        challenger: sides.challenger.0.clone(),
        control: sides.control.0.clone(),
        categories,
        mean_difference: all.map(|values| values.iter().sum::<f64>() / values.len() as f64),
        wins,
    }
}
