//! Which part of MVTec AD a member of the archive is, whether or not all of it lies in a folder
//! of its own.

use super::entry::{Kind, Member};
use std::path::PathBuf;

/// Where a member goes below the dataset's folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Into a category, itself the path's first part.
    Category { name: String, path: PathBuf },
    /// The licence or the readme beside the categories.
    Top(PathBuf),
    /// Not part of the dataset as it is published.
    Elsewhere,
}

impl Place {
    /// The place of `member`, where `categories` are all there are.
    pub(super) fn of(member: &Member, categories: &[&str]) -> Self {
        let is_category = |part: &String| categories.contains(&part.as_str());
        let inner = match &member.parts[..] {
            parts @ [first, ..] if is_category(first) => parts,
            [_, parts @ ..] if parts.first().is_some_and(is_category) => parts,
            [name] | [_, name] if member.kind == Kind::File && is_notice(name) => {
                return Self::Top(name.into());
            }
            _ => return Self::Elsewhere,
        };
        let [name, ..] = inner else {
            return Self::Elsewhere;
        };
        Self::Category {
            name: name.clone(),
            path: inner.iter().collect(),
        }
    }
}

fn is_notice(name: &str) -> bool {
    ["license.txt", "licence.txt", "readme.txt"]
        .iter()
        .any(|notice| name.eq_ignore_ascii_case(notice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str, kind: Kind) -> Place {
        let member = Member {
            name: name.to_owned(),
            parts: name.split('/').map(str::to_owned).collect(),
            kind,
        };
        Place::of(&member, &["bottle", "pill"])
    }

    #[test]
    fn a_category_is_found_with_and_without_a_folder_around_it() {
        for name in ["bottle/test/good/000.png", "x/bottle/test/good/000.png"] {
            let expected = Place::Category {
                name: "bottle".into(),
                path: "bottle/test/good/000.png".into(),
            };
            assert_eq!(place(name, Kind::File), expected);
        }
    }

    #[test]
    fn a_category_inside_another_is_part_of_the_outer_one() {
        let found = place("pill/bottle/a", Kind::File);
        assert!(matches!(found, Place::Category { name, .. } if name == "pill"));
        assert_eq!(place("x/y/bottle/a", Kind::File), Place::Elsewhere);
    }

    #[test]
    fn only_licence_and_readme_lie_beside_the_categories() {
        let top = Place::Top("license.txt".into());
        assert_eq!(place("license.txt", Kind::File), top);
        assert_eq!(place("x/license.txt", Kind::File), top);
        for (name, kind) in [
            ("other.txt", Kind::File),
            ("readme.txt", Kind::Folder),
            ("x", Kind::Folder),
            ("x/y/license.txt", Kind::File),
        ] {
            assert_eq!(place(name, kind), Place::Elsewhere, "{name}");
        }
    }
}
