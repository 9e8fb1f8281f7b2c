//! The receiver operating characteristic: AUROC, FPR at a TPR, and the curve.
//!
//! TPR(t) is the share of anomalous samples that score t or more, FPR(t) that of normal ones.

use crate::curve::{CurvePoint, Thinning};
use crate::error::{EvalError, check_rate};
use crate::ranking::Ranking;
use crate::sort;

/// Area under the ROC curve: P(anomalous > normal) + P(equal) / 2, exactly; 0..=1.
///
/// ```
/// let scores = [0.1, 0.4, 0.4, 0.8];
/// let labels = [false, false, true, true];
/// // Of 4 pairs (anomalous, normal) three are in order and (0.4, 0.4) counts one half.
/// assert_eq!(aesc_eval::auroc(&scores, &labels)?, 3.5 / 4.0);
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// As [`Ranking::of_scores`].
pub fn auroc(scores: &[f32], labels: &[bool]) -> Result<f64, EvalError> {
    Ok(Ranking::of_scores(scores, labels)?.auroc())
}

/// Smallest FPR over the distinct thresholds whose TPR is at least `tpr`; 0..=1.
///
/// ```
/// let scores = [0.1, 0.3, 0.2, 0.8];
/// let labels = [false, false, true, true];
/// // TPR 1 needs the threshold 0.2, which admits one of two normal samples; TPR 0.5 needs none.
/// assert_eq!(aesc_eval::fpr_at_tpr(&scores, &labels, 0.95)?, 0.5);
/// assert_eq!(aesc_eval::fpr_at_tpr(&scores, &labels, 0.5)?, 0.0);
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// As [`Ranking::of_scores`], and [`EvalError::Rate`] unless `tpr` is in (0, 1].
pub fn fpr_at_tpr(scores: &[f32], labels: &[bool], tpr: f64) -> Result<f64, EvalError> {
    check_rate(tpr)?;
    Ranking::of_scores(scores, labels)?.fpr_at_tpr(tpr)
}

/// The ROC curve (x = FPR, y = TPR) from (0, 0) to (1, 1), without collinear points.
///
/// # Errors
/// As [`Ranking::of_scores`].
pub fn roc_curve(scores: &[f32], labels: &[bool]) -> Result<Vec<CurvePoint>, EvalError> {
    Ok(Ranking::of_scores(scores, labels)?.roc_curve())
}

impl Ranking {
    /// Area under the ROC curve, see [`auroc`].
    pub fn auroc(&self) -> f64 {
        let mut normals_below = self.n_normal();
        let mut twice_won: u128 = 0;
        for step in self.steps() {
            normals_below -= step.normals_above + step.normals_at;
            let twice = 2 * u128::from(normals_below) + u128::from(step.normals_at);
            twice_won += u128::from(step.positives) * twice;
        }
        let pairs = u128::from(self.n_anomalous()) * u128::from(self.n_normal());
        twice_won as f64 / (2 * pairs) as f64
    }

    /// Smallest FPR whose TPR is at least `tpr`, see [`fpr_at_tpr`].
    ///
    /// # Errors
    /// [`EvalError::Rate`] unless `tpr` is in (0, 1].
    pub fn fpr_at_tpr(&self, tpr: f64) -> Result<f64, EvalError> {
        check_rate(tpr)?;
        let (mut tp, mut fp) = (0, 0);
        for step in self.steps() {
            tp += step.positives;
            fp += step.normals_above + step.normals_at;
            if tp as f64 / self.n_anomalous() as f64 >= tpr {
                break;
            }
        }
        Ok(fp as f64 / self.n_normal() as f64)
    }

    /// The ROC curve, see [`roc_curve`].
    pub fn roc_curve(&self) -> Vec<CurvePoint> {
        let mut thinning = Thinning::new(collinear);
        let mut last = Counts {
            threshold: f32::INFINITY,
            tp: 0,
            fp: 0,
        };
        thinning.push(last);
        for step in self.steps() {
            if step.normals_above > 0 {
                last.threshold = sort::score(step.key + 1);
                last.fp += step.normals_above;
                thinning.push(last);
            }
            last.threshold = sort::score(step.key);
            last.tp += step.positives;
            last.fp += step.normals_at;
            thinning.push(last);
        }
        if last.fp < self.n_normal() {
            thinning.push(Counts {
                threshold: f32::MIN,
                fp: self.n_normal(),
                ..last
            });
        }
        let point = |counts: Counts| CurvePoint {
            threshold: counts.threshold,
            x: counts.fp as f64 / self.n_normal() as f64,
            y: counts.tp as f64 / self.n_anomalous() as f64,
        };
        thinning.into_points().into_iter().map(point).collect()
    }
}

