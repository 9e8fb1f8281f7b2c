//! Validation: PSNR of held-out clean images repaired from a corruption that never changes.

use aesc_artifact::Look;
use aesc_image::Image;
use aesc_noise::Presentation;
use tch::{Kind, Tensor};

use super::TrainJob;
use super::loss::PixelLoss;
use super::pairs::VALIDATION_PRESENTATIONS;
use crate::network::{Frozen, Network};
use crate::tensor::{images_from_nchw, nchw_from_images};
use crate::{Device, ModelError};

/// Images a look shows.
const LOOKED_AT: usize = 4;

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
                .apply_from(
                    image,
                    job.validation,
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

    /// The first few images: corrupted, reconstructed, clean.
    pub(crate) fn look(&self, network: &Network) -> Result<Vec<[Image; 3]>, ModelError> {
        let n = self.clean.len().min(LOOKED_AT);
        let input = nchw_from_images(&self.corrupted[..n], self.device)?;
        let sides = (self.clean[0].height(), self.clean[0].width());
        let frozen = Frozen::new(network, sides)?;
        let made = images_from_nchw(&frozen.reconstruct(&input, Look::First)?)?;
        let pairs = self.corrupted.iter().zip(made).zip(&self.clean);
        let row = |((corrupted, made), clean): ((&Image, Image), &Image)| {
            [corrupted.clone(), made, clean.clone()]
        };
        Ok(pairs.map(row).collect())
    }

    /// Mean over images, and over looks that reconstruct, of 10 log10(1 / MSE).
    pub(crate) fn psnr_db(&self, network: &Network, loss: &PixelLoss) -> Result<f64, ModelError> {
        let sides = (self.clean[0].height(), self.clean[0].width());
        let frozen = Frozen::new(network, sides)?;
        let looks = network.plan.config.reconstructions();
        let mut sum = 0.0;
        for (corrupted, clean) in self
            .corrupted
            .chunks(self.batch)
            .zip(self.clean.chunks(self.batch))
        {
            let corrupted = nchw_from_images(corrupted, self.device)?;
            let clean = nchw_from_images(clean, self.device)?;
            for look in looks {
                let output = frozen.reconstruct(&corrupted, *look)?;
                sum += psnr_sum(&loss.per_image(&output, &clean)?)?;
            }
        }
        Ok(sum / (self.clean.len() * looks.len()) as f64)
    }
}

/// Sum over mean squared errors `[b]` of 10 log10(1 / MSE) in dB.
fn psnr_sum(mse: &Tensor) -> Result<f64, ModelError> {
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
        let mse = PixelLoss::of_all()
            .per_image(&(&clean + 0.1), &clean)
            .unwrap();
        let sum = psnr_sum(&mse).unwrap();
        assert!((sum - 40.0).abs() < 1e-9);
    }
}
