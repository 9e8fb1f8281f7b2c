//! Folders of images as datasets: MVTec trees, any `train/good` folder, a flat folder.
//!
//! One walk serves both readers: opening stops at the first fault, `check` lists them all.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{DataError, Dataset, Sample, Split, masks, mvtec, sample::GOOD};

const SUFFIXES: [&str; 11] = [
    "bmp", "jpeg", "jpg", "pbm", "pgm", "png", "pnm", "ppm", "tif", "tiff", "webp",
];
const CLEAN: [&str; 2] = [GOOD, "ok"];

/// The dataset in the folder `dir`.
///
/// One of: an MVTec category; any folder with `train/good` or `train/ok`, optionally
/// `test/<defect type>` and `ground_truth/<defect type>/NAME_mask.png` (or `NAME.png`); a flat
/// folder of clean images. A folder with `ground_truth` must hold the mask of every anomalous
/// image; one without it opens with no masks at all, see [`Dataset::has_masks`].
///
/// # Errors
/// [`DataError`] when the folder is missing, has another layout, has no training image, or masks
/// and images do not pair.
pub fn open_dataset(dir: impl AsRef<Path>) -> Result<Dataset, DataError> {
    let scan = scan(dir.as_ref())?;
    match scan.faults.into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(scan.dataset),
    }
}

/// A walked folder: what it holds and all that is wrong with its layout.
pub(crate) struct Scan {
    pub(crate) dataset: Dataset,
    pub(crate) faults: Vec<DataError>,
    /// Files and folders no part of the layout claims.
    pub(crate) ignored: Vec<PathBuf>,
}

pub(crate) fn scan(root: &Path) -> Result<Scan, DataError> {
    let top = Entries::of(root)?;
    let mut scan = Scan {
        dataset: Dataset {
            root: root.to_path_buf(),
            name: name_of(root),
            train: Vec::new(),
            test: Vec::new(),
        },
        faults: Vec::new(),
        ignored: Vec::new(),
    };
    if top.folder("train").is_some() {
        scan.dataset.train = scan.train(root)?;
        if top.folder("test").is_some() {
            scan.dataset.test = scan.test(root)?;
            masks::pair(root, &mut scan)?;
        }
        return Ok(scan);
    }
    if top.images.is_empty() {
        return Err(no_layout(root, &top));
    }
    scan.dataset.train = scan.samples(&top.images, Split::Train, GOOD);
    scan.ignored
        .extend(top.folders.into_iter().chain(top.others));
    Ok(scan)
}

impl Scan {
    fn train(&mut self, root: &Path) -> Result<Vec<Sample>, DataError> {
        let dir = root.join("train");
        let inside = Entries::of(&dir)?;
        let clean: Vec<_> = CLEAN
            .iter()
            .filter_map(|name| inside.folder(name))
            .collect();
        let [clean] = clean[..] else {
            return Err(DataError::Layout {
                path: dir,
                expected: "one folder good (or ok) of clean images".to_owned(),
                found: inside.describe(),
            });
        };
        let files = Entries::of(clean)?;
        if files.images.is_empty() {
            return Err(DataError::NoImages {
                root: root.to_path_buf(),
                path: clean.clone(),
            });
        }
        let unclaimed = inside.folders.iter().filter(|&folder| folder != clean);
        self.ignored.extend(
            unclaimed
                .chain(&inside.images)
                .chain(&inside.others)
                .cloned(),
        );
        self.ignore_rest(&files);
        Ok(self.samples(&files.images, Split::Train, GOOD))
    }

