//! From a map to one number an image, and the configuration of the whole way there.
//!
//! Scores are taken from the map at network resolution, after smoothing, before upsampling.

use std::borrow::Cow;

use aesc_image::{Image, Map, Mask};
use serde::{Deserialize, Serialize};

use crate::{
    ChannelReduction, DetectError, EvidenceConfig, EvidenceLevels, MapScales, McDropout,
    Observation, ResidualForm, Roi, Smoothing, Strategy, residual_map, smooth,
};

/// How an image and its reconstruction become a map and a score.
///
/// The default is the paper's: absolute residual, mean over channels, no smoothing, L2 norm.
///
/// ```
/// use aesc_detect::{ImageScore, ScoreConfig, Smoothing};
/// let config = ScoreConfig {
///     smoothing: Smoothing::Box { side_px: 21 },
///     image: ImageScore::Max {},
///     ..ScoreConfig::default()
/// };
/// assert!(config.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScoreConfig {
    /// What the map is made of.
    pub strategy: Strategy,
    /// What [`Strategy::Auto`] stands for; `aesc advise` writes it into a model file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advised: Option<Strategy>,
    /// How a difference becomes a residual.
    pub residual: ResidualForm,
    /// How the channels of a pixel become one value.
    pub channels: ChannelReduction,
    /// Several maps on the measure of clean images instead of the plain residual: `residual` and
    /// `channels` then say nothing, and the default smoothing is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceConfig>,
    /// What the map is smoothed with.
    pub smoothing: Smoothing,
    /// How the map becomes the image score.
    pub image: ImageScore,
    /// How the passes of [`Strategy::Uncertainty`] and [`Strategy::Fusion`] are drawn.
    pub mc_dropout: McDropout,
}

impl ScoreConfig {
    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`DetectError::OutOfRange`] naming the first setting that is not.
    pub fn validate(&self) -> Result<(), DetectError> {
        self.smoothing.validate()?;
        self.evidence
            .as_ref()
            .map_or(Ok(()), EvidenceConfig::validate)?;
        self.mc_dropout.validate()?;
        self.image.validate()?;
        match self.advised {
            Some(Strategy::Auto) => {
                let expected = "residual, uncertainty or fusion";
                Err(DetectError::out_of_range("advised", expected, &"auto"))
            }
            _ => Ok(()),
        }
    }

    /// The strategy whose map is made: never [`Strategy::Auto`].
    pub fn resolved_strategy(&self) -> Strategy {
        match self.strategy {
            Strategy::Auto => self.advised.unwrap_or(Strategy::Residual),
            chosen => chosen,
        }
    }

    /// How dropout passes are drawn, where the strategy needs them.
    pub fn sampling(&self) -> Option<&McDropout> {
        self.resolved_strategy()
            .samples()
            .then_some(&self.mc_dropout)
    }

    /// What evidence is made of, where the strategy looks at any.
    pub(crate) fn evidence_used(&self) -> Option<&EvidenceConfig> {
        let residual = self.resolved_strategy() != Strategy::Uncertainty;
        self.evidence.as_ref().filter(|_| residual)
    }

    /// The same configuration by another strategy.
    #[must_use]
    pub fn by(&self, strategy: Strategy) -> Self {
        Self {
            strategy,
            ..self.clone()
        }
    }
}

/// How a map becomes one number; higher is more anomalous.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ImageScore {
    /// Share of the pixels over `threshold`, 0..=1.
    L0 {
        /// In the units of the map, finite, at least 0.
        threshold: f64,
    },
    /// Sum of the absolute values.
    L1 {},
    /// Square root of the sum of squares, the paper's.
    L2 {},
    /// Largest absolute value.
    Linf {},
    /// Largest value.
    Max {},
    /// Mean of the ⌈share · n⌉ largest of n values: between the maximum and the mean.
    TopK {
        /// Share of the pixels, above 0, at most 1.
        share: f64,
    },
}

impl Default for ImageScore {
    fn default() -> Self {
        Self::L2 {}
    }
}

impl ImageScore {
    fn validate(&self) -> Result<(), DetectError> {
        match *self {
            Self::L0 { threshold } if !(threshold.is_finite() && threshold >= 0.0) => Err(
                DetectError::out_of_range("image.threshold", "finite, at least 0", &threshold),
            ),
            Self::TopK { share } if !(share > 0.0 && share <= 1.0) => Err(
                DetectError::out_of_range("image.share", "above 0, at most 1", &share),
            ),
            _ => Ok(()),
        }
    }
}

