//! Residual and uncertainty brought to one measure and added.

use aesc_image::{Image, Map};
use serde::{Deserialize, Serialize};

use crate::{DetectError, Reconstruct, ScoreConfig, observe, residual_map};

/// Mean of each map over all pixels of clean images: what a fusion divides them by.
///
/// ```
/// use aesc_detect::MapScales;
/// use aesc_image::Map;
/// let scales = MapScales { residual: 0.5, uncertainty: 0.25 };
/// let (residual, uncertainty) = (Map::new(1, 1, vec![1.0])?, Map::new(1, 1, vec![1.0])?);
/// assert_eq!(scales.fused(&residual, &uncertainty)?.data(), [3.0]); // (1/0.5 + 1/0.25) / 2
/// # Ok::<(), aesc_detect::DetectError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapScales {
    /// Mean of the residual map, in its own units, above 0.
    pub residual: f64,
    /// Mean of the variance map, in (grey level / 255)², above 0.
    pub uncertainty: f64,
}

impl MapScales {
    /// The scales of `config`'s maps on clean images, seen one at a time.
    pub(crate) fn fitted(
        backend: &impl Reconstruct,
        config: &ScoreConfig,
        clean: &[Image],
    ) -> Result<Self, DetectError> {
        let (mut residual, mut uncertainty) = (0.0, 0.0);
        for image in clean {
            let images = std::slice::from_ref(image);
            for observed in observe(backend, images, Some(&config.mc_dropout))? {
                let made = &observed.reconstruction;
                residual += mean(&residual_map(
                    image,
                    made,
                    config.residual,
                    config.channels,
                )?);
                uncertainty += mean(observed.variance_of(image)?);
            }
        }
        let n = clean.len() as f64;
        // A network that repeats its input to the bit has a scale too: nothing is divided by 0.
        let scale = |sum: f64| (sum / n).max(f64::from(f32::MIN_POSITIVE));
        Ok(Self {
            residual: scale(residual),
            uncertainty: scale(uncertainty),
        })
    }

    /// Whether scales that came from a file can be divided by.
    pub(crate) fn validate(&self) -> Result<(), DetectError> {
        for scale in [self.residual, self.uncertainty] {
            if !(scale.is_finite() && scale > 0.0) {
                let expected = "finite and above 0";
                return Err(DetectError::out_of_range("scales", expected, &scale));
            }
        }
        Ok(())
    }

    /// The mean of the two maps, each divided by its scale; 1 is the mean of clean images.
    ///
    /// # Errors
    /// [`DetectError::ShapeMismatch`] when the maps differ in size.
    pub fn fused(&self, residual: &Map, uncertainty: &Map) -> Result<Map, DetectError> {
        let sides = |map: &Map| [map.height(), map.width(), 1];
        if sides(residual) != sides(uncertainty) {
            return Err(DetectError::ShapeMismatch {
                what: "variance map",
                expected: sides(residual),
                found: sides(uncertainty),
            });
        }
        let (r, u) = (0.5 / self.residual, 0.5 / self.uncertainty);
        let pairs = residual.data().iter().zip(uncertainty.data());
        let fused = pairs.map(|(a, b)| (f64::from(*a) * r + f64::from(*b) * u) as f32);
        let (height, width) = (residual.height(), residual.width());
        Ok(Map::new(height, width, fused.collect())?)
    }
}

fn mean(map: &Map) -> f64 {
    let sum: f64 = map.data().iter().map(|&value| f64::from(value)).sum();
    sum / map.data().len() as f64
}
