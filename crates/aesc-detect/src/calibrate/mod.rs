//! The thresholds: fitted on clean images alone, never on a defect.
//!
//! Two rules: the largest clean score, or a rate of clean images that may be rejected ([`RateTarget`]).

mod binomial;
mod clean;
mod rate;
mod tail;

use serde::{Deserialize, Serialize};

pub use clean::{CleanScores, measure_clean};
pub use rate::{RateFit, RateTarget, Support};
pub use tail::TailFit;

use crate::{DetectError, MapScales, OverlayScale};

/// Most clean scores a calibration keeps; more are thinned to evenly spaced ranks.
const MOST_KEPT: usize = 4096;

/// How far above the only clean score the threshold is set when there is nothing to compare it
/// with, as a share of that score.
const LONE_SCORE_MARGIN: f64 = 0.1;

/// How a threshold was fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CalibrationMethod {
    /// The largest score of the clean images.
    MaxClean,
    /// The clean score whose rank the rate asks for.
    OrderStatistic,
    /// A generalised Pareto tail, for a rate smaller than the sample can show.
    Tail,
    /// All clean scores are equal (one image among them): a tenth above their common value.
    EqualScores,
}

/// What an inspected image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Decision {
    /// Not distinguishable from a clean image.
    Ok,
    /// A score few clean images have: a person should look.
    Review,
    /// Anomalous.
    Nok,
}

