//! Structural similarity (Wang et al., IEEE TIP 2004) of luminance, as a loss.

use tch::{Device, Kind, Tensor};

use crate::ModelError;

/// Side of the window, px.
const WINDOW: i64 = 11;
/// Standard deviation of its Gaussian, px.
const SIGMA: f64 = 1.5;
/// (0.01 L)² and (0.03 L)² for a range L of 1.
const STABILISERS: [f64; 2] = [1e-4, 9e-4];
/// Luminance of red, green and blue (ITU-R BT.601).
const LUMINANCE: [f32; 3] = [0.299, 0.587, 0.114];

/// 1 - SSIM with a weight, over the windows that lie wholly in the image.
#[derive(Debug)]
pub(crate) struct Ssim {
    weight: f64,
    /// `[1, 1, 11, 11]`, summing to 1.
    window: Tensor,
    /// `[1, 3, 1, 1]`.
    luminance: Tensor,
}

impl Ssim {
    /// For images of these sides.
    ///
    /// # Errors
    /// [`ModelError`] for images smaller than the window.
    pub(crate) fn new(
        weight: f64,
        (height, width): (usize, usize),
        device: Device,
    ) -> Result<Self, ModelError> {
        if height.min(width) < WINDOW as usize {
            let expected = "sides of at least 11 px, the window of train.loss.ssim";
            return Err(ModelError::images(expected, format!("{height} x {width}")));
        }
        let bell = |i: i64| (-0.5 * ((i - WINDOW / 2) as f64 / SIGMA).powi(2)).exp();
        let sum: f64 = (0..WINDOW).map(bell).sum();
        let line: Vec<f32> = (0..WINDOW).map(|i| (bell(i) / sum) as f32).collect();
        let line = Tensor::f_from_slice(&line)?;
        let window = line.f_outer(&line)?.f_view([1, 1, WINDOW, WINDOW])?;
        let luminance = Tensor::f_from_slice(&LUMINANCE)?.f_view([1, 3, 1, 1])?;
        Ok(Self {
            weight,
            window: window.f_to_device(device)?,
            luminance: luminance.f_to_device(device)?,
        })
    }

    /// The weighted loss of output and target `[b, c, h, w]`, a scalar; `pixels` `[1, 1, h, w]`
    /// weighs each window by its middle.
    pub(crate) fn of(
        &self,
        output: &Tensor,
        target: &Tensor,
        pixels: Option<&Tensor>,
    ) -> Result<Tensor, ModelError> {
        let (x, y) = (self.grey(output)?, self.grey(&target.f_detach()?)?);
        let of_target = self.means(&[&y, &y.f_square()?])?;
        let of_output = self.means(&[&x, &x.f_square()?, &x.f_mul(&y)?])?;
        let [mean_x, square_x, product] = [0, 1, 2].map(|at| of_output.f_narrow(1, at, 1));
        let [mean_y, square_y] = [0, 1].map(|at| of_target.f_narrow(1, at, 1));
        let (mean_x, mean_y) = (mean_x?, mean_y?);
        let means = mean_x.f_mul(&mean_y)?;
        let (squares_x, squares_y) = (mean_x.f_square()?, mean_y.f_square()?);
        let covariance = product?.f_sub(&means)?;
        let variances = square_x?
            .f_sub(&squares_x)?
            .f_add(&square_y?.f_sub(&squares_y)?)?;
        let [c1, c2] = STABILISERS;
        let above = means
            .f_mul_scalar(2.0)?
            .f_add_scalar(c1)?
            .f_mul(&covariance.f_mul_scalar(2.0)?.f_add_scalar(c2)?)?;
        let below = squares_x
            .f_add(&squares_y)?
            .f_add_scalar(c1)?
            .f_mul(&variances.f_add_scalar(c2)?)?;
        let mut loss = above.f_div(&below)?.f_neg()?.f_add_scalar(1.0)?;
        if let Some(pixels) = pixels {
            let reach = WINDOW / 2;
            let (h, w) = (loss.size()[2], loss.size()[3]);
            loss = loss.f_mul(&pixels.f_narrow(2, reach, h)?.f_narrow(3, reach, w)?)?;
        }
        Ok(loss.f_mean(Kind::Float)?.f_mul_scalar(self.weight)?)
    }

