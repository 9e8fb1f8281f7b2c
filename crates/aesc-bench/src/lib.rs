//! The benchmark matrix: a plan of cells, each cell a process, their results collected and told.
//!
//! ```text
//! Plan ─Engine→ cells/<id>/result.json ─collect→ Report ─report::{markdown,csv,json,html}→ text
//! ```
//!
//! Engines: [`LocalEngine`] (processes of this machine), [`SlurmEngine`] (job arrays),
//! [`PrintEngine`] (lines for a shell). All start the same [`Worker`].
//!
//! Knows nothing of networks or images: a cell's configuration is opaque JSON, its figures are
//! files to embed. Nothing here prints; an [`Engine`] tells its [`Event`]s to the caller.
#![forbid(unsafe_code)]

mod cell;
mod claims;
mod collect;
mod config;
mod engine;
mod error;
mod folder;
mod gate;
mod join;
mod lease;
mod matrix;
mod metrics;
mod places;
mod plan;
mod published;
pub mod report;
mod reproduction;
mod slurm;
mod spec;
mod summary;
mod threads;

pub use cell::{CellResult, Cost, EpochRow, Figure, Panel, Reconstruction, Timing, Training};
pub use claims::{Comparison, Difference};
pub use collect::{collect, read_pictures};
pub use config::CellConfig;
pub use engine::{
    CellFailure, Engine, Event, LocalEngine, Outcome, PrintEngine, RunContext, SlurmEngine, Worker,
};
pub use error::BenchError;
pub use folder::{
    FolderLock, begun_cells, cell_dir, failure_path, log_path, plan_path, result_path, write_atomic,
};
pub use gate::{BASELINE_SCHEMA, Baseline, Finding, Gate, Verdict};
pub use lease::Lease;
pub use matrix::{Block, MATRIX_SCHEMA, Matrix, MatrixEntry};
pub use metrics::{Alternative, Curves, Metric, Metrics, Scored};
pub use plan::{CellState, Plan};
pub use report::{Pictures, Report};
pub use reproduction::{Recomputed, recomputed, respecified, stored_cells};
pub use slurm::{
    ArrayTask, JobSettings, QueuedTask, Scheduler, job_name, queued_cells, was_submitted,
};
pub use spec::CellSpec;
pub use summary::{Column, Mean, Spread};

/// Raised when results change on purpose; part of every cell's identity.
pub const RESULTS_VERSION: u32 = 1;

/// Version of the files `plan.json`, `result.json`, `failure.json` and `report.json`.
pub const FORMAT: u32 = 1;
