//! Opens image and mask files: bounded, one image each, any common colour type, upright.
//!
//! The format is told from the first bytes, never from the suffix. Sizes are checked against
//! [`Limits`] on the header, before a pixel is decoded. Resizing is left to `resize`.
//! Reference: docs/method.md, section 1.

use std::{
    fs::{self, File},
    io::{Cursor, Read},
    path::Path,
};

use aesc_image::{Image, Mask};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use crate::{
    DataError,
    colour::{self, Channels},
    tiff_tags,
};

/// How large a file may be before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file, in bytes.
    pub max_file_bytes: u64,
    /// Most pixels (height x width) of an image.
    pub max_pixels: u64,
}

impl Default for Limits {
    /// 512 MiB and 200 million pixels.
    fn default() -> Self {
        Self {
            max_file_bytes: 512 << 20,
            max_pixels: 200_000_000,
        }
    }
}

/// Something about a file that a person should know, though the image is usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// The file is transparent in places; black shows there.
    #[error("transparent pixels were composited on black")]
    AlphaComposited,
}

/// An image as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The upright image, 0..=1.
    pub image: Image,
    /// What a person should know about the file.
    pub warnings: Vec<Warning>,
}

/// The image in the file at `path`, at its own size, 0..=1.
///
/// PNG, JPEG, BMP, TIFF, WebP or PNM of 8 or 16 bit a channel. The EXIF orientation is applied,
/// alpha composited on black, grey replicated to RGB, RGB reduced to grey by
/// 0.299 R + 0.587 G + 0.114 B, CMYK converted.
///
/// # Errors
/// [`DataError`] when there is no such file, it exceeds `limits`, is no image, is broken or cut
/// short, is animated or multi-page, or has another pixel type.
pub fn read_image(
    path: impl AsRef<Path>,
    channels: Channels,
    limits: &Limits,
) -> Result<Decoded, DataError> {
    let path = path.as_ref();
    decode_image(&read_bytes(path, limits)?, path, channels, limits)
}

/// [`read_image`] of a file already in memory; `path` only names it in errors.
///
/// # Errors
/// As [`read_image`].
pub fn decode_image(
    bytes: &[u8],
    path: impl AsRef<Path>,
    channels: Channels,
    limits: &Limits,
) -> Result<Decoded, DataError> {
    let path = path.as_ref();
    colour::to_image(decode(bytes, path, limits)?, path, channels)
}

/// The mask in the file at `path`: true where the grey value exceeds 127 of 255.
///
/// 16-bit masks are cut at the same place, 127 x 257; coloured ones by their luma.
///
/// # Errors
/// As [`read_image`].
pub fn read_mask(path: impl AsRef<Path>, limits: &Limits) -> Result<Mask, DataError> {
    let path = path.as_ref();
    decode_mask(&read_bytes(path, limits)?, path, limits)
}

/// The mask of an image of `sides`, height and width, as [`read_mask`] reads it.
///
/// # Errors
/// As [`read_image`]; [`DataError::MaskSize`] when the mask has other sides.
pub fn read_mask_of(
    path: impl AsRef<Path>,
    sides: (usize, usize),
    limits: &Limits,
) -> Result<Mask, DataError> {
    let mask = read_mask(&path, limits)?;
    let found = (mask.height(), mask.width());
    if found != sides {
        return Err(DataError::MaskSize {
            path: path.as_ref().to_path_buf(),
            expected: sides,
            found,
        });
    }
    Ok(mask)
}

fn decode_mask(bytes: &[u8], path: &Path, limits: &Limits) -> Result<Mask, DataError> {
    let grey = decode_image(bytes, path, Channels::Gray, limits)?.image;
    let inside = grey.data().iter().map(|&v| v > 127.0 / 255.0).collect();
    Ok(Mask::new(grey.height(), grey.width(), inside)?)
}

/// All bytes of the file at `path`.
///
/// # Errors
/// [`DataError`] when it is no file, empty, unreadable, or larger than `limits` allow.
pub fn read_bytes(path: impl AsRef<Path>, limits: &Limits) -> Result<Vec<u8>, DataError> {
    const EXPECTED: &str = "an image file";
    let path = path.as_ref();
    let length = regular_file(path, EXPECTED)?;
    let limit = limits.max_file_bytes;
    let too_many = |found| DataError::TooManyBytes {
        path: path.to_path_buf(),
        limit,
        found,
    };
    if length > limit {
        return Err(too_many(length));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|e| DataError::io(path, EXPECTED, e))?;
    match bytes.len() as u64 {
        0 => Err(DataError::EmptyFile {
            path: path.to_path_buf(),
        }),
        found if found > limit => Err(too_many(found)),
        _ => Ok(bytes),
    }
}

/// The length in bytes of the file at `path`, which is no folder, device or pipe.
pub(crate) fn regular_file(path: &Path, expected: &'static str) -> Result<u64, DataError> {
    let metadata = fs::metadata(path).map_err(|e| DataError::io(path, expected, e))?;
    let found = match metadata.is_dir() {
        _ if metadata.is_file() => return Ok(metadata.len()),
        true => "a folder",
        false => "a device or pipe",
    };
    Err(DataError::WrongKind {
        path: path.to_path_buf(),
        expected,
        found,
    })
}

