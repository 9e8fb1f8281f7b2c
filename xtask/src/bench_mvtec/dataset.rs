//! Which folder the benchmark reads, and the offer to fetch MVTec AD where it is lacking.

use crate::data::{self, Ask};
use crate::stop::{DATA, Stop};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The named folder, or the default one, into which MVTec AD is fetched where the user agrees.
///
/// # Errors
/// A [`Stop`] with exit code 3 where there is none, or what the fetch says.
pub(super) fn find(
    named: Option<&Path>,
    categories: &[String],
    ask: &mut Ask<'_>,
) -> Result<PathBuf> {
    if let Some(dir) = named {
        let there = dir.canonicalize().ok().filter(|dir| dir.is_dir());
        return there.ok_or_else(|| {
            let text = format!("there is no dataset folder at {}", dir.display());
            Stop::new(DATA, text).into()
        });
    }
    let dir = data::default_dir()?;
    offer(&dir, categories, ask, data::fetch_mvtec)?;
    let resolved = dir.canonicalize();
    resolved.with_context(|| format!("cannot open {}", dir.display()))
}

/// Lets `fetch` bring what `dir` lacks of the wanted categories (none named: of all), if whoever
/// is asked says yes.
///
/// # Errors
/// A [`Stop`] with exit code 3 that tells how to get the data; whatever `fetch` says.
fn offer(
    dir: &Path,
    wanted: &[String],
    ask: &mut Ask<'_>,
    fetch: impl FnOnce(&[String], &mut Ask<'_>) -> Result<()>,
) -> Result<()> {
    let Some(lacking) = lacking(dir, wanted) else {
        return Ok(());
    };
    let what = match &lacking[..] {
        [] => "MVTec AD".to_owned(),
        some => format!("{} of MVTec AD", some.join(", ")),
    };
    let question = format!("{what} is not in {}. Fetch it now? [y/N] ", dir.display());
    let can_fetch = wanted.iter().all(|name| is_published(name));
    if can_fetch && ask(&question) == Some(true) {
        return fetch(&lacking, ask);
    }
    Err(Stop::new(DATA, no_dataset(dir, &what, &lacking)).into())
}

/// The categories to fetch before a run in `dir`, empty for all; none where nothing is lacking.
fn lacking(dir: &Path, wanted: &[String]) -> Option<Vec<String>> {
    let is_empty = |mut entries: fs::ReadDir| entries.next().is_none();
    if fs::read_dir(dir).map_or(true, is_empty) {
        return Some(wanted.to_vec());
    }
    let is_lacking = |name: &&String| is_published(name) && !dir.join(name).is_dir();
    let lacking: Vec<String> = wanted.iter().filter(is_lacking).cloned().collect();
    (!lacking.is_empty()).then_some(lacking)
}

fn is_published(category: &str) -> bool {
    data::names().contains(&category)
}

fn no_dataset(dir: &Path, what: &str, lacking: &[String]) -> String {
    let only = match lacking {
        [] => String::new(),
        some => format!(" --category {}", some.join(" ")),
    };
    format!(
        "{what} is not in {}\n\
         what helps, one of:\n\
         \x20 - `cargo xtask bench-mvtec --sample` runs on the built-in sample set\n\
         \x20 - `cargo xtask data fetch mvtec{only}` fetches it there, once you accept its licence \
         (CC BY-NC-SA 4.0: research, no commerce)\n\
         \x20 - --data DIR, or the variable MVTEC_AD, names a folder where it is; the dataset's \
         page is {}",
        dir.display(),
        data::PAGE
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::ExitCode;

    #[test]
    fn a_missing_dataset_is_exit_code_3_and_names_the_path() {
        let mut nobody = |_: &str| unreachable!("a named folder is not fetched");
        let named = Path::new("no/such/folder");
        let error = find(Some(named), &[], &mut nobody).unwrap_err();
        assert_eq!(crate::stop::exit_code(&error), ExitCode::from(3));
        assert!(error.to_string().contains("no/such/folder"));
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_a_folder_lacks_is_offered_and_fetched_after_a_yes() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("pill")).unwrap();
        let (mut questions, mut fetched) = (Vec::new(), Vec::new());
        let wanted = names(&["bottle", "pill"]);
        let mut ask = |question: &str| {
            questions.push(question.to_owned());
            Some(true)
        };
        let fetch = |lacking: &[String], _: &mut Ask<'_>| {
            fetched = lacking.to_vec();
            Ok(())
        };
        offer(root.path(), &wanted, &mut ask, fetch).unwrap();
        assert_eq!(fetched, ["bottle"]);
        assert!(
            questions[0].starts_with("bottle of MVTec AD is not in "),
            "{questions:?}"
        );
    }

    #[test]
    fn without_a_yes_the_commands_that_help_are_named() {
        let root = tempfile::tempdir().unwrap();
        for answer in [None, Some(false)] {
            let fetch = |_: &[String], _: &mut Ask<'_>| unreachable!("nobody agreed");
            let wanted = names(&["bottle"]);
            let error = offer(root.path(), &wanted, &mut |_| answer, fetch).unwrap_err();
            assert_eq!(crate::stop::exit_code(&error), ExitCode::from(3));
            let text = error.to_string();
            for part in ["data fetch mvtec --category bottle", "--sample", "MVTEC_AD"] {
                assert!(text.contains(part), "{part} not in {text}");
            }
        }
    }

    #[test]
    fn a_folder_with_other_categories_is_left_to_the_benchmark() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("cap")).unwrap();
        assert_eq!(lacking(root.path(), &[]), None);
        assert_eq!(lacking(root.path(), &names(&["screws"])), None);
        assert_eq!(lacking(&root.path().join("no"), &[]), Some(vec![]));
    }
}