/// What a map is made with beside its configuration: the model's, the same for every image.
#[derive(Debug, Clone, Copy, Default)]
pub struct MapTerms<'a> {
    /// What [`Strategy::Fusion`] brings the two maps to one measure with.
    pub scales: Option<&'a MapScales>,
    /// What [`ScoreConfig::evidence`] is measured by.
    pub evidence: Option<&'a EvidenceLevels>,
    /// The pixels that count; all of them where absent.
    pub roi: Option<&'a Roi>,
}

/// The anomaly map of an image at network resolution: the strategy's map, then smoothing.
///
/// Outside a region of interest the map is 0, and nothing outside is smoothed into it: within, the
/// smoothed value is the mean over those pixels of the window that are inside.
///
/// # Errors
/// As [`residual_map`] and [`ScoreConfig::validate`]; [`DetectError::NoVariance`] or
/// [`DetectError::NoScales`] where the strategy lacks what it needs, [`DetectError::NoEvidence`]
/// where evidence lacks its levels; [`DetectError::EmptyRoi`].
pub fn anomaly_map(
    image: &Image,
    observed: &Observation,
    config: &ScoreConfig,
    terms: MapTerms<'_>,
) -> Result<Map, DetectError> {
    config.validate()?;
    let residual = || {
        let Some(evidence) = &config.evidence else {
            let made = &observed.reconstruction;
            return residual_map(image, made, config.residual, config.channels);
        };
        let levels = terms.evidence.ok_or(DetectError::NoEvidence)?;
        levels.map(evidence, (image, observed), terms.roi)
    };
    let raw = match config.resolved_strategy() {
        Strategy::Uncertainty => observed.variance_of(image)?.clone(),
        Strategy::Fusion => {
            let scales = terms.scales.ok_or(DetectError::NoScales)?;
            scales.fused(&residual()?, observed.variance_of(image)?)?
        }
        Strategy::Residual | Strategy::Auto => residual()?,
    };
    match terms.roi {
        None => Ok(smooth(&raw, &config.smoothing)),
        Some(roi) => {
            let inside = roi.at(raw.height(), raw.width())?;
            smooth_inside(raw, &inside, &config.smoothing)
        }
    }
}

/// The map smoothed by the pixels inside alone, 0 outside.
pub(crate) fn smooth_inside(
    mut raw: Map,
    inside: &Mask,
    smoothing: &Smoothing,
) -> Result<Map, DetectError> {
    clear_outside(&mut raw, inside);
    if *smoothing == (Smoothing::None {}) {
        return Ok(raw);
    }
    let ones = inside.data().iter().map(|&on| f32::from(u8::from(on)));
    let weights = Map::new(raw.height(), raw.width(), ones.collect())?;
    let weights = smooth(&weights, smoothing);
    let mut map = smooth(&raw, smoothing);
    for (value, weight) in map.data_mut().iter_mut().zip(weights.data()) {
        // Inside, a window holds at least its own middle.
        *value /= weight.max(f32::MIN_POSITIVE);
    }
    clear_outside(&mut map, inside);
    Ok(map)
}

/// Sets the map to 0 outside a mask of its size.
pub(crate) fn clear_outside(map: &mut Map, inside: &Mask) {
    for (value, &on) in map.data_mut().iter_mut().zip(inside.data()) {
        if !on {
            *value = 0.0;
        }
    }
}

/// The map of an image and the score it has, both of the region of interest where there is one.
///
/// # Errors
/// As [`anomaly_map`].
pub fn scored_map(
    image: &Image,
    observed: &Observation,
    config: &ScoreConfig,
    terms: MapTerms<'_>,
) -> Result<(Map, f64), DetectError> {
    let map = anomaly_map(image, observed, config, terms)?;
    let score = score_of(&counted(&map, terms.roi)?, &config.image);
    Ok((map, score))
}

/// The values of a map that count.
fn counted<'a>(map: &'a Map, roi: Option<&Roi>) -> Result<Cow<'a, [f32]>, DetectError> {
    let Some(roi) = roi else {
        return Ok(Cow::Borrowed(map.data()));
    };
    let inside = roi.at(map.height(), map.width())?;
    let pixels = map.data().iter().zip(inside.data());
    Ok(pixels
        .filter(|(_, on)| **on)
        .map(|(value, _)| *value)
        .collect())
}

/// The score of an image from its map at network resolution; sums are f64.
///
/// ```
/// use aesc_detect::{ImageScore, image_score};
/// use aesc_image::Map;
/// let map = Map::new(1, 2, vec![3.0, 4.0])?;
/// assert_eq!(image_score(&map, &ImageScore::L2 {}), 5.0);
/// assert_eq!(image_score(&map, &ImageScore::TopK { share: 0.5 }), 4.0);
/// # Ok::<(), aesc_image::ShapeError>(())
/// ```
pub fn image_score(map: &Map, score: &ImageScore) -> f64 {
    score_of(map.data(), score)
}

