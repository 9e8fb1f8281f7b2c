//! Names by which maps, masks, images and the rows of a table find each other.

use std::fmt;
use std::path::Path;

/// Suffixes that are no part of a name.
const SUFFIXES: [&str; 12] = [
    "bmp", "jpeg", "jpg", "npy", "pbm", "pgm", "png", "pnm", "ppm", "tif", "tiff", "webp",
];

/// The parts of a path, the last without the suffix of an image, map or mask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(Vec<String>);

impl Name {
    pub(super) fn of(path: &Path) -> Self {
        Self::parse(&path.to_string_lossy())
    }

    /// A path as text, its parts divided by slashes of either kind.
    pub(super) fn parse(path: &str) -> Self {
        let mut parts: Vec<String> = path
            .split(['/', '\\'])
            .filter(|part| !part.is_empty() && *part != ".")
            .map(str::to_owned)
            .collect();
        if let Some(file) = parts.last_mut()
            && let Some((stem, suffix)) = file.rsplit_once('.')
            && SUFFIXES.contains(&suffix.to_ascii_lowercase().as_str())
        {
            *file = stem.to_owned();
        }
        Self(parts)
    }

    /// The image's name, where this is its mask's.
    pub(super) fn without_mask(mut self) -> Self {
        if let Some(file) = self.0.last_mut()
            && let Some(stem) = file.strip_suffix("_mask")
        {
            *file = stem.to_owned();
        }
        self
    }

    /// This name in the folder `folder`.
    pub(super) fn under(&self, folder: &str) -> Self {
        let parts = std::iter::once(folder.to_owned()).chain(self.0.iter().cloned());
        Self(parts.collect())
    }

    /// This name without its first folder; a bare name stays.
    pub(super) fn without_first(&self) -> Self {
        match &self.0[..] {
            [_, rest @ ..] if !rest.is_empty() => Self(rest.to_vec()),
            _ => self.clone(),
        }
    }

    /// The last part.
    pub(super) fn file(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// Whether one of the two is the end of the other.
    pub(super) fn fits(&self, other: &Self) -> bool {
        self.0.ends_with(&other.0) || other.0.ends_with(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// The first few of `names`, and how many more there are.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> = names.into_iter().map(ToString::to_string).collect();
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_suffix_of_a_picture_or_an_array_is_dropped() {
        for (path, name) in [
            ("test/cut/000.png", "test/cut/000"),
            ("/data/./cut/000.TIFF", "data/cut/000"),
            (r"cut\img.12.npy", "cut/img.12"),
            ("cut/img.12", "cut/img.12"),
        ] {
            assert_eq!(Name::parse(path).to_string(), name);
        }
        let mask = Name::parse("cut/000_mask.png").without_mask();
        assert_eq!(mask, Name::parse("cut/000"));
    }

    #[test]
    fn names_fit_by_whole_parts_from_the_end() {
        let name = Name::parse("test/cut/000.png");
        for other in ["000", "cut/000.tiff", "/mvtec/bottle/test/cut/000.png"] {
            assert!(name.fits(&Name::parse(other)), "{other}");
        }
        for other in ["00", "cut", "uncut/000", "train/cut/000"] {
            assert!(!name.fits(&Name::parse(other)), "{other}");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let names = ["a", "b", "c", "d", "e"].map(Name::parse);
        assert_eq!(listed(&names[..2]), "a, b");
        assert_eq!(listed(&names), "a, b, c and 2 more");
    }
}
