//! The run folder: where its files lie, the lock on it, and atomic writing.
//!
//! ```text
//! DIR/plan.json  DIR/.lock  DIR/report.{md,csv,json,html}
//! DIR/cells/<id>/{result.json, failure.json, log.txt, …}
//! ```

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::BenchError;

/// Where the plan of run folder `dir` lies.
pub fn plan_path(dir: &Path) -> PathBuf {
    dir.join("plan.json")
}

/// The folder of one cell.
pub fn cell_dir(dir: &Path, id: &str) -> PathBuf {
    dir.join("cells").join(id)
}

/// The ids of the cells that have a folder: no other was ever begun.
pub fn begun_cells(dir: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(dir.join("cells")).into_iter().flatten();
    let name =
        |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
    entries.filter_map(name).collect()
}

/// Where a cell's result lies once it is finished.
pub fn result_path(dir: &Path, id: &str) -> PathBuf {
    cell_dir(dir, id).join("result.json")
}

/// Where the reason lies when a cell failed by its own fault.
pub fn failure_path(dir: &Path, id: &str) -> PathBuf {
    cell_dir(dir, id).join("failure.json")
}

/// Everything a cell's process said.
pub fn log_path(dir: &Path, id: &str) -> PathBuf {
    cell_dir(dir, id).join("log.txt")
}

/// Writes `bytes` to a temporary sibling, flushes it, and renames it to `path`.
///
/// # Errors
/// [`BenchError::Io`] when a step is refused; `path` is then as it was.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), BenchError> {
    let dir = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(dir).map_err(BenchError::io("create", dir))?;
    let written = sibling(dir, ".tmp-", bytes)
        .and_then(|file| file.persist(path).map_err(|error| error.error));
    written.map(drop).map_err(BenchError::io("write", path))
}

/// `value` as JSON in a temporary sibling of `path`, to be given its name by the caller.
///
/// It is called otherwise than the siblings that the next holder of the folder's lock sweeps away.
pub(crate) fn json_sibling(
    path: &Path,
    value: &impl Serialize,
) -> Result<tempfile::NamedTempFile, BenchError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let bytes = serde_json::to_vec_pretty(value).map_err(std::io::Error::from);
    let file = bytes.and_then(|bytes| sibling(dir, ".new-", &bytes));
    file.map_err(BenchError::io("write", path))
}

/// A temporary file in `dir` holding `bytes`, flushed, readable by whom the umask allows (not by
/// the owner alone).
fn sibling(dir: &Path, prefix: &str, bytes: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Writes `value` as JSON after making sure that it reads back.
///
/// JSON has no NaN: serde writes `null`, which a plain number refuses when read.
pub(crate) fn write_json<T: Serialize + DeserializeOwned>(
    path: &Path,
    value: &T,
) -> Result<(), BenchError> {
    let unfaithful = |error: serde_json::Error| BenchError::Unfaithful {
        path: path.to_owned(),
        found: error.to_string(),
    };
    let mut bytes = serde_json::to_vec_pretty(value).map_err(unfaithful)?;
    bytes.push(b'\n');
    serde_json::from_slice::<T>(&bytes).map_err(unfaithful)?;
    write_atomic(path, &bytes)
}

/// An exclusive hold on a folder, through its `.lock` file; let go when dropped or when the
/// process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the folder, making it first where it is missing.
    ///
    /// # Errors
    /// [`BenchError::Locked`] when another process holds it, [`BenchError::Io`] when the lock
    /// file cannot be made.
    pub fn acquire(dir: &Path) -> Result<Self, BenchError> {
        std::fs::create_dir_all(dir).map_err(BenchError::io("create", dir))?;
        let path = dir.join(".lock");
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(BenchError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {
                sweep(dir);
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(BenchError::Locked {
                path: dir.to_owned(),
            }),
            // A file system without locks: a cell's lease holds it all the same.
            Err(TryLockError::Error(source)) if source.kind() == ErrorKind::Unsupported => {
                Ok(Self { _file: file })
            }
            Err(TryLockError::Error(source)) => Err(BenchError::io("lock", path)(source)),
        }
    }

    /// Whether another process holds the folder just now; nothing is made or written.
    pub fn is_held(dir: &Path) -> bool {
        let lock = File::open(dir.join(".lock")).map(|file| file.try_lock_shared());
        matches!(lock, Ok(Err(TryLockError::WouldBlock)))
    }

    /// Like [`FolderLock::acquire`], waiting up to `patience` for the other holder to end.
    ///
    /// For a cell whose predecessor, orphaned by a killed bench, is still writing its checkpoint.
    ///
    /// # Errors
    /// As [`FolderLock::acquire`].
    pub fn acquire_within(dir: &Path, patience: Duration) -> Result<Self, BenchError> {
        let start = Instant::now();
        loop {
            match Self::acquire(dir) {
                Err(BenchError::Locked { .. }) if start.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                outcome => return outcome,
            }
        }
    }
}

/// Removes what a writer that was killed left half written; the lock is held.
fn sweep(dir: &Path) {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    for entry in entries {
        if entry.file_name().to_string_lossy().starts_with(".tmp-") {
            // One that cannot be removed does no harm.
            drop(std::fs::remove_file(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_until_the_first_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let first = FolderLock::acquire(dir.path()).unwrap();
        let refused = FolderLock::acquire(dir.path());
        assert!(matches!(refused, Err(BenchError::Locked { .. })));
        assert!(FolderLock::is_held(dir.path()));
        drop(first);
        assert!(!FolderLock::is_held(dir.path()));
        FolderLock::acquire(dir.path()).unwrap();
    }

    #[test]
    fn what_a_killed_writer_left_is_swept_away() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(".tmp-abc"), "half").unwrap();
        std::fs::write(dir.path().join("whole"), "whole").unwrap();
        let _lock = FolderLock::acquire(dir.path()).unwrap();
        assert!(!dir.path().join(".tmp-abc").exists());
        assert!(dir.path().join("whole").exists());
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_debris() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_atomic(&path, b"old").unwrap();
        write_json(&path, &f64::NAN).unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn writing_over_a_folder_names_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let error = write_atomic(dir.path(), b"x").unwrap_err().to_string();
        assert!(error.contains(&dir.path().display().to_string()), "{error}");
    }
}
