//! Reconstruction by libtorch: a model file becomes a [`Reconstruct`] backend.

use std::cell::RefCell;

use aesc_artifact::{ModelFile, NetworkPlan, Precision};
use aesc_detect::{BackendError, McDropout, Reconstruct, Sampled};
use aesc_image::{Image, Map};

use crate::network::{Frozen, Masks, Network};
use crate::tensor::{cropped, images_from_nchw, nchw_from_images, padded, values};
use crate::{Device, ModelError};

/// A trained network on a device.
#[derive(Debug)]
pub struct Reconstructor {
    plan: NetworkPlan,
    frozen: Frozen,
    device: Device,
    /// The masks of the last call: the next one mostly wants the same.
    masks: RefCell<Option<Masks>>,
}

impl Reconstructor {
    /// Brings a model's weights to `device`.
    ///
    /// # Errors
    /// [`ModelError`] when the model does not describe a network or libtorch refuses.
    pub fn new(model: &ModelFile, device: Device) -> Result<Self, ModelError> {
        Self::in_precision(model, device, Precision::F32)
    }

    /// The same, its convolutions in `precision`.
    ///
    /// # Errors
    /// As [`Reconstructor::new`]; [`ModelError::Device`] where the device gains nothing by it.
    pub fn in_precision(
        model: &ModelFile,
        device: Device,
        precision: Precision,
    ) -> Result<Self, ModelError> {
        device.check(precision)?;
        let plan = model.manifest.plan()?;
        let network = Network::from_tensors(&plan, &model.tensors, device)?;
        let network = network.in_precision(precision);
        let preprocess = &model.manifest.preprocess;
        let sides = plan.padded(preprocess.height, preprocess.width);
        Ok(Self {
            frozen: Frozen::new(&network, sides)?,
            plan,
            device,
            masks: RefCell::new(None),
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
        self.check_channels(first)?;
        let (h, w) = (first.height(), first.width());
        if self.plan.padded(h, w) == (h, w) {
            return self.run(images);
        }
        let grown = images.iter().map(|image| padded(image, &self.plan));
        let clean = self.run(&grown.collect::<Result<Vec<_>, _>>()?)?;
        clean.iter().map(|image| cropped(image, h, w)).collect()
    }

    /// The clean versions of images and their variance over dropout, each image on its own: its
    /// passes are a batch already.
    ///
    /// # Errors
    /// [`ModelError::Images`] when channels are off, [`ModelError::Artifact`] when the rates do
    /// not fit the network.
    pub fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, ModelError> {
        images
            .iter()
            .map(|image| self.sample_one(image, mc))
            .collect()
    }

    fn sample_one(&self, image: &Image, mc: &McDropout) -> Result<Sampled, ModelError> {
        self.check_channels(image)?;
        let grown = padded(image, &self.plan)?;
        let sides = (grown.height(), grown.width());
        let mut held = self.masks.borrow_mut();
        let masks = match held.take() {
            Some(masks) if masks.sides == sides && masks.mc_dropout == *mc => masks,
            _ => Masks::draw(&self.plan, mc, sides, self.device)?,
        };
        let x = nchw_from_images(&[grown], self.device)?;
        let (whole, variance) = self.frozen.sample(&x, held.insert(masks))?;
        let whole = images_from_nchw(&whole)?;
        let (h, w) = (image.height(), image.width());
        let reconstruction = whole
            .first()
            .ok_or_else(|| ModelError::images("a reconstruction", "none"))
            .and_then(|image| cropped(image, h, w))?;
        let variance = values(&variance)?;
        let kept = variance.chunks(sides.1).take(h).flat_map(|row| &row[..w]);
        let variance =
            Map::new(h, w, kept.copied().collect()).map_err(|e| ModelError::images("a map", e))?;
        Ok(Sampled {
            reconstruction,
            variance,
        })
    }

    fn check_channels(&self, image: &Image) -> Result<(), ModelError> {
        if image.channels() == self.plan.channels {
            return Ok(());
        }
        let expected = format!("images of {} channel(s)", self.plan.channels);
        Err(ModelError::images(expected, image.channels()))
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

    fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, BackendError> {
        Ok(Self::sample(self, images, mc)?)
    }
}
