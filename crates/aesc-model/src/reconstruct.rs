//! Reconstruction by libtorch: a model file becomes a [`Reconstruct`] backend.

use aesc_artifact::{ModelFile, NetworkPlan};
use aesc_detect::{BackendError, Reconstruct};
use aesc_image::Image;

use crate::network::{Frozen, Network};
use crate::tensor::{cropped, images_from_nchw, nchw_from_images, padded};
use crate::{Device, ModelError};

/// A trained network on a device.
#[derive(Debug)]
pub struct Reconstructor {
    plan: NetworkPlan,
    frozen: Frozen,
    device: Device,
}

impl Reconstructor {
    /// Brings a model's weights to `device`.
    ///
    /// # Errors
    /// [`ModelError`] when the model does not describe a network or libtorch refuses.
    pub fn new(model: &ModelFile, device: Device) -> Result<Self, ModelError> {
        let plan = model.manifest.plan()?;
        let network = Network::from_tensors(&plan, &model.tensors, device)?;
        Ok(Self {
            frozen: Frozen::new(&network)?,
            plan,
            device,
        })
    }

    /// The clean versions of equal-sized images, values 0..=1, sides of any size: those that do
    /// not divide by `2^depth` are padded by reflection and cropped back.
    ///
    /// # Errors
    /// [`ModelError::Images`] when channels or sizes are off.
    pub fn clean(&self, images: &[Image]) -> Result<Vec<Image>, ModelError> {
        let Some(first) = images.first() else {
            return Ok(Vec::new());
        };
        if first.channels() != self.plan.channels {
            let expected = format!("images of {} channel(s)", self.plan.channels);
            return Err(ModelError::images(expected, first.channels()));
        }
        let (h, w) = (first.height(), first.width());
        if self.plan.padded(h, w) == (h, w) {
            return self.run(images);
        }
        let grown = images.iter().map(|image| padded(image, &self.plan));
        let clean = self.run(&grown.collect::<Result<Vec<_>, _>>()?)?;
        clean.iter().map(|image| cropped(image, h, w)).collect()
    }

    fn run(&self, images: &[Image]) -> Result<Vec<Image>, ModelError> {
        let x = nchw_from_images(images, self.device)?;
        images_from_nchw(&self.frozen.forward(&x)?)
    }
}

impl Reconstruct for Reconstructor {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        Ok(self.clean(images)?)
    }
}
