//! How clean images are varied before they are corrupted; input and target alike.

use serde::{Deserialize, Serialize};

use super::require;
use crate::ArtifactError;

/// Variations of clean images that are clean too. Defaults are the paper's: none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentConfig {
    /// Largest change of lightness: each image is multiplied by 1 ± this and shifted by ± half of
    /// it, 0..=0.5, so that other light is reproduced and not flagged.
    pub light: f64,
    /// Most that an image is moved along each side, a share of it, 0..=0.25: by whole pixels, mirrored
    /// where it ends, so that a product that lies a little elsewhere is no defect.
    pub shift: f64,
    /// Standard deviation of the same Gaussian noise on input and target, 0..=0.2 (Bauer & Müller
    /// 2025): to first order a penalty on all that is not reproduced as it is.
    pub noise: f64,
    /// By which turns an image is turned.
    pub turns: Turns,
}

/// By which multiples of a quarter an image may be turned and still be a clean one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turns {
    /// Not at all.
    #[default]
    None,
    /// By half.
    Half,
    /// By quarters; square images only.
    Quarter,
    /// Those under which the training images look the same, told from them alone.
    Auto,
}

impl AugmentConfig {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn validate(self) -> Result<(), ArtifactError> {
        let light = (0.0..=0.5).contains(&self.light);
        require(light, "train.augment.light", "0..=0.5", self.light)?;
        let shift = (0.0..=0.25).contains(&self.shift);
        require(shift, "train.augment.shift", "0..=0.25", self.shift)?;
        let noise = (0.0..=0.2).contains(&self.noise);
        require(noise, "train.augment.noise", "0..=0.2", self.noise)
    }
}
