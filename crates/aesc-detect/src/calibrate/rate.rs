//! A threshold for a rate: the score that at most a given share of clean images exceeds.

use serde::{Deserialize, Serialize};

use super::binomial::{quantile_ranks, share_above};
use super::tail::Tail;
use super::{CalibrationMethod, TailFit, are_equal, max_clean_threshold};
use crate::DetectError;

/// How many times smaller than the sample's smallest rate a rate may be before nothing vouches
/// for its threshold.
const MAX_EXTRAPOLATION: f64 = 10.0;

/// What thresholds are to achieve on clean images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateTarget {
    /// Share of clean images that may be rejected, above 0, below 1/2.
    pub max_false_reject: f64,
    /// Share of clean images that may be reviewed or rejected, above `max_false_reject`, below
    /// 1/2; absent for no review.
    pub review: Option<f64>,
}

impl RateTarget {
    /// Whether both shares are in their ranges.
    ///
    /// # Errors
    /// [`DetectError::OutOfRange`] naming the share that is not.
    pub fn validate(&self) -> Result<(), DetectError> {
        let share = |rate: f64, low: f64| rate > low && rate < 0.5;
        if !share(self.max_false_reject, 0.0) {
            let (field, expected) = ("max_false_reject", "above 0, below 0.5");
            return Err(DetectError::out_of_range(
                field,
                expected,
                &self.max_false_reject,
            ));
        }
        match self.review {
            Some(rate) if !share(rate, self.max_false_reject) => {
                let (field, expected) = ("review", "above max_false_reject, below 0.5");
                Err(DetectError::out_of_range(field, expected, &rate))
            }
            _ => Ok(()),
        }
    }
}

/// How far a sample of clean scores carries a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// The sample shows the rate itself, whatever the scores' distribution.
    Shown,
    /// The rate is up to ten times smaller than the sample can show: the fitted tail says it.
    Extrapolated,
    /// The sample does not carry the rate; the threshold is a guess on the safe side.
    Unsupported,
}

/// A threshold fitted to a rate, with what the clean scores say of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateFit {
    /// The rate asked for, a share of clean images.
    pub rate: f64,
    /// How the threshold was found.
    pub method: CalibrationMethod,
    /// Scores above it are beyond the rate.
    pub threshold: f64,
    /// 95 % interval of the score that exactly `rate` of all clean images exceed; an end that the
    /// sample does not show is absent.
    pub interval: (Option<f64>, Option<f64>),
    /// 95 % interval for the share of clean images over `threshold`, by order statistics alone.
    pub rate_interval: [f64; 2],
    /// Whether the sample carries the rate.
    pub support: Support,
    /// The tail, where it was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<TailFit>,
}

impl RateFit {
    /// The threshold of `scores` (finite, at least one, any order) for `rate`.
    ///
    /// With n scores the ⌈(n + 1)(1 - rate)⌉-th smallest is exceeded by the next clean image with
    /// probability `rate` at most, whatever the distribution. Where there is no such score the tail
    /// is extrapolated, but never below the largest score, which 1 in n + 1 exceeds.
    pub(super) fn new(scores: &[f64], rate: f64) -> Self {
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        if are_equal(&sorted) {
            let threshold = max_clean_threshold(&sorted);
            return Self::unsupported(&sorted, rate, CalibrationMethod::EqualScores, threshold);
        }
        // The product may be a hair above a whole number; that hair must not cost a rank.
        let rank = ((n as f64 + 1.0) * (1.0 - rate) - 1e-9).ceil().max(1.0) as usize;
        if let Some(&threshold) = sorted.get(rank - 1) {
            let (low, high) = quantile_ranks(n as u64, 1.0 - rate);
            let at = |rank: Option<u64>| rank.map(|rank| sorted[rank as usize - 1]);
            return Self {
                interval: (at(low), at(high)),
                support: Support::Shown,
                ..Self::unsupported(&sorted, rate, CalibrationMethod::OrderStatistic, threshold)
            };
        }
        let largest = sorted[n - 1];
        let Some(tail) = Tail::of(&sorted) else {
            return Self::unsupported(&sorted, rate, CalibrationMethod::MaxClean, largest);
        };
        let carried = rate * MAX_EXTRAPOLATION * (n as f64 + 1.0) >= 1.0 - 1e-9;
        Self {
            interval: tail.interval(rate),
            support: if carried {
                Support::Extrapolated
            } else {
                Support::Unsupported
            },
            tail: Some(tail.fit),
            ..Self::unsupported(
                &sorted,
                rate,
                CalibrationMethod::Tail,
                tail.quantile(rate).max(largest),
            )
        }
    }

