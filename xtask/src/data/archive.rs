//! The archive with the right sum: downloaded, or the file the user has.

use super::licence::PAGE;
use crate::fetch::{Download, Watched, sha256};
use crate::interrupt::Interrupt;
use crate::stop::{DATA, Stop};
use anyhow::{Result, anyhow};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The archive as MVTec publishes it, 4.9 GiB.
pub(super) const URL: &str = "https://www.mydrive.ch/shares/150996/b52ecdcbf521176e9db9c731f2304b27/\
     download/420938113-1629960298/mvtec_anomaly_detection.tar.xz";
/// Its SHA-256.
pub(super) const SHA256: &str = "cf4313b13603bec67abb49ca959488f7eedce2a9f7795ec54446c649ac98cd3d";

/// How every file in the format xz begins.
const XZ_MAGIC: [u8; 6] = *b"\xfd7zXZ\0";

/// Where the archive comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Url(String),
    File(PathBuf),
}

/// An archive and the sum it must have.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) source: &'a Source,
    /// 64 lower-case hexadecimal digits.
    pub(super) sha256: &'a str,
    pub(super) stall_timeout: Duration,
    pub(super) interrupt: &'a Interrupt,
}

impl Wanted<'_> {
    /// The archive's path, its sum verified; a download lies in the folder `downloads`.
    ///
    /// # Errors
    /// A [`Stop`] with the remedy: the file is not to be had (what has arrived is kept) or has
    /// another sum (a download is then removed, a file of the user's never).
    pub(super) fn obtain(&self, downloads: &Path) -> Result<PathBuf> {
        match self.source {
            Source::File(path) => {
                if !path.is_file() {
                    let text = format!("--archive: there is no file {}", path.display());
                    return Err(Stop::new(DATA, text).into());
                }
                self.verify(path)?;
                Ok(path.clone())
            }
            Source::Url(url) => {
                let path = self.downloaded(downloads);
                if !path.exists() {
                    self.download(url, &path)?;
                }
                if let Err(error) = self.verify(&path) {
                    if self.interrupt.check().is_ok() {
                        fs::remove_file(&path)?;
                    }
                    return Err(error);
                }
                Ok(path)
            }
        }
    }

    /// Where a download of this sum lies, so that another sum never continues it.
    pub(super) fn downloaded(&self, downloads: &Path) -> PathBuf {
        let short = self.sha256.get(..12).unwrap_or(self.sha256);
        downloads.join(format!("mvtec_anomaly_detection-{short}.tar.xz"))
    }

    /// How many bytes of it have arrived.
    pub(super) fn arrived(&self, downloads: &Path) -> u64 {
        let whole = self.downloaded(downloads);
        let size = |path: &Path| path.metadata().map(|metadata| metadata.len());
        let partial = self.transfer("", &whole).partial();
        size(&whole).or_else(|_| size(&partial)).unwrap_or(0)
    }

    fn transfer(&self, url: &str, path: &Path) -> Download {
        Download {
            url: url.to_owned(),
            target: path.to_path_buf(),
            stall_timeout: self.stall_timeout,
        }
    }

    fn download(&self, url: &str, path: &Path) -> Result<()> {
        eprintln!("fetching {url}");
        let download = self.transfer(url, path);
        let partial = download.partial();
        let fetched = self.interrupt.wait_for(move || download.fetch());
        match fetched {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Stop::new(DATA, not_fetched(&error, &partial)).into()),
            Err(stop) => Err(stop.and(&kept(&partial)).into()),
        }
    }

    fn verify(&self, path: &Path) -> Result<()> {
        let watched = Watched::open(path, "checking the sum", self.interrupt)?;
        let found = match sha256(watched) {
            Ok(found) => found,
            Err(error) => {
                let note = "the archive is kept, and the same command checks it again";
                self.interrupt.check().map_err(|stop| stop.and(note))?;
                return Err(anyhow!("cannot read {}: {error}", path.display()));
            }
        };
        if found == self.sha256 {
            return Ok(());
        }
        Err(Stop::new(DATA, self.wrong_sum(path, &found)).into())
    }

    fn wrong_sum(&self, path: &Path, found: &str) -> String {
        let size = path.metadata().map_or(0, |metadata| metadata.len());
        let nature = if is_xz(path) {
            "cut short, changed, or packed anew"
        } else {
            "no xz file at all; an address that moved often answers with a page of text"
        };
        let remedy = match self.source {
            Source::Url(_) => {
                "it was removed, so that the next run fetches it anew; for another address add \
                 --url URL"
            }
            Source::File(_) => "it was left as it is; name another by --archive FILE",
        };
        format!(
            "{} has the wrong checksum ({size} bytes: {nature})\n  expected sha256 {}\n  \
             found    sha256 {found}\n{remedy}, and for one packed anew that you trust its sum by \
             --sha256 HEX",
            path.display(),
            self.sha256,
        )
    }
}

fn is_xz(path: &Path) -> bool {
    let mut head = [0; XZ_MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == XZ_MAGIC
}

fn kept(partial: &Path) -> String {
    match partial.metadata() {
        Ok(metadata) => format!(
            "{} MiB are kept in {}; the same command goes on from there",
            metadata.len() >> 20,
            partial.display()
        ),
        Err(_) => "nothing has arrived yet".to_owned(),
    }
}

fn not_fetched(error: &anyhow::Error, partial: &Path) -> String {
    format!(
        "the archive could not be fetched: {error:#}\n{}\nwhat helps, one of:\n\
         \x20 - check the network, HTTPS_PROXY and the room on the disk, then run the command again\n\
         \x20 - --url URL with a mirror, or with the address that {PAGE} gives today\n\
         \x20 - --archive FILE with a copy of the archive from elsewhere",
        kept(partial)
    )
}
