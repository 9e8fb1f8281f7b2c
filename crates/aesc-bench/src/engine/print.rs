//! Cells as lines for a shell, for whatever else starts processes: GNU parallel, ssh, Kubernetes.

use super::{Engine, Event, Outcome, RunContext, Worker};
use crate::{BenchError, CellSpec};

/// Tells one command line a cell ([`Event::Command`]) and runs nothing.
#[derive(Debug, Clone)]
pub struct PrintEngine {
    /// What the lines start.
    pub worker: Worker,
}

impl Engine for PrintEngine {
    fn run(
        &self,
        missing: &[CellSpec],
        context: &RunContext<'_>,
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<Outcome, BenchError> {
        let mut outcome = Outcome::default();
        for cell in missing {
            let line = self.worker.line(context.dir, &cell.id);
            progress(Event::Command { cell, line: &line });
            outcome.handed_over.push(cell.id.clone());
        }
        Ok(outcome)
    }
}
