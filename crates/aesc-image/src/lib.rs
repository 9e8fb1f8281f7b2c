//! Images, masks and anomaly maps as plain data: the one noun every crate shares.
//!
//! No reading, no writing, no algorithms. Rows come first everywhere: pixel (y, x) of an
//! `h` x `w` plane is element `y * w + x`.
#![forbid(unsafe_code)]

mod image;
mod map;
mod mask;

pub use image::Image;
pub use map::Map;
pub use mask::Mask;

/// Why a buffer cannot be an image, a mask or a map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// Height or width is zero.
    #[error("a side is zero: height {height}, width {width}")]
    Empty {
        /// Rows asked for.
        height: usize,
        /// Columns asked for.
        width: usize,
    },
    /// Neither one nor three channels.
    #[error("expected 1 or 3 channels, found {found}")]
    Channels {
        /// Channels asked for.
        found: usize,
    },
    /// The buffer's length is not the product of the sides.
    #[error("expected {expected} values, found {found}")]
    Length {
        /// Height x width x channels.
        expected: usize,
        /// Length of the buffer.
        found: usize,
    },
}

fn check((height, width): (usize, usize), channels: usize, found: usize) -> Result<(), ShapeError> {
    if height == 0 || width == 0 {
        return Err(ShapeError::Empty { height, width });
    }
    let expected = height.saturating_mul(width).saturating_mul(channels);
    if expected == found {
        Ok(())
    } else {
        Err(ShapeError::Length { expected, found })
    }
}
