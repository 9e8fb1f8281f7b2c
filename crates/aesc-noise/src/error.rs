//! Why a description of a corruption is refused; applying a validated one never fails.

/// Why a [`CorruptionConfig`](crate::CorruptionConfig) may not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoiseError {
    /// No preset has this name.
    #[error("unknown corruption `{found}`, expected one of {expected}")]
    UnknownName {
        /// All names, separated by commas.
        expected: String,
        /// The name asked for.
        found: String,
    },
    /// A field holds a value outside its range.
    #[error("corruption field `{field}`: expected {expected}, found {found}")]
    OutOfRange {
        /// Path of the field from the corruption down, such as `parts[1].corruption.blur`.
        field: String,
        /// What the field may hold.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
}

impl NoiseError {
    /// The same refusal, its field's path prefixed by `parent`.
    pub(crate) fn below(self, parent: &str) -> Self {
        match self {
            Self::OutOfRange {
                field,
                expected,
                found,
            } => Self::OutOfRange {
                field: format!("{parent}.{field}"),
                expected,
                found,
            },
            other @ Self::UnknownName { .. } => other,
        }
    }
}
