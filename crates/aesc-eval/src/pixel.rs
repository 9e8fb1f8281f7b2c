//! All pixel metrics of a category at once.

use rayon::prelude::*;
use serde::Serialize;

use crate::error::EvalError;
use crate::f1::F1Max;
use crate::map::MapView;
use crate::ranking::Ranking;

/// The pixel metrics of one category, all pixels of all images pooled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PixelMetrics {
    /// Area under the ROC curve, 0..=1.
    pub auroc: f64,
    /// Average precision, 0..=1.
    pub ap: f64,
    /// Largest F1 and its threshold.
    pub f1_max: F1Max,
    /// Smallest FPR at which at least 95 % of the defect pixels are found, 0..=1.
    pub fpr_at_95tpr: f64,
    /// (FPR limit, AUPRO up to it), in the order asked for.
    pub aupro: Vec<(f64, f64)>,
    /// Anomalous regions (8-connected) in all masks.
    pub regions: u64,
    /// Defect pixels.
    pub anomalous_pixels: u64,
    /// Defect-free pixels.
    pub normal_pixels: u64,
    /// Images.
    pub images: u64,
}

/// AUROC, AP, F1-max, FPR at 95 % TPR, and AUPRO at each of `aupro_limits` (in (0, 1]).
///
/// ```
/// use aesc_eval::{MapView, pixel_metrics};
/// let scores = [0.9, 0.2, 0.3, 0.1];
/// let mask = [true, false, false, false];
/// let image = MapView { height: 2, width: 2, scores: &scores, mask: &mask };
/// let metrics = pixel_metrics(&[image], &[0.3, 0.05])?;
/// assert_eq!((metrics.auroc, metrics.ap, metrics.f1_max.value), (1.0, 1.0, 1.0));
/// assert_eq!((metrics.f1_max.threshold, metrics.regions), (0.9, 1));
/// assert_eq!(metrics.aupro, [(0.3, 1.0), (0.05, 1.0)]);
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// As [`Ranking::of_images`], and [`EvalError::Rate`] for a limit outside (0, 1].
pub fn pixel_metrics(
    images: &[MapView<'_>],
    aupro_limits: &[f64],
) -> Result<PixelMetrics, EvalError> {
    Ranking::of_images(images)?.metrics(aupro_limits)
}

impl Ranking {
    /// All pixel metrics, see [`pixel_metrics`].
    ///
    /// # Errors
    /// [`EvalError::Rate`] for a limit outside (0, 1]; [`EvalError::NoRegion`] for a ranking of
    /// plain scores when there is a limit.
    pub fn metrics(&self, aupro_limits: &[f64]) -> Result<PixelMetrics, EvalError> {
        let aupro = |&limit: &f64| Ok((limit, self.aupro(limit)?));
        // Each walks the whole ranking, so that they are worth sharing out.
        let ((auroc, ap), (f1_max, fpr_at_95tpr)) = rayon::join(
            || rayon::join(|| self.auroc(), || self.average_precision()),
            || rayon::join(|| self.f1_max(), || self.fpr_at_tpr(0.95)),
        );
        let aupro: Result<_, EvalError> = aupro_limits.par_iter().map(aupro).collect();
        Ok(PixelMetrics {
            auroc,
            ap,
            f1_max,
            fpr_at_95tpr: fpr_at_95tpr?,
            aupro: aupro?,
            regions: self.n_regions(),
            anomalous_pixels: self.n_anomalous(),
            normal_pixels: self.n_normal(),
            images: self.n_images(),
        })
    }
}
