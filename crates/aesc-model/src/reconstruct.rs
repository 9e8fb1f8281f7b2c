//! Reconstruction by libtorch: a model file becomes a [`Reconstruct`] backend.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aesc_artifact::{Look, ModelFile, NetworkPlan, Precision};
use aesc_detect::{BackendError, McDropout, Observation, Reconstruct, Sampled};
use aesc_image::{Image, Map};
use rayon::prelude::*;
use tch::Tensor;

use crate::device::alone;
use crate::network::{Frozen, Masks, Network};
use crate::tensor::{
    check_same_shape, cropped, images_from_nchw, nchw_from_images, padded, values,
};
use crate::{Device, ModelError};

/// Images that are sampled at once, at most: each holds the activations of all its passes. With more
/// threads, all of them work on one image.
const MAX_SAMPLING_LANES: usize = 4;

/// A trained network on a device.
#[derive(Debug)]
pub struct Reconstructor {
    plan: NetworkPlan,
    device: Device,
    /// One for each thread of the processor, one alone for any other device.
    lanes: Vec<Mutex<Lane>>,
}

/// What one thread needs to reconstruct; all lanes share the weights.
///
/// A batch is shared out among threads that compute alone. libtorch's own way, all threads on each
/// operation, has them wait for each other some hundred times a batch, by spinning: whatever else
/// the program does meanwhile (reading, scoring, writing) finds no processor free.
#[derive(Debug)]
struct Lane {
    frozen: Frozen,
    /// The masks of the last call: the next one mostly wants the same.
    masks: Option<Masks>,
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
        let frozen = Frozen::new(&network, sides)?;
        let n_lanes = match device {
            Device::Cpu => rayon::current_num_threads(),
            Device::Cuda(_) => 1,
        };
        let lane = |frozen| {
            Mutex::new(Lane {
                frozen,
                masks: None,
            })
        };
        let mut lanes: Vec<_> = (1..n_lanes).map(|_| lane(frozen.shared())).collect();
        lanes.push(lane(frozen));
        Ok(Self {
            plan,
            device,
            lanes,
        })
    }

    /// The clean versions of equal-sized images, values 0..=1, sides of any size: those that do
    /// not divide by `2^depth` are padded by reflection and cropped back.
    ///
    /// # Errors
    /// [`ModelError::Images`] when channels or sizes are off.
    pub fn clean(&self, images: &[Image]) -> Result<Vec<Image>, ModelError> {
        let clean = |frozen: &Frozen, x: &Tensor| Ok(vec![frozen.reconstruct(x, Look::First)?]);
        Ok(self.seen(images, clean)?.into_iter().flatten().collect())
    }

    /// What every look makes of equal-sized images of any size, a list for each image in the order of
    /// [`NetworkConfig::looks`](aesc_artifact::NetworkConfig::looks).
    ///
    /// # Errors
    /// As [`Self::clean`].
    pub fn looks(&self, images: &[Image]) -> Result<Vec<Vec<Image>>, ModelError> {
        self.seen(images, Frozen::looks)
    }

    /// What `see` makes of images, a list for each.
    fn seen(
        &self,
        images: &[Image],
        see: impl Fn(&Frozen, &Tensor) -> Result<Vec<Tensor>, ModelError> + Sync,
    ) -> Result<Vec<Vec<Image>>, ModelError> {
        let Some(first) = images.first() else {
            return Ok(Vec::new());
        };
        self.check_channels(first)?;
        check_same_shape(images)?;
        let (h, w) = (first.height(), first.width());
        if self.plan.padded(h, w) == (h, w) {
            return self.run(images, see);
        }
        let grown = images.iter().map(|image| padded(image, &self.plan));
        let seen = self.run(&grown.collect::<Result<Vec<_>, _>>()?, see)?;
        let cut = |one: &Vec<Image>| one.iter().map(|image| cropped(image, h, w)).collect();
        seen.iter().map(cut).collect()
    }

    /// The clean versions of images and their variance over dropout, each image on its own: its
    /// passes are a batch already.
    ///
    /// # Errors
    /// [`ModelError::Images`] when channels are off, [`ModelError::Artifact`] when the rates do
    /// not fit the network.
    pub fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, ModelError> {
        let all = |lane: &mut Lane, images: &[Image]| {
            let sampled = images.iter().map(|image| self.sample_one(lane, image, mc));
            sampled.collect()
        };
        if self.lanes.len() > MAX_SAMPLING_LANES {
            return all(&mut held(&self.lanes[0]), images);
        }
        self.shared_out(images, all)
    }

    fn sample_one(
        &self,
        lane: &mut Lane,
        image: &Image,
        mc: &McDropout,
    ) -> Result<Sampled, ModelError> {
        self.check_channels(image)?;
        let grown = padded(image, &self.plan)?;
        let sides = (grown.height(), grown.width());
        let masks = match lane.masks.take() {
            Some(masks) if masks.sides == sides && masks.mc_dropout == *mc => masks,
            _ => Masks::draw(&self.plan, mc, sides, self.device)?,
        };
        let x = nchw_from_images(&[grown], self.device)?;
        let (whole, variance) = lane.frozen.sample(&x, lane.masks.insert(masks))?;
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

    fn run(
        &self,
        images: &[Image],
        see: impl Fn(&Frozen, &Tensor) -> Result<Vec<Tensor>, ModelError> + Sync,
    ) -> Result<Vec<Vec<Image>>, ModelError> {
        self.shared_out(images, |lane, images| {
            let x = nchw_from_images(images, self.device)?;
            let mut seen = vec![Vec::new(); images.len()];
            for made in see(&lane.frozen, &x)? {
                let made = images_from_nchw(&made)?;
                seen.iter_mut()
                    .zip(made)
                    .for_each(|(one, made)| one.push(made));
            }
            Ok(seen)
        })
    }

    /// `work` on all images, in order: each thread takes a share, or all of them each image in
    /// turn where there are fewer images than threads.
    ///
    /// `work` must not wait for other tasks of the thread pool: its thread holds a lane.
    fn shared_out<R: Send>(
        &self,
        images: &[Image],
        work: impl Fn(&mut Lane, &[Image]) -> Result<Vec<R>, ModelError> + Sync,
    ) -> Result<Vec<R>, ModelError> {
        let n_lanes = self.lanes.len();
        if n_lanes == 1 || images.len() < n_lanes {
            return work(&mut held(&self.lanes[0]), images);
        }
        let shares = images.par_chunks(images.len().div_ceil(n_lanes));
        let done = shares.zip(&self.lanes).map(|(share, lane)| {
            alone();
            work(&mut held(lane), share)
        });
        let done: Vec<Vec<R>> = done.collect::<Result<_, _>>()?;
        Ok(done.into_iter().flatten().collect())
    }
}

fn held(lane: &Mutex<Lane>) -> MutexGuard<'_, Lane> {
    // A lane whose thread panicked has nothing half done: its masks are whole or absent.
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reconstruct for Reconstructor {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        Ok(self.clean(images)?)
    }

    fn looks_again(&self) -> bool {
        self.plan.config.looks().len() > 1
    }

    fn look(&self, images: &[Image]) -> Result<Vec<Observation>, BackendError> {
        let seen = self.looks(images)?.into_iter();
        let network = &self.plan.config;
        Ok(seen
            .map(|made| network.observation(made))
            .collect::<Result<_, _>>()?)
    }

    fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, BackendError> {
        Ok(Self::sample(self, images, mc)?)
    }
}
