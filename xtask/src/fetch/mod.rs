//! What every fetch of a large file needs: downloads that go on, sums, locks, readers that stop.

mod download;
mod lock;
#[cfg(test)]
pub(crate) mod tests;
mod watched;

pub(crate) use download::Download;
pub(crate) use lock::lock;
pub(crate) use watched::{Watched, sha256};

use std::io;
use std::path::Path;

/// Why a file could not be written, with the remedy where the disk is full.
pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> String {
    let remedy = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ": make room, then run the command again"
        }
        _ => "",
    };
    format!("cannot write {}: {error}{remedy}", path.display())
}
