//! Exact anomaly-detection metrics over slices: AUROC, AP, F1-max, FPR at 95 % TPR, AUPRO, AUPIMO.
//!
//! Scores are any finite `f32`, higher is more anomalous, -0.0 equals 0.0; labels and masks are
//! `true` where anomalous. Nothing is binned: ties are merged and count as the definitions say.
//! What is undefined is an [`EvalError`] that names what was found, never a number. Reading files,
//! resizing maps and fitting thresholds is left to others.
//!
//! With TP(t), FP(t) the anomalous and normal samples that score t or more, out of P and N:
//!
//! | metric | definition | functions |
//! |---|---|---|
//! | AUROC | P(anomalous > normal) + P(equal) / 2 | [`auroc`], [`roc_curve`] |
//! | AP | sum of (Rₙ - Rₙ₋₁) Pₙ over distinct thresholds; R = TP / P, precision TP / (TP + FP) | [`average_precision`], [`pr_curve`] |
//! | F1-max | max over t of 2 TP / (P + TP + FP): an oracle | [`f1_max`] |
//! | FPR@TPR | smallest FP / N whose TP / P reaches the TPR | [`fpr_at_tpr`] |
//! | AUPRO | area under the mean share of each region found, over FP / N up to a limit, by the limit | [`aupro`], [`pro_curve`] |
//! | AUPIMO | recall of a mask averaged over log FPR in 1e-5..1e-4, the FPR on normal images | [`aupimo`] |
//!
//! Beside them: [`auroc_interval`] and [`compare_auroc`] (seeded bootstrap),
//! [`auroc_per_defect_type`], [`mean_sd`], [`label_regions`]. [`pixel_metrics`] gives all pixel
//! metrics at once; [`Accumulator`] does so over maps that come one at a time, and a [`Ranking`]
//! yields any of them, curves included, without ranking again.
//!
//! ```
//! use aesc_eval::{auroc, average_precision, f1_max};
//! // Highest first: anomalous, normal, anomalous, normal.
//! let scores = [0.9, 0.8, 0.7, 0.1];
//! let labels = [true, false, true, false];
//! assert_eq!(auroc(&scores, &labels)?, 0.75); // three of four pairs in order
//! assert_eq!(average_precision(&scores, &labels)?, 0.5 * 1.0 + 0.5 * (2.0 / 3.0));
//! assert_eq!(f1_max(&scores, &labels)?.value, 0.8); // at 0.7: 2 * 2 / (2 + 2 + 1)
//! # Ok::<(), aesc_eval::EvalError>(())
//! ```
//!
//! # How, and what it costs
//! Every one of these metrics changes only at the score of an anomalous sample, so that only
//! those, the few, are sorted; normal samples are counted into the gaps between (see
//! [`Ranking`]). Time grows linearly with the number of samples and is shared by all threads of
//! the current rayon pool; their number changes no digit. Beside the slices given it takes about 4
//! bytes a normal and 16 bytes an anomalous sample at its peak and some megabytes a thread, so
//! that 67 million pixels stay within 1.5 GiB, slices included, as a test checks.
#![forbid(unsafe_code)]

mod accumulator;
mod average_precision;
mod block;
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
mod resample;
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
