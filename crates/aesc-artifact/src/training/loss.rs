//! What training makes small beside the mean squared error.

use serde::{Deserialize, Serialize};

use super::require;
use crate::ArtifactError;

/// Terms of the loss. Defaults are the paper's: the mean squared error alone.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossConfig {
    /// Weight of 1 - SSIM of the images' luminance (Wang et al. 2004: Gaussian window of 11 px,
    /// sigma 1.5), 0..=10; 0 leaves it out. FAIR (2023) trains with 1.
    pub ssim: f64,
    /// What a corrupted pixel's squared error weighs beyond the 1 of a clean one, 0..=100: of a
    /// small region little else reaches the gradient.
    pub corrupted: f64,
}

impl LossConfig {
    pub(super) fn is_paper(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn validate(self) -> Result<(), ArtifactError> {
        let ssim = (0.0..=10.0).contains(&self.ssim);
        require(ssim, "train.loss.ssim", "0..=10", self.ssim)?;
        let corrupted = (0.0..=100.0).contains(&self.corrupted);
        let field = "train.loss.corrupted";
        require(corrupted, field, "0..=100", self.corrupted)
    }
}
