//! `aesc bench run-cell`: does cells of a plan one after the other, as an engine asks it to.
//!
//! It may be started as often as one likes: a cell with a result is done at once, one that another
//! is doing is left to it. In an array of Slurm, what may end otherwise another time goes back into
//! the queue: a cell stopped with a checkpoint, or one whose device failed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aesc_bench::{
    ArrayTask, BenchError, CellFailure, CellSpec, CellState, FORMAT, FolderLock, Lease, Plan,
    Scheduler, cell_dir, failure_path,
};
use clap::Args;

use super::cell;
use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::provenance;

/// How long to wait for another process of this machine to let go of a cell.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a task goes back into the queue with a checkpoint: it ran out of time.
const MOST_STOPS: u32 = 50;
/// How often one does because of its device: another node may do better, or none.
const MOST_DEVICES: u32 = 2;

/// What `bench run-cell` takes.
#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// The bench's folder, with plan.json
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The cells' ids
    #[arg(long, value_name = "ID", num_args = 1.., required = true)]
    cell: Vec<String>,
    /// Earlier benches whose weights are taken where a cell differs in the score alone
    #[arg(long, value_name = "DIR", num_args = 1..)]
    weights_from: Vec<PathBuf>,
    /// In an array of Slurm: put the task back into the queue where it may end otherwise
    #[arg(long)]
    requeue: bool,
    /// Refuse to run unless this program was built from it; what `bench run` passes on
    #[arg(long, value_name = "BUILD")]
    built_from: Option<String>,
}

/// How a cell ended that has no result.
enum Ended {
    /// It may end otherwise when the task is started again.
    Again(Failure),
    /// Another is doing it.
    Left(Failure),
    /// By its own fault.
    Failed(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        match most_restarts(failure.code) {
            Some(_) => Self::Again(failure),
            None => Self::Failed(failure),
        }
    }
}

/// How often a task is started again after this ending; `None` where that would change nothing.
fn most_restarts(code: ExitCode) -> Option<u32> {
    match code {
        ExitCode::Stopped | ExitCode::Terminated => Some(MOST_STOPS),
        ExitCode::Interrupted => Some(0),
        ExitCode::Device => Some(MOST_DEVICES),
        _ => None,
    }
}

pub(super) fn run(args: &WorkerArgs, context: &Context) -> Result<(), Failure> {
    die_with_parent();
    must_be_built_from(args.built_from.as_deref())?;
    let task = ArrayTask::from_variables(|name| std::env::var(name).ok());
    let worker = Worker {
        plan: &Plan::read_cells(&args.out, &args.cell)?,
        out: &args.out,
        weights_from: &args.weights_from,
        task: task.filter(|_| args.requeue),
        context,
    };
    let mut code = None;
    for id in &args.cell {
        let cell = worker.plan.cell(id)?;
        match worker.one(cell) {
            Ok(()) => {}
            Err(Ended::Again(failure)) => return Err(worker.again(&failure, cell)),
            Err(Ended::Left(failure)) => {
                failure.print();
                code.get_or_insert(ExitCode::Stopped);
            }
            Err(Ended::Failed(failure)) => {
                failure.print();
                worker.note(&failure, cell);
                code.get_or_insert(failure.code);
            }
        }
    }
    code.map_or(Ok(()), |code| Err(Failure::silent(code)))
}

/// A queue's copy of the command may be older than the program it names.
fn must_be_built_from(expected: Option<&str>) -> Result<(), Failure> {
    let found = provenance::build();
    match expected {
        Some(expected) if expected != found => Err(Failure::usage(format!(
            "expected a program of {expected}, found {found}: it was built anew since the cells \
             were handed out; build that one again, or take another --out"
        ))),
        _ => Ok(()),
    }
}

/// One process doing cells.
struct Worker<'a> {
    plan: &'a Plan,
    out: &'a Path,
    /// Earlier benches to take weights from.
    weights_from: &'a [PathBuf],
    /// Its place in an array of Slurm, where that is its own to put back.
    task: Option<ArrayTask>,
    context: &'a Context,
}

impl Worker<'_> {
    /// One cell under its lease and its lock; nothing where it has a result.
    fn one(&self, cell: &CellSpec) -> Result<(), Ended> {
        let is_done = || matches!(self.plan.state(self.out, cell), CellState::Done(_));
        if is_done() {
            return Ok(());
        }
        let signals = &self.context.signals;
        if signals.stopped() {
            let message = format!("stopped before {}", cell.label());
            return Err(Failure::text(signals.exit_code(), message).into());
        }
        let folder = cell_dir(self.out, &cell.id);
        super::make_folder(&folder)?;
        let job = self.task.as_ref().map(|task| task.id.as_str());
        let lease = Lease::acquire(&folder, job, PATIENCE, &signals.stop).map_err(left)?;
        let _lock = FolderLock::acquire_within(&folder, PATIENCE).map_err(left)?;
        if is_done() {
            return Ok(());
        }
        CellFailure::forget(&failure_path(self.out, &cell.id)).map_err(Failure::from)?;
        let places = (self.out, self.weights_from);
        match cell::run(self.plan, cell, places, self.context) {
            Err(failure) if lease.is_lost() => Err(Ended::Left(failure)),
            ended => Ok(ended?),
        }
    }

    /// Asks Slurm to run the task again where that may help; gives the failure to end with.
    fn again(&self, failure: &Failure, cell: &CellSpec) -> Failure {
        failure.print();
        let most = most_restarts(failure.code).unwrap_or(0);
        let requeued = self.task.as_ref().map(|task| {
            let asked = task.requeue(most, &Scheduler::installed());
            asked.map(|is_queued| (is_queued, task))
        });
        match requeued {
            Some(Ok((true, task))) => {
                let (id, n) = (&task.id, task.restarts + 1);
                tracing::warn!("task {id} goes back into the queue (restart {n})");
                return Failure::silent(ExitCode::Stopped);
            }
            Some(Err(error)) => Failure::from(error).print(),
            _ => {}
        }
        match failure.code {
            ExitCode::Device => self.note(failure, cell),
            // A scheduler reads 75 as "run it again", whichever signal it was; Ctrl-C stays itself.
            ExitCode::Terminated => return Failure::silent(ExitCode::Stopped),
            _ => {}
        }
        Failure::silent(failure.code)
    }

    /// Writes `failure.json`, as nobody else does under Slurm. On a full disk the reason still
    /// stands in the log.
    fn note(&self, failure: &Failure, cell: &CellSpec) {
        let restarts = self.task.as_ref().map_or(0, |task| task.restarts);
        let record = CellFailure {
            format: FORMAT,
            exit_code: Some(failure.code as i32),
            signal: None,
            reason: failure.told(),
            attempts: restarts + 1,
        };
        drop(record.write(&failure_path(self.out, &cell.id)));
    }
}

/// A cell that another is doing is left to it; any other error is the cell's own.
fn left(error: BenchError) -> Ended {
    let is_taken = matches!(error, BenchError::Leased { .. } | BenchError::Locked { .. });
    let failure = Failure::from(error);
    if is_taken {
        return Ended::Left(failure);
    }
    failure.into()
}

/// A worker whose bench is gone stops too, with a checkpoint, instead of working on unseen.
fn die_with_parent() {
    let signal = Some(rustix::process::Signal::TERM);
    if rustix::process::set_parent_process_death_signal(signal).is_err() {
        tracing::warn!("this system cannot end a cell together with its bench");
    }
}
