//! Independent Gaussian noise on every value of the image, cut to its range.
//!
//! The authors' code calls its parameter a standard deviation and uses it as a variance; here it
//! is a standard deviation, and the mixture's variance of 0.1 is written as its root.

use aesc_image::{Image, Mask};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::NoiseError;
use crate::check::unit;
use crate::texture::noisy;

/// Gaussian noise: how strong.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct GaussianConfig {
    /// Standard deviation on the image's own scale of 0..=1; 0.1 (25.5 grey levels).
    pub std: f64,
}

impl Default for GaussianConfig {
    fn default() -> Self {
        Self { std: 0.1 }
    }
}

impl GaussianConfig {
    pub(crate) fn check(self) -> Result<(), NoiseError> {
        unit("std", self.std)
    }
}

/// Adds noise to every value of `image`; the mask is true everywhere.
pub(crate) fn paint(config: GaussianConfig, image: &mut Image, rng: &mut ChaCha8Rng) -> Mask {
    for value in image.data_mut() {
        *value = noisy(*value, config.std as f32, rng);
    }
    Mask::over(image, true)
}
