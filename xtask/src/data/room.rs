//! Whether the disk has room for what is about to be fetched.

use std::path::Path;

/// Bytes of the published archive, rounded up.
pub(super) const ARCHIVE: u64 = 5_300_000_000;
/// Bytes that come out of it, rounded up.
pub(super) const UNPACKED: u64 = 5_400_000_000;

/// Warns where the disk of `dir` has less than `needed` bytes free.
pub(super) fn warn(dir: &Path, needed: u64) {
    let gb = |bytes: u64| bytes as f64 / 1e9;
    if let Some(free) = free(dir).filter(|&free| free < needed) {
        eprintln!(
            "warning: about {:.1} GB are needed for {}, {:.1} GB are free there",
            gb(needed),
            dir.display(),
            gb(free)
        );
    }
}

/// Bytes free to this user at `dir` or, while there is no such folder, at the next above it.
#[cfg(unix)]
fn free(dir: &Path) -> Option<u64> {
    let there = dir.ancestors().find(|dir| dir.is_dir())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_to_be_has_the_room_of_the_one_above() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free(&dir.path().join("a/b")).is_some());
    }
}
