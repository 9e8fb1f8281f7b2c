//! Mixtures: every presentation draws one of several corruptions.
//!
//! What the parts do is left to them.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::check::{require, unit};
use crate::{
    CorruptionConfig, DropsConfig, GaussianConfig, NoiseError, ScratchConfig, StainConfig,
};

/// Corruptions to draw from; the default is the paper's structural mixture.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct MixConfig {
    /// At least one part; the probabilities add up to 1.
    pub parts: Vec<MixPart>,
}

/// One corruption of a mixture.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct MixPart {
    /// How often this part is drawn, 0..=1.
    pub probability: f64,
    /// What it does.
    pub corruption: CorruptionConfig,
}

impl Default for MixConfig {
    fn default() -> Self {
        Self::of([
            (0.6, CorruptionConfig::Stain(StainConfig::blurred())),
            (
                0.2,
                CorruptionConfig::Scratch(ScratchConfig { colour: [10, 220] }),
            ),
            (0.2, CorruptionConfig::Drops(DropsConfig::default())),
        ])
    }
}

impl MixConfig {
    /// The paper's mixture of stain and Gaussian noise, of which 0.1 is the *variance*.
    pub(crate) fn stain_gaussian() -> Self {
        let std = 0.1_f64.sqrt();
        Self::of([
            (0.6, CorruptionConfig::Stain(StainConfig::blurred())),
            (0.4, CorruptionConfig::Gaussian(GaussianConfig { std })),
        ])
    }

    fn of<const N: usize>(parts: [(f64, CorruptionConfig); N]) -> Self {
        let parts = parts.map(|(probability, corruption)| MixPart {
            probability,
            corruption,
        });
        Self {
            parts: parts.into(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), NoiseError> {
        for (i, part) in self.parts.iter().enumerate() {
            unit("probability", part.probability).map_err(|e| e.below(&format!("parts[{i}]")))?;
            let at = format!("parts[{i}].corruption");
            part.corruption.check().map_err(|e| e.below(&at))?;
        }
        let sum = self
            .parts
            .iter()
            .fold(0.0, |sum, part| sum + part.probability);
        let expected = "parts whose probabilities add up to 1";
        require((sum - 1.0).abs() < 1e-6, "parts", expected, sum)
    }

    /// The part drawn; rounding in the sum of probabilities falls to the last.
    pub(crate) fn draw(&self, rng: &mut ChaCha8Rng) -> Option<&CorruptionConfig> {
        let mut left: f64 = rng.random();
        let reached = |part: &&MixPart| {
            left -= part.probability;
            left < 0.0
        };
        let part = self.parts.iter().find(reached).or(self.parts.last())?;
        Some(&part.corruption)
    }
}
