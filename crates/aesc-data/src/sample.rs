//! A dataset as values: which images there are, in which split, of which defect type.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The name every defect-free image has as its defect type.
pub(crate) const GOOD: &str = "good";

/// The half of a dataset an image belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Clean images to learn from.
    Train,
    /// Clean and defective images to be judged.
    Test,
}

impl Split {
    /// The folder's name: `train` or `test`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

/// One image of a dataset; nothing is decoded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The image file.
    pub path: PathBuf,
    /// The same below the dataset's root.
    pub relative: PathBuf,
    /// Train or test.
    pub split: Split,
    /// `good`, or the name of the defect.
    pub defect_type: String,
    /// The mask file of an anomalous image.
    pub mask: Option<PathBuf>,
}

impl Sample {
    /// Whether the image shows a defect.
    pub fn is_anomalous(&self) -> bool {
        self.defect_type != GOOD
    }
}

/// A folder of images, split and labelled, each half sorted by relative path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// The folder.
    pub root: PathBuf,
    /// The folder's own name: the category.
    pub name: String,
    /// Clean images to learn from; never empty.
    pub train: Vec<Sample>,
    /// Images to be judged; empty where the folder has no `test`.
    pub test: Vec<Sample>,
}

impl Dataset {
    /// Whether every anomalous image has a mask, so that pixels can be scored.
    ///
    /// False for a folder without `ground_truth`: its labels hold for whole images only.
    pub fn has_masks(&self) -> bool {
        self.test
            .iter()
            .all(|sample| sample.mask.is_some() || !sample.is_anomalous())
    }

    /// Every image, train before test.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.train.iter().chain(&self.test)
    }

    /// The files to learn from.
    pub fn train_paths(&self) -> Vec<PathBuf> {
        self.train
            .iter()
            .map(|sample| sample.path.clone())
            .collect()
    }

    /// The files to be judged.
    pub fn test_paths(&self) -> Vec<PathBuf> {
        self.test.iter().map(|sample| sample.path.clone()).collect()
    }
}
