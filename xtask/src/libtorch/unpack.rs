//! Takes the wanted files out of a zip file; every entry's checksum is verified while it is read.

use crate::progress::Progress;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Component, Path, PathBuf};
use zip::ZipArchive;

/// Unpacks the entries for which `place` names a path below `into`. Returns how many.
pub(crate) fn unpack(
    archive: &Path,
    into: &Path,
    place: impl Fn(&str) -> Option<PathBuf>,
) -> Result<usize> {
    let mut zip = open(archive)?;
    let title = format!("unpacking {}", file_name(archive));
    let mut progress = Progress::new(title, zip.decompressed_size().map(|n| n as u64));
    let (mut count, mut read) = (0, 0);
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).with_context(|| damaged(archive))?;
        read += entry.size();
        let name = entry.name().with_context(|| damaged(archive))?.into_owned();
        if let Some(relative) = place(&name).filter(|_| entry.is_file()) {
            write_entry(&mut entry, &into.join(inside(&relative)?))
                .with_context(|| format!("cannot unpack {}", entry_name(archive, &relative)))?;
            count += 1;
        }
        progress.set(read);
    }
    Ok(count)
}

/// Reads every entry to its end, so that a damaged file is found before it is used.
pub(crate) fn verify(archive: &Path) -> Result<()> {
    let mut zip = open(archive)?;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).with_context(|| damaged(archive))?;
        io::copy(&mut entry, &mut io::sink()).with_context(|| damaged(archive))?;
    }
    Ok(())
}

fn open(archive: &Path) -> Result<ZipArchive<BufReader<File>>> {
    let file = File::open(archive).with_context(|| format!("cannot open {}", archive.display()))?;
    ZipArchive::new(BufReader::new(file)).with_context(|| damaged(archive))
}

fn write_entry(entry: &mut impl io::Read, target: &Path) -> Result<()> {
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = File::create(target)?;
    io::copy(entry, &mut file)?;
    // Headers by the thousand can be unpacked again; a library must be whole after a power cut.
    if target.extension().is_none_or(|extension| extension != "h") {
        file.sync_all()?;
    }
    Ok(())
}

/// Refuses paths that would leave the target folder.
fn inside(relative: &Path) -> Result<&Path> {
    if relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Ok(relative);
    }
    bail!("the entry {} leads out of the archive", relative.display())
}

fn damaged(archive: &Path) -> String {
    format!("{} is damaged", archive.display())
}

fn entry_name(archive: &Path, entry: &Path) -> String {
    format!("{} of {}", entry.display(), archive.display())
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
pub(crate) mod fixture {
    //! Zip files made for the tests.

    use std::io::{Cursor, Write};
    use zip::write::SimpleFileOptions;

    /// A zip file with these entries.
    pub(crate) fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, content) in entries {
            writer.start_file(*name, options).unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_placed_entries_are_written() {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("a.zip");
        fs::write(&archive, fixture::zip(&[("top/a", "1"), ("top/b", "2")])).unwrap();
        let place = |name: &str| (name == "top/a").then(|| PathBuf::from("sub/a"));
        assert_eq!(unpack(&archive, dir.path(), place).unwrap(), 1);
        assert_eq!(fs::read_to_string(dir.path().join("sub/a")).unwrap(), "1");
        assert!(!dir.path().join("top").exists());
    }

    #[test]
    fn an_entry_that_climbs_out_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("a.zip");
        fs::write(&archive, fixture::zip(&[("../evil", "1")])).unwrap();
        let error = unpack(&archive, &dir.path().join("in"), |name| Some(name.into())).unwrap_err();
        assert!(
            error.to_string().contains("leads out of the archive"),
            "{error:#}"
        );
    }

    #[test]
    fn a_changed_byte_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("a.zip");
        let mut bytes = fixture::zip(&[("a", "sentinel")]);
        let at = bytes
            .windows(8)
            .position(|window| window == b"sentinel")
            .unwrap();
        bytes[at] ^= 1;
        fs::write(&archive, bytes).unwrap();
        assert!(
            verify(&archive)
                .unwrap_err()
                .to_string()
                .contains("is damaged")
        );
    }
}
