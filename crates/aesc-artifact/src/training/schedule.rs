//! The learning rate over the steps.

use serde::{Deserialize, Serialize};

/// The learning rate over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// Multiply by `factor` when validation PSNR has not gained `min_gain_db` in `patience_epochs`.
    Plateau {
        /// First rate. The authors' file says 0.01, their code runs 1e-3.
        #[serde(default = "default_rate")]
        rate: f64,
        /// In (0, 1).
        #[serde(default = "default_factor")]
        factor: f64,
        /// Epochs to wait for a gain.
        #[serde(default = "default_patience")]
        patience_epochs: u64,
        /// What counts as a gain, in dB.
        #[serde(default = "default_gain")]
        min_gain_db: f64,
    },
    /// Cosine up from `peak_rate / 25` over `warmup_share` of the steps, cosine down to nearly zero.
    OneCycle {
        /// Highest rate.
        #[serde(default = "default_peak")]
        peak_rate: f64,
        /// Share of the steps spent going up, in [0, 1).
        #[serde(default = "default_warmup")]
        warmup_share: f64,
    },
}

fn default_rate() -> f64 {
    1e-3
}
fn default_factor() -> f64 {
    0.5
}
fn default_patience() -> u64 {
    30
}
fn default_gain() -> f64 {
    1.0
}
fn default_peak() -> f64 {
    2e-3
}
fn default_warmup() -> f64 {
    0.1
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Plateau {
            rate: default_rate(),
            factor: default_factor(),
            patience_epochs: default_patience(),
            min_gain_db: default_gain(),
        }
    }
}
