//! What can be wrong with a configuration or a model file.

use std::path::{Path, PathBuf};

/// Why a configuration, a model file or a write was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// A configured value is out of range: the caller's fault.
    #[error("{field}: expected {expected}, found {found}")]
    Config {
        /// Dotted name, as in TOML.
        field: String,
        /// The range.
        expected: String,
        /// The value.
        found: String,
    },
    /// A part of the configuration was refused by the crate that owns it.
    #[error(transparent)]
    Part(Box<dyn std::error::Error + Send + Sync>),
    /// The file could not be opened or read: the machine's fault.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file could not be written: the machine's fault. What was there before is untouched.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what it should be: the file's fault.
    #[error("{}: expected {expected}, found {found}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What a good file holds there.
        expected: String,
        /// What this one holds.
        found: String,
    },
    /// The tensors given are not those of the network: the caller's fault.
    #[error("tensor {name}: expected {expected}, found {found}")]
    Tensor {
        /// For example `enc1.conv.weight`.
        name: String,
        /// Its shape.
        expected: String,
        /// Another shape, or none.
        found: String,
    },
    /// The file is of a later format than this program knows.
    #[error("{}: model format {found} is newer than {known}: update aesc to read it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's format.
        found: String,
        /// The newest format known here.
        known: u32,
    },
}

impl ArtifactError {
    pub(crate) fn config(
        field: &str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) -> Self {
        let (expected, found) = (expected.to_string(), found.to_string());
        Self::Config {
            field: field.to_owned(),
            expected,
            found,
        }
    }

    pub(crate) fn part(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Part(Box::new(source))
    }

    pub(crate) fn file(
        path: &Path,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) -> Self {
        let (expected, found) = (expected.to_string(), found.to_string());
        Self::File {
            path: path.to_owned(),
            expected,
            found,
        }
    }
}
