//! The report: everything the plan's results say, and its forms for readers and programs.
//!
//! `report.json` is this structure ([`Report`]) without curves, histories and figures, which stay
//! in the cells' `result.json`; format 1. The writers are pure: structure in, text out.

mod alarms;
mod cards;
mod charts;
mod claim_tables;
mod claim_words;
mod cost_plot;
mod costs;
mod csv;
mod figures;
mod format;
mod html;
mod json;
mod markdown;
mod plates;
mod published_table;
mod simplify;
mod standalone;
mod svg;
mod table;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::csv::csv;
pub use cost_plot::cost_svg;
pub(crate) use figures::wanted;
pub use html::html;
pub use json::{json, parse};
pub use markdown::{compared_table, markdown, results_table};
pub use standalone::{PanelChart, panels_svg};

use crate::places::Places;
use crate::{
    Alternative, BenchError, Comparison, Cost, Curves, EpochRow, Figure, Mean, Metrics,
    Reconstruction, Timing, write_atomic,
};

/// A benchmark's results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Version of this structure, [`crate::FORMAT`].
    pub format: u32,
    /// [`crate::RESULTS_VERSION`] of the plan.
    pub results_version: u32,
    /// Name of the benchmark.
    pub name: String,
    /// What was planned.
    pub plan: PlanFacts,
    /// Commits of the programs that made the cells, each once; "(dirty)" where so built.
    pub commits: Vec<String>,
    /// What a reader must know before comparing: mixed commits, missing cells, other sizes.
    pub notes: Vec<String>,
    /// One entry a cell and strategy, in the plan's order; of reports joined, one after the other.
    pub cells: Vec<ReportCell>,
    /// The planned cells without a result.
    pub missing: Vec<MissingCell>,
    /// Means over categories, one entry a column and strategy.
    pub means: Vec<Mean>,
    /// The claims of the method, checked.
    pub comparisons: Vec<Comparison>,
    /// Who planned when with what; of reports joined, the list of theirs.
    pub provenance: Value,
    #[serde(skip)]
    pub(crate) places: Places,
}

impl Report {
    /// The cells without a result to be named where people read: those that failed before those
    /// not run yet, `most` at most.
    pub fn named_missing(&self, most: usize) -> impl Iterator<Item = &MissingCell> {
        let (failed, waiting) = (
            self.missing.iter().filter(|cell| cell.failed),
            self.missing.iter().filter(|cell| !cell.failed),
        );
        failed.chain(waiting).take(most)
    }
}

/// What a plan spans, each list in order of first appearance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFacts {
    /// Planned cells.
    pub n_cells: usize,
    /// Strategies, the main one first.
    pub strategies: Vec<String>,
    /// Categories.
    pub categories: Vec<String>,
    /// Networks.
    pub networks: Vec<String>,
    /// Corruptions.
    pub corruptions: Vec<String>,
    /// Presets.
    pub presets: Vec<String>,
    /// Seeds.
    pub seeds: Vec<u64>,
}

/// One cell scored by one strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportCell {
    /// Category of the dataset.
    pub category: String,
    /// Network.
    pub network: String,
    /// Corruption.
    pub corruption: String,
    /// "residual", "uncertainty".
    pub strategy: String,
    /// Seed.
    pub seed: u64,
    /// Preset.
    pub preset: String,
    /// The cell's id.
    pub id: String,
    /// How an image's score was made of its map.
    pub score: String,
    /// Size at which the pixel metrics were taken.
    pub eval_size: String,
    /// The metrics, `null` where undefined.
    pub metrics: Metrics,
    /// Key of each undefined metric, with the reason.
    pub undefined: BTreeMap<String, String>,
    /// Bootstrap 95 % interval of the image AUROC.
    pub image_auroc_interval: Option<[f64; 2]>,
    /// Image AUROC of test/good against each defect type.
    pub per_defect_type: BTreeMap<String, f64>,
    /// The same maps under other image scores.
    pub alternatives: Vec<Alternative>,
    /// Calibrated threshold on the image score.
    pub threshold: f64,
    /// Share of test/good over the threshold.
    pub fpr_on_good: Option<f64>,
    /// How well clean test images are repeated.
    pub reconstruction: Reconstruction,
    /// Size and work of the network.
    pub cost: Cost,
    /// Where the time went.
    pub timing: Timing,
    /// Optimiser steps taken.
    pub steps: u64,
    /// Fingerprint of the category's files.
    pub dataset_digest: String,
    /// The resolved configuration: what it takes to run the cell again.
    pub config: Value,
    /// Who made it with what.
    pub provenance: Value,
    /// Curves; not in `report.json`.
    #[serde(skip)]
    pub curves: Curves,
    /// Training by epoch; not in `report.json`.
    #[serde(skip)]
    pub history: Vec<EpochRow>,
    /// Pictures; not in `report.json`.
    #[serde(skip)]
    pub figures: Vec<Figure>,
}

/// A planned cell without a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingCell {
    /// The cell's id.
    pub id: String,
    /// Category of the dataset.
    pub category: String,
    /// Network.
    pub network: String,
    /// Corruption.
    pub corruption: String,
    /// Seed.
    pub seed: u64,
    /// Preset.
    pub preset: String,
    /// Whether it failed by its own fault, or was not run to its end.
    pub failed: bool,
    /// The reason.
    pub why: String,
}

/// The bytes of the figures' files, by cell id and file name within the cell's folder.
pub type Pictures = BTreeMap<(String, String), Vec<u8>>;

/// Writes `report.md`, `report.csv`, `report.json` and `report.html` into `dir`; gives their paths.
///
/// # Errors
/// [`BenchError::Render`] or [`BenchError::Io`].
pub fn write_all(
    dir: &Path,
    report: &Report,
    pictures: &Pictures,
) -> Result<Vec<PathBuf>, BenchError> {
    let files = [
        ("report.md", markdown(report)),
        ("report.csv", csv(report)?),
        ("report.json", json(report)?),
        ("report.html", html(report, pictures)?),
    ];
    let mut paths = Vec::new();
    for (name, text) in files {
        let path = dir.join(name);
        write_atomic(&path, text.as_bytes())?;
        paths.push(path);
    }
    Ok(paths)
}
