//! Resizing: Lanczos of three lobes, anti-aliased, half-pixel centres, in f32.
//!
//! Reference: docs/method.md, section 1.

use aesc_image::Image;
use fast_image_resize::{
    FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::{F32, F32x3},
};

use crate::DataError;

/// The longest side a resize gives, in pixels.
const MAX_SIDE: usize = 65_535;

/// `image` at `height` x `width`, values clamped to 0..=1; a clone when it has that size already.
///
/// ```
/// use aesc_image::Image;
/// let grey = Image::filled(40, 30, 1, 0.5)?;
/// let small = aesc_data::resize(&grey, 4, 5).unwrap();
/// assert_eq!((small.height(), small.width()), (4, 5));
/// assert!(small.data().iter().all(|v| (v - 0.5).abs() < 1e-6));
/// # Ok::<(), aesc_image::ShapeError>(())
/// ```
///
/// # Errors
/// [`DataError::Setting`] when a side is not in 1..=65535.
pub fn resize(image: &Image, height: usize, width: usize) -> Result<Image, DataError> {
    check_side("height", height)?;
    check_side("width", width)?;
    if (image.height(), image.width()) == (height, width) {
        return Ok(image.clone());
    }
    let mut values = vec![0.0_f32; height * width * image.channels()];
    let resized = match image.channels() {
        1 => lanczos::<F32>(image, &mut values, (height, width)),
        _ => lanczos::<F32x3>(image, &mut values, (height, width)),
    };
    resized.map_err(|reason| {
        DataError::setting("image size", "a side the resizer can work on", reason)
    })?;
    for v in &mut values {
        *v = v.clamp(0.0, 1.0);
    }
    Ok(Image::new(height, width, image.channels(), values)?)
}

pub(crate) fn check_side(name: &'static str, side: usize) -> Result<(), DataError> {
    if (1..=MAX_SIDE).contains(&side) {
        Ok(())
    } else {
        Err(DataError::setting(name, "1..=65535 pixels", side))
    }
}

/// One pixel type at a time: the resizer's untyped entrance compiles all fifteen.
fn lanczos<P: PixelTrait>(
    image: &Image,
    values: &mut [f32],
    (height, width): (usize, usize),
) -> Result<(), String> {
    let source = TypedImageRef::<P>::from_buffer(
        u32::try_from(image.width()).map_err(|e| e.to_string())?,
        u32::try_from(image.height()).map_err(|e| e.to_string())?,
        bytemuck::cast_slice(image.data()),
    )
    .map_err(|e| e.to_string())?;
    let bytes = bytemuck::cast_slice_mut(values);
    let mut target = TypedImage::<P>::from_buffer(width as u32, height as u32, bytes)
        .map_err(|e| e.to_string())?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(false);
    Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_size_changes_nothing() {
        let image = Image::from_fn(3, 5, 3, |y, x, c| (y + x + c) as f32 / 10.0).unwrap();
        assert_eq!(resize(&image, 3, 5).unwrap(), image);
    }

    #[test]
    fn sizes_of_zero_are_refused() {
        let image = Image::filled(3, 5, 1, 0.5).unwrap();
        assert!(matches!(
            resize(&image, 0, 5),
            Err(DataError::Setting { name: "height", .. })
        ));
    }

    #[test]
    fn overshoot_at_an_edge_is_clamped() {
        let edge = Image::from_fn(8, 8, 1, |_, x, _| f32::from(x >= 4)).unwrap();
        let large = resize(&edge, 32, 32).unwrap();
        assert!(large.data().iter().all(|v| (0.0..=1.0).contains(v)));
        assert!(large.data().contains(&1.0) && large.data().contains(&0.0));
    }

    /// Lanczos of three lobes widened by the scale, weights normalised, in f64.
    fn naive_row(row: &[f64], out: usize) -> Vec<f64> {
        let scale = row.len() as f64 / out as f64;
        let stretch = scale.max(1.0);
        let sinc = |t: f64| {
            if t == 0.0 {
                1.0
            } else {
                (std::f64::consts::PI * t).sin() / (std::f64::consts::PI * t)
            }
        };
        let kernel = |t: f64| {
            if t.abs() < 3.0 {
                sinc(t) * sinc(t / 3.0)
            } else {
                0.0
            }
        };
        (0..out)
            .map(|i| {
                let centre = (i as f64 + 0.5) * scale;
                let weights: Vec<f64> = (0..row.len())
                    .map(|j| kernel((j as f64 + 0.5 - centre) / stretch))
                    .collect();
                let total: f64 = weights.iter().sum();
                weights.iter().zip(row).map(|(w, v)| w * v / total).sum()
            })
            .collect()
    }

    #[test]
    fn rows_agree_with_the_plain_formula() {
        for (from, to) in [(37, 11), (11, 37), (90, 25)] {
            let row: Vec<f64> = (0..from)
                .map(|x| 0.5 + 0.3 * (x as f64 * 0.7).sin())
                .collect();
            let image = Image::from_fn(1, from, 1, |_, x, _| row[x] as f32).unwrap();
            let fast = resize(&image, 1, to).unwrap();
            for (a, b) in fast.data().iter().zip(naive_row(&row, to)) {
                assert!((f64::from(*a) - b).abs() < 1e-5, "{a} {b}");
            }
        }
    }
}
