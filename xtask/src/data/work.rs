//! The folder in which a fetch works, one process at a time, until what it made is whole and can
//! be given its name.

use crate::fetch::lock;
use crate::interrupt::Interrupt;
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Holds downloads, what is being unpacked, and the lock.
#[derive(Debug)]
pub(super) struct Work {
    dir: PathBuf,
    _lock: File,
}

impl Work {
    /// Waits until no other fetch works there, and clears what one that was killed left.
    pub(super) fn take(dataset: &Path, interrupt: &Interrupt) -> Result<Self> {
        loop {
            let dir = Self::folder(dataset);
            fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
            if let Some(lock) = lock(&dir.join("lock"), "fetch", interrupt)? {
                let work = Self { dir, _lock: lock };
                work.clear();
                return Ok(work);
            }
        }
    }

    /// `NAME.fetch` beside the dataset's folder; `.fetch` inside where that folder is there first,
    /// since it may be a disk of its own.
    pub(super) fn folder(dataset: &Path) -> PathBuf {
        let mut name = dataset.as_os_str().to_owned();
        name.push(".fetch");
        let beside = PathBuf::from(name);
        if dataset.is_dir() && !beside.is_dir() {
            return dataset.join(".fetch");
        }
        beside
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the archive is unpacked.
    pub(super) fn staging(&self) -> PathBuf {
        self.dir.join("unpacking")
    }

    /// Where categories go that are replaced.
    pub(super) fn replaced(&self) -> Result<PathBuf> {
        let dir = self.dir.join("replaced");
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(dir)
    }

    /// Removes what was unpacked and not placed, and what was replaced.
    pub(super) fn clear(&self) {
        for dir in [self.staging(), self.dir.join("replaced")] {
            match fs::remove_dir_all(&dir) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    eprintln!("warning: cannot remove {}: {error}", dir.display());
                }
                _ => {}
            }
        }
    }

    /// Removes the folder with all that it holds.
    pub(super) fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.dir)
            .with_context(|| format!("cannot remove {}", self.dir.display()))
    }

    /// Removes the folder where no download, whole or begun, lies in it.
    pub(super) fn remove_unless_needed(self) {
        // What is not needed is no reason to fail.
        let _ = fs::remove_file(self.dir.join("lock"));
        let _ = fs::remove_dir(&self.dir);
    }
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to)
        .with_context(|| format!("cannot move {} to {}", from.display(), to.display()))
}

/// Gives `fresh` the name `target`; what has that name goes to the folder `aside`, and comes back
/// if the move fails.
pub(super) fn replace(fresh: &Path, target: &Path, aside: &Path) -> Result<()> {
    let old = aside.join(target.file_name().unwrap_or_default());
    let is_there = target.symlink_metadata().is_ok();
    if is_there {
        rename(target, &old)?;
    }
    rename(fresh, target).inspect_err(|_| {
        if is_there {
            let _ = fs::rename(&old, target);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_replaced_is_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir_all(path("target/mine")).unwrap();
        fs::create_dir(path("aside")).unwrap();
        assert!(replace(&path("no"), &path("target"), &path("aside")).is_err());
        assert!(path("target/mine").exists());
        fs::create_dir(path("fresh")).unwrap();
        replace(&path("fresh"), &path("target"), &path("aside")).unwrap();
        assert!(!path("target/mine").exists() && path("aside/target/mine").exists());
    }
}
