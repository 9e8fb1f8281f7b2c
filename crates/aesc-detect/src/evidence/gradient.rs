//! Gradient magnitude similarity deviation of two images, at two scales.

use aesc_image::{Image, Map};

use crate::error::check_same_shape;
use crate::{DetectError, resize_map};

/// What keeps the similarity of two flat places at 1 (Xue et al. 2014, for values of 0..=1).
const STABILISER: f32 = 0.0026;
/// Whole and half resolution.
const SCALES: usize = 2;

/// 1 less the similarity of the gradients' magnitudes, 0..=1, mean over channels and scales.
///
/// # Errors
/// [`DetectError::ShapeMismatch`] when the shapes differ.
pub(super) fn deviation(image: &Image, reconstruction: &Image) -> Result<Map, DetectError> {
    check_same_shape("reconstruction", image, reconstruction)?;
    let (height, width) = (image.height(), image.width());
    let mut total = vec![0.0_f32; height * width];
    let share = 1.0 / (SCALES * image.channels()) as f32;
    for channel in 0..image.channels() {
        let plane = |of: &Image| Plane::of(of, channel);
        let (mut a, mut b) = (plane(image), plane(reconstruction));
        for scale in 0..SCALES {
            if scale > 0 {
                (a, b) = (a.halved(), b.halved());
            }
            let seen = resize_map(&a.deviation(&b)?, height, width)?;
            for (total, value) in total.iter_mut().zip(seen.data()) {
                *total += share * value;
            }
        }
    }
    Ok(Map::new(height, width, total)?)
}

/// One channel, row by row.
struct Plane {
    height: usize,
    width: usize,
    values: Vec<f32>,
}

impl Plane {
    fn of(image: &Image, channel: usize) -> Self {
        let values = image.data().iter().skip(channel).step_by(image.channels());
        Self {
            height: image.height(),
            width: image.width(),
            values: values.copied().collect(),
        }
    }

    /// Means of 2 x 2 pixels; an odd last row or column is paired with itself.
    fn halved(&self) -> Self {
        let (height, width) = (self.height.div_ceil(2), self.width.div_ceil(2));
        let mut values = Vec::with_capacity(height * width);
        for y in 0..height {
            let upper = &self.values[2 * y * self.width..][..self.width];
            let lower = &self.values[(2 * y + 1).min(self.height - 1) * self.width..][..self.width];
            for x in 0..width {
                let (left, right) = (2 * x, (2 * x + 1).min(self.width - 1));
                values.push(0.25 * (upper[left] + upper[right] + lower[left] + lower[right]));
            }
        }
        Self {
            height,
            width,
            values,
        }
    }

    fn deviation(&self, other: &Self) -> Result<Map, DetectError> {
        let pairs = self.magnitudes().into_iter().zip(other.magnitudes());
        let data = pairs.map(|(a, b)| {
            let similarity = (2.0 * a * b + STABILISER) / (a * a + b * b + STABILISER);
            (1.0 - similarity).max(0.0)
        });
        Ok(Map::new(self.height, self.width, data.collect())?)
    }

    /// Length of the Prewitt gradient, each kernel's weights 1/3; the border repeated outwards.
    fn magnitudes(&self) -> Vec<f32> {
        let (height, width) = (self.height, self.width);
        let row = |y: usize| &self.values[y * width..][..width];
        let mut magnitudes = Vec::with_capacity(self.values.len());
        // Sums of three rows, and the difference of the outer two, column by column; the first and
        // the last column twice.
        let (mut sums, mut steps) = (vec![0.0_f32; width + 2], vec![0.0_f32; width + 2]);
        for y in 0..height {
            let (above, here) = (row(y.saturating_sub(1)), row(y));
            let below = row((y + 1).min(height - 1));
            let rows = above.iter().zip(here).zip(below);
            let columns = sums[1..].iter_mut().zip(&mut steps[1..]);
            for ((sum, step), ((above, here), below)) in columns.zip(rows) {
                (*sum, *step) = (above + here + below, above - below);
            }
            for column in [&mut sums, &mut steps] {
                (column[0], column[width + 1]) = (column[1], column[width]);
            }
            let windows = sums.windows(3).zip(steps.windows(3));
            magnitudes.extend(windows.map(|(sums, steps)| {
                let along = (sums[0] - sums[2]) / 3.0;
                let down = (steps[0] + steps[1] + steps[2]) / 3.0;
                (along * along + down * down).sqrt()
            }));
        }
        magnitudes
    }
}
