//! AUPRO: area under the per-region overlap curve (Bergmann et al., IJCV 2021, section 5).
//!
//! PRO(t) is the mean over all regions of the share of the region that scores t or more; FPR(t)
//! is over all defect-free pixels of all images. Large and small regions weigh the same.

use crate::curve::{CurvePoint, Thinning, on_axis};
use crate::error::{EvalError, check_rate};
use crate::map::MapView;
use crate::ranking::{Ranking, Step};
use crate::sort;

/// Area under PRO over FPR from 0 to `limit`, by trapezoid with linear interpolation at the
/// limit, divided by `limit`; 0..=1.
///
/// ```
/// use aesc_eval::{MapView, aupro};
/// let scores = [0.9, 0.5, 0.7, 0.1];
/// let mask = [true, true, false, false]; // one region of two pixels
/// let image = MapView { height: 2, width: 2, scores: &scores, mask: &mask };
/// // PRO is 1/2 up to FPR 1/2, where 0.7 enters, and 1 from there on.
/// assert_eq!(aupro(&[image], 1.0)?, 0.75);
/// assert_eq!(aupro(&[image], 0.5)?, 0.5);
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// As [`Ranking::of_images`], and [`EvalError::Rate`] unless `limit` is in (0, 1].
pub fn aupro(images: &[MapView<'_>], limit: f64) -> Result<f64, EvalError> {
    check_rate(limit)?;
    Ranking::of_images(images)?.aupro(limit)
}

/// The PRO curve (x = FPR, y = PRO) from (0, 0) to (1, 1), without points on level or upright
/// lines.
///
/// # Errors
/// As [`Ranking::of_images`].
pub fn pro_curve(images: &[MapView<'_>]) -> Result<Vec<CurvePoint>, EvalError> {
    Ranking::of_images(images)?.pro_curve()
}

/// The curve as it stands while the threshold falls.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    normals: u64,
    covered: f64,
}

impl Progress {
    /// Admits the normal pixels between two steps: a level line.
    fn before(self, step: Step) -> Self {
        Self {
            normals: self.normals + step.normals_above,
            ..self
        }
    }

    /// Admits the pixels of the step's score, all at once: upright, or slanted in a tie.
    fn after(self, step: Step) -> Self {
        let normals = self.normals + step.normals_at;
        Self {
            normals,
            covered: self.covered + step.coverage,
        }
    }
}

impl Ranking {
    /// Area under the PRO curve up to `limit`, see [`aupro`].
    ///
    /// # Errors
    /// [`EvalError::Rate`] unless `limit` is in (0, 1]; [`EvalError::NoRegion`] for a ranking of
    /// plain scores.
    pub fn aupro(&self, limit: f64) -> Result<f64, EvalError> {
        check_rate(limit)?;
        self.check_regions()?;
        let mut area = 0.0;
        let mut last = Progress::default();
        for step in self.steps() {
            let before = last.before(step);
            let after = before.after(step);
            area += self.area(last, before, limit) + self.area(before, after, limit);
            last = after;
            if self.fpr(last) >= limit {
                break;
            }
        }
        let end = Progress {
            normals: self.n_normal(),
            ..last
        };
        area += self.area(last, end, limit);
        Ok(area / limit)
    }

    /// The PRO curve, see [`pro_curve`].
    ///
    /// # Errors
    /// [`EvalError::NoRegion`] for a ranking of plain scores.
    pub fn pro_curve(&self) -> Result<Vec<CurvePoint>, EvalError> {
        self.check_regions()?;
        let point = |threshold, progress| CurvePoint {
            threshold,
            x: self.fpr(progress),
            y: self.pro(progress),
        };
        let mut thinning = Thinning::new(on_axis);
        let mut last = Progress::default();
        thinning.push(point(f32::INFINITY, last));
        for step in self.steps() {
            if step.normals_above > 0 {
                thinning.push(point(sort::score(step.key + 1), last.before(step)));
            }
            last = last.before(step).after(step);
            thinning.push(point(sort::score(step.key), last));
        }
        if last.normals < self.n_normal() {
            let end = Progress {
                normals: self.n_normal(),
                ..last
            };
            thinning.push(point(f32::MIN, end));
        }
        Ok(thinning.into_points())
    }

    fn check_regions(&self) -> Result<(), EvalError> {
        match self.n_regions() {
            0 => Err(EvalError::NoRegion {
                images: self.n_images(),
            }),
            _ => Ok(()),
        }
    }

    fn fpr(&self, progress: Progress) -> f64 {
        progress.normals as f64 / self.n_normal() as f64
    }

    fn pro(&self, progress: Progress) -> f64 {
        // The sum of n shares of 1 / n may pass one by its rounding.
        (progress.covered / self.n_regions() as f64).min(1.0)
    }

    /// Area under the line from `a` to `b`, cut at FPR = `limit`.
    fn area(&self, a: Progress, b: Progress, limit: f64) -> f64 {
        let (x0, x1) = (self.fpr(a), self.fpr(b));
        let (y0, y1) = (self.pro(a), self.pro(b));
        if x0 >= limit || a.normals == b.normals {
            return 0.0;
        }
        let end = x1.min(limit);
        let y_end = y0 + (y1 - y0) * (end - x0) / (x1 - x0);
        (end - x0) * (y0 + y_end) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(scores: &'a [f32], mask: &'a [bool]) -> MapView<'a> {
        MapView {
            height: 1,
            width: scores.len(),
            scores,
            mask,
        }
    }

    #[test]
    fn regions_weigh_the_same_whatever_their_size() {
        // Regions {9} and {3, 3, 3}; normals 5 and 1. PRO: 1/2 from FPR 0 to 1/2, then 1.
        let scores = [9.0, 5.0, 3.0, 3.0, 3.0, 1.0];
        let mask = [true, false, true, true, true, false];
        assert_eq!(aupro(&[row(&scores, &mask)], 1.0), Ok(0.75));
    }

    #[test]
    fn the_limit_cuts_a_slanted_line() {
        // One tie of everything: PRO = FPR. Up to 0.3 the area is 0.045, over 0.3: 0.15.
        let image = row(&[2.0; 4], &[true, false, false, true]);
        assert!((aupro(&[image], 0.3).unwrap() - 0.15).abs() < 1e-15);
    }

    #[test]
    fn the_limit_falls_between_two_points() {
        // Normals 8, 6, 4, 2 around one region {7, 3}: PRO is 0 to FPR 1/4, 1/2 to 3/4, then 1.
        let scores = [8.0, 7.0, 3.0, 6.0, 4.0, 2.0];
        let mask = [false, true, true, false, false, false];
        let value = aupro(&[row(&scores, &mask)], 0.3).unwrap();
        assert!((value - 0.05 * 0.5 / 0.3).abs() < 1e-15);
        let value = aupro(&[row(&scores, &mask)], 0.8).unwrap();
        assert!((value - (0.5 * 0.5 + 0.05) / 0.8).abs() < 1e-15);
    }

    #[test]
    fn the_curve_runs_from_corner_to_corner() {
        let scores = [8.0, 7.0, 3.0, 6.0, 4.0, 2.0];
        let mask = [false, true, true, false, false, false];
        let curve = pro_curve(&[row(&scores, &mask)]).unwrap();
        let points: Vec<_> = curve.iter().map(|point| (point.x, point.y)).collect();
        let expected = [
            (0.0, 0.0),
            (0.25, 0.0),
            (0.25, 0.5),
            (0.75, 0.5),
            (0.75, 1.0),
            (1.0, 1.0),
        ];
        assert_eq!(points, expected);
    }

    #[test]
    fn no_region_is_its_own_error() {
        let images = [row(&[1.0, 2.0], &[false, false]); 3];
        assert_eq!(aupro(&images, 0.3), Err(EvalError::NoRegion { images: 3 }));
        let plain = Ranking::of_scores(&[1.0, 2.0], &[false, true]).unwrap();
        assert_eq!(plain.aupro(0.3), Err(EvalError::NoRegion { images: 0 }));
    }

    #[test]
    fn a_limit_outside_its_range_is_refused() {
        let image = row(&[1.0, 2.0], &[false, true]);
        assert_eq!(aupro(&[image], 0.0), Err(EvalError::Rate { found: 0.0 }));
    }
}
