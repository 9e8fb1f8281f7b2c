//! What training makes small: the mean squared error, of the pixels that count.

use aesc_artifact::NetworkPlan;
use tch::{Kind, Tensor};

use super::TrainJob;
use crate::ModelError;

/// The mean squared error, over a region of interest where there is one.
#[derive(Debug)]
pub(crate) struct PixelLoss {
    /// `[1, 1, h, w]` at the network's sides: 0 outside, and inside what makes the mean over all
    /// pixels the mean over those inside.
    weight: Option<Tensor>,
}

impl PixelLoss {
    /// The loss of a job whose images the network sees at `height` x `width`.
    pub(crate) fn new(job: &TrainJob<'_>, plan: &NetworkPlan) -> Result<Self, ModelError> {
        let (Some(roi), Some(first)) = (job.roi, job.images.first()) else {
            return Ok(Self { weight: None });
        };
        let inside = |e: aesc_detect::DetectError| ModelError::images("a region of interest", e);
        let (h, w) = (job.config.data.height, job.config.data.width);
        let mask = roi.at(h, w).map_err(inside)?;
        let (height, width) = plan.padded(first.height(), first.width());
        let level = (height * width) as f32 / mask.count() as f32;
        let mut weights = vec![0.0_f32; height * width];
        for (row, inside) in weights
            .chunks_exact_mut(width)
            .zip(mask.data().chunks_exact(w))
        {
            for (weight, &inside) in row.iter_mut().zip(inside) {
                *weight = if inside { level } else { 0.0 };
            }
        }
        let sides = [1, 1, height as i64, width as i64];
        let weight = Tensor::f_from_slice(&weights)?.f_view(sides)?;
        Ok(Self {
            weight: Some(weight.f_to_device(job.device.tch())?),
        })
    }

    /// Of output and target `[b, c, h, w]`, a scalar.
    pub(crate) fn of(&self, output: &Tensor, target: &Tensor) -> Result<Tensor, ModelError> {
        match &self.weight {
            None => Ok(output.f_mse_loss(target, tch::Reduction::Mean)?),
            Some(weight) => {
                let squares = output.f_sub(target)?.f_square()?;
                Ok(squares.f_mul(weight)?.f_mean(Kind::Float)?)
            }
        }
    }

    /// The mean squared error of each image, `[b]`, in f64.
    pub(crate) fn per_image(&self, output: &Tensor, clean: &Tensor) -> Result<Tensor, ModelError> {
        let squares = output.f_sub(clean)?.f_square()?.f_to_kind(Kind::Double)?;
        let squares = match &self.weight {
            None => squares,
            Some(weight) => squares.f_mul(weight)?,
        };
        Ok(squares.f_mean_dim([1, 2, 3].as_slice(), false, Kind::Double)?)
    }

    #[cfg(test)]
    pub(crate) fn of_all() -> Self {
        Self { weight: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_nothing_counts_and_inside_the_mean_is_of_the_inside() {
        // Two of four pixels inside, so each weighs 4/2; errors 1 and 3 inside, 9 outside.
        let weight = Tensor::from_slice(&[2.0_f32, 2.0, 0.0, 0.0]).view([1, 1, 2, 2]);
        let loss = PixelLoss {
            weight: Some(weight),
        };
        let target = Tensor::zeros([1, 1, 2, 2], (Kind::Float, tch::Device::Cpu));
        let output = Tensor::from_slice(&[1.0_f32, 3.0, 9.0, 9.0]).view([1, 1, 2, 2]);
        let mean = loss.of(&output, &target).unwrap().double_value(&[]);
        assert!((mean - 5.0).abs() < 1e-6); // (1 + 9) / 2
        let per_image = loss.per_image(&output, &target).unwrap();
        assert!((per_image.double_value(&[0]) - 5.0).abs() < 1e-6);
    }
}