fn score_of(pixels: &[f32], score: &ImageScore) -> f64 {
    let values = pixels.iter().map(|&value| f64::from(value));
    match *score {
        ImageScore::L0 { threshold } => {
            values.filter(|&value| value > threshold).count() as f64 / pixels.len() as f64
        }
        ImageScore::L1 {} => values.map(f64::abs).sum(),
        ImageScore::L2 {} => values.map(|value| value * value).sum::<f64>().sqrt(),
        ImageScore::Linf {} => values.map(f64::abs).fold(0.0, f64::max),
        ImageScore::Max {} => largest(pixels),
        ImageScore::TopK { share } => mean_of_largest(pixels, share),
    }
}

fn largest(pixels: &[f32]) -> f64 {
    let values = pixels.iter().map(|&value| f64::from(value));
    values.fold(f64::NEG_INFINITY, f64::max)
}

/// The largest value of a map that counts.
pub(crate) fn largest_within(map: &Map, roi: Option<&Roi>) -> Result<f64, DetectError> {
    Ok(largest(&counted(map, roi)?))
}

fn mean_of_largest(pixels: &[f32], share: f64) -> f64 {
    let mut values = pixels.to_vec();
    let n = values.len();
    // 0.07 * 100 is a hair above 7 in binary; that hair must not cost an eighth pixel.
    let k = ((share * n as f64 - 1e-6).ceil() as usize).clamp(1, n);
    values.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
    values[..k]
        .iter()
        .map(|&value| f64::from(value))
        .sum::<f64>()
        / k as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score_of(values: &[f32], score: ImageScore) -> f64 {
        image_score(&Map::new(1, values.len(), values.to_vec()).unwrap(), &score)
    }

    #[test]
    fn every_score_of_four_values_by_hand() {
        let values = [1.0, -2.0, 0.0, 2.0];
        assert_eq!(score_of(&values, ImageScore::L0 { threshold: 0.5 }), 0.5);
        assert_eq!(score_of(&values, ImageScore::L1 {}), 5.0);
        assert_eq!(score_of(&values, ImageScore::L2 {}), 3.0); // 1 + 4 + 0 + 4 = 9
        assert_eq!(score_of(&values, ImageScore::Linf {}), 2.0);
        assert_eq!(score_of(&values, ImageScore::Max {}), 2.0);
        assert_eq!(score_of(&values, ImageScore::TopK { share: 0.5 }), 1.5); // 2 and 1
    }

    #[test]
    fn the_sign_tells_linf_from_max() {
        assert_eq!(score_of(&[-2.0, 1.0], ImageScore::Linf {}), 2.0);
        assert_eq!(score_of(&[-2.0, 1.0], ImageScore::Max {}), 1.0);
    }

    #[test]
    fn a_value_at_the_threshold_is_not_over_it() {
        assert_eq!(
            score_of(&[0.5, 0.75], ImageScore::L0 { threshold: 0.5 }),
            0.5
        );
    }

    #[test]
    fn top_k_rounds_its_count_up_and_takes_at_least_one() {
        let values = [4.0, 1.0, 3.0];
        assert_eq!(score_of(&values, ImageScore::TopK { share: 0.34 }), 3.5); // ceil 1.02 = 2
        assert_eq!(score_of(&values, ImageScore::TopK { share: 1e-9 }), 4.0);
    }

    #[test]
    fn top_k_is_not_misled_by_the_last_bit() {
        // 0.07 * 100 = 7.000000000000001 in f64; the 7 largest of 0..100 are 93..=99, mean 96.
        let values: Vec<f32> = (0..100).map(|i| i as f32).collect();
        assert_eq!(score_of(&values, ImageScore::TopK { share: 0.07 }), 96.0);
    }

    #[test]
    fn settings_outside_their_range_are_refused_by_name() {
        for (image, field) in [
            (ImageScore::L0 { threshold: -0.1 }, "image.threshold"),
            (
                ImageScore::L0 {
                    threshold: f64::NAN,
                },
                "image.threshold",
            ),
            (ImageScore::TopK { share: 0.0 }, "image.share"),
            (ImageScore::TopK { share: 1.01 }, "image.share"),
        ] {
            let config = ScoreConfig {
                image,
                ..ScoreConfig::default()
            };
            let message = config.validate().unwrap_err().to_string();
            assert!(message.starts_with(field), "{message}");
        }
    }
}
