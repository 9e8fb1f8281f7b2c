//! An image: f32 in 0..=1, rows first, channels last, one or three channels.

use crate::{ShapeError, check};

/// A `height` x `width` image of 1 or 3 channels, values 0..=1, stored row by row as HWC.
///
/// ```
/// use aesc_image::Image;
/// let image = Image::from_fn(2, 3, 1, |y, x, _| (y * 3 + x) as f32 / 10.0)?;
/// assert_eq!(image.at(1, 2, 0), 0.5);
/// assert_eq!(image.data().len(), 6);
/// # Ok::<(), aesc_image::ShapeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    height: usize,
    width: usize,
    channels: usize,
    data: Vec<f32>,
}

impl Image {
    /// An image over `data`, HWC.
    ///
    /// # Errors
    /// [`ShapeError`] when a side is zero, channels are neither 1 nor 3, or the length is off.
    pub fn new(
        height: usize,
        width: usize,
        channels: usize,
        data: Vec<f32>,
    ) -> Result<Self, ShapeError> {
        if channels != 1 && channels != 3 {
            return Err(ShapeError::Channels { found: channels });
        }
        check((height, width), channels, data.len())?;
        Ok(Self {
            height,
            width,
            channels,
            data,
        })
    }

    /// An image whose value at row `y`, column `x`, channel `c` is `f(y, x, c)`.
    ///
    /// # Errors
    /// [`ShapeError`] when a side is zero or channels are neither 1 nor 3.
    pub fn from_fn(
        height: usize,
        width: usize,
        channels: usize,
        mut f: impl FnMut(usize, usize, usize) -> f32,
    ) -> Result<Self, ShapeError> {
        let mut data = Vec::with_capacity(height * width * channels);
        for y in 0..height {
            for x in 0..width {
                data.extend((0..channels).map(|c| f(y, x, c)));
            }
        }
        Self::new(height, width, channels, data)
    }

    /// An image of one value.
    ///
    /// # Errors
    /// [`ShapeError`] when a side is zero or channels are neither 1 nor 3.
    pub fn filled(
        height: usize,
        width: usize,
        channels: usize,
        value: f32,
    ) -> Result<Self, ShapeError> {
        Self::new(
            height,
            width,
            channels,
            vec![value; height * width * channels],
        )
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// 1 or 3.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// All values, HWC.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// All values, HWC, to change in place.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The buffer itself, HWC.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    /// The value at row `y`, column `x`, channel `c`; an index outside panics as a slice's does.
    #[inline]
    pub fn at(&self, y: usize, x: usize, c: usize) -> f32 {
        self.data[(y * self.width + x) * self.channels + c]
    }

    /// The channels of the pixel at row `y`, column `x`.
    #[inline]
    pub fn pixel(&self, y: usize, x: usize) -> &[f32] {
        let start = (y * self.width + x) * self.channels;
        &self.data[start..start + self.channels]
    }

    /// Whether height, width and channels agree.
    pub fn same_shape(&self, other: &Self) -> bool {
        (self.height, self.width, self.channels) == (other.height, other.width, other.channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_must_be_the_product_of_the_sides() {
        assert_eq!(
            Image::new(2, 2, 3, vec![0.0; 11]),
            Err(ShapeError::Length {
                expected: 12,
                found: 11
            })
        );
    }

    #[test]
    fn two_channels_are_refused() {
        assert_eq!(
            Image::filled(1, 1, 2, 0.0),
            Err(ShapeError::Channels { found: 2 })
        );
    }

    #[test]
    fn pixels_are_rows_first_channels_last() {
        let image = Image::new(1, 2, 3, vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).unwrap();
        assert_eq!(image.pixel(0, 1), [0.4, 0.5, 0.6]);
        assert_eq!(image.at(0, 1, 2).to_bits(), 0.6_f32.to_bits());
    }

    #[test]
    fn a_side_of_zero_is_refused() {
        assert_eq!(
            Image::new(0, 4, 1, vec![]),
            Err(ShapeError::Empty {
                height: 0,
                width: 4
            })
        );
    }
}
