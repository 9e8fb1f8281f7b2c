//! The threshold: fitted on clean images alone, never on a defect.

use serde::{Deserialize, Serialize};

use crate::{DetectError, MapScales, OverlayScale};

/// How far above the only clean score the threshold is set when there is nothing to compare it
/// with, as a share of that score.
const LONE_SCORE_MARGIN: f64 = 0.1;

/// How a threshold was fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CalibrationMethod {
    /// The largest score of the clean validation images.
    MaxClean,
}

/// What an inspected image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Decision {
    /// Not distinguishable from a clean image.
    Ok,
    /// Anomalous.
    Nok,
}

/// Thresholds fitted on clean validation images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// How the threshold was fitted.
    pub method: CalibrationMethod,
    /// Clean images it was fitted on.
    pub n_images: u64,
    /// Image score above which an image is [`Decision::Nok`].
    pub threshold: f64,
    /// The largest value of any clean map, at network resolution. Bilinear upsampling makes no
    /// value larger, so it holds at any resolution.
    pub map_threshold: f64,
    /// Fixed top of the overlay scale: twice `map_threshold`, or 1 where that is not above 0.
    pub overlay_max: f64,
    /// The clean images' scores, in the order given.
    pub clean_scores: Vec<f64>,
    /// What the maps of a fusion are divided by; absent for the other strategies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scales: Option<MapScales>,
}

impl Calibration {
    /// The threshold at the largest clean score; `map_maxima` holds each clean map's largest value.
    ///
    /// Where all scores are equal (a single image among them) the spread of clean scores is
    /// unknown, and the threshold is set a tenth above their common value.
    ///
    /// ```
    /// use aesc_detect::{Calibration, Decision};
    /// let calibration = Calibration::max_clean(&[1.0, 3.0, 2.0], &[0.25, 0.5, 0.25])?;
    /// assert_eq!(calibration.threshold, 3.0);
    /// assert_eq!(calibration.decide(3.0), Decision::Ok);
    /// assert_eq!(calibration.decide(3.1), Decision::Nok);
    /// # Ok::<(), aesc_detect::DetectError>(())
    /// ```
    ///
    /// # Errors
    /// [`DetectError::NoCleanImages`] without a score; [`DetectError::OutOfRange`] when a score or
    /// a maximum is not finite or there are not as many of the one as of the other.
    pub fn max_clean(scores: &[f64], map_maxima: &[f64]) -> Result<Self, DetectError> {
        if scores.is_empty() {
            return Err(DetectError::NoCleanImages);
        }
        if map_maxima.len() != scores.len() {
            let expected = "one for each clean score";
            let field = "number of map maxima";
            return Err(DetectError::out_of_range(
                field,
                expected,
                &map_maxima.len(),
            ));
        }
        refuse_non_finite("clean score", scores)?;
        refuse_non_finite("clean map maximum", map_maxima)?;
        let map_threshold = max(map_maxima);
        Ok(Self {
            method: CalibrationMethod::MaxClean,
            n_images: scores.len() as u64,
            threshold: max_clean_threshold(scores),
            map_threshold,
            overlay_max: if map_threshold > 0.0 {
                2.0 * map_threshold
            } else {
                1.0
            },
            clean_scores: scores.to_vec(),
            scales: None,
        })
    }

    /// Whether a calibration that came from a file can be used.
    ///
    /// # Errors
    /// [`DetectError::NoCleanImages`] or [`DetectError::OutOfRange`] naming the first field that
    /// contradicts the rest.
    pub fn validate(&self) -> Result<(), DetectError> {
        if self.clean_scores.is_empty() {
            return Err(DetectError::NoCleanImages);
        }
        if self.n_images != self.clean_scores.len() as u64 {
            let expected = "the number of clean_scores";
            return Err(DetectError::out_of_range(
                "n_images",
                expected,
                &self.n_images,
            ));
        }
        refuse_non_finite("clean_scores", &self.clean_scores)?;
        refuse_non_finite("threshold", &[self.threshold])?;
        self.scales.as_ref().map_or(Ok(()), MapScales::validate)?;
        self.overlay_scale().validate()
    }

