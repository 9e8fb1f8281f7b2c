//! What can go wrong between a model file, a graph and tract.

use aesc_artifact::ArtifactError;

/// Why no graph was written, or one could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// The model's tensors are not its network's, or its settings are out of range.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The weights do not fit one ONNX file.
    #[error("expected weights of less than 2 GiB in an ONNX file, found {bytes} bytes")]
    TooLarge {
        /// Bytes of all kernels, the decoder's in phase form.
        bytes: u64,
    },
    /// Images do not fit the network: the caller's fault.
    #[error("expected {expected}, found {found}")]
    Images {
        /// What the network takes.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A file of test vectors holds something else.
    #[error("expected {expected}, found {found}")]
    Vectors {
        /// What fits the model.
        expected: String,
        /// What the file holds.
        found: String,
    },
    /// The bytes are no ONNX file.
    #[error("not an ONNX file: {0}")]
    NotOnnx(String),
    /// tract refused a graph or failed to run it.
    #[error("tract: {0}")]
    Tract(String),
}

impl OnnxError {
    pub(crate) fn images(expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Self {
        Self::Images {
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }

    /// An error of tract with its causes on one line.
    pub(crate) fn tract(error: impl std::fmt::Debug) -> Self {
        let text = format!("{error:?}");
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .collect();
        Self::Tract(lines.join(" "))
    }
}
