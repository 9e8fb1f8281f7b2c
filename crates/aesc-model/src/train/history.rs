//! The log of a run: `metrics.jsonl`, a line an epoch.

use std::path::Path;

use aesc_artifact::write_atomically;
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// The log's name in the run's folder.
pub const HISTORY_FILE: &str = "metrics.jsonl";

/// An epoch of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRow {
    /// Counted from 1.
    pub epoch: u64,
    /// Steps done at its end.
    pub step: u64,
    /// Mean training loss of its steps.
    pub loss: f64,
    /// Validation PSNR at its end in dB, corrupted input against clean target.
    pub validation_psnr_db: f64,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// Wall time it took, in seconds, stops left out.
    pub secs: f64,
}

/// Writes the whole log anew: after a resume no line of a lost epoch stays.
pub(crate) fn write(folder: &Path, history: &[EpochRow]) -> Result<(), ModelError> {
    let lines = history
        .iter()
        .map(|row| serde_json::to_string(row).unwrap_or_default() + "\n");
    Ok(write_atomically(
        folder.join(HISTORY_FILE),
        lines.collect::<String>().as_bytes(),
    )?)
}
