//! F1-max: the best F1 any threshold reaches on these very labels, an oracle.

use serde::Serialize;

use crate::error::EvalError;
use crate::ranking::Ranking;
use crate::sort;

/// The largest F1 and where it is reached. It is chosen with the test labels in hand, so that it
/// bounds what a threshold can do and says nothing about one fitted on clean images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct F1Max {
    /// 2PR / (P + R) at its best, 0..=1.
    pub value: f64,
    /// The highest threshold that reaches it; a score of this or more counts as anomalous.
    pub threshold: f32,
}

/// Maximum over distinct thresholds of 2PR / (P + R), with P precision and R recall.
///
/// ```
/// let scores = [0.9, 0.8, 0.7, 0.1];
/// let labels = [true, false, true, false];
/// // F1 is 2/3 at 0.9, 2/4 at 0.8, 4/5 at 0.7, 4/6 at 0.1.
/// let best = aesc_eval::f1_max(&scores, &labels)?;
/// assert_eq!((best.value, best.threshold), (0.8, 0.7));
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// As [`Ranking::of_scores`].
pub fn f1_max(scores: &[f32], labels: &[bool]) -> Result<F1Max, EvalError> {
    Ok(Ranking::of_scores(scores, labels)?.f1_max())
}

impl Ranking {
    /// The largest F1 and its threshold, see [`f1_max`].
    pub fn f1_max(&self) -> F1Max {
        let (mut tp, mut fp) = (0, 0);
        let mut best = F1Max {
            value: 0.0,
            threshold: f32::INFINITY,
        };
        for step in self.steps() {
            tp += step.positives;
            fp += step.normals_above + step.normals_at;
            // 2PR / (P + R) with P = tp / (tp + fp) and R = tp / n_anomalous.
            let value = 2.0 * tp as f64 / (tp + fp + self.n_anomalous()) as f64;
            if value > best.value {
                best = F1Max {
                    value,
                    threshold: sort::score(step.key),
                };
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_admit_everything() {
        // One threshold: P = 1/4, R = 1, so F1 = 2 * 1/4 / (5/4) = 0.4.
        let best = f1_max(&[-3.0; 4], &[false, true, false, false]);
        assert_eq!(
            best,
            Ok(F1Max {
                value: 0.4,
                threshold: -3.0
            })
        );
    }

    #[test]
    fn of_equal_maxima_the_highest_threshold_is_named() {
        // Highest first: A N N A. F1 at 4: 2/3; at 3: 2/4; at 2: 2/5; at 1: 4/6.
        let best = f1_max(&[4.0, 3.0, 2.0, 1.0], &[true, false, false, true]);
        assert_eq!(
            best,
            Ok(F1Max {
                value: 2.0 / 3.0,
                threshold: 4.0
            })
        );
    }
}
