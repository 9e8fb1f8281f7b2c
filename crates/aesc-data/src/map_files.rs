//! Anybody's anomaly maps and masks: which files a folder holds, and each of them read.

use std::path::{Path, PathBuf};

use aesc_image::{Map, Mask};
use image::DynamicImage;

use crate::{
    DataError, Limits,
    decode::{decode, read_mask},
    folder::has_image_suffix,
    list::walk,
    map_tiff::read_map_tiff,
    npy::NpyPlanes,
    read_bytes,
};

const MAPS: &str = "maps in files .npy, .tiff, .tif or .png";

/// The maps under `dir`, to the bottom: `.npy`, `.tiff`, `.tif` and `.png` files, by their paths
/// below it, sorted.
///
/// # Errors
/// [`DataError`] when the folder cannot be read or holds no map.
pub fn list_maps(dir: impl AsRef<Path>) -> Result<Vec<PathBuf>, DataError> {
    let wanted = |path: &Path| matches!(suffix(path).as_str(), "npy" | "tiff" | "tif" | "png");
    below(dir.as_ref(), wanted, MAPS)
}

/// The masks under `dir`, to the bottom: `.npy` files and pictures, by their paths below it,
/// sorted.
///
/// # Errors
/// [`DataError`] when the folder cannot be read or holds no mask.
pub fn list_masks(dir: impl AsRef<Path>) -> Result<Vec<PathBuf>, DataError> {
    let wanted = |path: &Path| suffix(path) == "npy" || has_image_suffix(path);
    below(dir.as_ref(), wanted, "masks in .npy files or pictures")
}

/// The one map in the file at `path`, by its suffix: `.npy` (see [`NpyPlanes`]), one-channel
/// float `.tiff` or `.tif`, grey `.png` of 8 or 16 bit as 0..=1.
///
/// # Errors
/// [`DataError`] when there is no such file, it has another suffix, holds something else than
/// one map, exceeds `limits`, is broken, or a value is not finite.
pub fn read_map_file(path: impl AsRef<Path>, limits: &Limits) -> Result<Map, DataError> {
    let path = path.as_ref();
    match suffix(path).as_str() {
        "npy" => NpyPlanes::open_single(path, limits)?.map(0),
        "tiff" | "tif" => read_map_tiff(path, limits),
        "png" => read_map_png(path, limits),
        _ => Err(DataError::WrongKind {
            path: path.to_path_buf(),
            expected: MAPS,
            found: "another suffix",
        }),
    }
}

/// The one mask in the file at `path`: over 0 in a `.npy` file, over 127 of 255 in a picture.
///
/// # Errors
/// As [`read_map_file`] and [`read_mask`].
pub fn read_mask_file(path: impl AsRef<Path>, limits: &Limits) -> Result<Mask, DataError> {
    let path = path.as_ref();
    if suffix(path) == "npy" {
        return NpyPlanes::open_single(path, limits)?.mask(0);
    }
    read_mask(path, limits)
}

/// A grey picture as a map. Colours are refused: a heat map's luma is no score.
fn read_map_png(path: &Path, limits: &Limits) -> Result<Map, DataError> {
    let pixels = decode(&read_bytes(path, limits)?, path, limits)?;
    let (height, width) = (pixels.height() as usize, pixels.width() as usize);
    let values = match pixels {
        DynamicImage::ImageLuma8(grey) => share(grey.as_raw(), f32::from(u8::MAX)),
        DynamicImage::ImageLuma16(grey) => share(grey.as_raw(), f32::from(u16::MAX)),
        other => {
            return Err(DataError::PixelType {
                path: path.to_path_buf(),
                expected: "one channel of 8 or 16 bit",
                found: format!("{:?}", other.color()),
            });
        }
    };
    Ok(Map::new(height, width, values)?)
}

fn share<T: Copy + Into<f32>>(values: &[T], most: f32) -> Vec<f32> {
    values.iter().map(|&value| value.into() / most).collect()
}

/// The map of `values`, if all of them are finite; `index` is its place in the file.
pub(crate) fn finite_map(
    path: &Path,
    index: usize,
    (height, width): (usize, usize),
    values: Vec<f32>,
) -> Result<Map, DataError> {
    let bad = values.iter().position(|value| !value.is_finite());
    let bad = bad.map(|at| (at, f64::from(values[at])));
    check_finite(path, index, width, bad)?;
    Ok(Map::new(height, width, values)?)
}

/// Refuses the value found at a place of a plane, if there is one.
pub(crate) fn check_finite(
    path: &Path,
    index: usize,
    width: usize,
    bad: Option<(usize, f64)>,
) -> Result<(), DataError> {
    match bad {
        None => Ok(()),
        Some((at, value)) => Err(DataError::NotFinite {
            path: path.to_path_buf(),
            index,
            row: at / width.max(1),
            column: at % width.max(1),
            value,
        }),
    }
}

fn below(
    dir: &Path,
    wanted: impl Fn(&Path) -> bool,
    expected: &'static str,
) -> Result<Vec<PathBuf>, DataError> {
    let files = walk(dir, wanted)?;
    if files.is_empty() {
        return Err(DataError::NoFiles {
            path: dir.to_path_buf(),
            expected,
        });
    }
    let relative = |path: &PathBuf| path.strip_prefix(dir).unwrap_or(path).to_path_buf();
    let mut files: Vec<_> = files.iter().map(relative).collect();
    files.sort();
    Ok(files)
}

fn suffix(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase()
}
