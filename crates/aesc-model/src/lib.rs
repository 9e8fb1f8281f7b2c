//! The AESc networks on libtorch: reconstruction and training.
//!
//! The only crate that names tch; no type of tch is in its public API. Images go in and come out
//! as [`aesc_image::Image`]; NCHW lives in `tensor.rs` and behind it.

mod device;
mod error;
mod network;
mod reconstruct;
mod tensor;
pub mod train;

pub use aesc_artifact::keep_freed_memory;
pub use device::{Device, DeviceReport, libtorch_version, report, set_threads};
pub use error::ModelError;
pub use reconstruct::Reconstructor;
