//! Writing a file whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::ArtifactError;

/// Writes `bytes` to a temporary sibling of `path`, flushes it to the disk and renames it.
///
/// # Errors
/// [`ArtifactError::Write`] on a full disk or an unwritable folder; the old file stays then.
pub fn write_atomically(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), ArtifactError> {
    let path = path.as_ref();
    write(path, bytes).map_err(|source| ArtifactError::Write {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".tmp-")
        .permissions(mode())
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Readable by others as a plain file is; the process's umask still applies.
fn mode() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        write_atomically(&path, b"old").unwrap();
        // A folder in the way of the rename makes the write fail.
        let blocked = folder.path().join("blocked");
        std::fs::create_dir_all(blocked.join("inside")).unwrap();
        assert!(write_atomically(&blocked, b"new").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 2, "no temporary file stays behind");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = write_atomically("no/such/folder/file", b"").unwrap_err();
        assert!(error.to_string().starts_with("no/such/folder/file"));
    }
}