    fn grey(&self, image: &Tensor) -> Result<Tensor, ModelError> {
        if image.size()[1] == 1 {
            return Ok(image.f_contiguous()?);
        }
        let sum = image.f_mul(&self.luminance)?;
        Ok(sum
            .f_sum_dim_intlist([1].as_slice(), true, Kind::Float)?
            .f_contiguous()?)
    }

    /// The windowed mean of each plane `[b, 1, h, w]`, side by side.
    fn means(&self, planes: &[&Tensor]) -> Result<Tensor, ModelError> {
        let n = planes.len() as i64;
        let window = self
            .window
            .f_expand([n, 1, WINDOW, WINDOW], false)?
            .f_contiguous()?;
        let stacked = Tensor::f_cat(planes, 1)?;
        Ok(stacked.f_conv2d::<Tensor>(&window, None, [1, 1], [0, 0], [1, 1], n)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssim(sides: (usize, usize)) -> Ssim {
        Ssim::new(1.0, sides, Device::Cpu).unwrap()
    }

    fn noise(seed: i64, sides: [i64; 4]) -> Tensor {
        tch::manual_seed(seed);
        Tensor::rand(sides, (Kind::Float, Device::Cpu))
    }

    #[test]
    fn an_image_is_wholly_similar_to_itself() {
        let image = noise(1, [2, 3, 16, 20]);
        let loss = ssim((16, 20)).of(&image, &image, None).unwrap();
        assert!(loss.double_value(&[]).abs() < 1e-6);
    }

    #[test]
    fn two_flat_images_differ_by_their_means_alone() {
        // Variances are 0: SSIM = (2 * 0.25 * 0.75 + 1e-4) / (0.0625 + 0.5625 + 1e-4) = 0.60006.
        let flat = |value: f64| Tensor::full([1, 1, 12, 12], value, (Kind::Float, Device::Cpu));
        let loss = ssim((12, 12)).of(&flat(0.25), &flat(0.75), None).unwrap();
        let expected = 1.0 - 0.3751 / 0.6251;
        // In f32 a variance of 0 comes out as up to 0.5 * 2^-23 = 6e-8, against 9e-4 in SSIM.
        assert!((loss.double_value(&[]) - expected).abs() < 5e-4);
    }

    #[test]
    fn one_window_is_as_written_out() {
        // 11 x 11 pixels hold one window: weighted moments by hand, in f64.
        let (a, b) = (noise(2, [1, 1, 11, 11]), noise(3, [1, 1, 11, 11]));
        let values =
            |t: &Tensor| -> Vec<f64> { Vec::try_from(t.view([-1]).to_kind(Kind::Double)).unwrap() };
        let (x, y) = (values(&a), values(&b));
        let bell = |i: usize| (-((i as f64 - 5.0).powi(2)) / 4.5).exp();
        let raw: Vec<f64> = (0..121).map(|at| bell(at / 11) * bell(at % 11)).collect();
        let total: f64 = raw.iter().sum();
        let mean =
            |f: &dyn Fn(usize) -> f64| -> f64 { (0..121).map(|at| raw[at] / total * f(at)).sum() };
        let (mx, my) = (mean(&|i| x[i]), mean(&|i| y[i]));
        let (vx, vy) = (
            mean(&|i| (x[i] - mx).powi(2)),
            mean(&|i| (y[i] - my).powi(2)),
        );
        let cov = mean(&|i| (x[i] - mx) * (y[i] - my));
        let expected = 1.0
            - (2.0 * mx * my + 1e-4) * (2.0 * cov + 9e-4)
                / ((mx * mx + my * my + 1e-4) * (vx + vy + 9e-4));
        let found = ssim((11, 11)).of(&a, &b, None).unwrap().double_value(&[]);
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }

    #[test]
    fn windows_outside_the_pixels_that_count_weigh_nothing() {
        let (a, b) = (noise(2, [1, 1, 11, 12]), noise(3, [1, 1, 11, 12]));
        let pixels = Tensor::zeros([1, 1, 11, 12], (Kind::Float, Device::Cpu));
        let loss = ssim((11, 12)).of(&a, &b, Some(&pixels)).unwrap();
        assert!(loss.double_value(&[]).abs() < 1e-12);
    }

    #[test]
    fn images_smaller_than_the_window_are_refused() {
        let error = Ssim::new(1.0, (11, 10), Device::Cpu).unwrap_err();
        assert!(error.to_string().contains("11 x 10"), "{error}");
    }
}
