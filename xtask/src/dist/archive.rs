//! A folder as a `.tar.gz`: the same folder gives the same bytes, whoever packs it and when.

use super::stage;
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{BufReader, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Packs `folder` under its own name, unpacks the result elsewhere for `trial`, and gives it the
/// name `path` when that is content.
///
/// # Errors
/// The disk is full, or the trial fails; what was at `path` before stays then.
pub(super) fn pack(folder: &Path, path: &Path, trial: impl Fn(&Path) -> Result<()>) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let mut made = tempfile::Builder::new()
        .prefix(".dist-")
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(parent)
        .with_context(|| format!("cannot write into {}", parent.display()))?;
    let gzip = GzEncoder::new(BufWriter::new(made.as_file_mut()), Compression::default());
    let mut writer = add_all(folder, gzip)?.finish()?;
    writer.flush()?;
    drop(writer);
    made.as_file().sync_all()?;
    let elsewhere = tempfile::tempdir().context("no temporary folder")?;
    unpack(made.path(), elsewhere.path())?;
    trial(
        &elsewhere
            .path()
            .join(folder.file_name().unwrap_or_default()),
    )?;
    made.persist(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

fn add_all<W: Write>(folder: &Path, gzip: GzEncoder<W>) -> Result<GzEncoder<W>> {
    let mut tar = tar::Builder::new(gzip);
    let top = Path::new(folder.file_name().unwrap_or_default());
    for file in stage::files(folder)? {
        let relative = file.strip_prefix(folder).unwrap_or(&file);
        let mut header = tar::Header::new_gnu();
        header.set_size(file.metadata()?.len());
        // The first second that tar programs do not take for a missing time.
        header.set_mtime(1);
        let runs = relative.starts_with("bin") || relative.starts_with("lib");
        header.set_mode(if runs { 0o755 } else { 0o644 });
        let content = BufReader::new(fs::File::open(&file)?);
        tar.append_data(&mut header, top.join(relative), content)
            .with_context(|| format!("cannot pack {}", file.display()))?;
    }
    tar.into_inner().context("cannot end the archive")
}

fn unpack(archive: &Path, into: &Path) -> Result<()> {
    let gzip = GzDecoder::new(BufReader::new(fs::File::open(archive)?));
    tar::Archive::new(gzip)
        .unpack(into)
        .context("the archive does not unpack")
}