/// The upright pixels of a file in memory, in the colour type it has.
pub(crate) fn decode(
    bytes: &[u8],
    path: &Path,
    limits: &Limits,
) -> Result<DynamicImage, DataError> {
    let format = format_of(bytes, path)?;
    let broken = |found: String| broken(path, format, &found);
    let fault = |error| of_decoder(path, format, &error);
    let mut decoder = open(bytes, format, path, limits)?;
    if let Some(found) = several_images(bytes, format).map_err(broken)? {
        return Err(DataError::SeveralImages {
            path: path.to_path_buf(),
            found,
        });
    }
    if format == ImageFormat::Jpeg && !jpeg_has_end(bytes) {
        return Err(broken("unexpected end of file".to_owned()));
    }
    let orientation = decoder.orientation().map_err(fault)?;
    let mut pixels = DynamicImage::from_decoder(decoder).map_err(fault)?;
    pixels.apply_orientation(orientation);
    Ok(pixels)
}

/// A decoder that has read the header, and found its size within `limits`.
pub(crate) fn open<'a>(
    bytes: &'a [u8],
    format: ImageFormat,
    path: &Path,
    limits: &Limits,
) -> Result<impl ImageDecoder + use<'a>, DataError> {
    if format == ImageFormat::Tiff {
        tiff_tags::check(bytes).map_err(|found| broken(path, format, &found))?;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(decoder_limits(limits));
    let decoder = reader.into_decoder();
    let decoder = decoder.map_err(|error| of_decoder(path, format, &error))?;
    check_pixels(path, decoder.dimensions(), limits)?;
    Ok(decoder)
}

/// What a decoder said, on a line, as tables need it.
fn broken(path: &Path, format: ImageFormat, found: &str) -> DataError {
    let words: Vec<&str> = found.split_whitespace().collect();
    DataError::Broken {
        path: path.to_path_buf(),
        format: name(format),
        found: words.join(" "),
    }
}

/// A pixel type that no decoder here knows is no damage.
pub(crate) fn of_decoder(path: &Path, format: ImageFormat, error: &ImageError) -> DataError {
    match error {
        ImageError::Unsupported(unknown) => DataError::PixelType {
            path: path.to_path_buf(),
            expected: "8 or 16 bit a channel, grey or colour",
            found: unknown.to_string(),
        },
        other => broken(path, format, &other.to_string()),
    }
}

pub(crate) fn format_of(bytes: &[u8], path: &Path) -> Result<ImageFormat, DataError> {
    image::guess_format(bytes)
        .ok()
        .filter(ImageFormat::reading_enabled)
        .ok_or_else(|| DataError::UnknownFormat {
            path: path.to_path_buf(),
            found: beginning(bytes),
        })
}

/// Whether the size a header claims, width before height, is within `limits`.
pub(crate) fn check_pixels(
    path: &Path,
    (width, height): (u32, u32),
    limits: &Limits,
) -> Result<(), DataError> {
    if u64::from(width) * u64::from(height) <= limits.max_pixels {
        return Ok(());
    }
    Err(DataError::TooManyPixels {
        path: path.to_path_buf(),
        limit: limits.max_pixels,
        height,
        width,
    })
}

/// Bounds on what a decoder allocates: pixels of up to 8 bytes, and as much again for its work.
fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(limits.max_pixels.saturating_mul(16).max(64 << 20));
    bounds
}

/// What makes the file more than one image, if anything.
fn several_images(bytes: &[u8], format: ImageFormat) -> Result<Option<&'static str>, String> {
    let cursor = Cursor::new(bytes);
    let (several, what) = match format {
        ImageFormat::Png => (
            image::codecs::png::PngDecoder::new(cursor)
                .and_then(|decoder| decoder.is_apng())
                .map_err(|e| e.to_string())?,
            "an animation",
        ),
        ImageFormat::WebP => (
            image::codecs::webp::WebPDecoder::new(cursor)
                .map_err(|e| e.to_string())?
                .has_animation(),
            "an animation",
        ),
        ImageFormat::Tiff => (
            tiff::decoder::Decoder::new(cursor)
                .map_err(|e| e.to_string())?
                .more_images(),
            "several pages",
        ),
        _ => (false, ""),
    };
    Ok(several.then_some(what))
}

/// Whether a JPEG's last scan is closed: decoders fill what is missing with grey, silently.
///
/// Entropy-coded bytes never form these markers, so the last end-of-image must follow the last
/// start-of-scan (an embedded preview has a pair of its own, earlier).
fn jpeg_has_end(bytes: &[u8]) -> bool {
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    last([0xff, 0xd9]) > last([0xff, 0xda])
}

pub(crate) fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::WebP => "WebP",
        _ => "PNM",
    }
}

/// The first bytes in words: as text when they are printable.
fn beginning(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(12)];
    if head
        .iter()
        .all(|b| b.is_ascii_graphic() || b" \t\r\n".contains(b))
    {
        format!("text beginning {:?}", String::from_utf8_lossy(head))
    } else {
        format!("a file beginning {head:02x?}")
    }
}
