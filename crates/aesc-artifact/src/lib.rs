//! The model file: which network, how it was trained, preprocessing, calibration, tensors as bytes.
//!
//! Knows shapes and formats, computes nothing on images. Both backends (libtorch, ONNX) build
//! their graphs from [`NetworkPlan`] and [`phase`], so that a file means the same to each.

mod config;
mod dropout;
mod error;
mod file;
mod input;
mod kernels;
mod manifest;
mod memory;
mod network;
pub mod phase;
mod provenance;
mod training;
mod write;

pub use config::{CONFIG_SCHEMA, RunConfig};
pub use dropout::dropout_mask;
pub use error::ArtifactError;
pub use file::{NamedTensor, TensorFile};
pub use input::{
    HIGH_PASS_GAIN, Look, NetworkInput, RESIDUAL_GAIN, SecondLook, Segmentation, high_pass_places,
    high_pass_weights,
};
pub use kernels::{LEAKY_SLOPE, LevelKernels, NORM_EPS};
pub use manifest::{MODEL_FORMAT, Manifest, ModelFile, TrainRecord};
pub use memory::keep_freed_memory;
pub use network::{Level, LevelOp, NetworkConfig, NetworkKind, NetworkPlan, TensorSpec, reflected};
pub use provenance::Provenance;
pub use training::{
    AdamConfig, AugmentConfig, Keep, LossConfig, Optimiser, Precision, Schedule, TrainConfig, Turns,
};
pub use write::{AtomicFile, write_atomically};
