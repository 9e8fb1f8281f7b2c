//! A category's folder held against the published counts, without reading an image.

use aesc_data::{MvtecCategory, open_dataset};
use std::path::Path;

/// What the folder lacks to be `expected`; empty where it is whole.
pub(super) fn faults(dir: &Path, expected: &MvtecCategory) -> Vec<String> {
    let dataset = match open_dataset(dir) {
        Ok(dataset) => dataset,
        Err(error) => return vec![format!("{}: cannot {error}", expected.name)],
    };
    let mut faults = miscounts(dataset.train.len(), dataset.test.len(), expected);
    if !dataset.has_masks() {
        faults.push(no_masks(expected.name));
    }
    faults
}

/// Where the numbers of images differ from those of the dataset.
pub(super) fn miscounts(train: usize, test: usize, expected: &MvtecCategory) -> Vec<String> {
    let splits = [
        ("training", train, expected.train),
        ("test", test, expected.test),
    ];
    let differs = splits
        .iter()
        .filter(|(_, found, expected)| found != expected);
    differs
        .map(|(split, found, wanted)| {
            format!(
                "{}: {found} {split} images, expected {wanted}",
                expected.name
            )
        })
        .collect()
}

/// A category whose folder of masks is not there at all.
pub(super) fn no_masks(name: &str) -> String {
    format!("{name}: no masks, expected one for each test image with a defect in ground_truth")
}
