//! The dataset digest: what a result was computed on, wherever the folder lies.

use std::{fmt::Write, path::Path};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{DataError, Dataset, Limits, read_bytes};

/// SHA-256 over every image and mask of `dataset`: relative path, role and content, 64 hex digits.
///
/// Files are read in parallel; the root's location, file times and the walk's order do not count.
///
/// # Errors
/// [`DataError`] when a file cannot be read or exceeds `limits`.
pub fn fingerprint(dataset: &Dataset, limits: &Limits) -> Result<String, DataError> {
    let images = dataset
        .samples()
        .map(|s| (s.split.as_str(), s.path.as_path()));
    let masks = dataset
        .samples()
        .filter_map(|s| Some(("mask", s.mask.as_deref()?)));
    let files: Vec<(&str, &Path)> = images.chain(masks).collect();
    let mut lines = files
        .par_iter()
        .map(|(role, path)| {
            let digest = digest_hex(&read_bytes(path, limits)?);
            Ok(format!(
                "{}\0{role}\0{digest}\n",
                portable(path, &dataset.root)
            ))
        })
        .collect::<Result<Vec<_>, DataError>>()?;
    lines.sort_unstable();
    Ok(digest_hex(lines.concat().as_bytes()))
}

/// As [`fingerprint`], over the clean training images alone: what tests a model does not change it.
///
/// # Errors
/// As [`fingerprint`].
pub fn clean_fingerprint(dataset: &Dataset, limits: &Limits) -> Result<String, DataError> {
    let clean = Dataset {
        test: Vec::new(),
        ..dataset.clone()
    };
    fingerprint(&clean, limits)
}

/// SHA-256 of `bytes`, 64 hex digits.
///
/// ```
/// assert!(aesc_data::digest_hex(b"").starts_with("e3b0c44298fc1c14"));
/// ```
pub fn digest_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// The path below `root`, with `/` between its parts on every system.
fn portable(path: &Path, root: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).components();
    let parts: Vec<_> = parts
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}
