//! Colour types: whatever a file has becomes grey or RGB in 0..=1.
//!
//! The one luma formula of the project: 0.299 R + 0.587 G + 0.114 B.

use std::path::Path;

use aesc_image::Image;
use image::{ColorType, DynamicImage};
use serde::{Deserialize, Serialize};

use crate::{DataError, Decoded, Warning};

/// The channels an image is wanted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    /// One channel: luma.
    Gray,
    /// Three channels; grey files are replicated.
    #[default]
    Rgb,
}

impl Channels {
    /// 1 or 3.
    pub fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
        }
    }
}

/// Decoded pixels as an [`Image`] of the channels asked for.
pub(crate) fn to_image(
    pixels: DynamicImage,
    path: &Path,
    wanted: Channels,
) -> Result<Decoded, DataError> {
    let (height, width) = (pixels.height() as usize, pixels.width() as usize);
    let colour = pixels.color();
    let values = unit_values(&pixels).ok_or_else(|| DataError::PixelType {
        path: path.to_path_buf(),
        expected: "8 or 16 bit a channel",
        found: format!("{colour:?}"),
    })?;
    drop(pixels);
    let (values, composited) = composite_on_black(values, colour);
    let found = if colour.has_color() {
        Channels::Rgb
    } else {
        Channels::Gray
    };
    let data = match (found, wanted) {
        (Channels::Gray, Channels::Rgb) => values.iter().flat_map(|&v| [v; 3]).collect(),
        (Channels::Rgb, Channels::Gray) => values
            .chunks_exact(3)
            .map(|p| luma(p[0], p[1], p[2]))
            .collect(),
        _ => values,
    };
    Ok(Decoded {
        image: Image::new(height, width, wanted.count(), data)?,
        warnings: composited
            .then_some(Warning::AlphaComposited)
            .into_iter()
            .collect(),
    })
}

/// The grey value of a colour; a grey colour keeps its exact value.
#[expect(
    clippy::float_cmp,
    reason = "equal samples of one file are equal bit for bit"
)]
fn luma(r: f32, g: f32, b: f32) -> f32 {
    if r == g && g == b {
        return r;
    }
    (0.299 * r + 0.587 * g + 0.114 * b).min(1.0)
}

/// All samples in 0..=1, or nothing for floating-point files.
fn unit_values(pixels: &DynamicImage) -> Option<Vec<f32>> {
    let bytes = |values: &[u8]| values.iter().map(|&v| f32::from(v) / 255.0).collect();
    let words = |values: &[u16]| values.iter().map(|&v| f32::from(v) / 65535.0).collect();
    match pixels.color() {
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => {
            Some(bytes(pixels.as_bytes()))
        }
        ColorType::L16 => pixels.as_luma16().map(|p| words(p.as_raw())),
        ColorType::La16 => pixels.as_luma_alpha16().map(|p| words(p.as_raw())),
        ColorType::Rgb16 => pixels.as_rgb16().map(|p| words(p.as_raw())),
        ColorType::Rgba16 => pixels.as_rgba16().map(|p| words(p.as_raw())),
        _ => None,
    }
}

/// Values without their alpha channel, and whether any pixel was transparent.
fn composite_on_black(values: Vec<f32>, colour: ColorType) -> (Vec<f32>, bool) {
    if !colour.has_alpha() {
        return (values, false);
    }
    let n = usize::from(colour.channel_count());
    let mut transparent = false;
    let mut opaque = Vec::with_capacity(values.len() / n * (n - 1));
    for pixel in values.chunks_exact(n) {
        let alpha = pixel[n - 1];
        transparent |= alpha < 1.0;
        opaque.extend(pixel[..n - 1].iter().map(|v| v * alpha));
    }
    (opaque, transparent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(pixels: DynamicImage, wanted: Channels) -> Decoded {
        to_image(pixels, Path::new("x.png"), wanted).unwrap()
    }

    #[test]
    fn luma_weighs_the_channels() {
        let red = image::RgbImage::from_pixel(1, 1, image::Rgb([255, 0, 0]));
        let grey = image(DynamicImage::ImageRgb8(red), Channels::Gray).image;
        assert_eq!(grey.data(), [0.299]);
    }

    #[test]
    fn grey_colours_keep_their_value() {
        for v in 0..=255 {
            let v = f32::from(v as u8) / 255.0;
            assert_eq!(luma(v, v, v).to_bits(), v.to_bits());
        }
    }

    #[test]
    fn alpha_scales_towards_black_with_a_warning() {
        // 255 * 51/255 = 51 = 0.2 of full scale.
        let half = image::LumaA([255_u8, 51]);
        let pixels = image::ImageBuffer::from_pixel(1, 1, half);
        let decoded = image(DynamicImage::ImageLumaA8(pixels), Channels::Rgb);
        assert_eq!(decoded.image.data(), [0.2; 3]);
        assert_eq!(decoded.warnings, [Warning::AlphaComposited]);
    }

    #[test]
    fn an_opaque_alpha_channel_is_no_warning() {
        let pixels = image::RgbaImage::from_pixel(1, 1, image::Rgba([51, 102, 255, 255]));
        let decoded = image(DynamicImage::ImageRgba8(pixels), Channels::Rgb);
        assert_eq!(decoded.image.data(), [0.2, 0.4, 1.0]);
        assert_eq!(decoded.warnings, []);
    }

    #[test]
    fn sixteen_bit_is_scaled_by_its_own_maximum() {
        let pixels = image::ImageBuffer::from_pixel(1, 1, image::Luma([13107_u16])); // 65535 / 5
        let decoded = image(DynamicImage::ImageLuma16(pixels), Channels::Gray);
        assert_eq!(decoded.image.data(), [0.2]);
    }

    #[test]
    fn float_files_are_refused() {
        let pixels = image::Rgb32FImage::from_pixel(1, 1, image::Rgb([0.5; 3]));
        let error = to_image(
            DynamicImage::ImageRgb32F(pixels),
            Path::new("x"),
            Channels::Rgb,
        );
        assert!(matches!(error, Err(DataError::PixelType { .. })));
    }
}
