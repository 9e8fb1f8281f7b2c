//! A mask: one bool a pixel, true where the pixel belongs to a defect (or a corruption).

use crate::{Image, ShapeError, check};

/// A `height` x `width` mask; true marks the pixels meant.
///
/// ```
/// use aesc_image::Mask;
/// let plane = Mask::new(1, 2, vec![false, true])?;
/// assert_eq!(plane.at(0, 1), true);
/// # Ok::<(), aesc_image::ShapeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Mask {
    height: usize,
    width: usize,
    data: Vec<bool>,
}

impl Mask {
    /// A plane over `data`, row by row.
    ///
    /// # Errors
    /// [`ShapeError`] when a side is zero or the length is not `height * width`.
    pub fn new(height: usize, width: usize, data: Vec<bool>) -> Result<Self, ShapeError> {
        check((height, width), 1, data.len())?;
        Ok(Self {
            height,
            width,
            data,
        })
    }

    /// A plane of one value.
    ///
    /// # Errors
    /// [`ShapeError`] when a side is zero.
    pub fn filled(height: usize, width: usize, value: bool) -> Result<Self, ShapeError> {
        Self::new(height, width, vec![value; height * width])
    }

    /// A plane of one value as large as an image.
    pub fn over(image: &Image, value: bool) -> Self {
        let (height, width) = (image.height(), image.width());
        Self {
            height,
            width,
            data: vec![value; height * width],
        }
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, row by row.
    pub fn data(&self) -> &[bool] {
        &self.data
    }

    /// All values, row by row, to change in place.
    pub fn data_mut(&mut self) -> &mut [bool] {
        &mut self.data
    }

    /// The buffer itself, row by row.
    pub fn into_data(self) -> Vec<bool> {
        self.data
    }

    /// The value at row `y`, column `x`; an index outside panics as a slice's does.
    #[inline]
    pub fn at(&self, y: usize, x: usize) -> bool {
        self.data[y * self.width + x]
    }
}

impl Mask {
    /// Number of true pixels.
    pub fn count(&self) -> u64 {
        self.data.iter().filter(|&&inside| inside).count() as u64
    }

    /// Whether any pixel is true.
    pub fn any(&self) -> bool {
        self.data.contains(&true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_counts_true_pixels() {
        let mask = Mask::new(2, 2, vec![true, false, true, true]).unwrap();
        assert_eq!(mask.count(), 3);
        assert!(mask.any());
        assert!(!Mask::filled(2, 2, false).unwrap().any());
    }
}
