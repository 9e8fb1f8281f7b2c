//! The entries of a tar file as far as they are trusted: regular files and folders with a plain
//! relative name. Everything else refuses the archive as a whole.
//!
//! Names are read here and not by the tar crate, which would take a long name of any length into
//! memory.

use anyhow::{Result, anyhow, bail};
use std::io::Read;
use std::path::{Component, Path};
use tar::{Entry, EntryType, PaxExtensions};

/// The longest header of a long name, in bytes.
const MAX_NAME_HEADER: u64 = 1 << 16;
/// The deepest path; the dataset itself has five parts at most, a wrapper folder included.
const MAX_DEPTH: usize = 8;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
}

/// An entry that may be unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// As the archive spells it.
    pub(super) name: String,
    /// The name's parts, none of them empty, `.` or `..`.
    pub(super) parts: Vec<String>,
    pub(super) kind: Kind,
}

/// Turns raw entries into members; holds the long name that comes before its entry.
#[derive(Debug, Default)]
pub(super) struct Members {
    long_name: Option<String>,
}

impl Members {
    /// The member that `entry` is; none where it only tells about the next one.
    ///
    /// # Errors
    /// A link, a device, or a name that is no plain relative path.
    pub(super) fn next(&mut self, entry: &mut Entry<impl Read>) -> Result<Option<Member>> {
        let kind = match entry.header().entry_type() {
            EntryType::XGlobalHeader => return Ok(None),
            EntryType::XHeader => {
                let name = pax_name(&small(entry)?)?;
                self.keep(name)?;
                return Ok(None);
            }
            EntryType::GNULongName => {
                let bytes = small(entry)?;
                let name = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
                self.keep(Some(text(name)?))?;
                return Ok(None);
            }
            kind => kind,
        };
        let name = match self.long_name.take() {
            Some(name) => name,
            None => text(&entry.header().path_bytes())?,
        };
        let kind = match kind {
            EntryType::Directory => Kind::Folder,
            // Before there was a type for folders, a slash at the end told them.
            EntryType::Regular if name.ends_with('/') => Kind::Folder,
            EntryType::Regular => Kind::File,
            other => bail!(refused(&name, what(other))),
        };
        let parts = parts(&name)?;
        Ok(Some(Member { name, parts, kind }))
    }

    fn keep(&mut self, name: Option<String>) -> Result<()> {
        match (&self.long_name, name) {
            (Some(first), Some(_)) => bail!(refused(first, "two long names for one entry")),
            (None, Some(name)) => self.long_name = Some(name),
            (_, None) => {}
        }
        Ok(())
    }
}

/// Why the archive is not used.
pub(super) fn refused(name: &str, why: &str) -> anyhow::Error {
    anyhow!("the archive is refused: {why}: {}", name.escape_debug())
}

/// The content of a header entry.
fn small(entry: &mut Entry<impl Read>) -> Result<Vec<u8>> {
    let size = entry.size();
    if size > MAX_NAME_HEADER {
        let name = String::from_utf8_lossy(&entry.header().path_bytes()).into_owned();
        bail!(refused(&name, "the header of a name is too long"));
    }
    let mut bytes = Vec::new();
    entry.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The path among the records of an extended header; those that change what an entry holds are
/// refused, since programs disagree on them.
fn pax_name(records: &[u8]) -> Result<Option<String>> {
    let mut name = None;
    for record in PaxExtensions::new(records) {
        let record = record?;
        let key = record.key().unwrap_or_default();
        if key == "path" {
            name = Some(text(record.value_bytes())?);
        } else if key == "size" || key.starts_with("GNU.sparse") {
            bail!(refused(key, "a record that changes an entry's content"));
        }
    }
    Ok(name)
}

fn text(bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| refused(&String::from_utf8_lossy(bytes), "a name that is not UTF-8"))
}

/// The parts of a relative path that stays where it is.
fn parts(name: &str) -> Result<Vec<String>> {
    if name.is_empty() || name.chars().any(|c| c.is_control() || c == '\\') {
        bail!(refused(name, "a name with control characters or none"));
    }
    if name.starts_with('/') {
        bail!(refused(name, "an absolute path"));
    }
    let mut parts = Vec::new();
    for part in name.split('/').filter(|part| !matches!(*part, "" | ".")) {
        // On Windows also the name of a drive.
        let mut components = Path::new(part).components();
        if !matches!(components.next(), Some(Component::Normal(_))) || components.next().is_some() {
            bail!(refused(name, "a path that leads out of the folder"));
        }
        parts.push(part.to_owned());
    }
    if parts.len() > MAX_DEPTH {
        bail!(refused(name, "a path that is too deep"));
    }
    Ok(parts)
}

fn what(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Symlink => "a symbolic link",
        EntryType::Link | EntryType::GNULongLink => "a hard link",
        EntryType::Char | EntryType::Block => "a device",
        EntryType::Fifo => "a named pipe",
        _ => "neither a regular file nor a folder",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_and_double_slashes_fall_away() {
        assert_eq!(parts("./a//b/./c.png").unwrap(), ["a", "b", "c.png"]);
        assert!(parts("./").unwrap().is_empty());
    }

    #[test]
    fn names_that_are_no_plain_relative_path_are_refused() {
        for name in ["", "/a", "..", "a/../b", "a/..", "a\nb", "a\\b", "a\0b"] {
            assert!(parts(name).is_err(), "{name:?}");
        }
        assert!(parts("1/2/3/4/5/6/7/8").is_ok());
        assert!(parts("1/2/3/4/5/6/7/8/9").is_err());
    }

    #[test]
    fn a_refusal_shows_no_control_character() {
        let error = parts("a\x1b[2Jb").unwrap_err().to_string();
        assert!(error.ends_with("a\\u{1b}[2Jb"), "{error}");
    }
}
