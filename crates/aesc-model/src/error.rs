//! What can go wrong between images, libtorch and files.

use std::path::PathBuf;

use aesc_artifact::ArtifactError;
use tch::TchError;

/// Why a reconstruction or a training failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The device asked for is not there: the machine's fault.
    #[error("device {asked} is not available: {reason}")]
    Device {
        /// As it was asked for.
        asked: String,
        /// Why it cannot be had, and what would help.
        reason: String,
    },
    /// libtorch refused an operation.
    #[error("libtorch: {0}")]
    Torch(String),
    /// Images do not fit the network or each other: the caller's fault.
    #[error("expected {expected}, found {found}")]
    Images {
        /// What the network takes.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The loss stopped being a number; the last good checkpoint is kept.
    #[error(
        "the loss is {loss} in epoch {epoch}: training diverged; the checkpoint before it is \
         kept; a lower learning rate may help"
    )]
    Diverged {
        /// The epoch, counted from 1.
        epoch: u64,
        /// Not a number, or infinite.
        loss: f64,
    },
    /// The checkpoint belongs to another run.
    #[error("{}: {found}; expected a checkpoint of this configuration and data", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What differs.
        found: String,
    },
    /// A configuration, model file or write failed.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The corruption's configuration was refused.
    #[error(transparent)]
    Noise(#[from] aesc_noise::NoiseError),
}

impl From<TchError> for ModelError {
    fn from(error: TchError) -> Self {
        // libtorch appends its C++ stack to the first lines; a user needs the first only.
        let text = error.to_string();
        Self::Torch(text.lines().next().unwrap_or_default().to_owned())
    }
}

impl ModelError {
    pub(crate) fn images(expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Self {
        Self::Images {
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}
