//! Regression gates: figures that results must not fall below, made from a report, held against
//! another. Pure; the files are the caller's.

mod read;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::report::ReportCell;
use crate::summary::Entry;
use crate::{BenchError, Column, Metric, RESULTS_VERSION, Report};

/// The version of a baseline file's layout.
pub const BASELINE_SCHEMA: u32 = 1;

/// Two figures nearer than this are as good as each other: tolerances are decimal, floats are not.
const SLACK: f64 = 1e-12;

/// What the results of a preset must not fall below.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// [`BASELINE_SCHEMA`].
    #[serde(deserialize_with = "read::schema")]
    pub schema: u32,
    /// [`RESULTS_VERSION`] of the report it was made from.
    pub results_version: u32,
    /// Preset of the gated cells.
    pub preset: String,
    /// The gates of each category.
    pub category: BTreeMap<String, Vec<Gate>>,
}

/// One figure, the mean over seeds where a cell has several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Network.
    pub network: String,
    /// Corruption.
    pub corruption: String,
    /// Strategy.
    pub strategy: String,
    /// Which figure, by its key: `image_auroc`.
    pub metric: Metric,
    /// What was found, 0..=1.
    #[serde(deserialize_with = "read::share")]
    pub value: f64,
    /// How much worse is let pass, 0..=1.
    #[serde(deserialize_with = "read::share")]
    pub tolerance: f64,
}

/// A gate and what was found at it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The category.
    pub category: String,
    /// The gate.
    #[serde(flatten)]
    pub gate: Gate,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What was found at a gate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Finding {
    /// The figure is good enough.
    Holds {
        /// The figure.
        found: f64,
    },
    /// The figure is worse than the gate lets pass.
    Fell {
        /// The figure.
        found: f64,
        /// How much worse than the gate's value.
        by: f64,
    },
    /// A planned cell has no result.
    Missing,
    /// The cell has no such figure: the data set has no masks.
    Undefined,
    /// No such cell was planned.
    Unplanned,
}

impl Baseline {
    /// A gate for each of `metrics` of every cell of a report; what is undefined gets none.
    ///
    /// # Errors
    /// [`BenchError::NoBaseline`] when a cell is missing, there are several presets, or a
    /// tolerance is outside 0..=1.
    pub fn of(report: &Report, metrics: &[Metric], tolerance: f64) -> Result<Self, BenchError> {
        let refuse = |why: String| Err(BenchError::NoBaseline { why });
        if let Some(missing) = report.missing.first() {
            let (n, label) = (report.missing.len(), missing.label());
            return refuse(format!("{n} cells have no result, {label} among them"));
        }
        let [preset] = report.plan.presets.as_slice() else {
            let found = report.plan.presets.join(", ");
            return refuse(format!("expected cells of one preset, found {found}"));
        };
        if !(0.0..=1.0).contains(&tolerance) {
            return refuse(format!("tolerance: expected 0..=1, found {tolerance}"));
        }
        let mut category = BTreeMap::new();
        for name in &report.plan.categories {
            category.insert(name.clone(), gates(report, name, metrics, tolerance));
        }
        Ok(Self {
            schema: BASELINE_SCHEMA,
            results_version: report.results_version,
            preset: preset.clone(),
            category,
        })
    }

    /// Holds a report against the gates of `categories`, of all when there are none named.
    ///
    /// # Errors
    /// [`BenchError::StaleBaseline`] when results have changed on purpose since it was made,
    /// [`BenchError::NoGates`] when a named category, or the baseline, has no gate.
    pub fn check(
        &self,
        report: &Report,
        categories: &[String],
    ) -> Result<Vec<Verdict>, BenchError> {
        if report.results_version != self.results_version {
            return Err(BenchError::StaleBaseline {
                expected: report.results_version,
                found: self.results_version,
            });
        }
        let names: Vec<&String> = match categories {
            [] => self.category.keys().collect(),
            some => some.iter().collect(),
        };
        let mut verdicts = Vec::new();
        for name in names {
            let gates = self.category.get(name).filter(|gates| !gates.is_empty());
            let gates = gates.ok_or_else(|| self.no_gates(name))?;
            verdicts.extend(gates.iter().map(|gate| Verdict {
                category: name.clone(),
                gate: gate.clone(),
                finding: self.finding(report, name, gate),
            }));
        }
        if verdicts.is_empty() {
            return Err(self.no_gates("any category"));
        }
        Ok(verdicts)
    }

