//! The size of an image, told from its header.

use std::path::Path;

use image::{ImageDecoder, metadata::Orientation};

use crate::{
    DataError, Limits,
    decode::{format_of, of_decoder, open},
    read_bytes,
};

/// Height and width of the upright image in the file at `path`; no pixel is decoded.
///
/// # Errors
/// [`DataError`] when there is no such file, it exceeds `limits`, is no image, or its header is
/// broken.
pub fn read_size(path: impl AsRef<Path>, limits: &Limits) -> Result<(usize, usize), DataError> {
    let path = path.as_ref();
    let bytes = read_bytes(path, limits)?;
    let format = format_of(&bytes, path)?;
    let mut decoder = open(&bytes, format, path, limits)?;
    let (width, height) = decoder.dimensions();
    let orientation = decoder.orientation();
    let orientation = orientation.map_err(|error| of_decoder(path, format, &error))?;
    let (height, width) = (height as usize, width as usize);
    Ok(match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (width, height),
        _ => (height, width),
    })
}
