//! What `check` finds: counts, sizes and problems, ready to print or to serialise.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::{DataError, Split};

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Training or scoring would stop, or its figures mean nothing.
    Error,
    /// Usable, but perhaps not what was meant.
    Warning,
}

/// What kind of [`Problem`] it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// The folder is missing or has another layout.
    Layout,
    /// A file cannot be read or decoded.
    Unreadable,
    /// An anomalous image without its mask.
    MissingMask,
    /// A mask without its image.
    MissingImage,
    /// Two files with the same stem.
    Ambiguous,
    /// A mask of another size than its image.
    MaskSize,
    /// The mask of an anomalous image marks nothing.
    EmptyMask,
    /// Two files with the same bytes.
    Duplicate,
    /// An image of another size than most.
    OddSize,
    /// A file or folder that takes no part.
    Ignored,
    /// A remark of the decoder.
    Decoding,
}

/// One finding about one file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether it stops the work.
    pub severity: Severity,
    /// What kind of finding.
    pub kind: ProblemKind,
    /// The file or folder; where its name is no UTF-8, it is written with replacement characters.
    #[serde(serialize_with = "shown")]
    pub path: PathBuf,
    /// What was expected and what found.
    pub message: String,
}

/// How many images a split has of one defect type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TypeCount {
    /// Train or test.
    pub split: Split,
    /// `good`, or the defect.
    pub defect_type: String,
    /// Images of this type.
    pub images: usize,
    /// Masks paired with them.
    pub masks: usize,
}

/// How many images have one size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SizeCount {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Images of this size.
    pub images: usize,
}

/// All there is to say about a dataset folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The folder; written like a problem's path.
    #[serde(serialize_with = "shown")]
    pub root: PathBuf,
    /// The folder's own name.
    pub name: String,
    /// Images per split and type, sorted.
    pub counts: Vec<TypeCount>,
    /// Images per size, the most frequent first.
    pub sizes: Vec<SizeCount>,
    /// Errors first, then by path.
    pub problems: Vec<Problem>,
}

fn shown<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

impl CheckReport {
    /// Whether no problem is an error.
    pub fn is_ok(&self) -> bool {
        self.problems
            .iter()
            .all(|problem| problem.severity != Severity::Error)
    }
}

impl Problem {
    pub(crate) fn of(fault: &DataError, fallback: &Path) -> Self {
        let kind = match fault {
            DataError::MissingMask { .. } => ProblemKind::MissingMask,
            DataError::MissingImage { .. } => ProblemKind::MissingImage,
            DataError::Ambiguous { .. } => ProblemKind::Ambiguous,
            DataError::MaskSize { .. } => ProblemKind::MaskSize,
            DataError::Layout { .. }
            | DataError::NoImages { .. }
            | DataError::NotFound { .. }
            | DataError::WrongKind { .. } => ProblemKind::Layout,
            _ => ProblemKind::Unreadable,
        };
        Self {
            severity: Severity::Error,
            kind,
            path: fault.path().unwrap_or(fallback).to_path_buf(),
            message: fault.to_string(),
        }
    }

    pub(crate) fn warning(kind: ProblemKind, path: &Path, message: String) -> Self {
        Self {
            severity: Severity::Warning,
            kind,
            path: path.to_path_buf(),
            message,
        }
    }
}
