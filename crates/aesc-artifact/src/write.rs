//! Writing a file whole or not at all.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::ArtifactError;

/// Writes `bytes` to a temporary sibling of `path`, flushes it to the disk and renames it. Links are
/// followed, and a file that is replaced keeps its mode.
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
    let path = &end_of_links(path);
    let mut file = sibling(path)?;
    file.write_all(bytes)?;
    named(file, path)
}

/// The file that a link leads to; what a plain path names.
fn end_of_links(path: &Path) -> PathBuf {
    let target = path.is_symlink().then(|| path.canonicalize().ok());
    target.flatten().unwrap_or_else(|| path.to_owned())
}

/// A file that gets its name when it is whole: written piece by piece to a temporary sibling.
/// Dropped before [`AtomicFile::commit`] it leaves nothing, and what was there before stays.
#[derive(Debug)]
pub struct AtomicFile {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl AtomicFile {
    /// Begins a file that will stand at `path`, in an existing folder.
    ///
    /// # Errors
    /// [`ArtifactError::Write`] where the folder cannot be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, ArtifactError> {
        let path = end_of_links(&path.into());
        match sibling(&path) {
            Ok(file) => Ok(Self {
                file: BufWriter::new(file),
                path,
            }),
            Err(source) => Err(ArtifactError::Write { path, source }),
        }
    }

    /// Flushes it to the disk and gives it its name.
    ///
    /// # Errors
    /// [`ArtifactError::Write`] on a full disk; the old file stays then.
    pub fn commit(self) -> Result<(), ArtifactError> {
        let file = self
            .file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error);
        file.and_then(|file| named(file, &self.path))
            .map_err(|source| ArtifactError::Write {
                path: self.path.clone(),
                source,
            })
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

fn sibling(path: &Path) -> std::io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    tempfile::Builder::new()
        .prefix(".tmp-")
        .permissions(mode())
        .tempfile_in(folder)
}

fn named(file: NamedTempFile, path: &Path) -> std::io::Result<()> {
    // A file that is replaced keeps its mode.
    if let Ok(old) = std::fs::metadata(path)
        && old.is_file()
    {
        file.as_file().set_permissions(old.permissions())?;
    }
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
    fn a_file_in_pieces_has_no_name_before_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        write_atomically(&path, b"old").unwrap();
        let mut dropped = AtomicFile::create(&path).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        let mut whole = AtomicFile::create(&path).unwrap();
        whole.write_all(b"new ").unwrap();
        whole.write_all(b"table").unwrap();
        whole.commit().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new table");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_one_and_a_file_keeps_its_mode() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("model"), folder.path().join("link"));
        write_atomically(&path, b"old").unwrap();
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
        symlink("model", &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = write_atomically("no/such/folder/file", b"").unwrap_err();
        assert!(error.to_string().starts_with("no/such/folder/file"));
    }
}
