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

    /// The same reconstructions, with the variance over Monte Carlo dropout passes; equal
    /// arguments give equal maps, whatever else is in the batch.
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

    fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, BackendError> {
        (**self).sample(images, mc)
    }
}

impl<T: Reconstruct + ?Sized> Reconstruct for Box<T> {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        (**self).reconstruct(images)
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
    /// The variance over dropout passes, where they were sampled.
    pub variance: Option<Map>,
}

impl Observation {
    /// The variance, of the sides of `image` and finite.
    pub(crate) fn variance_of(&self, image: &Image) -> Result<&Map, DetectError> {
        let map = self.variance.as_ref().ok_or(DetectError::NoVariance)?;
        let (expected, found) = (
            [image.height(), image.width(), 1],
            [map.height(), map.width(), 1],
        );
        if expected != found {
            let what = "variance map";
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
        let made = observe_batch(backend, batch, mc_dropout)?;
        if made.len() != batch.len() {
            let (expected, found) = (batch.len(), made.len());
            return Err(DetectError::ReconstructionCount { expected, found });
        }
        observed.extend(made);
    }
    Ok(observed)
}

fn observe_batch(
    backend: &impl Reconstruct,
    images: &[Image],
    mc_dropout: Option<&McDropout>,
) -> Result<Vec<Observation>, DetectError> {
    let Some(mc) = mc_dropout else {
        let made = backend.reconstruct(images).map_err(DetectError::Backend)?;
        let plain = |reconstruction| Observation {
            reconstruction,
            variance: None,
        };
        return Ok(made.into_iter().map(plain).collect());
    };
    let made = backend.sample(images, mc).map_err(DetectError::Backend)?;
    let sampled = |one: Sampled| Observation {
        reconstruction: one.reconstruction,
        variance: Some(one.variance),
    };
    Ok(made.into_iter().map(sampled).collect())
}
