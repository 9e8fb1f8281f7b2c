//! A cell's log: opened for its process, read for the reason of its failure.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::CellSpec;

/// How much of the end of a log is read for the reason of a failure.
const TAIL_BYTES: u64 = 4096;
/// How many of its last lines are kept.
const TAIL_LINES: usize = 8;

/// The log opened for appending, twice, and its length after a heading line.
pub(super) fn open_log(
    path: &Path,
    cell: &CellSpec,
    attempt: u32,
) -> std::io::Result<(File, File, u64)> {
    let mut log = File::options().create(true).append(true).open(path)?;
    writeln!(log, "== {} · attempt {attempt}", cell.label())?;
    let length = log.metadata()?.len();
    Ok((log.try_clone()?, log, length))
}

/// The last lines written to the log since byte `start`.
pub(super) fn log_tail(path: &Path, start: u64) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(
            start.max(length.saturating_sub(TAIL_BYTES)),
        ))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|l| !l.is_empty())
        .collect();
    if lines.is_empty() {
        return "it wrote nothing to its log".to_owned();
    }
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
