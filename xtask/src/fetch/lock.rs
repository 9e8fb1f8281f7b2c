//! The sole right to work in a folder that several processes share; the operating system frees it
//! when a process dies.

use crate::interrupt::Interrupt;
use anyhow::{Context, Result};
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often a lock that another holds is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// Waits for the lock file at `path`, which `what` (such as "set-up") may hold elsewhere; held
/// until the file is dropped. None where the file went away meanwhile, since who held it was the
/// last to need its folder: make the folder and try again.
///
/// # Errors
/// The file cannot be made or locked, or the wait is interrupted.
pub(crate) fn lock(path: &Path, what: &str, interrupt: &Interrupt) -> Result<Option<File>> {
    let file = match File::create(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.with_context(|| format!("cannot write {}", path.display()))?,
    };
    let mut said = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(is_at(&file, path).then_some(file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        if !said {
            eprintln!("another {what} holds {}: waiting for it", path.display());
            said = true;
        }
        interrupt.check()?;
        thread::sleep(PAUSE);
    }
}

/// Whether the open file is still the one of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let named = path.metadata().map(identity).ok();
    named.is_some() && named == file.metadata().map(identity).ok()
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    #[cfg(unix)]
    fn a_lock_whose_file_went_away_or_was_made_anew_is_not_held() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let file = lock(&path, "test", &Interrupt::default()).unwrap().unwrap();
        assert!(is_at(&file, &path));
        fs::remove_file(&path).unwrap();
        assert!(!is_at(&file, &path));
        File::create(&path).unwrap();
        assert!(!is_at(&file, &path));
    }

    #[test]
    fn without_its_folder_there_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gone/lock");
        assert!(
            lock(&path, "test", &Interrupt::default())
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn who_waits_for_a_lock_can_be_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let interrupt = Interrupt::default();
        let _held = lock(&path, "test", &interrupt).unwrap().unwrap();
        interrupt.set();
        assert!(lock(&path, "test", &interrupt).is_err());
    }
}
