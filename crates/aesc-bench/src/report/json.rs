//! `report.json`: the report for programs, without curves, histories and figures.

use std::path::Path;

use super::Report;
use crate::{BenchError, FORMAT};

/// The report as JSON, indented, a few kilobytes a cell.
///
/// # Errors
/// [`BenchError::Render`] when a value cannot be written.
pub fn json(report: &Report) -> Result<String, BenchError> {
    let text = serde_json::to_string_pretty(report);
    text.map(|t| t + "\n").map_err(|error| BenchError::Render {
        what: "report.json",
        found: error.to_string(),
    })
}

/// Reads a `report.json`; `path` only names it in errors.
///
/// # Errors
/// [`BenchError::Malformed`] or [`BenchError::Version`].
pub fn parse(text: &str, path: &Path) -> Result<Report, BenchError> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: u32,
    }
    let malformed = |error: serde_json::Error| BenchError::Malformed {
        path: path.to_owned(),
        expected: "a benchmark report",
        found: error.to_string(),
    };
    // The version first: a newer report may hold fields unknown here.
    let head: Head = serde_json::from_str(text).map_err(malformed)?;
    if head.format != FORMAT {
        return Err(BenchError::Version {
            path: path.to_owned(),
            what: "format",
            expected: FORMAT,
            found: head.format,
        });
    }
    serde_json::from_str(text).map_err(malformed)
}