    fn test(&mut self, root: &Path) -> Result<Vec<Sample>, DataError> {
        let dir = root.join("test");
        let inside = Entries::of(&dir)?;
        let mut samples = Vec::new();
        self.ignored.extend_from_slice(&inside.others);
        for folder in &inside.folders {
            let files = Entries::of(folder)?;
            if files.images.is_empty() {
                self.faults.push(DataError::NoImages {
                    root: root.to_path_buf(),
                    path: folder.clone(),
                });
            }
            let name = name_of(folder);
            let clean = CLEAN.contains(&name.as_str());
            let defect_type = if clean { GOOD } else { &name };
            samples.extend(self.samples(&files.images, Split::Test, defect_type));
            self.ignore_rest(&files);
        }
        if let Some(stray) = inside.images.first() {
            self.faults.push(DataError::Layout {
                path: dir,
                expected: "a folder for each defect type".to_owned(),
                found: format!("the image {}", name_of(stray)),
            });
        }
        Ok(samples)
    }

    pub(crate) fn ignore_rest(&mut self, entries: &Entries) {
        self.ignored
            .extend(entries.folders.iter().chain(&entries.others).cloned());
    }

    fn samples(&self, images: &[PathBuf], split: Split, defect_type: &str) -> Vec<Sample> {
        let below_root = |path: &PathBuf| {
            path.strip_prefix(&self.dataset.root)
                .unwrap_or(path)
                .to_path_buf()
        };
        images
            .iter()
            .map(|path| Sample {
                relative: below_root(path),
                path: path.clone(),
                split,
                defect_type: defect_type.to_owned(),
                mask: None,
            })
            .collect()
    }
}

/// What a folder holds, each kind sorted; hidden entries are left out.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) images: Vec<PathBuf>,
    pub(crate) others: Vec<PathBuf>,
}

impl Entries {
    pub(crate) fn of(dir: &Path) -> Result<Self, DataError> {
        const EXPECTED: &str = "a folder";
        let metadata = fs::metadata(dir).map_err(|e| DataError::io(dir, EXPECTED, e))?;
        if !metadata.is_dir() {
            return Err(DataError::WrongKind {
                path: dir.to_path_buf(),
                expected: EXPECTED,
                found: "a file",
            });
        }
        let mut entries = Self::default();
        for entry in fs::read_dir(dir).map_err(|e| DataError::io(dir, EXPECTED, e))? {
            let path = entry.map_err(|e| DataError::io(dir, EXPECTED, e))?.path();
            if name_of(&path).starts_with('.') {
                continue;
            }
            if path.is_dir() {
                entries.folders.push(path);
            } else if has_image_suffix(&path) {
                entries.images.push(path);
            } else {
                entries.others.push(path);
            }
        }
        entries.folders.sort();
        entries.images.sort();
        entries.others.sort();
        Ok(entries)
    }

    pub(crate) fn folder(&self, name: &str) -> Option<&PathBuf> {
        self.folders.iter().find(|folder| name_of(folder) == name)
    }

    /// In words, the first few entries.
    fn describe(&self) -> String {
        let names: Vec<_> = self.folders.iter().map(|folder| name_of(folder)).collect();
        match (&names[..], &self.images[..]) {
            ([], []) => "no folder and no image".to_owned(),
            ([], [image, ..]) => format!("images only, such as {}", name_of(image)),
            (names, _) if names.len() > 5 => format!("the folders {}, ...", names[..5].join(", ")),
            (names, _) => format!("the folders {}", names.join(", ")),
        }
    }
}

pub(crate) fn has_image_suffix(path: &Path) -> bool {
    path.extension().is_some_and(|suffix| {
        let suffix = suffix.to_string_lossy().to_ascii_lowercase();
        SUFFIXES.contains(&suffix.as_str())
    })
}

/// The last part of a path, resolved where it is spelt `.` or `..`.
pub(crate) fn name_of(path: &Path) -> String {
    let name = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    name(path)
        .or_else(|| path.canonicalize().ok().as_deref().and_then(name))
        .unwrap_or_default()
}

fn no_layout(root: &Path, top: &Entries) -> DataError {
    let categories = mvtec::among(&top.folders);
    let found = match categories.first() {
        Some(first) => format!("{} categories: name one, such as {first}", categories.len()),
        None => top.describe(),
    };
    DataError::Layout {
        path: root.to_path_buf(),
        expected: "a folder train/good (or train/ok), or images".to_owned(),
        found,
    }
}
