//! MVTec AD by name: its 15 categories, and which sub-folders of a root are categories.

use std::path::{Path, PathBuf};

use crate::{
    DataError,
    folder::{Entries, name_of},
};

/// A category of MVTec AD and how many images it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MvtecCategory {
    /// The folder's name.
    pub name: &'static str,
    /// Images in `train`.
    pub train: usize,
    /// Images in `test`, all types together.
    pub test: usize,
}

const fn category(name: &'static str, train: usize, test: usize) -> MvtecCategory {
    MvtecCategory { name, train, test }
}

/// The categories of MVTec AD (Bergmann et al., CVPR 2019, table 1), by name.
pub const MVTEC_CATEGORIES: [MvtecCategory; 15] = [
    category("bottle", 209, 83),
    category("cable", 224, 150),
    category("capsule", 219, 132),
    category("carpet", 280, 117),
    category("grid", 264, 78),
    category("hazelnut", 391, 110),
    category("leather", 245, 124),
    category("metal_nut", 220, 115),
    category("pill", 267, 167),
    category("screw", 320, 160),
    category("tile", 230, 117),
    category("toothbrush", 60, 42),
    category("transistor", 213, 100),
    category("wood", 247, 79),
    category("zipper", 240, 151),
];

/// The sub-folders of `dir` that hold `train/good` or `train/ok`, sorted.
///
/// # Errors
/// [`DataError`] when `dir` is no readable folder or holds no category.
pub fn categories(dir: impl AsRef<Path>) -> Result<Vec<String>, DataError> {
    let dir = dir.as_ref();
    let names = among(&Entries::of(dir)?.folders);
    if names.is_empty() {
        return Err(DataError::Layout {
            path: dir.to_path_buf(),
            expected: "sub-folders that hold train/good (or train/ok)".to_owned(),
            found: "none".to_owned(),
        });
    }
    Ok(names)
}

/// The names of those `folders` that are categories.
pub(crate) fn among(folders: &[PathBuf]) -> Vec<String> {
    let is_category = |folder: &&PathBuf| {
        let train = folder.join("train");
        train.join("good").is_dir() || train.join("ok").is_dir()
    };
    folders
        .iter()
        .filter(is_category)
        .map(|folder| name_of(folder))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_add_up_to_the_published_totals() {
        // Bergmann et al. 2019, section 3: 3629 images to train on and 1725 to test.
        let sum = |f: fn(&MvtecCategory) -> usize| MVTEC_CATEGORIES.iter().map(f).sum::<usize>();
        assert_eq!(sum(|c| c.train), 3629);
        assert_eq!(sum(|c| c.test), 1725);
    }
}
