//! Training steps on noise: how long one takes, and which batch fits.

use std::time::Instant;

use aesc_artifact::{Look, RunConfig};
use tch::{Kind, Tensor};

use super::loss::PixelLoss;
use super::optimiser::Optimiser;
use crate::network::Network;
use crate::{Device, ModelError};

/// Wall time of a training step of this configuration on this machine, in seconds: the quickest of
/// three on noise, after one to warm up.
///
/// # Errors
/// [`ModelError`] when the configuration is refused or libtorch fails;
/// [`ModelError::OutOfMemory`], with the batch that fits, when the device's memory is full.
pub fn probe_step_secs(config: &RunConfig, device: Device) -> Result<f64, ModelError> {
    step_secs(config, device).map_err(|error| explained(error, (config, device)))
}

fn step_secs(config: &RunConfig, device: Device) -> Result<f64, ModelError> {
    let plan = config.validate()?;
    device.check(config.train.precision)?;
    let network = Network::init(&plan, config.seed, device)?.in_precision(config.train.precision);
    let mut optimiser = Optimiser::new(&config.train, &network)?;
    let (height, width) = plan.padded(config.data.height, config.data.width);
    let pixel_loss = PixelLoss::whole(config.train.loss, (height, width), device.tch())?;
    let sides = [config.train.batch, height, width, plan.channels].map(|side| side as i64);
    let noise = Tensor::f_rand(sides, (Kind::Float, device.tch()))?.f_permute([0, 3, 1, 2])?;
    let mut best = f64::INFINITY;
    for t in 0..4 {
        let start = Instant::now();
        let loss = network.mean_loss(|network, look| {
            let momentum = config.train.batch_norm_momentum;
            let output = network.forward_train(&noise, look, momentum)?;
            if look == Look::Segment {
                return pixel_loss.of_segmentation(&output, (&noise, &noise));
            }
            pixel_loss.of(&output, &noise, None)
        })?;
        let gradients = optimiser.gradients(&loss)?;
        optimiser.step(&gradients, t + 1, 1e-4)?;
        // Reading the loss waits for the device.
        loss.f_double_value(&[])?;
        if t > 0 {
            best = best.min(start.elapsed().as_secs_f64());
        }
    }
    Ok(best)
}

/// An error of a training step, in the user's terms where the device's memory is full.
pub(super) fn explained(error: ModelError, (config, device): (&RunConfig, Device)) -> ModelError {
    if !error.is_out_of_memory() {
        return error;
    }
    let batch = config.train.batch;
    let fits = |batch: &usize| {
        let mut smaller = config.clone();
        smaller.train.batch = *batch;
        step_secs(&smaller, device).is_ok()
    };
    let halves = std::iter::successors(Some(batch / 2), |batch| Some(batch / 2));
    ModelError::OutOfMemory {
        device,
        batch,
        fits: halves.take_while(|batch| *batch >= 2).find(fits),
    }
}
