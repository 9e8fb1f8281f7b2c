//! The folder of a run: taken whole or refused, never overwritten by accident.

use std::path::{Path, PathBuf};

use aesc_artifact::write_atomically;
use aesc_bench::FolderLock;
use serde::Serialize;

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What to do with a folder that already holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Refuse.
    Refuse,
    /// Write over what the command writes (`--force`).
    Replace,
    /// Go on in it (`--resume`).
    Continue,
}

/// A folder locked for one process.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    /// Held to the end of the process; the system lets go of it whatever happens.
    _lock: FolderLock,
}

impl RunFolder {
    /// Creates or takes `path`.
    pub(crate) fn take(path: &Path, existing: Existing) -> Result<Self, Failure> {
        if path.exists() && !path.is_dir() {
            let place = path.display();
            return Err(Failure::usage(format!(
                "{place}: expected a folder to write into, found a file; give another --out"
            )));
        }
        let used = std::fs::read_dir(path).is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|e| e.file_name() != ".lock"))
        });
        if used && existing == Existing::Refuse {
            let remedy = "--force replaces it, another --out keeps it";
            return Err(Failure::usage(format!(
                "{} is not empty: {remedy}",
                path.display()
            )));
        }
        let lock = FolderLock::acquire(path)?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `name` in it, creating folders on the way.
    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: &[u8]) -> Result<(), Failure> {
        write_in(&self.path.join(name), bytes)
    }

    /// Writes `name` in it as JSON.
    pub(crate) fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
        self.write(name, (text + "\n").as_bytes())
    }
}

/// Writes a file whole or not at all, creating its folder.
pub(crate) fn write_in(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| Failure::io("create", folder, e))?;
    }
    Ok(write_atomically(path, bytes)?)
}

/// Refuses to write over what is read.
pub(crate) fn must_not_be(path: &Path, read: &Path) -> Result<(), Failure> {
    let same = match (path.canonicalize(), read.canonicalize()) {
        (Ok(path), Ok(read)) => path == read,
        _ => false,
    };
    if same {
        let place = path.display();
        return Err(Failure::usage(format!(
            "{place}: expected another file than what is read, found the same; give another name"
        )));
    }
    Ok(())
}

/// Refuses to write over `path` unless `force`.
pub(crate) fn must_be_new(path: &Path, force: bool) -> Result<(), Failure> {
    if path.exists() && !force {
        return Err(Failure::usage(format!(
            "{} exists: --force replaces it",
            path.display()
        )));
    }
    Ok(())
}
