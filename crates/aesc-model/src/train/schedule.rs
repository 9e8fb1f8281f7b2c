//! The learning rate over time; what of it must survive a resume.

use std::f64::consts::PI;

use aesc_artifact::{Schedule, TrainConfig};
use serde::{Deserialize, Serialize};

/// The part of a schedule that depends on how training went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScheduleState {
    /// Plateau: what the rate was multiplied by so far.
    factor: f64,
    /// Plateau: the PSNR the next gain is measured from, in dB.
    reference_db: Option<f64>,
    /// Plateau: epochs since that PSNR.
    waited_epochs: u64,
}

impl ScheduleState {
    pub(crate) fn new() -> Self {
        Self {
            factor: 1.0,
            reference_db: None,
            waited_epochs: 0,
        }
    }

    /// The rate of the step after `done` steps.
    pub(crate) fn rate(&self, done: u64, recipe: &TrainConfig) -> f64 {
        match recipe.schedule {
            Schedule::Plateau { rate, .. } => rate * self.factor,
            Schedule::OneCycle {
                peak_rate,
                warmup_share,
            } => {
                let at = done as f64 / recipe.steps as f64;
                one_cycle(at, peak_rate, warmup_share)
            }
        }
    }

    /// Takes note of an epoch's validation PSNR.
    pub(crate) fn note(&mut self, psnr_db: f64, schedule: &Schedule) {
        let Schedule::Plateau {
            factor,
            patience_epochs,
            min_gain_db,
            ..
        } = *schedule
        else {
            return;
        };
        if self
            .reference_db
            .is_none_or(|reference| psnr_db > reference + min_gain_db)
        {
            self.reference_db = Some(psnr_db);
            self.waited_epochs = 0;
            return;
        }
        self.waited_epochs += 1;
        if self.waited_epochs >= patience_epochs {
            self.factor *= factor;
            self.waited_epochs = 0;
        }
    }
}

/// Cosine from peak / 25 to peak over the warm-up, then to peak / 250,000 (Smith & Topin 2018).
fn one_cycle(at: f64, peak: f64, warmup: f64) -> f64 {
    let between =
        |from: f64, to: f64, share: f64| to + (from - to) * 0.5 * (1.0 + (PI * share).cos());
    if at < warmup {
        between(peak / 25.0, peak, at / warmup)
    } else {
        between(peak, peak / 250_000.0, (at - warmup) / (1.0 - warmup))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plateau_halves_after_patience_without_a_gain() {
        let schedule = Schedule::Plateau {
            rate: 1e-3,
            factor: 0.5,
            patience_epochs: 2,
            min_gain_db: 1.0,
        };
        let recipe = TrainConfig {
            schedule: schedule.clone(),
            ..TrainConfig::default()
        };
        let mut state = ScheduleState::new();
        let mut rates = Vec::new();
        // 20 sets the reference; 20.9 and 21.0 gain no full dB; 21.1 does; two more do not.
        for psnr in [20.0, 20.9, 21.0, 21.1, 21.5, 22.0] {
            state.note(psnr, &schedule);
            rates.push(state.rate(0, &recipe));
        }
        assert_eq!(rates, [1e-3, 1e-3, 5e-4, 5e-4, 5e-4, 2.5e-4]);
    }

    #[test]
    fn one_cycle_rises_to_its_peak_and_falls_to_nearly_zero() {
        let rate = |at| one_cycle(at, 2e-3, 0.1);
        assert!((rate(0.0) - 8e-5).abs() < 1e-12);
        assert!((rate(0.1) - 2e-3).abs() < 1e-12);
        // Half-way down the cosine: half the peak (and half of the tiny end).
        assert!((rate(0.55) - 1e-3).abs() < 1e-8);
        assert!(rate(1.0) < 1e-8);
    }
}
