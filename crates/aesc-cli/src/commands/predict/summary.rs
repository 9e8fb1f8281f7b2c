//! `summary.json`: a prediction in a few numbers.

use std::path::Path;

use aesc_detect::{Drift, DriftVerdict};
use serde::Serialize;

use super::pipeline::StageTimes;
use super::row::Row;
use crate::backend::OpenModel;

/// What the rows add up to. Of each image its score is kept, eight bytes, for the drift.
#[derive(Debug, Default)]
pub(super) struct Tally {
    scores: Vec<f64>,
    n_ok: usize,
    n_review: usize,
    n_nok: usize,
    n_failed: usize,
}

impl Tally {
    pub(super) fn add(&mut self, row: &Row) {
        self.scores.extend(row.score);
        match row.decision {
            Some("OK") => self.n_ok += 1,
            Some("REVIEW") => self.n_review += 1,
            Some("NOK") => self.n_nok += 1,
            _ => {}
        }
        self.n_failed += usize::from(!row.error.is_empty());
    }

    /// Images told of so far.
    pub(super) fn n_done(&self) -> usize {
        self.scores.len() + self.n_failed
    }
}

/// What came of a prediction.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    model_id: String,
    device: String,
    n_inputs: usize,
    n_scored: usize,
    n_ok: usize,
    pub(super) n_review: usize,
    pub(super) n_nok: usize,
    pub(super) n_failed: usize,
    threshold: Option<f64>,
    review_threshold: Option<f64>,
    map_threshold: Option<f64>,
    score_min: Option<f64>,
    score_max: Option<f64>,
    /// The scores against those of calibration.
    drift: Option<Drift>,
    /// Wall time of the whole, all stages overlapping.
    secs: f64,
    images_per_sec: f64,
    /// Milliseconds an image in each stage, while it was at work.
    stages_ms: StageTimes,
}

impl Summary {
    pub(super) fn new(
        tally: &Tally,
        (n_inputs, secs): (usize, f64),
        stages: StageTimes,
        model: &OpenModel,
    ) -> Self {
        let scores = || tally.scores.iter().copied();
        let calibration = model.detector.calibration();
        let review = calibration.and_then(|c| c.review.as_ref());
        let ms = |secs: f64| secs * 1e3 / tally.n_done().max(1) as f64;
        Self {
            model_id: model.id.clone(),
            device: model.device.clone(),
            n_inputs,
            n_scored: tally.scores.len(),
            n_ok: tally.n_ok,
            n_review: tally.n_review,
            n_nok: tally.n_nok,
            n_failed: tally.n_failed,
            threshold: calibration.map(|c| c.threshold),
            review_threshold: review.map(|review| review.threshold),
            map_threshold: calibration.map(|c| c.map_threshold),
            score_min: scores().min_by(f64::total_cmp),
            score_max: scores().max_by(f64::total_cmp),
            drift: calibration.and_then(|c| Drift::between(&c.clean_scores, &tally.scores)),
            secs,
            images_per_sec: tally.n_done() as f64 / secs.max(1e-9),
            stages_ms: stages.each(ms),
        }
    }

    pub(super) fn text(&self, out: &Path) -> String {
        let review = match self.review_threshold {
            Some(_) => format!("{} REVIEW, ", self.n_review),
            None => String::new(),
        };
        let mut lines = vec![format!(
            "{} images: {} OK, {review}{} NOK, {} failed ({:.1} images/s)",
            self.n_scored + self.n_failed,
            self.n_ok,
            self.n_nok,
            self.n_failed,
            self.images_per_sec
        )];
        let StageTimes {
            read,
            reconstruct,
            score,
            write,
        } = self.stages_ms;
        lines.push(format!(
            "ms an image: read {read:.1}, reconstruct {reconstruct:.1}, score {score:.1}, \
             write {write:.1}, at once"
        ));
        lines.extend(self.drift.as_ref().map(drift_text));
        lines.push(out.join("results.csv").display().to_string());
        lines.join("\n")
    }
}

fn drift_text(drift: &Drift) -> String {
    let verdict = match drift.verdict {
        DriftVerdict::TooFew => "too few scores to tell (20 on either side could)",
        DriftVerdict::Stable => "none: scores are distributed as at calibration",
        DriftVerdict::Watch => "watch: scores differ from those of calibration",
        DriftVerdict::Drifted => {
            "drifted: light, camera or product have changed, or many images have defects"
        }
    };
    let Drift { ks, ks_p, psi, .. } = drift;
    format!("drift: {verdict} (KS {ks:.2}, p {ks_p:.2}; PSI {psi:.2})")
}
