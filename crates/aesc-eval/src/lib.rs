//! Exact anomaly-detection metrics over slices: AUROC, AP, F1-max, FPR at 95 % TPR, AUPRO, AUPIMO.
#![forbid(unsafe_code)]

mod accumulator;
mod average_precision;
mod bootstrap;
mod curve;
mod defect_types;
mod entry;
mod error;
mod f1;
mod locate;
mod map;
mod partition;
mod pimo;
mod pixel;
mod pro;
mod ranking;
mod regions;
mod roc;
mod sort;
mod summary;
mod tally;

pub use accumulator::Accumulator;
pub use average_precision::{average_precision, pr_curve};
pub use bootstrap::{Bootstrap, Comparison, Interval, auroc_interval, compare_auroc};
pub use curve::{CurvePoint, thin_curve};
pub use defect_types::{DefectTypeAuroc, auroc_per_defect_type};
pub use error::EvalError;
pub use f1::{F1Max, f1_max};
pub use map::MapView;
pub use pimo::{Aupimo, aupimo};
pub use pixel::{PixelMetrics, pixel_metrics};
pub use pro::{aupro, pro_curve};
pub use ranking::Ranking;
pub use regions::{Regions, label_regions};
pub use roc::{auroc, fpr_at_tpr, roc_curve};
pub use summary::{MeanSd, mean_sd};
