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
    /// The device's memory does not hold a step.
    #[error("{device} has too little memory for a batch of {batch}: {}", remedy(*.fits))]
    OutOfMemory {
        /// The device.
        device: crate::Device,
        /// Images a step.
        batch: usize,
        /// The largest halved batch whose step fits, where one does.
        fits: Option<usize>,
    },
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

fn remedy(fits: Option<usize>) -> String {
    match fits {
        Some(batch) => format!("train.batch = {batch} fits"),
        None => "not even a batch of 2 fits; smaller images or a narrower network would".to_owned(),
    }
}

impl From<TchError> for ModelError {
    fn from(error: TchError) -> Self {
        // libtorch appends its C++ stack to the first lines; a user needs the first only.
        let text = error.to_string();
        Self::Torch(text.lines().next().unwrap_or_default().to_owned())
    }
}

impl ModelError {
    /// Whether libtorch says that the device's memory is full.
    pub(crate) fn is_out_of_memory(&self) -> bool {
        const SAID: [&str; 2] = ["out of memory", "can't allocate memory"];
        matches!(self, Self::Torch(text) if SAID.iter().any(|said| text.contains(said)))
    }

    pub(crate) fn images(expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Self {
        Self::Images {
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_memory_is_told_with_the_batch_that_fits() {
        let said = TchError::Torch("CUDA out of memory. Tried to allocate 2.00 GiB\nat x".into());
        assert!(ModelError::from(said).is_out_of_memory());
        let said = "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: \
                    you tried to allocate 4000000000000 bytes.";
        assert!(ModelError::from(TchError::Torch(said.into())).is_out_of_memory());
        let error = ModelError::OutOfMemory {
            device: crate::Device::Cuda(0),
            batch: 64,
            fits: Some(16),
        };
        let expected = "cuda:0 has too little memory for a batch of 64: train.batch = 16 fits";
        assert_eq!(error.to_string(), expected);
    }
}
