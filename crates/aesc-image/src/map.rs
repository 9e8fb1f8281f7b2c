//! An anomaly map: one f32 a pixel, higher where the image looks less like a clean one.

use crate::{ShapeError, check};

/// A `height` x `width` map of finite scores without a fixed range.
///
/// ```
/// use aesc_image::Map;
/// let plane = Map::new(1, 2, vec![0.25, 0.75])?;
/// assert_eq!(plane.at(0, 1), 0.75);
/// # Ok::<(), aesc_image::ShapeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    height: usize,
    width: usize,
    data: Vec<f32>,
}

impl Map {
    /// A plane over `data`, row by row.
    ///
    /// # Errors
    /// [`ShapeError`] when a side is zero or the length is not `height * width`.
    pub fn new(height: usize, width: usize, data: Vec<f32>) -> Result<Self, ShapeError> {
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
    pub fn filled(height: usize, width: usize, value: f32) -> Result<Self, ShapeError> {
        Self::new(height, width, vec![value; height * width])
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
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// All values, row by row, to change in place.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The buffer itself, row by row.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    /// The value at row `y`, column `x`; an index outside panics as a slice's does.
    #[inline]
    pub fn at(&self, y: usize, x: usize) -> f32 {
        self.data[y * self.width + x]
    }
}
