//! Running stored results again: which cells they name, and how the new figures differ.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::report::ReportCell;
use crate::{BenchError, CellConfig, CellSpec, Metric, Report};

/// A figure as stored and as found again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recomputed {
    /// Label of the cell.
    pub cell: String,
    /// Strategy it was scored by.
    pub strategy: String,
    /// Key of the metric.
    pub metric: &'static str,
    /// The stored figure; `None` where it was undefined.
    pub stored: Option<f64>,
    /// The new figure; `None` where it is undefined or the cell has no result.
    pub found: Option<f64>,
    /// Found less stored, where there are both.
    pub difference: Option<f64>,
    /// Whether both are there and equal to the last bit.
    pub same_bits: bool,
}

impl Recomputed {
    /// Whether the figures are there, or absent, alike and at most `tolerance` apart.
    pub fn is_within(&self, tolerance: f64) -> bool {
        match self.difference {
            Some(difference) => difference.abs() <= tolerance,
            None => self.stored.is_none() && self.found.is_none(),
        }
    }
}

/// The stored cells that `wanted` names, all without any: each once, whatever the strategies.
///
/// A cell is named by its id or by the beginning of its label, whole parts of it:
/// `cloth/aesc/stain`, `cloth/aesc`, `cloth`.
///
/// # Errors
/// [`BenchError::NotStored`] for a name that fits none.
pub fn stored_cells<'a>(
    report: &'a Report,
    wanted: &[String],
) -> Result<Vec<&'a ReportCell>, BenchError> {
    for name in wanted {
        if !report.cells.iter().any(|cell| fits(cell, name)) {
            return Err(not_stored(report, name));
        }
    }
    let mut seen = BTreeSet::new();
    let is_wanted =
        |cell: &&ReportCell| wanted.is_empty() || wanted.iter().any(|name| fits(cell, name));
    let cells: Vec<_> = report.cells.iter().filter(is_wanted).collect();
    let cells = cells.into_iter().filter(|cell| seen.insert(&cell.id));
    Ok(cells.collect())
}

fn fits(cell: &ReportCell, name: &str) -> bool {
    let label = cell.label();
    let rest = label.strip_prefix(name.trim_end_matches('/'));
    cell.id == name || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn not_stored(report: &Report, name: &str) -> BenchError {
    let plan = &report.plan;
    let parts = [&plan.categories, &plan.networks, &plan.corruptions];
    BenchError::NotStored {
        name: name.to_owned(),
        known: parts
            .map(|part| format!("{{{}}}", part.join(",")))
            .join("/"),
    }
}

/// The stored cell as one to run: its configuration untouched, on the category's folder `data`.
///
/// # Errors
/// [`BenchError::ForeignId`] when the stored id is not that of what is stored.
pub fn respecified(cell: &ReportCell, data: PathBuf) -> Result<CellSpec, BenchError> {
    let spec = CellSpec {
        id: String::new(),
        category: cell.category.clone(),
        network: cell.network.clone(),
        corruption: cell.corruption.clone(),
        preset: cell.preset.clone(),
        seed: cell.seed,
        data,
        dataset_digest: cell.dataset_digest.clone(),
        config: CellConfig::from(&cell.config),
    };
    let spec = spec.identified();
    if spec.id == cell.id {
        return Ok(spec);
    }
    Err(BenchError::ForeignId {
        cell: spec.label(),
        expected: spec.id,
        found: cell.id.clone(),
    })
}

/// Every figure of the stored cells `ids`, beside what was found; figures undefined in both are
/// left out.
pub fn recomputed(stored: &Report, found: &Report, ids: &[String]) -> Vec<Recomputed> {
    let mut rows = Vec::new();
    for old in stored.cells.iter().filter(|cell| ids.contains(&cell.id)) {
        let is_same = |new: &&ReportCell| new.id == old.id && new.strategy == old.strategy;
        let new = found.cells.iter().find(is_same);
        for metric in Metric::ALL {
            let stored = metric.of(&old.metrics);
            let found = new.and_then(|new| metric.of(&new.metrics));
            if stored.is_none() && found.is_none() {
                continue;
            }
            let both = stored.zip(found);
            rows.push(Recomputed {
                cell: old.label(),
                strategy: old.strategy.clone(),
                metric: metric.key(),
                stored,
                found,
                difference: both.map(|(stored, found)| found - stored),
                same_bits: both.is_some_and(|(a, b)| a.to_bits() == b.to_bits()),
            });
        }
    }
    rows
}