#[derive(Debug, Clone, Copy)]
struct Counts {
    threshold: f32,
    tp: u64,
    fp: u64,
}

fn collinear(a: Counts, b: Counts, c: Counts) -> bool {
    let rise = |p: Counts, q: Counts| u128::from(q.tp - p.tp);
    let run = |p: Counts, q: Counts| u128::from(q.fp - p.fp);
    rise(a, b) * run(b, c) == rise(b, c) * run(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coordinates(scores: &[f32], labels: &[bool]) -> Vec<(f32, f64, f64)> {
        let curve = roc_curve(scores, labels).unwrap();
        curve
            .into_iter()
            .map(|point| (point.threshold, point.x, point.y))
            .collect()
    }

    #[test]
    fn ties_count_one_half() {
        assert_eq!(
            auroc(&[5.0; 7], &[true, false, true, true, false, true, true]),
            Ok(0.5)
        );
    }

    #[test]
    fn order_decides() {
        let labels = [false, false, true, true];
        assert_eq!(auroc(&[-4.0, -3.0, -2.0, -1.0], &labels), Ok(1.0));
        assert_eq!(auroc(&[4.0, 3.0, 2.0, 1.0], &labels), Ok(0.0));
    }

    #[test]
    fn zeros_of_both_signs_tie() {
        assert_eq!(auroc(&[-0.0, 0.0], &[true, false]), Ok(0.5));
    }

    #[test]
    fn one_class_is_an_error_that_counts() {
        let normal = EvalError::OneClass {
            what: "samples",
            normal: 2,
            anomalous: 0,
        };
        assert_eq!(auroc(&[1.0, 2.0], &[false, false]), Err(normal));
        let anomalous = EvalError::OneClass {
            what: "samples",
            normal: 0,
            anomalous: 1,
        };
        assert_eq!(auroc(&[1.0], &[true]), Err(anomalous));
    }

    #[test]
    fn tied_samples_enter_together() {
        // Highest first: 0.9 anomalous, 0.5 normal, 0.5 anomalous: TPR 1 needs both normals at 0.5.
        let (scores, labels) = ([0.9, 0.5, 0.5, 0.5, 0.1], [true, false, false, true, false]);
        assert_eq!(fpr_at_tpr(&scores, &labels, 0.95), Ok(2.0 / 3.0));
        assert_eq!(fpr_at_tpr(&scores, &labels, 0.5), Ok(0.0));
    }

    #[test]
    fn a_tpr_outside_its_range_is_refused() {
        let error = fpr_at_tpr(&[1.0, 2.0], &[false, true], 1.5);
        assert_eq!(error, Err(EvalError::Rate { found: 1.5 }));
    }

    #[test]
    fn the_curve_has_a_point_where_it_bends() {
        // 4 normal, 3 anomalous; highest first: N A A (A N tied) N N.
        let scores = [9.0, 8.0, 7.0, 6.0, 6.0, 5.0, 4.0];
        let labels = [false, true, true, true, false, false, false];
        let eps_above_8 = 8.0_f32.next_up();
        let expected = [
            (f32::INFINITY, 0.0, 0.0),
            (eps_above_8, 0.25, 0.0),
            (7.0, 0.25, 2.0 / 3.0),
            (6.0, 0.5, 1.0),
            (f32::MIN, 1.0, 1.0),
        ];
        assert_eq!(coordinates(&scores, &labels), expected);
    }

    #[test]
    fn slanted_collinear_points_are_dropped() {
        // Two ties of one each: (0, 0), (0.5, 0.5), (1, 1) on one line.
        let curve = coordinates(&[1.0, 1.0, 2.0, 2.0], &[true, false, true, false]);
        assert_eq!(curve, [(f32::INFINITY, 0.0, 0.0), (1.0, 1.0, 1.0)]);
    }
}
