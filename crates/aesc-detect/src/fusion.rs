//! Residual and uncertainty brought to one measure and added.

use aesc_image::{Image, Map};
use serde::{Deserialize, Serialize};

use crate::{
    DetectError, EvidenceLevels, MapTerms, Observation, Roi, ScoreConfig, Smoothing, Strategy,
    anomaly_map,
};

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

/// The scales of a configuration's maps, image by image of clean ones.
pub(crate) struct ScalesFit<'a> {
    residual: Of<'a>,
    uncertainty: Of<'a>,
    n_images: u64,
}

/// The plain map of one strategy, and the sum of its means.
struct Of<'a> {
    config: ScoreConfig,
    terms: MapTerms<'a>,
    sum: f64,
}

impl<'a> ScalesFit<'a> {
    pub(crate) fn new(
        config: &ScoreConfig,
        evidence: Option<&'a EvidenceLevels>,
        roi: Option<&'a Roi>,
    ) -> Self {
        let of = |strategy| Of {
            config: ScoreConfig {
                smoothing: Smoothing::None {},
                ..config.by(strategy)
            },
            terms: MapTerms {
                scales: None,
                evidence,
                roi,
            },
            sum: 0.0,
        };
        Self {
            residual: of(Strategy::Residual),
            uncertainty: of(Strategy::Uncertainty),
            n_images: 0,
        }
    }

    pub(crate) fn add(&mut self, image: &Image, observed: &Observation) -> Result<(), DetectError> {
        for of in [&mut self.residual, &mut self.uncertainty] {
            let map = anomaly_map(image, observed, &of.config, of.terms)?;
            of.sum += mean(&map, of.terms.roi)?;
        }
        self.n_images += 1;
        Ok(())
    }

    /// None without an image.
    pub(crate) fn finish(self) -> Option<MapScales> {
        let n = self.n_images as f64;
        // A network that repeats its input to the bit has a scale too: nothing is divided by 0.
        let scale = |of: &Of<'_>| (of.sum / n).max(f64::from(f32::MIN_POSITIVE));
        (self.n_images > 0).then(|| MapScales {
            residual: scale(&self.residual),
            uncertainty: scale(&self.uncertainty),
        })
    }
}

/// The mean over the pixels that count; those outside are 0 in the map.
fn mean(map: &Map, roi: Option<&Roi>) -> Result<f64, DetectError> {
    let n_pixels = match roi {
        None => map.data().len() as u64,
        Some(roi) => roi.at(map.height(), map.width())?.count(),
    };
    let sum: f64 = map.data().iter().map(|&value| f64::from(value)).sum();
    Ok(sum / n_pixels as f64)
}
