//! `summary.json`: a prediction in a few numbers.

use std::path::Path;

use serde::Serialize;

use super::row::Row;
use crate::backend::OpenModel;

/// What came of a prediction.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    model_id: String,
    device: String,
    n_inputs: usize,
    n_scored: usize,
    n_ok: usize,
    pub(super) n_nok: usize,
    pub(super) n_failed: usize,
    threshold: Option<f64>,
    score_min: Option<f64>,
    score_max: Option<f64>,
    secs: f64,
    images_per_sec: f64,
}

impl Summary {
    pub(super) fn new(rows: &[Row], n_inputs: usize, model: &OpenModel, secs: f64) -> Self {
        let decided = |word: &str| rows.iter().filter(|r| r.decision == Some(word)).count();
        let scores = || rows.iter().filter_map(|row| row.score);
        let n_scored = scores().count();
        Self {
            model_id: model.id.clone(),
            device: model.device.clone(),
            n_inputs,
            n_scored,
            n_ok: decided("OK"),
            n_nok: decided("NOK"),
            n_failed: rows.iter().filter(|row| !row.error.is_empty()).count(),
            threshold: model.detector.calibration().map(|c| c.threshold),
            score_min: scores().min_by(f64::total_cmp),
            score_max: scores().max_by(f64::total_cmp),
            secs,
            images_per_sec: n_scored as f64 / secs.max(1e-9),
        }
    }

    pub(super) fn text(&self, out: &Path) -> String {
        format!(
            "{} images: {} OK, {} NOK, {} failed ({:.1} images/s)\n{}",
            self.n_scored + self.n_failed,
            self.n_ok,
            self.n_nok,
            self.n_failed,
            self.images_per_sec,
            out.join("results.csv").display()
        )
    }
}
