//! The energy of low-passed residuals: signed, they are averaged around each pixel before they are
//! squared, so that noise and the two sides of an edge that is a little off cancel, and a tone that
//! is wrong over an area stays.

use aesc_image::{Image, Map, Mask};

use super::windowed;
use crate::DetectError;
use crate::error::check_same_shape;
use crate::residual::finite;

/// (mean of x - x̂ over a window of `side_px`)², mean over channels; of the pixels inside alone.
///
/// # Errors
/// [`DetectError::ShapeMismatch`] when the shapes differ, [`DetectError::NonFinite`] when a
/// difference is NaN or infinite.
pub(super) fn energy(
    image: &Image,
    reconstruction: &Image,
    side_px: usize,
    inside: Option<&Mask>,
) -> Result<Map, DetectError> {
    check_same_shape("reconstruction", image, reconstruction)?;
    let (height, width, channels) = (image.height(), image.width(), image.channels());
    let mut total = Map::new(height, width, vec![0.0; height * width])?;
    let share = 1.0 / channels as f32;
    for channel in 0..channels {
        let pairs = image.data().iter().zip(reconstruction.data());
        let signed = pairs
            .skip(channel)
            .step_by(channels)
            .map(|(x, x_hat)| x - x_hat);
        let signed = finite(Map::new(height, width, signed.collect())?)?;
        let smooth = windowed(&signed, side_px, inside)?;
        for (total, value) in total.data_mut().iter_mut().zip(smooth.data()) {
            *total += share * value * value;
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_alternates_cancels_and_what_is_off_stays() {
        let grey = Image::filled(9, 12, 3, 0.5).unwrap();
        // Left, columns 0.1 too dark and 0.1 too light in turn; right, 0.1 too dark everywhere,
        // in two of three channels.
        let made = Image::from_fn(9, 12, 3, |_, x, c| match (x, c) {
            (6.., 2) => 0.5,
            (6.., _) => 0.4,
            (x, _) if x % 2 == 0 => 0.4,
            _ => 0.6,
        })
        .unwrap();
        let map = energy(&grey, &made, 3, None).unwrap();
        // A window of three columns holds two of one sign and one of the other: a third of 0.1.
        assert!((map.at(4, 2) - 0.01 / 9.0).abs() < 1e-7);
        assert!((map.at(4, 9) - 0.01 * 2.0 / 3.0).abs() < 1e-7);
        // In a window of one pixel nothing cancels.
        let map = energy(&grey, &made, 1, None).unwrap();
        assert!((map.at(4, 2) - 0.01).abs() < 1e-7);
    }

    #[test]
    fn outside_pixels_do_not_reach_in() {
        let grey = Image::filled(3, 4, 1, 0.5).unwrap();
        let made = Image::from_fn(3, 4, 1, |_, x, _| if x == 3 { 0.0 } else { 0.4 }).unwrap();
        let inside = Mask::new(3, 4, (0..12).map(|i| i % 4 != 3).collect()).unwrap();
        let map = energy(&grey, &made, 3, Some(&inside)).unwrap();
        assert!((map.at(1, 2) - 0.01).abs() < 1e-7, "{}", map.at(1, 2));
        assert!(map.at(1, 3).abs() <= 0.0);
    }

    #[test]
    fn a_reconstruction_that_is_no_number_is_told() {
        let grey = Image::filled(3, 4, 1, 0.5).unwrap();
        let mut made = grey.clone();
        made.data_mut()[6] = f32::NAN;
        let error = energy(&grey, &made, 3, None).unwrap_err();
        let at = DetectError::NonFinite { row: 1, column: 2 };
        assert_eq!(error.to_string(), at.to_string());
    }
}
