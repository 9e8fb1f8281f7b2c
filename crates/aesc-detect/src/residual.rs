//! The residual map: how far a reconstruction is from its image, pixel by pixel.
//!
//! Absolute difference, mean over channels, is the paper's map; the squared form and the maximum
//! over channels are options. Smoothing is `smooth.rs`.

use aesc_image::{Image, Map};
use serde::{Deserialize, Serialize};

use crate::{DetectError, error::check_same_shape};

/// How one channel's difference becomes a residual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResidualForm {
    /// |x - x̂|, the paper's.
    #[default]
    Absolute,
    /// (x - x̂)².
    Squared,
}

/// How the channels of a pixel become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelReduction {
    /// Plain mean over the channels.
    #[default]
    Mean,
    /// The largest channel: keeps a defect of one colour from being watered down.
    Max,
}

/// The residual of `image` and its `reconstruction` (both 0..=1, one shape), one value a pixel.
///
/// ```
/// use aesc_detect::{ChannelReduction, ResidualForm, residual_map};
/// use aesc_image::Image;
/// let image = Image::new(1, 1, 3, vec![1.0, 0.5, 0.0])?;
/// let reconstruction = Image::new(1, 1, 3, vec![0.25, 0.5, 0.75])?;
/// let map = residual_map(&image, &reconstruction, ResidualForm::Absolute, ChannelReduction::Mean)?;
/// assert_eq!(map.data(), [0.5]); // (0.75 + 0 + 0.75) / 3
/// # Ok::<(), aesc_detect::DetectError>(())
/// ```
///
/// # Errors
/// [`DetectError::ShapeMismatch`] when the shapes differ, [`DetectError::NonFinite`] when a
/// residual is NaN or infinite (a diverged network).
pub fn residual_map(
    image: &Image,
    reconstruction: &Image,
    form: ResidualForm,
    reduction: ChannelReduction,
) -> Result<Map, DetectError> {
    check_same_shape("reconstruction", image, reconstruction)?;
    let channels = image.channels();
    let mut differences: Vec<f32> = image
        .data()
        .iter()
        .zip(reconstruction.data())
        .map(|(x, x_hat)| x - x_hat)
        .collect();
    match form {
        ResidualForm::Absolute => differences.iter_mut().for_each(|d| *d = d.abs()),
        ResidualForm::Squared => differences.iter_mut().for_each(|d| *d *= *d),
    }
    let data = differences
        .chunks_exact(channels)
        .map(|pixel| reduce(pixel, reduction))
        .collect();
    finite(Map::new(image.height(), image.width(), data)?)
}

fn reduce(pixel: &[f32], reduction: ChannelReduction) -> f32 {
    match reduction {
        ChannelReduction::Mean => pixel.iter().sum::<f32>() / pixel.len() as f32,
        ChannelReduction::Max => pixel.iter().copied().fold(0.0, max_or_nan),
    }
}

/// The larger of the two, NaN if either is: `f32::max` would hide a NaN.
fn max_or_nan(largest: f32, value: f32) -> f32 {
    if value > largest || value.is_nan() {
        value
    } else {
        largest
    }
}

pub(crate) fn finite(map: Map) -> Result<Map, DetectError> {
    match map.data().iter().position(|value| !value.is_finite()) {
        None => Ok(map),
        Some(index) => Err(DetectError::NonFinite {
            row: index / map.width(),
            column: index % map.width(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Differences 0.5, 0.25, 0 and 0, 0, -1 in the two pixels.
    fn pair() -> (Image, Image) {
        let image = Image::new(1, 2, 3, vec![1.0, 0.5, 0.5, 0.0, 0.0, 0.0]).unwrap();
        let other = Image::new(1, 2, 3, vec![0.5, 0.25, 0.5, 0.0, 0.0, 1.0]).unwrap();
        (image, other)
    }

    fn map_of(form: ResidualForm, reduction: ChannelReduction) -> Vec<f32> {
        let (image, other) = pair();
        residual_map(&image, &other, form, reduction)
            .unwrap()
            .into_data()
    }

    #[test]
    fn four_forms_of_two_pixels_by_hand() {
        use {ChannelReduction as C, ResidualForm as R};
        assert_eq!(map_of(R::Absolute, C::Mean), [0.75 / 3.0, 1.0 / 3.0]);
        assert_eq!(map_of(R::Absolute, C::Max), [0.5, 1.0]);
        assert_eq!(map_of(R::Squared, C::Mean), [0.3125 / 3.0, 1.0 / 3.0]); // 0.25 + 0.0625
        assert_eq!(map_of(R::Squared, C::Max), [0.25, 1.0]);
    }

    #[test]
    fn other_shapes_are_refused_with_both_named() {
        let image = Image::filled(2, 3, 1, 0.0).unwrap();
        let other = Image::filled(2, 3, 3, 0.0).unwrap();
        let error = residual_map(
            &image,
            &other,
            ResidualForm::default(),
            ChannelReduction::Mean,
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "reconstruction: expected 2 x 3 x 1, found 2 x 3 x 3"
        );
    }

    #[test]
    fn a_nan_is_found_under_both_reductions() {
        for reduction in [ChannelReduction::Mean, ChannelReduction::Max] {
            let (image, mut other) = pair();
            other.data_mut()[4] = f32::NAN;
            let error =
                residual_map(&image, &other, ResidualForm::Absolute, reduction).unwrap_err();
            assert!(matches!(
                error,
                DetectError::NonFinite { row: 0, column: 1 }
            ));
        }
    }
}
