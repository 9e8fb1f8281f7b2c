//! The official libtorch archive.
//!
//! Its host publishes no checksum: the connection is authenticated, every entry's CRC-32 is
//! read through, and `build-version` must name the version asked for.

use super::{VERSION, Variant, unpack};
use crate::fetch::Download;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The archive's address; CUDA means 13.0, the toolkit of PyTorch 2.11.
pub(crate) fn url(variant: Variant) -> String {
    let build = match variant {
        Variant::Cpu => "cpu",
        Variant::Cuda => "cu130",
    };
    format!(
        "https://download.pytorch.org/libtorch/{build}/libtorch-shared-with-deps-{VERSION}%2B{build}.zip"
    )
}

/// Fetches the archive into `downloads` and unpacks what a build needs into `into`.
///
/// # Errors
/// The download fails (and can be continued) or the archive is damaged (and is removed).
pub(crate) fn install(
    url: &str,
    stall_timeout: Duration,
    downloads: &Path,
    into: &Path,
) -> Result<()> {
    fs::create_dir_all(downloads)?;
    let zip = downloads.join("libtorch.zip");
    if !zip.exists() {
        Download {
            url: url.to_owned(),
            target: zip.clone(),
            stall_timeout,
        }
        .fetch()?;
    }
    if let Err(error) = unpack::verify(&zip) {
        fs::remove_file(&zip)?;
        return Err(error).context("the archive was removed, so that set-up can fetch it again");
    }
    unpack::unpack(&zip, into, place)?;
    Ok(())
}

/// Headers, shared libraries and the version; static libraries and the rest stay behind.
fn place(entry: &str) -> Option<PathBuf> {
    let path = entry.strip_prefix("libtorch/")?;
    let shared = path
        .strip_prefix("lib/")
        .is_some_and(|name| name.contains(".so"));
    let wanted = shared || path.starts_with("include/") || path == "build-version";
    wanted.then(|| path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_version_and_build_twice() {
        let expected = "https://download.pytorch.org/libtorch/cu130/\
            libtorch-shared-with-deps-2.11.0%2Bcu130.zip";
        assert_eq!(url(Variant::Cuda), expected);
        assert!(url(Variant::Cpu).ends_with("cpu/libtorch-shared-with-deps-2.11.0%2Bcpu.zip"));
    }

    #[test]
    fn static_libraries_and_other_folders_stay_behind() {
        let kept = ["libtorch/lib/libc10.so", "libtorch/lib/libgomp-1234.so.1"];
        assert!(kept.iter().all(|entry| place(entry).is_some()));
        assert_eq!(
            place("libtorch/build-version"),
            Some("build-version".into())
        );
        let left = [
            "libtorch/lib/libdnnl.a",
            "libtorch/share/cmake/x",
            "other/include/a.h",
        ];
        assert!(left.iter().all(|entry| place(entry).is_none()));
    }
}
