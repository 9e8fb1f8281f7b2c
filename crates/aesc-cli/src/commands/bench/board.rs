//! What happens to running cells, told line by line, their epochs counted.

use std::num::NonZeroU64;
use std::path::Path;
use std::time::{Duration, Instant};

use aesc_artifact::RunConfig;
use aesc_bench::{CellSpec, Event, cell_dir};
use serde::Deserialize;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Phase;

/// How often running cells are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// How far the training of a cell is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Trained {
    /// Epochs done.
    pub(super) epochs: u64,
    /// Wall time they took, in seconds.
    pub(super) secs: f64,
}

/// What a cell's log of epochs says; nothing where it was not begun.
pub(super) fn trained(out: &Path, id: &str) -> Trained {
    #[derive(Deserialize)]
    struct Row {
        secs: f64,
    }
    let log = cell_dir(out, id).join("run/metrics.jsonl");
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let rows = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    rows.fold(Trained::default(), |sum, row: Row| Trained {
        epochs: sum.epochs + 1,
        secs: sum.secs + row.secs,
    })
}

/// The configuration of a cell, read.
pub(super) fn config(cell: &CellSpec) -> Result<RunConfig, Failure> {
    cell.config.read().map_err(|error| {
        let label = cell.label();
        Failure::usage(format!(
            "{label}: its configuration is of another version: {error}"
        ))
    })
}

/// Epochs of a cell's whole training.
pub(super) fn epochs(cell: &CellSpec) -> Result<u64, Failure> {
    let train = config(cell)?.train;
    if train.epoch_steps == 0 {
        let message = format!("{}: train.epoch_steps: expected 1 or more", cell.label());
        return Err(Failure::text(ExitCode::Usage, message));
    }
    Ok(train.steps.div_ceil(train.epoch_steps))
}

/// The same without a look at the rest of the configuration; `None` where it has no such numbers.
pub(super) fn planned_epochs(cell: &CellSpec) -> Option<u64> {
    #[derive(Deserialize)]
    struct Planned {
        train: Train,
    }
    #[derive(Deserialize)]
    struct Train {
        steps: u64,
        epoch_steps: NonZeroU64,
    }
    let Planned { train } = cell.config.read().ok()?;
    Some(train.steps.div_ceil(train.epoch_steps.get()))
}

/// Tells what happens to the cells; the phase counts their epochs.
pub(super) struct Board<'a> {
    phase: &'a Phase,
    out: &'a Path,
    /// Epochs of the cells that have ended.
    ended: u64,
    running: Vec<String>,
    looked: Instant,
}

impl<'a> Board<'a> {
    pub(super) fn new(phase: &'a Phase, out: &'a Path) -> Self {
        Self {
            phase,
            out,
            ended: 0,
            running: Vec::new(),
            looked: Instant::now(),
        }
    }

    pub(super) fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { cell, .. } => {
                self.running.push(cell.id.clone());
                self.phase.note(&format!("start  {}", cell.label()));
            }
            Event::Finished { cell, secs } => {
                self.end(cell, &format!("done   {} in {secs:.0} s", cell.label()));
            }
            Event::Failed { cell, failure } => {
                let why = failure.summary();
                self.end(cell, &format!("FAILED {}: {why}", cell.label()));
            }
            Event::Killed { cell, how } => {
                self.running.retain(|id| *id != cell.id);
                self.phase
                    .note(&format!("killed {} ({how}); again", cell.label()));
            }
            Event::Stopped { cell } => {
                self.running.retain(|id| *id != cell.id);
                self.phase.note(&format!("stop   {}", cell.label()));
            }
            _ if self.looked.elapsed() > LOOK => {
                self.looked = Instant::now();
                self.advance();
            }
            _ => {}
        }
    }

    fn end(&mut self, cell: &CellSpec, line: &str) {
        self.running.retain(|id| *id != cell.id);
        self.ended += epochs(cell).unwrap_or_default();
        self.phase.note(line);
        self.advance();
    }

    /// Epochs of ended cells, and the lines in the logs of those running.
    fn advance(&self) {
        let running = self.running.iter().map(|id| trained(self.out, id).epochs);
        self.phase.at(self.ended + running.sum::<u64>());
    }
}
