//! What a backend makes of images: reconstructions, and where asked the variance over dropout.

use aesc_image::{Image, Map};

use crate::{DetectError, McDropout};

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

    /// Whether [`Self::look`] sees more in an image than its reconstruction.
    fn looks_again(&self) -> bool {
        false
    }

    /// All that the backend makes of images, but for the variance over dropout, under the terms of
    /// [`Self::reconstruct`]: a second reconstruction and a segmentation where it has them.
    ///
    /// # Errors
    /// Whatever the backend runs into.
    fn look(&self, images: &[Image]) -> Result<Vec<Observation>, BackendError> {
        let made = self.reconstruct(images)?.into_iter();
        Ok(made.map(Observation::of).collect())
    }

    /// The same reconstructions as [`Self::reconstruct`], with the variance over Monte Carlo dropout
    /// passes; equal arguments give equal maps, whatever else is in the batch.
    ///
    /// # Errors
    /// Whatever the backend runs into; a backend without dropout says so.
    fn sample(
        &self,
        images: &[Image],
        mc_dropout: &McDropout,
    ) -> Result<Vec<Sampled>, BackendError> {
        let _ = (images, mc_dropout);
        Err("this backend has no Monte Carlo dropout".into())
    }
}

/// An image seen by a network and by its thinned copies.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// What the whole network makes of it.
    pub reconstruction: Image,
    /// Population variance over the thinned networks' reconstructions, mean over channels, in
    /// (grey level / 255)².
    pub variance: Map,
}

impl<T: Reconstruct + ?Sized> Reconstruct for &T {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        (**self).reconstruct(images)
    }

    fn looks_again(&self) -> bool {
        (**self).looks_again()
    }

    fn look(&self, images: &[Image]) -> Result<Vec<Observation>, BackendError> {
        (**self).look(images)
    }

    fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, BackendError> {
        (**self).sample(images, mc)
    }
}

impl<T: Reconstruct + ?Sized> Reconstruct for Box<T> {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        (**self).reconstruct(images)
    }

    fn looks_again(&self) -> bool {
        (**self).looks_again()
    }

    fn look(&self, images: &[Image]) -> Result<Vec<Observation>, BackendError> {
        (**self).look(images)
    }

    fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, BackendError> {
        (**self).sample(images, mc)
    }
}

/// All that a backend says about one image; every strategy's map is made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// What the backend made of the image.
    pub reconstruction: Image,
    /// What it made of it at a second look, where it reconstructs twice.
    pub second: Option<Image>,
    /// How surely each pixel is not as in a clean image, 0..=1, where it segments.
    pub segmentation: Option<Map>,
    /// The variance over dropout passes, where they were sampled.
    pub variance: Option<Map>,
}

impl Observation {
    /// A reconstruction and nothing beside it.
    pub fn of(reconstruction: Image) -> Self {
        Self {
            reconstruction,
            second: None,
            segmentation: None,
            variance: None,
        }
    }

    /// The reconstructions, the first look's first.
    pub(crate) fn reconstructions(&self) -> impl Iterator<Item = &Image> {
        std::iter::once(&self.reconstruction).chain(&self.second)
    }

    /// The variance, of the sides of `image` and finite.
    pub(crate) fn variance_of(&self, image: &Image) -> Result<&Map, DetectError> {
        let map = self.variance.as_ref().ok_or(DetectError::NoVariance)?;
        checked(map, image, "variance map")
    }

    /// The segmentation, where there is one, of the sides of `image` and finite.
    pub(crate) fn segmentation_of(&self, image: &Image) -> Result<Option<&Map>, DetectError> {
        let map = self.segmentation.as_ref();
        map.map(|map| checked(map, image, "segmentation"))
            .transpose()
    }
}

fn checked<'a>(map: &'a Map, image: &Image, what: &'static str) -> Result<&'a Map, DetectError> {
    let (expected, found) = (
        [image.height(), image.width(), 1],
        [map.height(), map.width(), 1],
    );
    if expected != found {
        return Err(DetectError::ShapeMismatch {
            what,
            expected,
            found,
        });
    }
    match map.data().iter().position(|value| !value.is_finite()) {
        None => Ok(map),
        Some(at) => Err(DetectError::NonFinite {
            row: at / map.width(),
            column: at % map.width(),
        }),
    }
}

/// One observation for each image (0..=1), in order; with `mc_dropout` its passes are sampled too.
/// Neighbours of one shape are one batch for the backend.
///
/// # Errors
/// [`DetectError::ReconstructionCount`] or [`DetectError::Backend`].
pub fn observe(
    backend: &impl Reconstruct,
    images: &[Image],
    mc_dropout: Option<&McDropout>,
) -> Result<Vec<Observation>, DetectError> {
    let mut observed = Vec::with_capacity(images.len());
    for batch in images.chunk_by(Image::same_shape) {
        let made = observe_batch(backend, batch, mc_dropout).map_err(DetectError::Backend)?;
        as_many(batch, made.len())?;
        observed.extend(made);
    }
    Ok(observed)
}

fn as_many<T>(batch: &[T], found: usize) -> Result<(), DetectError> {
    let expected = batch.len();
    if found == expected {
        return Ok(());
    }
    Err(DetectError::ReconstructionCount { expected, found })
}

fn observe_batch(
    backend: &impl Reconstruct,
    images: &[Image],
    mc_dropout: Option<&McDropout>,
) -> Result<Vec<Observation>, BackendError> {
    let Some(mc) = mc_dropout else {
        return backend.look(images);
    };
    let sampled = backend.sample(images, mc)?.into_iter();
    if !backend.looks_again() {
        let seen = sampled.map(|one| Observation {
            variance: Some(one.variance),
            ..Observation::of(one.reconstruction)
        });
        return Ok(seen.collect());
    }
    let mut seen = backend.look(images)?;
    as_many(&seen, sampled.len())?;
    for (seen, one) in seen.iter_mut().zip(sampled) {
        seen.variance = Some(one.variance);
    }
    Ok(seen)
}