    /// Whether this program can hold its results against it at all.
    ///
    /// # Errors
    /// [`BenchError::StaleBaseline`].
    pub fn is_current(&self) -> Result<(), BenchError> {
        if self.results_version == RESULTS_VERSION {
            return Ok(());
        }
        Err(BenchError::StaleBaseline {
            expected: RESULTS_VERSION,
            found: self.results_version,
        })
    }

    fn no_gates(&self, category: &str) -> BenchError {
        BenchError::NoGates {
            category: category.to_owned(),
            known: self.category.keys().cloned().collect(),
        }
    }

    fn finding(&self, report: &Report, category: &str, gate: &Gate) -> Finding {
        let column = Column {
            network: gate.network.clone(),
            corruption: gate.corruption.clone(),
            preset: self.preset.clone(),
        };
        if !report.plan.strategies.contains(&gate.strategy) {
            return Finding::Unplanned;
        }
        let quantity = |cell: &ReportCell| gate.metric.of(&cell.metrics);
        match report.entry(category, &column, &gate.strategy, &quantity) {
            Entry::Value(spread) => gate.judge(spread.mean),
            Entry::Undefined => Finding::Undefined,
            Entry::Missing => Finding::Missing,
            Entry::Unplanned => Finding::Unplanned,
        }
    }
}

/// The gates of one category, in the order of the tables.
fn gates(report: &Report, category: &str, metrics: &[Metric], tolerance: f64) -> Vec<Gate> {
    let mut gates = Vec::new();
    for strategy in &report.plan.strategies {
        for column in report.columns() {
            for &metric in metrics {
                let quantity = move |cell: &ReportCell| metric.of(&cell.metrics);
                let entry = report.entry(category, &column, strategy, &quantity);
                gates.extend(entry.mean().map(|value| Gate {
                    network: column.network.clone(),
                    corruption: column.corruption.clone(),
                    strategy: strategy.clone(),
                    metric,
                    value,
                    tolerance,
                }));
            }
        }
    }
    gates
}

impl Gate {
    /// The worst figure that passes: of a rate of errors the highest, of all others the lowest.
    pub fn bound(&self) -> f64 {
        if self.lower_is_better() {
            self.value + self.tolerance
        } else {
            self.value - self.tolerance
        }
    }

    fn lower_is_better(&self) -> bool {
        self.metric == Metric::PixelFprAt95Tpr
    }

    fn judge(&self, found: f64) -> Finding {
        let by = if self.lower_is_better() {
            found - self.value
        } else {
            self.value - found
        };
        if by > self.tolerance + SLACK {
            Finding::Fell { found, by }
        } else {
            Finding::Holds { found }
        }
    }
}

impl Verdict {
    /// Whether the gate is passed.
    pub fn holds(&self) -> bool {
        matches!(self.finding, Finding::Holds { .. })
    }
}

/// `cloth/aesc/stain by residual: image AUROC fell by 0.0750: expected at least 0.9250, found
/// 0.9000`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Gate {
            network,
            corruption,
            strategy,
            metric,
            ..
        } = &self.gate;
        let (category, label) = (&self.category, metric.label());
        write!(
            f,
            "{category}/{network}/{corruption} by {strategy}: {label} "
        )?;
        let lower = self.gate.lower_is_better();
        let (side, turned) = if lower {
            ("most", "rose")
        } else {
            ("least", "fell")
        };
        let bound = self.gate.bound();
        match self.finding {
            Finding::Holds { found } => write!(f, "holds: at {side} {bound:.4}, found {found:.4}"),
            Finding::Fell { found, by } => write!(
                f,
                "{turned} by {by:.4}: expected at {side} {bound:.4}, found {found:.4}"
            ),
            Finding::Missing => write!(f, "is missing: the cell has no result"),
            Finding::Undefined => write!(f, "is undefined: expected at {side} {bound:.4}"),
            Finding::Unplanned => write!(f, "is missing: no such cell was planned"),
        }
    }
}