    /// [`Decision::Nok`] for a score above the threshold; also for NaN, which nothing vouches for.
    pub fn decide(&self, score: f64) -> Decision {
        if score > self.threshold || score.is_nan() {
            Decision::Nok
        } else {
            Decision::Ok
        }
    }

    /// The scale on which every overlay of this model is drawn.
    pub fn overlay_scale(&self) -> OverlayScale {
        OverlayScale {
            max: self.overlay_max,
            threshold: self.map_threshold,
        }
    }
}

fn max_clean_threshold(scores: &[f64]) -> f64 {
    let largest = max(scores);
    if scores.iter().any(|&score| score < largest) {
        largest
    } else {
        largest + LONE_SCORE_MARGIN * largest.abs()
    }
}

fn max(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn refuse_non_finite(field: &'static str, values: &[f64]) -> Result<(), DetectError> {
    match values.iter().find(|value| !value.is_finite()) {
        None => Ok(()),
        Some(value) => Err(DetectError::out_of_range(field, "a finite number", value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overlay_scale_ends_at_twice_the_largest_clean_value() {
        let calibration = Calibration::max_clean(&[1.0, 2.0], &[0.25, 0.125]).unwrap();
        let scale = calibration.overlay_scale();
        assert_eq!((scale.threshold, scale.max), (0.25, 0.5));
    }

    #[test]
    fn no_clean_image_rejects_its_own_kind() {
        for scores in [&[2.0][..], &[2.0, 2.0, 2.0], &[0.0], &[1.0, 5.0, 3.0]] {
            let maxima = vec![0.5; scores.len()];
            let calibration = Calibration::max_clean(scores, &maxima).unwrap();
            assert!(
                scores
                    .iter()
                    .all(|&s| calibration.decide(s) == Decision::Ok)
            );
        }
    }

    #[test]
    fn equal_scores_get_a_tenth_of_margin() {
        let lone = Calibration::max_clean(&[20.0], &[0.5]).unwrap();
        assert_eq!(lone.threshold, 22.0);
        assert_eq!(lone.decide(21.0), Decision::Ok);
        assert_eq!(lone.decide(23.0), Decision::Nok);
    }

    #[test]
    fn a_perfect_reconstruction_still_has_a_scale() {
        let calibration = Calibration::max_clean(&[0.0, 0.0], &[0.0, 0.0]).unwrap();
        assert_eq!(calibration.overlay_max, 1.0);
        assert!(calibration.validate().is_ok());
    }

    #[test]
    fn sets_without_meaning_are_errors() {
        assert!(matches!(
            Calibration::max_clean(&[], &[]),
            Err(DetectError::NoCleanImages)
        ));
        assert!(Calibration::max_clean(&[1.0, f64::NAN], &[0.5, 0.5]).is_err());
        assert!(Calibration::max_clean(&[1.0], &[f64::INFINITY]).is_err());
        assert!(Calibration::max_clean(&[1.0, 2.0], &[0.5]).is_err());
    }

    #[test]
    fn nan_is_not_ok() {
        let calibration = Calibration::max_clean(&[1.0, 2.0], &[0.5, 0.5]).unwrap();
        assert_eq!(calibration.decide(f64::NAN), Decision::Nok);
    }

    #[test]
    fn a_stored_calibration_that_contradicts_itself_is_refused() {
        let good = Calibration::max_clean(&[1.0, 2.0], &[0.5, 0.5]).unwrap();
        let broken = [
            Calibration {
                n_images: 3,
                ..good.clone()
            },
            Calibration {
                overlay_max: 0.0,
                ..good.clone()
            },
            Calibration {
                threshold: f64::NAN,
                ..good.clone()
            },
            Calibration {
                clean_scores: vec![],
                ..good.clone()
            },
        ];
        assert!(good.validate().is_ok());
        assert!(
            broken
                .iter()
                .all(|calibration| calibration.validate().is_err())
        );
    }
}
