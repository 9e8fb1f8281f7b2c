//! `aesc bench status`: where each cell of a plan stands, how far those in hand are.

use std::path::Path;

use aesc_bench::{
    CellSpec, CellState, FolderLock, Lease, Plan, Scheduler, begun_cells, cell_dir, queued_cells,
    was_submitted,
};
use rayon::prelude::*;
use serde::Serialize;

use super::board::{Trained, planned_epochs, trained};
use super::engine::full_path;
use crate::app::Context;
use crate::failure::Failure;

/// How a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Done,
    Failed,
    Running,
    Queued,
    Missing,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Queued => "queued",
            Self::Missing => "missing",
        }
    }
}

/// A cell's line.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    cell: String,
    state: State,
    /// Why it has no result.
    why: String,
    /// Epochs trained, of how many.
    epochs: u64,
    epochs_planned: u64,
    training_secs: f64,
    /// Its task in Slurm's queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    /// Of a finished cell: its last process from start to end.
    total_secs: Option<f64>,
}

/// The whole plan's.
#[derive(Debug, Serialize)]
struct Standing {
    name: String,
    n_cells: usize,
    done: usize,
    failed: usize,
    running: usize,
    queued: usize,
    missing: usize,
    epochs: u64,
    epochs_planned: u64,
    training_secs: f64,
    cells: Vec<Row>,
}

pub(super) fn run(out: &Path, context: &Context) -> Result<(), Failure> {
    let plan = Plan::read(out)?;
    let begun = begun_cells(out);
    let rows = plan.cells.par_iter();
    let rows = rows.map(|cell| row(&plan, out, cell, begun.contains(&cell.id)));
    let mut rows: Vec<Row> = rows.collect();
    if was_submitted(out) {
        ask_slurm(&mut rows, out)?;
    }
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let standing = Standing {
        n_cells: rows.len(),
        done: count(State::Done),
        failed: count(State::Failed),
        running: count(State::Running),
        queued: count(State::Queued),
        missing: count(State::Missing),
        epochs: rows.iter().map(|row| row.epochs).sum(),
        epochs_planned: rows.iter().map(|row| row.epochs_planned).sum(),
        training_secs: rows.iter().map(|row| row.training_secs).sum(),
        name: plan.name,
        cells: rows,
    };
    context.output.result(&standing, || standing.told())
}

/// What the files do not tell: which cells wait, and which run where locks and leases do not reach.
/// A scheduler that does not answer costs no more than that.
fn ask_slurm(rows: &mut [Row], out: &Path) -> Result<(), Failure> {
    let queued = match queued_cells(&full_path(out)?, &Scheduler::installed()) {
        Ok(queued) => queued,
        Err(error) => {
            tracing::warn!("which cells are queued is unknown: {error}");
            return Ok(());
        }
    };
    let undone = rows.iter_mut().filter(|row| row.state != State::Done);
    for row in undone {
        let Some(task) = queued.get(&row.id) else {
            continue;
        };
        row.job = Some(task.id());
        if task.is_waiting() {
            row.state = State::Queued;
            row.why = format!("job {}, {}", task.id(), task.reason);
        } else {
            row.state = State::Running;
            row.why = format!("job {} on {}", task.id(), task.node);
        }
    }
    Ok(())
}

fn row(plan: &Plan, out: &Path, cell: &CellSpec, is_begun: bool) -> Row {
    let so_far = if is_begun {
        trained(out, &cell.id)
    } else {
        Trained::default()
    };
    let mut row = Row {
        id: cell.id.clone(),
        cell: cell.label(),
        state: State::Missing,
        why: String::new(),
        epochs: so_far.epochs,
        // A plan of another version is told all the same.
        epochs_planned: planned_epochs(cell).unwrap_or_default(),
        training_secs: so_far.secs,
        job: None,
        total_secs: None,
    };
    if !is_begun {
        row.why.push_str("not run yet");
        return row;
    }
    match plan.state(out, cell) {
        CellState::Done(result) => {
            row.state = State::Done;
            row.epochs = result.training.history.len() as u64;
            row.training_secs = result.timing.training_secs;
            row.total_secs = Some(result.timing.total_secs);
        }
        _ if is_held(&cell_dir(out, &cell.id)) => row.state = State::Running,
        CellState::Failed(failure) => (row.state, row.why) = (State::Failed, failure.summary()),
        CellState::Missing(why) => row.why = why,
    }
    row
}

fn is_held(folder: &Path) -> bool {
    FolderLock::is_held(folder) || Lease::is_held(folder)
}

impl Row {
    fn told(&self) -> String {
        let (state, cell) = (self.state.name(), &self.cell);
        let time = match self.total_secs {
            Some(_) => format!("{:.0} s", self.training_secs),
            None if self.epochs > 0 => format!(
                "{} of {} epochs, {:.0} s",
                self.epochs, self.epochs_planned, self.training_secs
            ),
            None => String::new(),
        };
        let said: Vec<&str> = [time.as_str(), self.why.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        format!("{state:<8} {cell}  {}\n", said.join("; "))
    }
}

impl Standing {
    fn told(&self) -> String {
        let lines: String = self.cells.iter().map(Row::told).collect();
        let queued = match self.queued {
            0 => String::new(),
            n => format!("{n} queued, "),
        };
        format!(
            "{lines}{} done, {} failed, {} running, {}{} missing; {} of {} epochs, {:.1} min of training",
            self.done,
            self.failed,
            self.running,
            queued,
            self.missing,
            self.epochs,
            self.epochs_planned,
            self.training_secs / 60.0
        )
    }
}
