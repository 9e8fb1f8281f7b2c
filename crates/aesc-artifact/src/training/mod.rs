//! How a network is trained: steps, batch, loss, optimiser, rate schedule, which weights are kept.

mod augment;
mod loss;
mod schedule;

use aesc_noise::{CorruptionConfig, NoiseError};
pub use augment::{AugmentConfig, Turns};
pub use loss::LossConfig;
pub use schedule::Schedule;
use serde::{Deserialize, Serialize};

use crate::ArtifactError;

/// The training recipe. Defaults are the paper's (method section 4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Optimiser steps in all, at least 1. Paper: 250 epochs of 125.
    pub steps: u64,
    /// Steps between validations, checkpoints and lines of the log.
    pub epoch_steps: u64,
    /// Images a step, at least 2 (batch statistics of one image are its own).
    pub batch: usize,
    /// Share of `train/good` held out for validation, in (0, 1).
    pub validation_share: f64,
    /// Weight of a new batch in `BatchNorm`'s running averages, in (0, 1]. The authors' 0.99 decay
    /// is 0.01 here; short runs need more, or the averages still remember their start.
    pub batch_norm_momentum: f64,
    /// Which weights become the model.
    pub keep: Keep,
    /// Where present, weights are judged and kept as an exponential moving average over the steps
    /// that keeps this much of itself at each, in (0, 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema: Option<f64>,
    /// Number format of the convolutions.
    #[serde(skip_serializing_if = "Precision::is_f32")]
    pub precision: Precision,
    /// What is made small.
    #[serde(skip_serializing_if = "LossConfig::is_paper")]
    pub loss: LossConfig,
    /// How clean images are varied.
    #[serde(skip_serializing_if = "AugmentConfig::is_none")]
    pub augment: AugmentConfig,
    /// The corruption that a segmentation ([`Segmentation`](crate::Segmentation)) learns to find; the
    /// one that the first look learns to repair where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<CorruptionConfig>,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// What kernels between levels follow.
    #[serde(skip_serializing_if = "Optimiser::is_adam")]
    pub optimiser: Optimiser,
    /// Adam's constants; the weight decay is Muon's, too.
    pub adam: AdamConfig,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            steps: 31_250,
            epoch_steps: 125,
            batch: 16,
            validation_share: 0.2,
            batch_norm_momentum: 0.01,
            keep: Keep::BestPsnr,
            ema: None,
            precision: Precision::F32,
            loss: LossConfig::default(),
            augment: AugmentConfig::default(),
            segment: None,
            schedule: Schedule::default(),
            optimiser: Optimiser::default(),
            adam: AdamConfig::default(),
        }
    }
}

impl TrainConfig {
    /// How many times a checkpoint holds the weights, or as much: the network's, its moments, their
    /// moving average and the best so far.
    pub fn copies_in_checkpoint(&self) -> u64 {
        let best = self.keep == Keep::BestPsnr;
        1 + self.optimiser.moments() + u64::from(self.ema.is_some()) + u64::from(best)
    }
}

/// Which weights become the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Those with the highest validation PSNR at an epoch's end (the paper).
    BestPsnr,
    /// Those of the last step.
    Last,
}

/// Number format of the convolutions; weights, norms, loss and optimiser stay in f32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32 bits, everywhere.
    #[default]
    F32,
    /// The upper 16 of them, where the device multiplies these faster.
    Bf16,
}

impl Precision {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn is_f32(&self) -> bool {
        *self == Self::F32
    }
}

/// What the kernels between levels follow; all else that learns follows Adam.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimiser {
    /// Adam, as all else (the paper).
    #[default]
    Adam,
    /// Muon (Jordan et al. 2024): their momentum, orthogonalised, at the size of Adam's steps (Liu et al.
    /// 2025), so that rate and decay are those of Adam.
    Muon,
}

impl Optimiser {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn is_adam(&self) -> bool {
        *self == Self::Adam
    }

    /// Moments kept of nearly every parameter.
    #[must_use]
    pub const fn moments(self) -> u64 {
        match self {
            Self::Adam => 2,
            Self::Muon => 1,
        }
    }
}

/// Adam's constants (Kingma & Ba 2015); the paper's framework uses eps 1e-7.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamConfig {
    /// Decay of the mean of gradients, in [0, 1).
    pub beta1: f64,
    /// Decay of the mean of squared gradients, in [0, 1).
    pub beta2: f64,
    /// Added to the root of the second moment, > 0.
    pub eps: f64,
    /// Decoupled weight decay (AdamW) on kernels, by either optimiser, >= 0; zero is plain Adam.
    pub weight_decay: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-7,
            weight_decay: 0.0,
        }
    }
}

