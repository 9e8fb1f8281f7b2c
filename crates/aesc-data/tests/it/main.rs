//! Reading, walking and checking real files in temporary folders.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its files has failed"
)]

mod check;
mod decode;
mod folder;
mod hostile;
mod list;
mod maps;
#[path = "../../../aesc-artifact/tests/it/mutation.rs"]
mod mutation;
mod npy;
#[path = "../../../aesc-artifact/tests/it/peak.rs"]
mod peak;
mod whole;

use std::{
    fs,
    path::{Path, PathBuf},
};

use image::{GrayImage, Luma};
use tempfile::TempDir;

/// A folder for one test.
pub(crate) struct Tree(TempDir);

impl Tree {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Writes `bytes` below the root, with the folders it needs.
    pub(crate) fn file(&self, relative: &str, bytes: &[u8]) -> PathBuf {
        let path = self.root().join(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes a grey 4 x 3 image of one value below the root; the suffix decides the format.
    pub(crate) fn grey(&self, relative: &str, value: u8) -> PathBuf {
        let path = self.root().join(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        GrayImage::from_pixel(3, 4, Luma([value]))
            .save(&path)
            .unwrap();
        path
    }

    /// A small dataset in the MVTec layout with one defect type `cut`.
    pub(crate) fn mvtec() -> Self {
        let tree = Self::new();
        tree.grey("train/good/000.png", 10);
        tree.grey("train/good/001.png", 11);
        tree.grey("test/good/000.png", 12);
        tree.grey("test/cut/000.png", 13);
        tree.grey("test/cut/001.png", 14);
        tree.grey("ground_truth/cut/000_mask.png", 255);
        tree.grey("ground_truth/cut/001_mask.png", 255);
        tree
    }

    pub(crate) fn remove(&self, relative: &str) {
        let path = self.root().join(relative);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}
