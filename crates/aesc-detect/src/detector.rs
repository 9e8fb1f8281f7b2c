//! A reconstruction backend joined with score and threshold: images in, detections out.
//!
//! How an image is reconstructed is the backend's matter, reading and resizing the caller's.

use aesc_image::{Image, Map};

use crate::{
    Calibration, Decision, DetectError, ScoreConfig, anomaly_map, error::check_same_shape,
    image_score, score::largest,
};

/// What went wrong inside a backend.
pub type BackendError = Box<dyn std::error::Error + Send + Sync>;

/// Anything that reconstructs images: a network in some runtime, or a fake in a test.
pub trait Reconstruct {
    /// As many images as it got, of the same shape and in the same order, values 0..=1.
    ///
    /// The images of one call are of one shape.
    ///
    /// # Errors
    /// Whatever the backend runs into.
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError>;
}

impl<T: Reconstruct + ?Sized> Reconstruct for &T {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        (**self).reconstruct(images)
    }
}

impl<T: Reconstruct + ?Sized> Reconstruct for Box<T> {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        (**self).reconstruct(images)
    }
}

/// What was found in one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// The anomaly map at network resolution, smoothed as configured.
    pub map: Map,
    /// The image score, from that map.
    pub score: f64,
    /// What the backend made of the image.
    pub reconstruction: Image,
    /// The decision, where a threshold is known.
    pub decision: Option<Decision>,
}

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
    score: ScoreConfig,
    calibration: Option<Calibration>,
}

impl<R: Reconstruct> Detector<R> {
    /// A detector without a threshold: it scores, and decides nothing.
    ///
    /// # Errors
    /// As [`ScoreConfig::validate`].
    pub fn new(backend: R, score: ScoreConfig) -> Result<Self, DetectError> {
        score.validate()?;
        Ok(Self {
            backend,
            score,
            calibration: None,
        })
    }

    /// The same detector, deciding by `calibration`.
    ///
    /// # Errors
    /// As [`Calibration::validate`].
    pub fn with_calibration(self, calibration: Calibration) -> Result<Self, DetectError> {
        calibration.validate()?;
        Ok(Self {
            calibration: Some(calibration),
            ..self
        })
    }

    /// The backend.
    pub fn backend(&self) -> &R {
        &self.backend
    }

    /// How maps are made and scored.
    pub fn score_config(&self) -> &ScoreConfig {
        &self.score
    }

    /// The thresholds, where there are any.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// One detection for each image (0..=1, all of one shape), as one batch through the backend.
    ///
    /// # Errors
    /// [`DetectError::ShapeMismatch`] when shapes differ within the batch or from the
    /// reconstructions, [`DetectError::ReconstructionCount`], [`DetectError::NonFinite`], or
    /// [`DetectError::Backend`].
    pub fn detect(&self, images: &[Image]) -> Result<Vec<Detection>, DetectError> {
        let Some((first, rest)) = images.split_first() else {
            return Ok(Vec::new());
        };
        for image in rest {
            check_same_shape("image of a batch", first, image)?;
        }
        let reconstructions = self
            .backend
            .reconstruct(images)
            .map_err(DetectError::Backend)?;
        if reconstructions.len() != images.len() {
            return Err(DetectError::ReconstructionCount {
                expected: images.len(),
                found: reconstructions.len(),
            });
        }
        let pairs = images.iter().zip(reconstructions);
        pairs.map(|(image, made)| self.judge(image, made)).collect()
    }

    fn judge(&self, image: &Image, reconstruction: Image) -> Result<Detection, DetectError> {
        let map = anomaly_map(image, &reconstruction, &self.score)?;
        let score = image_score(&map, &self.score.image);
        Ok(Detection {
            decision: self.calibration.as_ref().map(|c| c.decide(score)),
            map,
            score,
            reconstruction,
        })
    }

    /// Thresholds from clean images, `batch` at a time; `progress` is told how many are done.
    ///
    /// # Errors
    /// As [`detect`](Self::detect) and [`Calibration::max_clean`]; [`DetectError::OutOfRange`]
    /// for a batch of 0.
    pub fn calibrate(
        &self,
        clean: &[Image],
        batch: usize,
        mut progress: impl FnMut(usize),
    ) -> Result<Calibration, DetectError> {
        if batch == 0 {
            return Err(DetectError::out_of_range("batch", "at least 1", &batch));
        }
        let mut scores = Vec::with_capacity(clean.len());
        let mut map_maxima = Vec::with_capacity(clean.len());
        for images in clean.chunks(batch) {
            for found in self.detect(images)? {
                scores.push(found.score);
                map_maxima.push(largest(&found.map));
            }
            progress(scores.len());
        }
        Calibration::max_clean(&scores, &map_maxima)
    }
}