/// Thresholds fitted on clean images, with the distribution of those images' scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// How the threshold was fitted.
    pub method: CalibrationMethod,
    /// Clean images it was fitted on.
    pub n_images: u64,
    /// Image score above which an image is [`Decision::Nok`].
    pub threshold: f64,
    /// Value over which a pixel belongs to a region: the largest of any clean map, or that which
    /// the rate's share of clean maps exceeds anywhere. At network resolution; bilinear upsampling
    /// makes no value larger, so it holds at any.
    pub map_threshold: f64,
    /// Fixed top of the overlay scale: twice `map_threshold`, or 1 where that is not above 0.
    pub overlay_max: f64,
    /// The clean images' scores in the order given, the fingerprint that drift is told by; of more
    /// than 4096 the evenly spaced ranks, ascending.
    pub clean_scores: Vec<f64>,
    /// How the threshold was fitted to a rate, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<RateFit>,
    /// Where review begins, where there is a band for it: scores above its threshold, up to
    /// `threshold`, are [`Decision::Review`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<RateFit>,
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
        check_clean(scores, map_maxima)?;
        let method = CalibrationMethod::MaxClean;
        let threshold = max_clean_threshold(scores);
        Ok(Self::new(scores, method, threshold, max(map_maxima)))
    }

    /// Thresholds that at most the target's shares of clean images exceed: of the score, and of
    /// the map by each clean map's largest value.
    ///
    /// # Errors
    /// As [`Calibration::max_clean`] and [`RateTarget::validate`].
    pub fn to_rate(
        scores: &[f64],
        map_maxima: &[f64],
        target: &RateTarget,
    ) -> Result<Self, DetectError> {
        target.validate()?;
        check_clean(scores, map_maxima)?;
        let fit = RateFit::new(scores, target.max_false_reject);
        let map_threshold = RateFit::new(map_maxima, target.max_false_reject).threshold;
        let fitted = Self::new(scores, fit.method, fit.threshold, map_threshold);
        Ok(Self {
            clean_scores: thinned(scores),
            review: target.review.map(|rate| RateFit::new(scores, rate)),
            fit: Some(fit),
            ..fitted
        })
    }

    fn new(scores: &[f64], method: CalibrationMethod, threshold: f64, map_threshold: f64) -> Self {
        Self {
            method,
            n_images: scores.len() as u64,
            threshold,
            map_threshold,
            overlay_max: if map_threshold > 0.0 {
                2.0 * map_threshold
            } else {
                1.0
            },
            clean_scores: scores.to_vec(),
            fit: None,
            review: None,
            scales: None,
        }
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
        let n_kept = self.clean_scores.len();
        if self.n_images != n_kept as u64 && (n_kept != MOST_KEPT || self.n_images < n_kept as u64)
        {
            let expected = "the number of clean_scores, unless they were thinned to 4096";
            return Err(DetectError::out_of_range(
                "n_images",
                expected,
                &self.n_images,
            ));
        }
        refuse_non_finite("clean_scores", &self.clean_scores)?;
        refuse_non_finite("threshold", &[self.threshold])?;
        if let Some(review) = &self.review
            && (review.threshold > self.threshold || !review.threshold.is_finite())
        {
            let expected = "at most the threshold";
            let (field, found) = ("review.threshold", review.threshold);
            return Err(DetectError::out_of_range(field, expected, &found));
        }
        self.scales.as_ref().map_or(Ok(()), MapScales::validate)?;
        self.overlay_scale().validate()
    }

    /// [`Decision::Nok`] for a score above the threshold; also for NaN, which nothing vouches for.
    /// [`Decision::Review`] for one above the review's threshold, where there is a band.
    pub fn decide(&self, score: f64) -> Decision {
        if score > self.threshold || score.is_nan() {
            Decision::Nok
        } else if self.review.as_ref().is_some_and(|r| score > r.threshold) {
            Decision::Review
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
    if are_equal(scores) {
        largest + LONE_SCORE_MARGIN * largest.abs()
    } else {
        largest
    }
}

/// Whether no score is smaller than another.
fn are_equal(scores: &[f64]) -> bool {
    let largest = max(scores);
    scores.iter().all(|&score| score >= largest)
}

/// The scores themselves, or the evenly spaced ranks of too many of them.
fn thinned(scores: &[f64]) -> Vec<f64> {
    if scores.len() <= MOST_KEPT {
        return scores.to_vec();
    }
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = |i: usize| i * (sorted.len() - 1) / (MOST_KEPT - 1);
    (0..MOST_KEPT).map(|i| sorted[rank(i)]).collect()
}

fn check_clean(scores: &[f64], map_maxima: &[f64]) -> Result<(), DetectError> {
    if scores.is_empty() {
        return Err(DetectError::NoCleanImages);
    }
    if map_maxima.len() != scores.len() {
        let expected = "one for each clean score";
        let field = "number of map maxima";
        let found = map_maxima.len();
        return Err(DetectError::out_of_range(field, expected, &found));
    }
    refuse_non_finite("clean score", scores)?;
    refuse_non_finite("clean map maximum", map_maxima)
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
    fn a_band_between_two_thresholds_is_for_review() {
        // 99 scores 1..=99: 1 % is the largest, 10 % the 90th (100 * 0.9).
        let scores: Vec<f64> = (1..=99).map(f64::from).collect();
        let target = RateTarget {
            max_false_reject: 0.01,
            review: Some(0.1),
        };
        let calibration = Calibration::to_rate(&scores, &scores, &target).unwrap();
        assert!(calibration.validate().is_ok());
        let decisions = [90.0, 90.5, 99.0, 99.5].map(|score| calibration.decide(score));
        use Decision::{Nok, Ok, Review};
        assert_eq!(decisions, [Ok, Review, Review, Nok]);
        assert_eq!(
            (calibration.map_threshold, calibration.overlay_max),
            (99.0, 198.0)
        );
        let mut upside_down = calibration;
        upside_down.threshold = 80.0;
        assert!(upside_down.validate().is_err());
    }

    #[test]
    fn many_scores_are_kept_by_their_ranks() {
        let scores: Vec<f64> = (0..8191).rev().map(f64::from).collect();
        let target = RateTarget {
            max_false_reject: 0.01,
            review: None,
        };
        let calibration = Calibration::to_rate(&scores, &scores, &target).unwrap();
        let kept = &calibration.clean_scores;
        // 8190 = 2 * 4095: every second rank.
        assert_eq!((kept.len(), kept[1], kept[4095]), (4096, 2.0, 8190.0));
        assert_eq!(calibration.n_images, 8191);
        assert!(calibration.validate().is_ok());
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
