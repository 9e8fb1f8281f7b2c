//! Takes the wanted categories out of a `.tar.xz` that may be hostile: only regular files and
//! folders, none written twice, none outside, with sizes, number and memory bounded.
//!
//! The folder filled gets its name when it is whole; permissions are the user's own, since the
//! published archive has read-only ones.

use super::entry::{Kind, Member, Members, refused};
use super::place::Place;
use crate::fetch::{Watched, cannot_write};
use crate::interrupt::Interrupt;
use anyhow::{Context, Result, bail};
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use tar::{Archive, Entry};

/// What an archive may cost. MVTec AD has 6,600 files, the largest of 3 MB, 5.3 GB in all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of one file.
    pub(super) file: u64,
    /// Bytes that come out of the archive, headers and unwanted files included.
    pub(super) total: u64,
    /// Files, folders and headers.
    pub(super) entries: u64,
    /// Bytes of memory for unpacking; `xz -9` takes 65 MiB.
    pub(super) memory: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            file: 64 << 20,
            total: 8 << 30,
            entries: 20_000,
            memory: 256 << 20,
        }
    }
}

/// What is taken out of an archive.
#[derive(Debug)]
pub(super) struct Extract<'a> {
    /// Every category there is.
    pub(super) categories: &'a [&'a str],
    /// Those to unpack.
    pub(super) wanted: &'a [&'a str],
    pub(super) bounds: Bounds,
    pub(super) interrupt: &'a Interrupt,
}

impl Extract<'_> {
    /// Fills the empty folder `into` with the wanted categories and the notices beside them;
    /// returns how many files.
    ///
    /// # Errors
    /// The archive is damaged, hostile or over a bound; a file cannot be written; Ctrl-C.
    pub(super) fn unpack(&self, archive: &Path, into: &Path) -> Result<u64> {
        let packed = Watched::open(archive, "unpacking", self.interrupt)?;
        let stream = Stream::new_stream_decoder(self.bounds.memory, CONCATENATED)?;
        let unpacked = Bounded {
            inner: XzDecoder::new_stream(packed, stream),
            left: self.bounds.total,
        };
        let mut tar = Archive::new(unpacked);
        let (mut members, mut n_entries, mut n_files) = (Members::default(), 0, 0);
        for entry in tar.entries()?.raw(true) {
            let mut entry = entry.with_context(|| unreadable(archive))?;
            n_entries += 1;
            if n_entries > self.bounds.entries {
                bail!(
                    "the archive is refused: more than {} entries",
                    self.bounds.entries
                );
            }
            let Some(member) = members
                .next(&mut entry)
                .with_context(|| unreadable(archive))?
            else {
                continue;
            };
            n_files += u64::from(self.put(&member, &mut entry, into)?);
        }
        flush(into)?;
        Ok(n_files)
    }

    /// Writes one member where it is wanted; true for a file.
    fn put(&self, member: &Member, entry: &mut Entry<impl Read>, into: &Path) -> Result<bool> {
        let size = entry.size();
        if size > self.bounds.file {
            let why = format!("{size} bytes, {} at most", self.bounds.file);
            bail!(refused(&member.name, &why));
        }
        let path = match Place::of(member, self.categories) {
            Place::Category { name, path } if self.wanted.contains(&name.as_str()) => path,
            Place::Top(path) => path,
            _ => return Ok(false),
        };
        let target = into.join(path);
        if member.kind == Kind::Folder {
            make_folder(&target, &member.name)?;
            return Ok(false);
        }
        if let Some(parent) = target.parent() {
            make_folder(parent, &member.name)?;
        }
        write(entry, size, &target, &member.name)?;
        Ok(true)
    }
}

fn make_folder(dir: &Path, name: &str) -> Result<()> {
    match fs::create_dir_all(dir) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory
            ) =>
        {
            bail!(refused(name, "a file and a folder of the same name"))
        }
        made => made.map_err(|error| anyhow::anyhow!(cannot_write(dir, &error))),
    }
}

fn write(entry: &mut impl Read, size: u64, target: &Path, name: &str) -> Result<()> {
    let written = |error: io::Error| anyhow::anyhow!(cannot_write(target, &error));
    let mut file = match File::create_new(target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!(refused(name, "the same name twice"))
        }
        file => file.map_err(written)?,
    };
    let (mut buffer, mut done) = (vec![0; 1 << 16], 0);
    loop {
        let n = entry
            .read(&mut buffer)
            .with_context(|| format!("{name} is damaged"))?;
        if n == 0 {
            break;
        }
        file.write_all(&buffer[..n]).map_err(written)?;
        done += n as u64;
    }
    if done != size {
        bail!("the archive is cut short in {name}: {done} of {size} bytes");
    }
    // Linux flushes all files at once, see `flush`.
    if !cfg!(target_os = "linux") {
        file.sync_all().map_err(written)?;
    }
    Ok(())
}

/// Makes sure that the files outlive a power cut before their folder gets its name.
#[cfg(target_os = "linux")]
fn flush(dir: &Path) -> Result<()> {
    let flushed = File::open(dir).and_then(|dir| Ok(rustix::fs::syncfs(dir)?));
    flushed.map_err(|error| anyhow::anyhow!(cannot_write(dir, &error)))
}

#[cfg(not(target_os = "linux"))]
fn flush(_: &Path) -> Result<()> {
    Ok(())
}

fn unreadable(archive: &Path) -> String {
    format!("cannot unpack {}", archive.display())
}

/// Gives no more than so many bytes and then fails, where the end would look like a cut archive.
#[derive(Debug)]
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(n as u64)
            .ok_or_else(|| io::Error::other("more comes out of it than MVTec AD has"))?;
        Ok(n)
    }
}
