//! Reads images, masks and dataset folders; draws the built-in sample set.
//!
//! The only crate that reads pictures, maps and masks. It gives [`aesc_image::Image`] values in 0..=1 and writes
//! nothing.
#![forbid(unsafe_code)]

mod cache;
mod check;
mod colour;
mod decode;
mod error;
mod fingerprint;
mod folder;
mod list;
mod map_files;
mod map_tiff;
mod masks;
mod mvtec;
mod npy;
mod preprocess;
mod report;
mod resize;
mod sample;
mod size;
mod split;
mod synthetic;
mod tiff_tags;

pub use cache::load_all;
pub use check::check;
pub use colour::Channels;
pub use decode::{
    Decoded, Limits, Warning, decode_image, read_bytes, read_image, read_mask, read_mask_of,
};
pub use error::DataError;
pub use fingerprint::{clean_fingerprint, digest_hex, fingerprint};
pub use folder::open_dataset;
pub use list::{InputImage, list_images};
pub use map_files::{list_maps, list_masks, read_map_file, read_mask_file};
pub use map_tiff::read_map_tiff;
pub use mvtec::{MVTEC_CATEGORIES, MvtecCategory, categories};
pub use npy::NpyPlanes;
pub use preprocess::{Filter, Loaded, PreprocessConfig};
pub use report::{CheckReport, Problem, ProblemKind, Severity, SizeCount, TypeCount};
pub use resize::resize;
pub use sample::{Dataset, Sample, Split};
pub use size::read_size;
pub use split::{ValidationSplit, split_validation};
pub use synthetic::{SAMPLE_CATEGORIES, SampleItem, SampleSetConfig, SampleSpec, sample_items};
