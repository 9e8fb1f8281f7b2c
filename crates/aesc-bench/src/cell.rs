//! What one cell leaves behind: `result.json`, written once and whole.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::folder::{result_path, write_json};
use crate::{BenchError, CellSpec, FORMAT, Scored};

/// Everything a finished cell found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellResult {
    /// Version of this file, [`FORMAT`].
    pub format: u32,
    /// The cell as planned.
    pub cell: CellSpec,
    /// One entry a strategy.
    pub scored: Vec<Scored>,
    /// How the training went.
    pub training: Training,
    /// Where the time went.
    pub timing: Timing,
    /// Size and work of the network.
    pub cost: Cost,
    /// How well clean test images are repeated.
    pub reconstruction: Reconstruction,
    /// Pictures in the cell's folder.
    pub figures: Vec<Figure>,
    /// Who made it with what; `commit` (text) and `dirty` (bool) are read by the reports.
    pub provenance: Value,
}

/// How a training went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Optimiser steps taken.
    pub steps: u64,
    /// Training images presented, repeats included.
    pub images: u64,
    /// Wall time in seconds, over all resumed runs.
    pub secs: f64,
    /// One row an epoch.
    pub history: Vec<EpochRow>,
}

/// One epoch of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRow {
    /// Epoch, from 1.
    pub epoch: u64,
    /// Steps taken at its end.
    pub step: u64,
    /// Mean training loss over the epoch.
    pub loss: f64,
    /// PSNR of the reconstruction on corrupted validation images, in dB; `None` without any.
    pub validation_psnr_db: Option<f64>,
    /// Learning rate at its end.
    pub learning_rate: f64,
}

/// Where a cell's time went, in seconds of wall time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Training, over all resumed runs.
    pub training_secs: f64,
    /// Reconstructing and scoring the test set, metrics included.
    pub scoring_secs: f64,
    /// Reconstruction of one test image, in milliseconds, on the cell's threads.
    pub inference_ms_per_image: f64,
    /// The same with all dropout passes, where a strategy needs them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling_ms_per_image: Option<f64>,
    /// The last process of the cell from start to end.
    pub total_secs: f64,
}

/// Size and work of a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Trainable parameters.
    pub parameters: u64,
    /// 1e9 multiply-adds an image, plain form.
    pub gmac: f64,
    /// 1e9 multiply-adds an image, phase form.
    pub gmac_phase: f64,
}

/// How well clean test images are repeated: high and sharp for an identity, low for a blur.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconstruction {
    /// PSNR of the reconstruction against the query over test/good, in dB.
    pub clean_psnr_db: f64,
    /// Gradient energy of the reconstruction over the query's; 1 is as sharp as the input.
    pub clean_sharpness: f64,
}

/// Pictures about one test image, one panel each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What it shows: "grid".
    pub name: String,
    /// Defect type of the image, or "good".
    pub defect_type: String,
    /// The image, relative to the category's folder.
    pub image: String,
    /// Its image score by the first strategy.
    pub score: Option<f64>,
    /// The pictures, in order.
    pub panels: Vec<Panel>,
}

/// One picture of a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// "query", "reconstruction", "residual map", "mask", …; query and mask are drawn once a
    /// category, the others once a cell.
    pub label: String,
    /// A PNG or JPEG, relative to the cell's folder.
    pub file: String,
}

impl CellResult {
    /// Writes `dir/cells/<id>/result.json` whole or not at all; `dir` is the run folder.
    ///
    /// # Errors
    /// [`BenchError::Unfaithful`] when a value is NaN or infinite, [`BenchError::Io`] when the
    /// file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), BenchError> {
        write_json(&result_path(dir, &self.cell.id), self)
    }

    /// Reads a `result.json`.
    ///
    /// # Errors
    /// The reason, in words, why there is no result: not run yet, cut short, another format. None
    /// of them is more than a cell to run again.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err("not run yet".to_owned());
            }
            Err(error) => return Err(format!("result.json is unreadable: {error}")),
        };
        serde_json::from_slice(&bytes).map_err(|error| format!("result.json is broken: {error}"))
    }

    /// Whether this is the result of exactly that cell.
    pub fn is_valid_for(&self, cell: &CellSpec) -> bool {
        self.mismatch(cell, &[]).is_none()
    }

    /// Why this is not the result of `cell` by all of `strategies`.
    pub(crate) fn mismatch(&self, cell: &CellSpec, strategies: &[String]) -> Option<String> {
        if self.format != FORMAT {
            return Some(format!("has format {}, expected {FORMAT}", self.format));
        }
        if self.cell.clone().identified().id != cell.id {
            return Some(format!("is another cell's, {}", self.cell.label()));
        }
        let scored_by = |name: &&String| self.scored.iter().any(|s| s.strategy == **name);
        let unscored = strategies.iter().find(|name| !scored_by(name))?;
        Some(format!("is not scored by {unscored}"))
    }
}
