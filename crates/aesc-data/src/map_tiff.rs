//! Reads anomaly maps back: one-channel float TIFF files.

use std::{io::Cursor, path::Path};

use aesc_image::Map;
use tiff::{
    ColorType, TiffError,
    decoder::{Decoder, DecodingResult},
};

use crate::{DataError, Limits, decode::check_pixels, read_bytes};

/// The map in the one-channel 32-bit float TIFF at `path`.
///
/// # Errors
/// [`DataError`] when there is no such file, it exceeds `limits`, is broken, has several pages,
/// another pixel type, or a value that is not finite.
pub fn read_map_tiff(path: impl AsRef<Path>, limits: &Limits) -> Result<Map, DataError> {
    let path = path.as_ref();
    let bytes = read_bytes(path, limits)?;
    let broken = |e: TiffError| DataError::Broken {
        path: path.to_path_buf(),
        format: "TIFF",
        found: e.to_string(),
    };
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
        expected: "one channel of finite 32-bit floats",
        found,
    };
    let colour = decoder.colortype().map_err(broken)?;
    if colour != ColorType::Gray(32) {
        return Err(pixel_type(format!("{colour:?}")));
    }
    let DecodingResult::F32(values) = decoder.read_image().map_err(broken)? else {
        return Err(pixel_type("32-bit integers".to_owned()));
    };
    if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
        return Err(pixel_type(format!("the value {bad}")));
    }
    Ok(Map::new(height as usize, width as usize, values)?)
}
