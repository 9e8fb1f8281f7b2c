//! Reads anomaly maps from one-channel float TIFF files.

use std::{io::Cursor, path::Path};

use aesc_image::Map;
use tiff::{
    ColorType, TiffError,
    decoder::{Decoder, DecodingResult},
};

use crate::{
    DataError, Limits, decode::check_pixels, map_files::finite_map, read_bytes, tiff_tags,
};

/// The map in the one-channel float TIFF at `path`; floats of 64 bit are rounded to 32.
///
/// # Errors
/// [`DataError`] when there is no such file, it exceeds `limits`, is broken, has several pages,
/// another pixel type, or a value that is not finite as a 32-bit float.
pub fn read_map_tiff(path: impl AsRef<Path>, limits: &Limits) -> Result<Map, DataError> {
    let path = path.as_ref();
    let bytes = read_bytes(path, limits)?;
    let claims = |found| DataError::Broken {
        path: path.to_path_buf(),
        format: "TIFF",
        found,
    };
    let broken = |e: TiffError| claims(e.to_string());
    tiff_tags::check(&bytes).map_err(claims)?;
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions().map_err(broken)?;
    check_pixels(path, (width, height), limits)?;
    if decoder.more_images() {
        return Err(DataError::SeveralImages {
            path: path.to_path_buf(),
            found: "several pages",
        });
    }
    let pixel_type = |found: String| DataError::PixelType {
        path: path.to_path_buf(),
        expected: "one channel of floats",
        found,
    };
    let colour = decoder.colortype().map_err(broken)?;
    if !matches!(colour, ColorType::Gray(_)) {
        return Err(pixel_type(format!("{colour:?}")));
    }
    let values = match decoder.read_image().map_err(broken)? {
        DecodingResult::F16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::F32(values) => values,
        DecodingResult::F64(values) => values.into_iter().map(|value| value as f32).collect(),
        _ => return Err(pixel_type(format!("{colour:?} integers"))),
    };
    finite_map(path, 0, (height as usize, width as usize), values)
}
