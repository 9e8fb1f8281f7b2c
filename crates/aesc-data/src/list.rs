//! Lists the images to predict: files, folders and patterns in, unique relative names out.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use crate::{DataError, folder::has_image_suffix};

/// An image to predict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputImage {
    /// The file.
    pub path: PathBuf,
    /// Its name for outputs: below the folder it was found in, unique in the list.
    pub relative: PathBuf,
}

/// The images among `paths`, in the order given; folders are walked to the bottom, sorted. A path
/// with `*`, `?` or `[` that names no file is a pattern (`**` for any folders): its matches come
/// sorted, named by what follows the pattern's plain beginning.
///
/// A path that is no folder is listed as it is, whatever its suffix, so that reading it tells
/// what is wrong with it. A file that comes up twice is listed once. Where two files would have
/// the same relative name, each gets as many of its parent folders in front as tell them apart.
///
/// # Errors
/// [`DataError`] when a folder is unreadable or holds no image, a pattern is broken or matches
/// nothing, or two names cannot be told apart.
pub fn list_images(paths: &[PathBuf]) -> Result<Vec<InputImage>, DataError> {
    let mut images = Vec::new();
    for path in paths {
        if path.is_dir() {
            images.extend(images_below(path)?);
        } else if is_pattern(path) && !path.exists() {
            images.extend(matches(path)?);
        } else {
            let relative = path.file_name().map_or_else(PathBuf::new, PathBuf::from);
            images.push(InputImage {
                path: path.clone(),
                relative,
            });
        }
    }
    let mut seen = BTreeSet::new();
    images.retain(|image| seen.insert(absolute(&image.path)));
    tell_apart(&mut images)?;
    Ok(images)
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// The files a pattern matches, sorted.
fn matches(pattern: &Path) -> Result<Vec<InputImage>, DataError> {
    let root: PathBuf = pattern
        .components()
        .take_while(|part| !is_pattern(Path::new(part)))
        .collect();
    let text = pattern.to_string_lossy();
    let found = glob::glob(&text).map_err(|error| {
        DataError::setting(
            "pattern",
            "one such as 'photos/**/*.png'",
            format!("{text}: {error}"),
        )
    })?;
    let mut images = Vec::new();
    for path in found {
        let path = path.map_err(|e| {
            let place = e.path().to_path_buf();
            DataError::io(&place, "a readable folder", e.into())
        })?;
        if path.is_file() {
            let relative = path.strip_prefix(&root).unwrap_or(&path).to_path_buf();
            images.push(InputImage { path, relative });
        }
    }
    if images.is_empty() {
        return Err(DataError::NotFound {
            path: pattern.to_path_buf(),
            expected: "a file that matches the pattern",
        });
    }
    Ok(images)
}

fn images_below(root: &Path) -> Result<Vec<InputImage>, DataError> {
    let below = |path: PathBuf| {
        let relative = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
        InputImage { path, relative }
    };
    let images: Vec<_> = walk(root, has_image_suffix)?
        .into_iter()
        .map(below)
        .collect();
    if images.is_empty() {
        return Err(DataError::NoImages {
            root: root.to_path_buf(),
            path: root.to_path_buf(),
        });
    }
    Ok(images)
}

/// The files under `root` that are `wanted`, to the bottom; hidden ones and what lies in hidden
/// folders are left out. A link that leads nowhere is listed as a file is: who reads it is told; one
/// that leads back up is not followed.
pub(crate) fn walk(root: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    let entries = WalkDir::new(root).follow_links(true).sort_by_file_name();
    let shown = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.path());
    for entry in entries.into_iter().filter_entry(shown) {
        match entry {
            Ok(entry) => {
                if entry.file_type().is_file() && wanted(entry.path()) {
                    files.push(entry.into_path());
                }
            }
            Err(error) => {
                let path = error.path().unwrap_or(root).to_path_buf();
                // What a link back leads to is listed where it is.
                if error.loop_ancestor().is_some() {
                    continue;
                }
                if !leads_nowhere(&path) {
                    return Err(DataError::io(&path, "a readable folder", error.into()));
                }
                if !is_hidden(&path) && wanted(&path) {
                    files.push(path);
                }
            }
        }
    }
    Ok(files)
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().starts_with('.')
}

fn leads_nowhere(path: &Path) -> bool {
    path.is_symlink() && !path.exists()
}

/// Lengthens relative names that clash, one parent folder at a time.
fn tell_apart(images: &mut [InputImage]) -> Result<(), DataError> {
    loop {
        let mut by_name: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for (i, image) in images.iter().enumerate() {
            by_name.entry(image.relative.clone()).or_default().push(i);
        }
        let clashes: Vec<_> = by_name
            .into_values()
            .filter(|group| group.len() > 1)
            .collect();
        let mut lengthened = false;
        for &i in clashes.iter().flatten() {
            let longer = suffix(&images[i].path, images[i].relative.components().count() + 1);
            lengthened |= longer != images[i].relative;
            images[i].relative = longer;
        }
        match clashes.first() {
            None => return Ok(()),
            Some(pair) if !lengthened => {
                return Err(DataError::Ambiguous {
                    path: images[pair[1]].path.clone(),
                    other: images[pair[0]].path.clone(),
                });
            }
            Some(_) => {}
        }
    }
}

/// The last `n` named parts of the absolute path.
fn suffix(path: &Path, n: usize) -> PathBuf {
    let path = absolute(path);
    let names: Vec<_> = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .collect();
    names[names.len().saturating_sub(n)..].iter().collect()
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize()
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_path_buf())
}
