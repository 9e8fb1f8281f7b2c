//! From reconstruction to decision: anomaly maps, scores, thresholds, overlays.
//!
//! An image and what a network made of it become an anomaly map ([`Strategy`]), the map an
//! image score ([`image_score`]), the score a decision ([`Calibration`]). [`Detector`] does all
//! three over any backend that offers [`Reconstruct`]. Everything here is a pure function of its
//! arguments: no files, no clock, no randomness; pictures are returned as values.
//!
//! Reference: Collin & De Vleeschouwer, ICPR 2020 (arXiv 2008.12977), detection.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    expect(clippy::float_cmp, reason = "expected values are worked out exactly")
)]

mod calibrate;
mod colour_bar;
mod detector;
mod drift;
mod error;
mod evidence;
mod fusion;
mod heat;
mod judge;
mod observe;
mod overlay;
mod regions;
mod residual;
mod resize;
mod roi;
mod score;
mod sheet;
mod smooth;
mod strategy;
mod tiles;

pub use calibrate::{
    Calibration, CalibrationMethod, CleanScores, Decision, OUTLYING, RateFit, RateTarget, Support,
    TailFit, measure_clean,
};
pub use colour_bar::bar_width;
pub use detector::Detector;
pub use drift::{Drift, DriftVerdict};
pub use error::DetectError;
pub use evidence::{EvidenceConfig, EvidenceLevel, EvidenceLevels, EvidenceMap};
pub use fusion::MapScales;
pub use heat::{OverlayScale, heat_map};
pub use judge::{Detection, Judge, calibrate_each};
pub use observe::{BackendError, Observation, Reconstruct, Sampled, observe};
pub use overlay::{Overlay, overlay};
pub use regions::{Region, Regions};
pub use residual::{ChannelReduction, ResidualForm, residual_map};
pub use resize::{resize_map, resize_mask_nearest};
pub use roi::Roi;
pub use score::{ImageScore, MapTerms, ScoreConfig, anomaly_map, image_score, scored_map};
pub use sheet::{grid, hstack, mask_image};
pub use smooth::{Smoothing, smooth};
pub use strategy::{McDropout, Strategy};
pub use tiles::{TileGrid, Tiled};
