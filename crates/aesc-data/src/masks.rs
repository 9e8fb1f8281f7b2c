//! Pairs masks with anomalous test images, by exact stem; nothing is guessed.
//!
//! The mask of `test/<type>/NAME.*` is `ground_truth/<type>/NAME_mask.*` or `NAME.*`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    DataError, Sample,
    folder::{Entries, Scan, name_of},
    sample::GOOD,
};

/// A type's masks by the stem of the image they belong to.
type Masks = BTreeMap<String, PathBuf>;

/// Gives each anomalous sample of `scan` its mask, and notes every mask or image left alone.
pub(crate) fn pair(root: &Path, scan: &mut Scan) -> Result<(), DataError> {
    let ground_truth = root.join("ground_truth");
    if !ground_truth.is_dir() {
        return Ok(());
    }
    let mut samples = std::mem::take(&mut scan.dataset.test);
    let mut by_type: BTreeMap<String, Vec<&mut Sample>> = BTreeMap::new();
    for sample in samples.iter_mut().filter(|sample| sample.is_anomalous()) {
        by_type
            .entry(sample.defect_type.clone())
            .or_default()
            .push(sample);
    }
    for folder in Entries::of(&ground_truth)?.folders {
        let defect_type = name_of(&folder);
        if !by_type.contains_key(&defect_type) {
            note_unclaimed(folder, &defect_type, &by_type, scan);
        }
    }
    for (defect_type, images) in by_type {
        pair_type(&ground_truth.join(defect_type), images, scan)?;
    }
    scan.dataset.test = samples;
    Ok(())
}

/// A folder of masks without a folder of images; masks of clean images are merely not needed.
fn note_unclaimed(
    folder: PathBuf,
    defect_type: &str,
    types: &BTreeMap<String, Vec<&mut Sample>>,
    scan: &mut Scan,
) {
    if defect_type == GOOD || defect_type == "ok" {
        scan.ignored.push(folder);
        return;
    }
    let hint = nearest(defect_type, types.keys())
        .map_or_else(String::new, |name| format!("; did you mean {name}?"));
    scan.faults.push(DataError::Layout {
        path: folder,
        expected: format!("its images in test/{defect_type}"),
        found: format!("none there{hint}"),
    });
}

fn pair_type(folder: &Path, images: Vec<&mut Sample>, scan: &mut Scan) -> Result<(), DataError> {
    let entries = if folder.is_dir() {
        Entries::of(folder)?
    } else {
        Entries::default()
    };
    scan.ignore_rest(&entries);
    let mut masks = by_image_stem(&entries.images, &mut scan.faults);
    let mut claimed: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut unpaired = Vec::new();
    for image in images {
        let stem = stem_of(&image.path);
        if let Some(other) = claimed.insert(stem.clone(), image.path.clone()) {
            scan.faults.push(DataError::Ambiguous {
                path: image.path.clone(),
                other,
            });
            continue;
        }
        image.mask = masks.remove(&stem);
        if image.mask.is_none() {
            unpaired.push(image.path.clone());
        }
    }
    note_unpaired(folder, &unpaired, &masks, &mut scan.faults);
    Ok(())
}

fn note_unpaired(folder: &Path, images: &[PathBuf], masks: &Masks, faults: &mut Vec<DataError>) {
    for path in images {
        let stem = stem_of(path);
        faults.push(DataError::MissingMask {
            expected: folder.join(format!("{stem}_mask.png")),
            nearest: nearest(&stem, masks.keys()).map(|near| name_of(&masks[near])),
            path: path.clone(),
        });
    }
    let stems: BTreeMap<String, &PathBuf> = images.iter().map(|p| (stem_of(p), p)).collect();
    for (stem, mask) in masks {
        let test = folder
            .parent()
            .and_then(Path::parent)
            .unwrap_or(folder)
            .join("test");
        faults.push(DataError::MissingImage {
            path: mask.clone(),
            expected: test.join(name_of(folder)).join(stem),
            nearest: nearest(stem, stems.keys()).map(|near| name_of(stems[near])),
        });
    }
}

fn by_image_stem(files: &[PathBuf], faults: &mut Vec<DataError>) -> Masks {
    let mut masks = Masks::new();
    for path in files {
        let stem = stem_of(path);
        let stem = stem.strip_suffix("_mask").unwrap_or(&stem).to_owned();
        if let Some(other) = masks.insert(stem, path.clone()) {
            faults.push(DataError::Ambiguous {
                path: path.clone(),
                other,
            });
        }
    }
    masks
}

fn stem_of(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The candidate closest in spelling, if more than half of it agrees.
fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    candidates
        .map(|candidate| (strsim::levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| 2 * distance <= name.len().max(candidate.len()))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_has_the_fewest_edits() {
        let names = ["000".to_owned(), "0012".to_owned(), "abc".to_owned()];
        assert_eq!(nearest("0O12", names.iter()).unwrap(), "0012");
    }

    #[test]
    fn a_wholly_different_name_is_no_hint() {
        assert_eq!(nearest("scratch", ["000".to_owned()].iter()), None);
    }
}
