//! Where the repository lies and how cargo is called.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root: the parent of this crate's folder.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest
        .parent()
        .map_or_else(|| manifest.clone(), Path::to_path_buf)
}

/// The cargo that runs this program, started in the repository's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Where cargo builds: `CARGO_TARGET_DIR`, else `target` in the repository.
pub(crate) fn target_dir() -> PathBuf {
    let given = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    root().join(given.unwrap_or_else(|| "target".into()))
}

/// `$XDG_…` where it is an absolute path, else `$HOME` joined with `fallback`.
pub(crate) fn user_dir(variable: &str, fallback: &str) -> Option<PathBuf> {
    let given = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute());
    given.or_else(|| std::env::home_dir().map(|home| home.join(fallback)))
}
