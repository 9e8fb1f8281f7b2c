//! Precision and recall: average precision and the curve.
//!
//! At threshold t, recall is the share of anomalous samples that score t or more, precision the
//! share of anomalous ones among all that do.

use crate::curve::{CurvePoint, Thinning, on_axis};
use crate::error::EvalError;
use crate::ranking::Ranking;
use crate::sort;

/// Average precision, the sum of (Rₙ - Rₙ₋₁) Pₙ over distinct thresholds, highest first; 0..=1.
///
/// A step sum and not a trapezoid: a straight line between two points of a PR curve promises
/// precision that no threshold gives.
///
/// ```
/// let scores = [0.9, 0.8, 0.7, 0.1];
/// let labels = [true, false, true, false];
/// // Recall rises by 1/2 at 0.9 (precision 1) and by 1/2 at 0.7 (precision 2/3).
/// let expected = 0.5 * 1.0 + 0.5 * 2.0 / 3.0;
/// assert!((aesc_eval::average_precision(&scores, &labels)? - expected).abs() < 1e-15);
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// As [`Ranking::of_scores`].
pub fn average_precision(scores: &[f32], labels: &[bool]) -> Result<f64, EvalError> {
    Ok(Ranking::of_scores(scores, labels)?.average_precision())
}

/// The PR curve (x = recall, y = precision) from the highest score to the lowest, without points
/// on level or upright lines.
///
/// # Errors
/// As [`Ranking::of_scores`].
pub fn pr_curve(scores: &[f32], labels: &[bool]) -> Result<Vec<CurvePoint>, EvalError> {
    Ok(Ranking::of_scores(scores, labels)?.pr_curve())
}

impl Ranking {
    /// Average precision, see [`average_precision`].
    pub fn average_precision(&self) -> f64 {
        let (mut tp, mut fp) = (0, 0);
        let mut sum = 0.0;
        for step in self.steps() {
            tp += step.positives;
            fp += step.normals_above + step.normals_at;
            sum += step.positives as f64 * (tp as f64 / (tp + fp) as f64);
        }
        sum / self.n_anomalous() as f64
    }

    /// The PR curve, see [`pr_curve`].
    pub fn pr_curve(&self) -> Vec<CurvePoint> {
        let mut thinning = Thinning::new(on_axis);
        let point = |threshold: f32, tp: u64, fp: u64| CurvePoint {
            threshold,
            x: tp as f64 / self.n_anomalous() as f64,
            y: tp as f64 / (tp + fp) as f64,
        };
        let (mut tp, mut fp) = (0, 0);
        for step in self.steps() {
            if step.normals_above > 0 {
                fp += step.normals_above;
                thinning.push(point(sort::score(step.key + 1), tp, fp));
            }
            tp += step.positives;
            fp += step.normals_at;
            thinning.push(point(sort::score(step.key), tp, fp));
        }
        if fp < self.n_normal() {
            thinning.push(point(f32::MIN, tp, self.n_normal()));
        }
        thinning.into_points()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_order_gives_one_and_equal_scores_the_prevalence() {
        let labels = [true, false, false, false];
        assert_eq!(average_precision(&[4.0, 3.0, 2.0, 1.0], &labels), Ok(1.0));
        assert_eq!(average_precision(&[7.0; 4], &labels), Ok(0.25));
    }

    #[test]
    fn the_curve_bends_where_a_normal_sample_enters() {
        // Highest first: A A N A N. Recall 1/3, 2/3 at precision 1 (the first is the start),
        // then 2/3 at 2/3, 1 at 3/4, 1 at 3/5.
        let labels = [true, true, false, true, false];
        let curve = pr_curve(&[5.0, 4.0, 3.0, 2.0, 1.0], &labels).unwrap();
        let point = |threshold, x, y| CurvePoint { threshold, x, y };
        let expected = [
            point(5.0, 1.0 / 3.0, 1.0),
            point(4.0, 2.0 / 3.0, 1.0),
            point(2.0_f32.next_up(), 2.0 / 3.0, 2.0 / 3.0),
            point(2.0, 1.0, 0.75),
            point(f32::MIN, 1.0, 0.6),
        ];
        assert_eq!(curve, expected);
    }

    #[test]
    fn normal_samples_on_top_start_the_curve_at_zero() {
        let curve = pr_curve(&[2.0, 1.0], &[false, true]).unwrap();
        assert_eq!((curve[0].x, curve[0].y), (0.0, 0.0));
        assert_eq!((curve[1].x, curve[1].y), (1.0, 0.5));
    }
}
