//! Model files as ONNX graphs, and reconstruction by them without libtorch.
//!
//! [`export`] writes the ONNX file of a model; [`Reconstructor`] is the same graph run by tract, in
//! pure Rust, as a [`Reconstruct`](aesc_detect::Reconstruct) backend; [`run`] runs the bytes of an
//! exported file, to see that they are what was meant. There is one builder of graphs, so what is
//! exported is what is run here.
//!
//! The decoder is in phase form: each "nearest x2, 5x5 convolution" is one 3x3 convolution at the
//! lower resolution to four times the channels, its kernels constants of the graph, and a
//! `DepthToSpace`. Exact, and 9 products an output pixel instead of 25.
#![forbid(unsafe_code)]

mod error;
mod export;
mod graph;
mod moments;
mod proto;
mod reconstruct;
mod session;
mod tensor;
mod vectors;

pub use error::OnnxError;
pub use export::{INPUT, OPSET, OUTPUT, SECOND, SEGMENTATION, export, run};
pub use reconstruct::Reconstructor;
pub use vectors::Vectors;