impl TrainConfig {
    /// Checks every range.
    ///
    /// # Errors
    /// [`ArtifactError::Config`] naming the first field out of range.
    pub fn validate(&self) -> Result<(), ArtifactError> {
        let half_open = |v: f64| (0.0..1.0).contains(&v);
        let positive = |v: f64| v > 0.0 && v.is_finite();
        let adam = &self.adam;
        self.loss.validate()?;
        self.augment.validate()?;
        require(self.steps >= 1, "train.steps", "at least 1", self.steps)?;
        require(
            self.epoch_steps >= 1,
            "train.epoch_steps",
            "at least 1",
            self.epoch_steps,
        )?;
        require(
            (2..=4096).contains(&self.batch),
            "train.batch",
            "2..=4096",
            self.batch,
        )?;
        let share = self.validation_share;
        require(
            half_open(share) && share > 0.0,
            "train.validation_share",
            "in (0, 1)",
            share,
        )?;
        let momentum = self.batch_norm_momentum;
        let valid = momentum > 0.0 && momentum <= 1.0;
        require(valid, "train.batch_norm_momentum", "in (0, 1]", momentum)?;
        if let Some(decay) = self.ema {
            let valid = half_open(decay) && decay > 0.0;
            require(valid, "train.ema", "in (0, 1)", decay)?;
        }
        require(
            half_open(adam.beta1),
            "train.adam.beta1",
            "in [0, 1)",
            adam.beta1,
        )?;
        require(
            half_open(adam.beta2),
            "train.adam.beta2",
            "in [0, 1)",
            adam.beta2,
        )?;
        require(positive(adam.eps), "train.adam.eps", "above 0", adam.eps)?;
        let decay = adam.weight_decay;
        require(
            decay >= 0.0 && decay.is_finite(),
            "train.adam.weight_decay",
            "0 or more",
            decay,
        )?;
        if let Some(corruption) = &self.segment {
            corruption.validate().map_err(|refused| match refused {
                NoiseError::OutOfRange {
                    field,
                    expected,
                    found,
                } => ArtifactError::config(&format!("train.segment.{field}"), expected, found),
                other => ArtifactError::part(other),
            })?;
        }
        self.schedule.validate()
    }
}

impl Schedule {
    fn validate(&self) -> Result<(), ArtifactError> {
        let rate_like = |v: f64| v > 0.0 && v <= 1.0;
        match *self {
            Self::Plateau {
                rate,
                factor,
                patience_epochs,
                min_gain_db,
            } => {
                require(rate_like(rate), "train.schedule.rate", "in (0, 1]", rate)?;
                let shrinks = factor > 0.0 && factor < 1.0;
                require(shrinks, "train.schedule.factor", "in (0, 1)", factor)?;
                let field = "train.schedule.patience_epochs";
                require(patience_epochs >= 1, field, "at least 1", patience_epochs)?;
                let gain = min_gain_db >= 0.0 && min_gain_db.is_finite();
                require(gain, "train.schedule.min_gain_db", "0 or more", min_gain_db)
            }
            Self::OneCycle {
                peak_rate,
                warmup_share,
            } => {
                require(
                    rate_like(peak_rate),
                    "train.schedule.peak_rate",
                    "in (0, 1]",
                    peak_rate,
                )?;
                let share = (0.0..1.0).contains(&warmup_share);
                require(
                    share,
                    "train.schedule.warmup_share",
                    "in [0, 1)",
                    warmup_share,
                )
            }
        }
    }
}

fn require(
    holds: bool,
    field: &'static str,
    expected: &str,
    found: impl std::fmt::Display,
) -> Result<(), ArtifactError> {
    if holds {
        Ok(())
    } else {
        Err(ArtifactError::config(field, expected, found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_papers_31_250_steps() {
        let config = TrainConfig::default();
        assert_eq!(config.steps, 250 * config.epoch_steps);
        config.validate().unwrap();
    }

    #[test]
    fn a_checkpoint_holds_what_the_configuration_keeps() {
        // Weights, two moments, the best so far; an average.
        let paper = TrainConfig::default();
        assert_eq!(paper.copies_in_checkpoint(), 4);
        let ema = Some(0.99);
        assert_eq!(
            TrainConfig {
                ema,
                ..paper.clone()
            }
            .copies_in_checkpoint(),
            5
        );
        let least = TrainConfig {
            keep: Keep::Last,
            optimiser: Optimiser::Muon,
            ..paper
        };
        assert_eq!(least.copies_in_checkpoint(), 2);
    }

    #[test]
    fn a_batch_of_one_is_refused() {
        let config = TrainConfig {
            batch: 1,
            ..TrainConfig::default()
        };
        let message = config.validate().unwrap_err().to_string();
        assert_eq!(message, "train.batch: expected 2..=4096, found 1");
    }

    #[test]
    fn what_a_segmentation_learns_to_find_is_checked_under_its_name() {
        let wrong = r#"{"segment":{"kind":"repair","size":[0.5,0.1]}}"#;
        let config: TrainConfig = serde_json::from_str(wrong).unwrap();
        let message = config.validate().unwrap_err().to_string();
        let told = ["train.segment.size: expected", "found [0.5, 0.1]"];
        assert!(told.iter().all(|part| message.contains(part)), "{message}");
    }

    #[test]
    fn nan_rates_are_refused() {
        let schedule = Schedule::OneCycle {
            peak_rate: f64::NAN,
            warmup_share: 0.1,
        };
        let config = TrainConfig {
            schedule,
            ..TrainConfig::default()
        };
        assert!(config.validate().is_err());
    }

    #[test]
    fn a_schedule_refuses_the_other_schedules_keys() {
        let text = r#"{"kind":"one-cycle","patience_epochs":3}"#;
        assert!(serde_json::from_str::<Schedule>(text).is_err());
    }
}
