//! Validation: PSNR of held-out clean images repaired from a corruption that never changes.

use aesc_image::Image;
use aesc_noise::Presentation;
use tch::{Kind, Tensor};

use super::TrainJob;
use super::pairs::VALIDATION_PRESENTATIONS;
use crate::network::{Frozen, Network};
use crate::tensor::nchw_from_images;
use crate::{Device, ModelError};

/// Held-out pairs, made once.
#[derive(Debug)]
pub(crate) struct Validation {
    corrupted: Vec<Image>,
    clean: Vec<Image>,
    batch: usize,
    device: Device,
}

impl Validation {
    pub(crate) fn new(job: &TrainJob<'_>) -> Result<Self, ModelError> {
        if job.validation.is_empty() {
            return Err(ModelError::images("clean images to validate on", "none"));
        }
        let corruption = job.config.corruption.validate()?;
        let corrupt = |(i, image): (usize, &Image)| {
            let index = VALIDATION_PRESENTATIONS + i as u64;
            corruption
                .apply(
                    image,
                    Presentation {
                        seed: job.config.seed,
                        index,
                    },
                )
                .image
        };
        Ok(Self {
            corrupted: job.validation.iter().enumerate().map(corrupt).collect(),
            clean: job.validation.to_vec(),
            batch: job.config.train.batch,
            device: job.device,
        })
    }

    /// Mean over images of 10 log10(1 / MSE).
    pub(crate) fn psnr_db(&self, network: &Network) -> Result<f64, ModelError> {
        let sides = (self.clean[0].height(), self.clean[0].width());
        let frozen = Frozen::new(network, sides)?;
        let mut sum = 0.0;
        for (corrupted, clean) in self
            .corrupted
            .chunks(self.batch)
            .zip(self.clean.chunks(self.batch))
        {
            let output = frozen.forward(&nchw_from_images(corrupted, self.device)?)?;
            sum += psnr_sum(&output, &nchw_from_images(clean, self.device)?)?;
        }
        Ok(sum / self.clean.len() as f64)
    }
}

/// Sum over images `[b, c, h, w]` of 10 log10(1 / MSE) in dB.
fn psnr_sum(output: &Tensor, clean: &Tensor) -> Result<f64, ModelError> {
    let squares = output.f_sub(clean)?.f_square()?.f_to_kind(Kind::Double)?;
    let mse = squares.f_mean_dim([1, 2, 3].as_slice(), false, Kind::Double)?; // [b]
    // A perfect image would be infinite; 1e-12 stands for 120 dB.
    let db = mse.f_clamp_min(1e-12)?.f_log10()?.f_mul_scalar(-10.0)?;
    Ok(db.f_sum(Kind::Double)?.f_double_value(&[])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_tenth_everywhere_is_20_db() {
        let clean = Tensor::full([2, 1, 4, 4], 0.5, (Kind::Double, tch::Device::Cpu));
        let sum = psnr_sum(&(&clean + 0.1), &clean).unwrap();
        assert!((sum - 40.0).abs() < 1e-9);
    }
}
