//! How far an image AUROC may be trusted: seeded bootstrap intervals, of one method and of the
//! difference between two on the same images.
//!
//! Images are drawn with replacement within each class, so that every resample has both; the
//! interval is the percentile one (Efron and Tibshirani 1993, chapters 13 and 16).

use serde::Serialize;

use crate::error::{EvalError, check_rate};
use crate::resample::{Draw, Order};
use crate::summary::quantile;

/// How to resample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bootstrap {
    /// Number of resamples, at least 1.
    pub resamples: u32,
    /// Share of the resamples inside the interval, in (0, 1].
    pub level: f64,
    /// Seed of the `ChaCha8` stream; equal seeds give equal intervals on every machine.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 2000 resamples, a 95 % interval, seed 0.
    fn default() -> Self {
        Self {
            resamples: 2000,
            level: 0.95,
            seed: 0,
        }
    }
}

/// A value with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The value on the images themselves.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Two methods on the same images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// AUROC of the first method.
    pub first: f64,
    /// AUROC of the second.
    pub second: f64,
    /// First minus second, with its interval: both methods see the same resamples.
    pub difference: Interval,
    /// Two-sided bootstrap p-value of "no difference", above 0 and at most 1.
    pub p_value: f64,
}

/// Image AUROC with its bootstrap interval.
///
/// ```
/// use aesc_eval::{Bootstrap, auroc_interval};
/// let (scores, labels) = ([0.1, 0.2, 0.3, 0.4], [false, false, true, true]);
/// // Whichever images are drawn, every anomalous one scores above every normal one.
/// let interval = auroc_interval(&scores, &labels, &Bootstrap::default())?;
/// assert_eq!((interval.low, interval.value, interval.high), (1.0, 1.0, 1.0));
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// As [`Ranking::of_scores`](crate::Ranking::of_scores); [`EvalError::NoResamples`], or
/// [`EvalError::Rate`] for a level outside (0, 1].
pub fn auroc_interval(
    scores: &[f32],
    labels: &[bool],
    bootstrap: &Bootstrap,
) -> Result<Interval, EvalError> {
    bootstrap.check()?;
    let order = Order::new(scores, labels)?;
    let mut draw = Draw::new(labels, bootstrap.seed);
    let mut resampled = Vec::with_capacity(bootstrap.resamples as usize);
    for _ in 0..bootstrap.resamples {
        draw.next();
        resampled.push(order.auroc(&draw.times));
    }
    Ok(bootstrap.interval(order.auroc(&vec![1; labels.len()]), resampled))
}

/// The difference in image AUROC of two methods that scored the same images.
///
/// ```
/// use aesc_eval::{Bootstrap, compare_auroc};
/// let labels = [false, false, true, true];
/// let (first, second) = ([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]);
/// let comparison = compare_auroc(&first, &second, &labels, &Bootstrap::default())?;
/// assert_eq!((comparison.difference.low, comparison.difference.high), (1.0, 1.0));
/// assert!(comparison.p_value < 0.01);
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// As [`auroc_interval`], for either list of scores.
pub fn compare_auroc(
    first: &[f32],
    second: &[f32],
    labels: &[bool],
    bootstrap: &Bootstrap,
) -> Result<Comparison, EvalError> {
    bootstrap.check()?;
    let orders = [Order::new(first, labels)?, Order::new(second, labels)?];
    let mut draw = Draw::new(labels, bootstrap.seed);
    let mut differences = Vec::with_capacity(bootstrap.resamples as usize);
    for _ in 0..bootstrap.resamples {
        draw.next();
        let [first, second] = orders.each_ref().map(|order| order.auroc(&draw.times));
        differences.push(first - second);
    }
    let [first, second] = orders.map(|order| order.auroc(&vec![1; labels.len()]));
    Ok(Comparison {
        first,
        second,
        p_value: p_value(&differences),
        difference: bootstrap.interval(first - second, differences),
    })
}

/// Twice the smaller share of resamples on one side of zero, the images themselves counted in.
fn p_value(differences: &[f64]) -> f64 {
    let count = |on_side: fn(&f64) -> bool| differences.iter().filter(|d| on_side(d)).count() + 1;
    let smaller = count(|d| *d <= 0.0).min(count(|d| *d >= 0.0));
    (2.0 * smaller as f64 / (differences.len() + 1) as f64).min(1.0)
}

impl Bootstrap {
    fn check(&self) -> Result<(), EvalError> {
        check_rate(self.level)?;
        if self.resamples == 0 {
            Err(EvalError::NoResamples)
        } else {
            Ok(())
        }
    }

    fn interval(&self, value: f64, mut resampled: Vec<f64>) -> Interval {
        resampled.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - self.level) / 2.0;
        let (low, high) = (quantile(&resampled, tail), quantile(&resampled, 1.0 - tail));
        Interval { value, low, high }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    const SCORES: [f32; 8] = [0.1, 0.5, 0.3, 0.6, 0.4, 0.5, 0.9, 0.2];
    const LABELS: [bool; 8] = [false, false, false, false, true, true, true, true];

    #[test]
    fn equal_seeds_give_equal_intervals() {
        let run = |seed| {
            auroc_interval(
                &SCORES,
                &LABELS,
                &Bootstrap {
                    seed,
                    ..Bootstrap::default()
                },
            )
            .unwrap()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn a_wider_level_gives_a_wider_interval() {
        let run = |level| {
            auroc_interval(
                &SCORES,
                &LABELS,
                &Bootstrap {
                    level,
                    ..Bootstrap::default()
                },
            )
            .unwrap()
        };
        let (narrow, wide) = (run(0.5), run(0.99));
        assert!(wide.low < narrow.low && narrow.high < wide.high);
        assert!(narrow.low < narrow.value && narrow.value < narrow.high);
    }

    #[test]
    fn a_method_does_not_differ_from_itself() {
        let comparison = compare_auroc(&SCORES, &SCORES, &LABELS, &Bootstrap::default()).unwrap();
        assert_eq!(
            (comparison.difference.low, comparison.difference.high),
            (0.0, 0.0)
        );
        assert_eq!(comparison.p_value, 1.0);
    }

    #[test]
    fn the_p_value_counts_the_smaller_side() {
        // Below or at zero: 1 of 4; plus one on each side: 2 * 2 / 5.
        assert_eq!(p_value(&[0.1, 0.2, -0.1, 0.3]), 0.8);
    }

    #[test]
    fn a_bootstrap_without_resamples_or_level_is_refused() {
        let run = |bootstrap| auroc_interval(&SCORES, &LABELS, &bootstrap);
        let empty = Bootstrap {
            resamples: 0,
            ..Bootstrap::default()
        };
        assert_eq!(run(empty), Err(EvalError::NoResamples));
        let level = Bootstrap {
            level: 0.0,
            ..Bootstrap::default()
        };
        assert_eq!(run(level), Err(EvalError::Rate { found: 0.0 }));
    }
}