    fn unsupported(sorted: &[f64], rate: f64, method: CalibrationMethod, threshold: f64) -> Self {
        let n = sorted.len();
        let n_above = n - sorted.partition_point(|score| *score <= threshold);
        Self {
            rate,
            method,
            threshold,
            interval: (None, None),
            rate_interval: share_above(n_above as u64, n as u64),
            support: Support::Unsupported,
            tail: None,
        }
    }

    /// Fewest clean images that show a rate: 1 / rate - 1, rounded up.
    pub fn images_to_show(rate: f64) -> u64 {
        (1.0 / rate - 1.0 - 1e-9).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(n: u32) -> Vec<f64> {
        (1..=n).map(f64::from).collect()
    }

    #[test]
    fn ninety_nine_scores_show_one_percent() {
        // (99 + 1) (1 - 0.01) = 99: the largest; with 5 % the 95th.
        let fit = RateFit::new(&ramp(99), 0.01);
        assert_eq!(fit.threshold, 99.0);
        assert_eq!(fit.method, CalibrationMethod::OrderStatistic);
        assert_eq!(RateFit::new(&ramp(99), 0.05).threshold, 95.0);
        assert_eq!(RateFit::images_to_show(0.01), 99);
        assert_eq!(RateFit::images_to_show(0.005), 199);
    }

    #[test]
    fn a_smaller_rate_never_has_a_lower_threshold() {
        let scores: Vec<f64> = (1..=60).map(|i| f64::from(i * i % 61).sqrt()).collect();
        let rates = [0.3, 0.1, 0.05, 0.02, 0.016, 0.01, 0.001, 1e-5];
        let thresholds: Vec<f64> = rates
            .iter()
            .map(|rate| RateFit::new(&scores, *rate).threshold)
            .collect();
        assert!(thresholds.is_sorted(), "{thresholds:?}");
    }

    #[test]
    fn a_rate_beyond_the_sample_says_so() {
        assert_eq!(RateFit::new(&ramp(99), 0.01).support, Support::Shown);
        assert_eq!(
            RateFit::new(&ramp(99), 0.001).support,
            Support::Extrapolated
        );
        assert_eq!(
            RateFit::new(&ramp(99), 0.0009).support,
            Support::Unsupported
        );
        let few = RateFit::new(&ramp(19), 0.001);
        assert_eq!(few.method, CalibrationMethod::MaxClean);
        assert_eq!((few.threshold, few.support), (19.0, Support::Unsupported));
    }

    #[test]
    fn equal_scores_fall_back_to_a_margin() {
        let fit = RateFit::new(&[2.0; 300], 0.01);
        assert_eq!(fit.method, CalibrationMethod::EqualScores);
        assert_eq!(fit.threshold, 2.2);
        // Nearly equal: hundreds of ties and one score over them leave no tail to fit.
        let mut scores = vec![2.0; 30];
        scores.push(3.0);
        let fit = RateFit::new(&scores, 0.001);
        assert_eq!(
            (fit.method, fit.threshold),
            (CalibrationMethod::MaxClean, 3.0)
        );
    }

    #[test]
    fn rates_out_of_order_are_refused() {
        let target = |max_false_reject, review| RateTarget {
            max_false_reject,
            review,
        };
        assert!(target(0.01, Some(0.05)).validate().is_ok());
        for bad in [
            target(0.0, None),
            target(0.5, None),
            target(f64::NAN, None),
            target(0.05, Some(0.05)),
            target(0.05, Some(0.7)),
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
    }
}
