//! `aesc bench run --engine slurm|print`: the missing cells given to others.

use aesc_bench::{CellState, Engine, Event, FolderLock, Report, RunContext};
use serde::Serialize;

use super::engine::{EngineName, full_path};
use super::run::Work;
use super::{make_folder, write_report};
use crate::app::Context;
use crate::failure::Failure;
use crate::provenance;

/// What was handed over.
#[derive(Debug, Default, Serialize)]
struct HandedOver {
    /// Lines for a shell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
    /// Slurm's jobs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    jobs: Vec<Job>,
    /// The job that writes the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    collector: Option<String>,
    /// Missing cells, those among them that were handed over before.
    n_missing: usize,
}

#[derive(Debug, Serialize)]
struct Job {
    #[serde(rename = "job")]
    id: String,
    n_tasks: usize,
    n_cells: usize,
}

/// Hands the missing cells over and says how; gives the report where none is missing and nobody
/// waits for lines.
pub(super) fn run(
    work: &Work<'_>,
    engine: &dyn Engine,
    name: EngineName,
    context: &Context,
) -> Result<Option<Report>, Failure> {
    make_folder(work.out)?;
    let _lock = FolderLock::acquire(work.out)?;
    work.plan.write_new(work.out)?;
    let cells = work.cells();
    if cells.is_empty() && name == EngineName::Slurm {
        return write_report(work.plan, work.out).map(Some);
    }
    must_be_of_this_build(work)?;
    let dir = full_path(work.out)?;
    let run = RunContext {
        dir: &dir,
        stop: &context.signals.stop,
        terminate: &context.signals.terminate,
    };
    let mut handed = HandedOver {
        n_missing: cells.len(),
        ..HandedOver::default()
    };
    let outcome = engine.run(&cells, &run, &mut |event| handed.note(&event))?;
    // Lines go to a shell: not even an empty one is printed for nothing.
    if name == EngineName::Slurm || !cells.is_empty() || context.output.json {
        let text = || handed.told(work);
        context.output.result(&handed, text)?;
    }
    if outcome.interrupted {
        let message = "stopped between two submissions; the same command goes on";
        return Err(Failure::text(context.signals.exit_code(), message));
    }
    Ok(None)
}

/// Refuses to add to results that another build made: a table must not mix them.
fn must_be_of_this_build(work: &Work<'_>) -> Result<(), Failure> {
    let ours = provenance::build();
    for cell in &work.plan.cells {
        if let CellState::Done(result) = work.plan.state(work.out, cell)
            && let Some(theirs) = provenance::build_of(&result.provenance)
            && theirs != ours
        {
            let place = work.out.display();
            return Err(Failure::usage(format!(
                "{place}: {} was made by {theirs}, this program is {ours}: build that one again, \
                 or take another --out",
                cell.label()
            )));
        }
    }
    Ok(())
}

impl HandedOver {
    fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Command { line, .. } => self.lines.push((*line).to_owned()),
            Event::Submitted {
                job,
                n_tasks,
                n_cells,
            } => self.jobs.push(Job {
                id: (*job).to_owned(),
                n_tasks: *n_tasks,
                n_cells: *n_cells,
            }),
            Event::Collecting { job } => self.collector = Some((*job).to_owned()),
            _ => {}
        }
    }

    fn told(&self, work: &Work<'_>) -> String {
        if !self.lines.is_empty() {
            return self.lines.join("\n");
        }
        let jobs = self.jobs.iter().map(|one| {
            let (job, n_tasks, n_cells) = (&one.id, one.n_tasks, one.n_cells);
            format!("job {job}: {n_cells} cells in {n_tasks} tasks\n")
        });
        let submitted: usize = self.jobs.iter().map(|one| one.n_cells).sum();
        let before = match self.n_missing - submitted {
            0 => String::new(),
            n => format!("{n} cells were in the queue before\n"),
        };
        let collector = self.collector.iter();
        let collector =
            collector.map(|job| format!("job {job}: the report, when they have ended\n"));
        let out = work.out.display();
        jobs.chain([before]).chain(collector).collect::<String>()
            + &format!("how far they are: aesc bench status --out {out}")
    }
}
