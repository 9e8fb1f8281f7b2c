//! A file read from end to end while somebody watches: progress is shown, and Ctrl-C ends it.

use crate::interrupt::Interrupt;
use crate::progress::Progress;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Counts what is read of a file, and fails once the work is to stop.
#[derive(Debug)]
pub(crate) struct Watched {
    file: File,
    progress: Progress,
    done: u64,
    interrupt: Interrupt,
}

impl Watched {
    /// Opens `path`; `title` begins the lines of progress.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn open(path: &Path, title: &str, interrupt: &Interrupt) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let total = file.metadata().map(|metadata| metadata.len()).ok();
        Ok(Self {
            file,
            progress: Progress::new(title, total),
            done: 0,
            interrupt: interrupt.clone(),
        })
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupt.check().map_err(io::Error::other)?;
        let n = self.file.read(buffer)?;
        self.done += n as u64;
        self.progress.set(self.done);
        Ok(n)
    }
}

/// The SHA-256 of all that `source` gives, 64 hexadecimal digits.
///
/// # Errors
/// `source` cannot be read to its end.
pub(crate) fn sha256(mut source: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = source.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
    }
    let hex = |mut hex: String, byte: &u8| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    };
    Ok(hasher.finalize().iter().fold(String::new(), hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_sha256_in_hexadecimal() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&b"abc"[..]).unwrap(), expected);
    }

    #[test]
    fn an_interrupted_file_is_not_read_to_its_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let interrupt = Interrupt::default();
        let mut watched = Watched::open(file.path(), "x", &interrupt).unwrap();
        assert_eq!(watched.read(&mut [0; 1]).unwrap(), 1);
        interrupt.set();
        assert!(sha256(watched).is_err());
    }
}
