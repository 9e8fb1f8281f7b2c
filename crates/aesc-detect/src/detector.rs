//! A reconstruction backend joined with score and threshold: images in, detections out.
//!
//! How an image is reconstructed is the backend's matter, reading and resizing the caller's.

use aesc_image::Image;

use crate::{
    Calibration, DetectError, Detection, Judge, Reconstruct, Roi, ScoreConfig, calibrate_each,
    observe,
};

/// A backend, how its maps are scored, and the threshold if there is one.
///
/// ```
/// use aesc_detect::{BackendError, Detector, Reconstruct, ScoreConfig};
/// use aesc_image::Image;
///
/// struct Black;
/// impl Reconstruct for Black {
///     fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
///         let mut black = images.to_vec();
///         black.iter_mut().for_each(|image| image.data_mut().fill(0.0));
///         Ok(black)
///     }
/// }
///
/// let image = Image::new(1, 2, 1, vec![0.75, 1.0])?;
/// let found = Detector::new(Black, ScoreConfig::default())?.detect(&[image])?;
/// assert_eq!(found[0].score, 1.25); // sqrt(0.5625 + 1)
/// # Ok::<(), aesc_detect::DetectError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Detector<R> {
    backend: R,
    judge: Judge,
}

impl<R: Reconstruct> Detector<R> {
    /// A detector without a threshold: it scores, and decides nothing.
    ///
    /// # Errors
    /// As [`ScoreConfig::validate`].
    pub fn new(backend: R, score: ScoreConfig) -> Result<Self, DetectError> {
        let judge = Judge::new(score)?;
        Ok(Self { backend, judge })
    }

    /// The same detector, deciding by `calibration`.
    ///
    /// # Errors
    /// As [`Calibration::validate`].
    pub fn with_calibration(self, calibration: Calibration) -> Result<Self, DetectError> {
        let judge = self.judge.with_calibration(calibration)?;
        Ok(Self { judge, ..self })
    }

    /// The same detector, looking at `roi` alone.
    #[must_use]
    pub fn within(self, roi: Option<Roi>) -> Self {
        let judge = self.judge.within(roi);
        Self { judge, ..self }
    }

    /// The backend.
    pub fn backend(&self) -> &R {
        &self.backend
    }

    /// What judges the backend's observations.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// How maps are made and scored.
    pub fn score_config(&self) -> &ScoreConfig {
        self.judge.score_config()
    }

    /// The thresholds, where there are any.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.judge.calibration()
    }

    /// One detection for each image (0..=1); neighbours of one shape are one batch for the backend.
    ///
    /// # Errors
    /// As [`observe`] and [`Judge::judge`].
    pub fn detect(&self, images: &[Image]) -> Result<Vec<Detection>, DetectError> {
        let observed = observe(&self.backend, images, self.score_config().sampling())?;
        let pairs = images.iter().zip(observed);
        pairs
            .map(|(image, observed)| self.judge.judge(image, observed))
            .collect()
    }

    /// Thresholds from clean images, `batch` at a time; `progress` is told how many are done.
    ///
    /// # Errors
    /// As [`calibrate_each`].
    pub fn calibrate(
        &self,
        clean: &[Image],
        batch: usize,
        progress: impl FnMut(usize),
    ) -> Result<Calibration, DetectError> {
        let configs = std::slice::from_ref(self.score_config());
        let (backend, roi) = (&self.backend, self.judge.roi());
        let mut fitted = calibrate_each(backend, configs, (clean, batch), roi, progress)?;
        fitted.pop().ok_or(DetectError::NoCleanImages)
    }
}
