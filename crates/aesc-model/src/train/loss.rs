//! What training makes small: of a reconstruction the mean squared error of the pixels that count,
//! and 1 - SSIM; of a segmentation the cross entropy.

use aesc_artifact::{LossConfig, NetworkPlan};
use tch::{Kind, Tensor};

use super::TrainJob;
use super::ssim::Ssim;
use crate::ModelError;

/// Side, px, of the window over which a change is averaged before it is held against [`CHANGED`].
const CHANGE_WINDOW_PX: i64 = 7;
/// The mean absolute change, of values of 0..=1, from which a pixel counts as changed in full.
const CHANGED: f64 = 0.08;

/// The loss, over a region of interest where there is one.
#[derive(Debug)]
pub(crate) struct PixelLoss {
    /// `[1, 1, h, w]` at the network's sides: 0 outside, and inside what makes the mean over all
    /// pixels the mean over those inside.
    weight: Option<Tensor>,
    /// What a corrupted pixel weighs beyond a clean one's 1.
    corrupted: f64,
    ssim: Option<Ssim>,
}

impl PixelLoss {
    /// The loss of a job whose images the network sees at `height` x `width`.
    pub(crate) fn new(job: &TrainJob<'_>, plan: &NetworkPlan) -> Result<Self, ModelError> {
        let Some(first) = job.images.first() else {
            return Self::whole(job.config.train.loss, (0, 0), job.device.tch());
        };
        let sides = plan.padded(first.height(), first.width());
        let whole = Self::whole(job.config.train.loss, sides, job.device.tch())?;
        let Some(roi) = job.roi else {
            return Ok(whole);
        };
        let inside = |e: aesc_detect::DetectError| ModelError::images("a region of interest", e);
        let (h, w) = (job.config.data.height, job.config.data.width);
        let mask = roi.at(h, w).map_err(inside)?;
        let (height, width) = sides;
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
            ..whole
        })
    }

    /// The loss of all pixels of images of these sides.
    pub(crate) fn whole(
        config: LossConfig,
        sides: (usize, usize),
        device: tch::Device,
    ) -> Result<Self, ModelError> {
        Ok(Self {
            weight: None,
            corrupted: config.corrupted,
            ssim: (config.ssim > 0.0)
                .then(|| Ssim::new(config.ssim, sides, device))
                .transpose()?,
        })
    }

    /// Of output and target `[b, c, h, w]`, a scalar; `corrupted` `[b, 1, h, w]` is 1 where the
    /// input was corrupted.
    pub(crate) fn of(
        &self,
        output: &Tensor,
        target: &Tensor,
        corrupted: Option<&Tensor>,
    ) -> Result<Tensor, ModelError> {
        let squared = self.squared(output, target, corrupted)?;
        match &self.ssim {
            None => Ok(squared),
            Some(ssim) => Ok(squared.f_add(&ssim.of(output, target, self.weight.as_ref())?)?),
        }
    }

    fn squared(
        &self,
        output: &Tensor,
        target: &Tensor,
        corrupted: Option<&Tensor>,
    ) -> Result<Tensor, ModelError> {
        let emphasis = corrupted.filter(|_| self.corrupted > 0.0);
        if self.weight.is_none() && emphasis.is_none() {
            return Ok(output.f_mse_loss(target, tch::Reduction::Mean)?);
        }
        let mut squares = output.f_sub(target)?.f_square()?;
        if let Some(mask) = emphasis {
            let weight = mask.f_mul_scalar(self.corrupted)?.f_add_scalar(1.0)?;
            squares = squares.f_mul(&weight)?;
        }
        if let Some(weight) = &self.weight {
            squares = squares.f_mul(weight)?;
        }
        Ok(squares.f_mean(Kind::Float)?)
    }

    /// Of a segmentation `[b, 1, h, w]`, 0..=1, and the images `[b, c, h, w]` it was made of, before
    /// and after corruption: the cross entropy against how much each pixel's surroundings were
    /// changed, a scalar. What was painted but looks as before is not to be found (as in NSA).
    pub(crate) fn of_segmentation(
        &self,
        output: &Tensor,
        (clean, corrupted): (&Tensor, &Tensor),
    ) -> Result<Tensor, ModelError> {
        let change = corrupted.f_sub(clean)?.f_abs()?;
        let change = change.f_mean_dim([1].as_slice(), true, Kind::Float)?; // [b, 1, h, w]
        let (side, margin) = (CHANGE_WINDOW_PX, CHANGE_WINDOW_PX / 2);
        let around = change.f_avg_pool2d(side, 1, margin, false, false, None::<i64>)?;
        let changed = around.f_div_scalar(CHANGED)?.f_clamp(0.0, 1.0)?;
        let reduction = tch::Reduction::Mean;
        Ok(output.f_binary_cross_entropy(&changed, self.weight.as_ref(), reduction)?)
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
        Self {
            weight: None,
            corrupted: 0.0,
            ssim: None,
        }
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
            ..PixelLoss::of_all()
        };
        let target = Tensor::zeros([1, 1, 2, 2], (Kind::Float, tch::Device::Cpu));
        let output = Tensor::from_slice(&[1.0_f32, 3.0, 9.0, 9.0]).view([1, 1, 2, 2]);
        let mean = loss.of(&output, &target, None).unwrap().double_value(&[]);
        assert!((mean - 5.0).abs() < 1e-6); // (1 + 9) / 2
        let per_image = loss.per_image(&output, &target).unwrap();
        assert!((per_image.double_value(&[0]) - 5.0).abs() < 1e-6);
    }

    #[test]
    fn a_segmentation_is_held_against_what_changed_around_each_pixel() {
        let image = |at: i64, value: f64| {
            let image = Tensor::full([1, 3, 16, 16], 0.5, (Kind::Float, tch::Device::Cpu));
            let _ = image.narrow(2, 0, at).fill_(value);
            image
        };
        let (clean, corrupted) = (image(0, 0.5), image(8, 0.7));
        let loss = PixelLoss::of_all();
        let of = |p: &Tensor, seen| loss.of_segmentation(p, (&clean, seen)).unwrap();
        let plain = |p: f64| Tensor::full([1, 1, 16, 16], p, (Kind::Float, tch::Device::Cpu));
        // Nothing changed: -ln(1 - p) everywhere.
        let none = of(&plain(0.25), &clean).double_value(&[]);
        assert!((none + 0.75_f64.ln()).abs() < 1e-6, "{none}");
        // 0.2 in the upper half is more than 0.08, and so is its mean over seven rows where three
        // or more of them lie in that half: up to row 8. In row 9 it is 0.4 / 7, in row 10 half.
        let rows: Vec<f32> = (0..16)
            .map(|row| match row {
                0..=8 => 1.0,
                9 => 0.4 / 7.0 / 0.08,
                10 => 0.2 / 7.0 / 0.08,
                _ => 0.0,
            })
            .collect();
        let expected = Tensor::from_slice(&rows).view([1, 1, 16, 1]);
        let cross_entropy = |p: f64, t: f64| -(t * p.ln() + (1.0 - t) * (1.0 - p).ln());
        let targets = rows.iter().map(|t| cross_entropy(0.25, f64::from(*t)));
        let mean = targets.sum::<f64>() / 16.0;
        let found = of(&plain(0.25), &corrupted).double_value(&[]);
        assert!((found - mean).abs() < 1e-5, "{found} {mean}");
        // It is least for what it is held against, and greater for its opposite.
        let exact = expected.clamp(0.01, 0.99).expand([1, 1, 16, 16], false);
        let opposite: Tensor = 1.0 - &exact;
        let [exact, opposite] = [exact, opposite].map(|p| of(&p, &corrupted).double_value(&[]));
        assert!(exact < 0.2 && opposite > 2.0, "{exact} {opposite}");
        // Of the lower half alone, which but for two of its rows did not change.
        let weight = image(8, 0.0).narrow(1, 0, 1) * 4.0;
        let within = PixelLoss {
            weight: Some(weight),
            ..PixelLoss::of_all()
        };
        let p = plain(0.25).set_requires_grad(true);
        let found = within.of_segmentation(&p, (&clean, &corrupted)).unwrap();
        let lower = rows[8..].iter().map(|t| cross_entropy(0.25, f64::from(*t)));
        let mean = lower.sum::<f64>() / 8.0;
        assert!((found.double_value(&[]) - mean).abs() < 1e-5);
        found.backward();
        let largest = p.grad().narrow(2, 0, 8).abs().max();
        assert!(largest.double_value(&[]) <= 0.0);
    }

    #[test]
    fn corrupted_pixels_weigh_more() {
        let loss = PixelLoss {
            corrupted: 3.0,
            ..PixelLoss::of_all()
        };
        let target = Tensor::zeros([1, 1, 1, 2], (Kind::Float, tch::Device::Cpu));
        let output = Tensor::from_slice(&[1.0_f32, 2.0]).view([1, 1, 1, 2]);
        let mask = Tensor::from_slice(&[0.0_f32, 1.0]).view([1, 1, 1, 2]);
        let mean = |mask| loss.of(&output, &target, mask).unwrap().double_value(&[]);
        assert!((mean(Some(&mask)) - 8.5).abs() < 1e-6); // (1 + 4 * 4) / 2
        assert!((mean(None) - 2.5).abs() < 1e-6);
    }
}
