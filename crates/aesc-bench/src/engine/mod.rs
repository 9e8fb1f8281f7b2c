//! How missing cells get run: the [`Engine`] trait, what it tells, and what comes of it.

mod local;
mod log;
mod print;
mod slurm;
mod worker;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

pub use local::LocalEngine;
pub use print::PrintEngine;
pub use slurm::SlurmEngine;
pub use worker::Worker;

pub(crate) use worker::quoted;

use crate::folder::write_json;
use crate::{BenchError, CellSpec, FORMAT};

/// Runs cells, here or elsewhere.
pub trait Engine {
    /// Runs the `missing` cells of the plan in `context.dir` and waits for them, or hands them over
    /// to whoever runs them later ([`Outcome::handed_over`]).
    ///
    /// A cell that fails is part of the [`Outcome`], not an error; the others go on.
    ///
    /// # Errors
    /// [`BenchError`] when cells cannot be run at all.
    fn run(
        &self,
        missing: &[CellSpec],
        context: &RunContext<'_>,
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<Outcome, BenchError>;
}

/// Where a run happens and how it is told to stop.
#[derive(Debug, Clone, Copy)]
pub struct RunContext<'a> {
    /// The run folder, holding `plan.json`.
    pub dir: &'a Path,
    /// Ctrl-C: start no more cells and wait for those running, which got the signal themselves.
    pub stop: &'a AtomicBool,
    /// SIGTERM: the same, and pass the signal on, for only this process got it.
    pub terminate: &'a AtomicBool,
}

impl RunContext<'_> {
    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.terminating()
    }

    fn terminating(&self) -> bool {
        self.terminate.load(Ordering::Relaxed)
    }
}

/// Something worth telling while cells run.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A cell's process was started.
    Started {
        /// The cell.
        cell: &'a CellSpec,
        /// From 1; more after the machine killed it.
        attempt: u32,
    },
    /// A cell ended with a valid result.
    Finished {
        /// The cell.
        cell: &'a CellSpec,
        /// Its wall time.
        secs: f64,
    },
    /// The machine killed a cell; it will be started again.
    Killed {
        /// The cell.
        cell: &'a CellSpec,
        /// "signal 9", "exit code 137".
        how: &'a str,
    },
    /// A cell failed for good.
    Failed {
        /// The cell.
        cell: &'a CellSpec,
        /// Why.
        failure: &'a CellFailure,
    },
    /// A cell stopped with a checkpoint, to be run again.
    Stopped {
        /// The cell.
        cell: &'a CellSpec,
    },
    /// The line of a shell that does a cell.
    Command {
        /// The cell.
        cell: &'a CellSpec,
        /// `/opt/aesc bench run-cell --out …`.
        line: &'a str,
    },
    /// A scheduler took cells over.
    Submitted {
        /// The scheduler's name for them.
        job: &'a str,
        /// Tasks, each of one or more cells.
        n_tasks: usize,
        /// Cells.
        n_cells: usize,
    },
    /// A scheduler took over to write the report once the cells have ended.
    Collecting {
        /// The scheduler's name for it.
        job: &'a str,
    },
    /// Nothing happened for a moment; a chance to redraw.
    Waiting {
        /// Cells now running.
        n_running: usize,
        /// Cells still to start.
        n_queued: usize,
    },
}

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Ids of the cells with a valid result.
    pub done: Vec<String>,
    /// Ids of the cells that failed, with the reason.
    pub failed: Vec<(String, CellFailure)>,
    /// Ids of the cells that stopped with a checkpoint.
    pub stopped: Vec<String>,
    /// Ids of the cells never started.
    pub not_started: Vec<String>,
    /// Ids of the cells that somebody else runs, now or later.
    pub handed_over: Vec<String>,
    /// Whether the caller asked to stop.
    pub interrupted: bool,
}

/// Why a cell failed: `failure.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellFailure {
    /// Version of this file, [`FORMAT`].
    pub format: u32,
    /// The process's exit code, unless a signal ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The last lines it wrote.
    pub reason: String,
    /// How often it was started.
    pub attempts: u32,
}

impl CellFailure {
    /// Reads a `failure.json`; `None` when there is none or it is broken.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Removes a `failure.json`, where there is one.
    ///
    /// # Errors
    /// [`BenchError::Io`] when it is there and cannot be removed.
    pub fn forget(path: &Path) -> Result<(), BenchError> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(BenchError::io("remove", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Whether the cell ended by itself, not by the machine's hand: it would end so again.
    pub fn is_own_fault(&self) -> bool {
        self.exit_code.is_some_and(|code| code != 137)
    }

    /// `exit code 3: …` or `signal 9 (3 attempts): …`, on one line.
    pub fn summary(&self) -> String {
        let how = match (self.exit_code, self.signal) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "ended in an unknown way".to_owned(),
        };
        let times = match self.attempts {
            0 | 1 => String::new(),
            n => format!(" ({n} attempts)"),
        };
        format!("{how}{times}: {}", self.reason.replace('\n', " / "))
    }

    /// Writes it to `path`, whole or not at all.
    ///
    /// # Errors
    /// [`BenchError::Io`] when the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), BenchError> {
        debug_assert_eq!(self.format, FORMAT);
        write_json(path, self)
    }
}
