//! Which map belongs to which image: by name, or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::names::{Name, listed};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Files by their names.
type ByName = BTreeMap<Name, PathBuf>;

/// The files by their names, each of which must be one file's alone.
pub(super) fn by_name(
    files: &[PathBuf],
    name_of: impl Fn(&PathBuf) -> Name,
) -> Result<ByName, Failure> {
    let mut names = ByName::new();
    for file in files {
        let name = name_of(file);
        if let Some(other) = names.insert(name.clone(), file.clone()) {
            let (one, other) = (other.display(), file.display());
            return Err(data(format!(
                "{name}: expected one file of this name, found {one} and {other}"
            )));
        }
    }
    Ok(names)
}

/// The map of each mask, in the masks' order; neither may be without the other.
pub(super) fn to_masks(masks: &[Name], maps: &ByName) -> Result<Vec<PathBuf>, Failure> {
    let found = all(masks, maps, "mask")?;
    let wanted: BTreeSet<&Name> = masks.iter().collect();
    let extra: Vec<&Name> = maps.keys().filter(|name| !wanted.contains(name)).collect();
    if extra.is_empty() {
        return Ok(found);
    }
    Err(data(format!(
        "expected a mask for each of {} maps, found none for {}: {}; normal images need an empty \
         mask, or --data instead of --masks",
        maps.len(),
        extra.len(),
        listed(extra)
    )))
}

/// The map of each image of a data set, in the images' order.
///
/// The maps lie as the images do under the category, in a folder of the category's name (the
/// layout of the MVTec AD evaluator), or without the folder `test`.
pub(super) fn to_images(
    images: &[Name],
    category: &str,
    maps: &ByName,
) -> Result<Vec<PathBuf>, Failure> {
    let layouts: [Vec<Name>; 3] = [
        images.to_vec(),
        images.iter().map(|name| name.under(category)).collect(),
        images.iter().map(Name::without_first).collect(),
    ];
    let is_used = |names: &&Vec<Name>| names.iter().any(|name| maps.contains_key(name));
    let used: Vec<&Vec<Name>> = layouts.iter().filter(is_used).collect();
    let first = |names: &[Name]| names.first().map(ToString::to_string).unwrap_or_default();
    let names = match used[..] {
        [names] => names,
        [] => {
            return Err(data(format!(
                "expected maps named like {}, {} or {}, found {}",
                first(&layouts[0]),
                first(&layouts[1]),
                first(&layouts[2]),
                listed(maps.keys())
            )));
        }
        [one, other, ..] => {
            return Err(data(format!(
                "expected the maps in one layout, found both that of {} and that of {}",
                first(one),
                first(other)
            )));
        }
    };
    let found = all(names, maps, "test image")?;
    if maps.len() > found.len() {
        let unused = maps.len() - found.len();
        tracing::info!("{unused} maps belong to no test image of {category}");
    }
    Ok(found)
}

fn all(names: &[Name], maps: &ByName, what: &str) -> Result<Vec<PathBuf>, Failure> {
    let missing: Vec<&Name> = names.iter().filter(|n| !maps.contains_key(n)).collect();
    if !missing.is_empty() {
        return Err(data(format!(
            "expected a map for each of {} {what}s, found none for {}: {}",
            names.len(),
            missing.len(),
            listed(missing)
        )));
    }
    Ok(names
        .iter()
        .filter_map(|name| maps.get(name).cloned())
        .collect())
}

fn data(message: String) -> Failure {
    Failure::text(ExitCode::Data, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maps(files: &[&str]) -> ByName {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        by_name(&files, |file| Name::of(file)).unwrap()
    }

    fn images() -> Vec<Name> {
        ["test/cut/000.png", "test/good/000.png"]
            .map(Name::parse)
            .into()
    }

    fn told(result: Result<Vec<PathBuf>, Failure>) -> String {
        match result.unwrap_err().message {
            crate::failure::Message::Chain(error) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_of_the_three_layouts_is_found() {
        for folder in ["test/", "bottle/test/", ""] {
            let files = ["cut/000.tiff", "good/000.tiff"].map(|f| format!("{folder}{f}"));
            let known = maps(&[&files[0], &files[1], "train/good/000.tiff"]);
            let found = to_images(&images(), "bottle", &known).unwrap();
            assert_eq!(found, files.map(PathBuf::from));
        }
    }

    #[test]
    fn two_layouts_at_once_are_refused() {
        let known = maps(&["test/cut/000.npy", "cut/000.npy", "good/000.npy"]);
        assert!(told(to_images(&images(), "bottle", &known)).contains("one layout"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let known = maps(&["cut/000.npy"]);
        let text = told(to_images(&images(), "bottle", &known));
        assert!(
            text.contains("each of 2 test images, found none for 1: good/000"),
            "{text}"
        );
        let text = told(to_images(&images(), "bottle", &maps(&["x/9.npy"])));
        assert!(text.contains("like test/cut/000, bottle/test/cut/000 or cut/000, found x/9"));
    }

    #[test]
    fn masks_and_maps_must_both_be_whole() {
        let masks = ["a", "b"].map(Name::parse);
        assert!(to_masks(&masks, &maps(&["b.npy", "a.tiff"])).is_ok());
        assert!(told(to_masks(&masks, &maps(&["a.npy"]))).contains("for 1: b"));
        let text = told(to_masks(&masks, &maps(&["a.npy", "b.npy", "c.npy"])));
        assert!(text.contains("found none for 1: c;"), "{text}");
    }

    #[test]
    fn two_files_of_a_name_are_refused() {
        let files = ["a.npy", "a.tiff"].map(PathBuf::from);
        assert!(by_name(&files, |file| Name::of(file)).is_err());
    }
}
