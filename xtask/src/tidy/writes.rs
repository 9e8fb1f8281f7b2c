//! Who writes, and that no reader ever sees half a file (invariants 5 and 7).

use super::Finding;
use super::source::{Source, has_word};

/// Where writing is allowed at all.
const WRITERS: [&str; 5] = [
    "crates/aesc-artifact/src/",
    "crates/aesc-bench/src/",
    "crates/aesc-cli/src/",
    "crates/aesc-model/src/train/",
    "xtask/src/",
];

/// Calls that change a disk.
const WRITES: [&str; 12] = [
    "fs::write",
    "fs::rename",
    "fs::copy",
    "fs::create_dir",
    "fs::create_dir_all",
    "fs::remove_file",
    "fs::remove_dir_all",
    "File::create",
    "File::create_new",
    "File::options",
    "OpenOptions",
    "persist",
];

/// Calls that leave half a file when they are cut short.
const TORN: [&str; 6] = [
    "fs::write",
    "fs::copy",
    "File::create",
    "File::create_new",
    "OpenOptions",
    "File::options",
];

const THROWN_AWAY: &str = "a temporary folder, removed by who made it";
const LOCK: &str = "a lock file, without content";

/// Files that may use them, with the reason why nothing is torn.
const SAFE_ALL_THE_SAME: [(&str, &str); 14] = [
    ("crates/aesc-bench/src/engine/log.rs", "a log, appended to"),
    ("crates/aesc-bench/src/folder.rs", LOCK),
    ("crates/aesc-cli/src/run_folder.rs", LOCK),
    (
        "xtask/src/data/extract.rs",
        "a folder that gets its name when it is whole",
    ),
    (
        "xtask/src/dist/stage.rs",
        "a folder that is thrown away when it is packed",
    ),
    ("xtask/src/dist/trial.rs", "a copy in a temporary folder"),
    (
        "xtask/src/fetch/download.rs",
        "the partial file is what resumes a download",
    ),
    ("xtask/src/fetch/lock.rs", LOCK),
    (
        "xtask/src/libtorch/pypi.rs",
        "a folder that gets its name when it is whole",
    ),
    (
        "xtask/src/libtorch/unpack.rs",
        "a folder that gets its name when it is whole",
    ),
    ("xtask/src/test/slurm/cases.rs", THROWN_AWAY),
    ("xtask/src/test/slurm/cluster.rs", THROWN_AWAY),
    ("xtask/src/test/slurm/lab.rs", THROWN_AWAY),
    (
        "xtask/src/test/steps.rs",
        "a copy of the lock file, made anew by every run",
    ),
];

/// The rules on writing.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let may_write = WRITERS.iter().any(|place| source.path.starts_with(place));
    let is_library = source.path.starts_with("crates/") || source.path.starts_with("xtask/");
    let is_safe = SAFE_ALL_THE_SAME
        .iter()
        .any(|(path, _)| *path == source.path);
    let mut findings = Vec::new();
    for (line, text) in source.shipped_lines() {
        let mut found = |rule, word: &str, why: &str| {
            let what = format!("{word}: {why}");
            findings.push(Finding {
                path: source.path.clone(),
                line,
                rule,
                what,
            });
        };
        let word_of = |words: &[&'static str]| words.iter().find(|w| has_word(&text, w)).copied();
        if let Some(word) = word_of(&WRITES).filter(|_| is_library && !may_write) {
            found(
                "writers",
                word,
                "this crate returns values and never writes",
            );
        } else if let Some(word) = word_of(&TORN).filter(|_| is_library && !is_safe) {
            found(
                "torn files",
                word,
                "write through the crate's atomic helper",
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_writes_is_found() {
        let source = Source::new(
            "crates/aesc-data/src/a.rs",
            "std::fs::create_dir_all(out)?;",
        );
        assert_eq!(check(&source)[0].rule, "writers");
        let source = Source::new("crates/aesc-model/src/tensor.rs", "fs::write(path, bytes)");
        assert_eq!(check(&source)[0].rule, "writers");
    }

    #[test]
    fn a_torn_write_in_a_writer_is_found_and_an_atomic_one_is_not() {
        let torn = Source::new("crates/aesc-cli/src/output.rs", "File::create(path)?");
        assert_eq!(check(&torn)[0].rule, "torn files");
        let atomic = Source::new("crates/aesc-cli/src/output.rs", "file.persist(path)?");
        assert!(check(&atomic).is_empty());
    }

    #[test]
    fn every_exception_is_still_there() {
        let root = crate::workspace::root();
        for (path, _) in SAFE_ALL_THE_SAME {
            assert!(
                root.join(path).exists(),
                "{path} is gone: drop its exception"
            );
        }
    }

    #[test]
    fn tests_and_examples_may_write() {
        for path in [
            "crates/aesc-data/tests/it/main.rs",
            "examples/a/src/main.rs",
        ] {
            assert!(
                check(&Source::new(path, "fs::write(a, b)")).is_empty(),
                "{path}"
            );
        }
    }
}
