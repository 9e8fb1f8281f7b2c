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

use crate::{DetectError, EvidenceLevels, MapScales, OverlayScale};

/// Most clean scores a calibration keeps; more are thinned to evenly spaced ranks.
const MOST_KEPT: usize = 4096;

/// How many times as large as any other a clean score is that stands alone.
pub const OUTLYING: f64 = 2.0;

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
    /// What evidence is measured by, where the score is made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceLevels>,
}

impl Calibration {
    /// Whether all clean scores are equal, which says nothing of their spread.
    pub fn is_of_equal_scores(&self) -> bool {
        self.clean_scores
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a.total_cmp(b).is_eq()))
    }

    /// The place, in the order given, of a lone clean score that is more than [`OUTLYING`] times as large
    /// as any other: an image that perhaps is not clean, and makes a threshold that misses what is not.
    pub fn lone_outlier(&self) -> Option<usize> {
        let mut order: Vec<usize> = (0..self.clean_scores.len()).collect();
        order.sort_by(|&a, &b| self.clean_scores[b].total_cmp(&self.clean_scores[a]));
        match order[..] {
            [first, second, _, ..] if self.n_images == order.len() as u64 => {
                let others = OUTLYING * self.clean_scores[second];
                (self.clean_scores[first] > others && others > 0.0).then_some(first)
            }
            _ => None,
        }
    }

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
            evidence: None,
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
        let levels = self.evidence.as_ref();
        levels.map_or(Ok(()), EvidenceLevels::validate)?;
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
mod tests;
