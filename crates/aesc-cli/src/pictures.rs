//! Pictures and maps as bytes of files.

use std::io::Cursor;

use aesc_image::{Image, Map, Mask};
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};

use crate::exit_code::ExitCode;
use crate::failure::Failure;

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(ExitCode::Unexpected, error)
}

/// An image of 0..=1 as an 8-bit PNG.
pub(crate) fn png(image: &Image) -> Result<Vec<u8>, Failure> {
    let bytes = image
        .data()
        .iter()
        .map(|v| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8)
        .collect();
    let (width, height) = (image.width() as u32, image.height() as u32);
    let picture = if image.channels() == 1 {
        GrayImage::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8)
    };
    encode(picture)
}

/// A mask as an 8-bit grey PNG, 255 where true.
pub(crate) fn mask_png(mask: &Mask) -> Result<Vec<u8>, Failure> {
    let bytes = mask
        .data()
        .iter()
        .map(|&inside| if inside { 255 } else { 0 })
        .collect();
    let (width, height) = (mask.width() as u32, mask.height() as u32);
    encode(GrayImage::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8))
}

fn encode(picture: Option<DynamicImage>) -> Result<Vec<u8>, Failure> {
    let picture = picture
        .ok_or_else(|| Failure::text(ExitCode::Unexpected, "a picture's size does not fit"))?;
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(failed)?;
    Ok(bytes.into_inner())
}

/// A map as a one-channel float32 TIFF.
pub(crate) fn map_tiff(map: &Map) -> Result<Vec<u8>, Failure> {
    use tiff::encoder::{TiffEncoder, colortype::Gray32Float};
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).map_err(failed)?;
    let (width, height) = (map.width() as u32, map.height() as u32);
    encoder
        .write_image::<Gray32Float>(width, height, map.data())
        .map_err(failed)?;
    Ok(bytes.into_inner())
}

/// The picture no larger than `longest_px` on its longer side.
pub(crate) fn small(picture: &Image, longest_px: usize) -> Result<Image, Failure> {
    let (height, width) = (picture.height(), picture.width());
    let longest = height.max(width);
    if longest <= longest_px {
        return Ok(picture.clone());
    }
    let side = |side: usize| (side * longest_px / longest).max(1);
    Ok(aesc_data::resize(picture, side(height), side(width))?)
}
