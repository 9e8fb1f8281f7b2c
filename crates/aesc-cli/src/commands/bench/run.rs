//! `aesc bench run`: the missing cells of a plan, here and then the report, or handed over to others.

use std::path::{Path, PathBuf};

use aesc_bench::{CellSpec, Engine, FolderLock, LocalEngine, Outcome, Plan, Report, RunContext};
use clap::Args;
use serde_json::json;

use super::board::{Board, epochs};
use super::engine::{EngineArgs, worker};
use super::estimate::{BenchEstimate, Share, estimate, share};
use super::gate::Gates;
use super::matrix::{self, MatrixArgs};
use super::{hand_over, make_folder, tell, write_report};
use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What `bench run` takes.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// A folder of categories in the MVTec AD layout [default: go on with the plan in --out]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The bench's folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    matrix: MatrixArgs,
    /// Cells at a time; the threads are divided among them [default: cores on a CPU, 1 on CUDA]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Leave cells alone that failed by their own fault
    #[arg(long)]
    only_missing: bool,
    /// Earlier benches whose weights are taken where a cell differs in the score alone
    #[arg(long, value_name = "DIR", num_args = 1..)]
    weights_from: Vec<PathBuf>,
    /// Hold the results against a baseline; exit code 21 when one fell
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Print the plan and the estimate and stop
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &RunArgs, context: &Context) -> Result<(), Failure> {
    args.engine.validate(args.jobs)?;
    let gates = match &args.check {
        Some(path) => Some(Gates::read(path, &args.matrix.category)?),
        None => None,
    };
    let plan = match &args.data {
        Some(data) => matrix::plan((data, &args.out), &args.matrix, context)?,
        None => stored(args, context)?,
    };
    if let Some(gates) = &gates {
        gates.must_be_planned(&plan, &args.out)?;
    }
    for dir in &args.weights_from {
        Plan::read(dir)?;
    }
    let work = Work {
        plan: &plan,
        out: &args.out,
        share: share(args.jobs, context, plan.cells.len()),
        device: &context.global.device,
        weights_from: &args.weights_from,
        only_missing: args.only_missing,
    };
    if args.dry_run {
        return work.tell(context);
    }
    let report = match args.engine.elsewhere(work.weights_from, context)? {
        None => work.run(context)?,
        Some(engine) => match hand_over::run(&work, &*engine, args.engine.engine, context)? {
            Some(report) => report,
            None => return Ok(()),
        },
    };
    tell(&report, &args.out, gates.as_ref(), context)
}

/// The plan in the folder; settings for another one are refused.
fn stored(args: &RunArgs, context: &Context) -> Result<Plan, Failure> {
    let global = &context.global;
    let no_settings = global.config.is_none() && global.sets.is_empty() && global.seed.is_none();
    if args.matrix.is_empty() && no_settings {
        return Ok(Plan::read(&args.out)?);
    }
    let message = "to plan a matrix name its data by --data DIR; without it, and without any word \
                   about the matrix, `bench run --out DIR` goes on with the plan in DIR";
    Err(Failure::usage(message))
}

/// A plan to be worked off in a folder.
pub(super) struct Work<'a> {
    pub(super) plan: &'a Plan,
    pub(super) out: &'a Path,
    pub(super) share: Share,
    /// Device of the cells.
    pub(super) device: &'a str,
    /// Earlier benches to take weights from.
    pub(super) weights_from: &'a [PathBuf],
    /// Whether cells that failed by their own fault stay failed.
    pub(super) only_missing: bool,
}

impl Work<'_> {
    /// The cells to run.
    pub(super) fn cells(&self) -> Vec<CellSpec> {
        if self.only_missing {
            self.plan.untried(self.out)
        } else {
            self.plan.missing(self.out)
        }
    }

    /// What would be done, and how long it would take where this binary can tell.
    pub(super) fn tell(&self, context: &Context) -> Result<(), Failure> {
        let cells = self.cells();
        let estimate = match self.estimate(&cells, context) {
            Err(failure) if failure.code != ExitCode::Device => return Err(failure),
            estimate => estimate.ok().flatten(),
        };
        let n_done = self.plan.cells.len() - self.plan.missing(self.out).len();
        let labels: Vec<String> = cells.iter().map(CellSpec::label).collect();
        let value = json!({
            "n_cells": self.plan.cells.len(), "n_done": n_done, "n_to_run": cells.len(),
            "jobs": self.share.jobs, "threads": self.share.threads,
            "strategies": self.plan.strategies, "cells": labels, "estimate": estimate,
        });
        context.output.result(&value, || {
            let lines = labels.iter().map(|label| format!("{label}\n"));
            let told = estimate.map_or(String::new(), |e| format!("; {}", self.told(&e)));
            lines.collect::<String>() + &format!("{} cells to run{told}", cells.len())
        })
    }

    /// Runs the cells and writes the report.
    pub(super) fn run(&self, context: &Context) -> Result<Report, Failure> {
        make_folder(self.out)?;
        let _lock = FolderLock::acquire(self.out)?;
        self.plan.write_new(self.out)?;
        let cells = self.cells();
        let outcome = self.run_cells(&cells, context)?;
        if outcome.interrupted {
            return Err(interrupted(&outcome, context));
        }
        write_report(self.plan, self.out)
    }

    fn run_cells(&self, cells: &[CellSpec], context: &Context) -> Result<Outcome, Failure> {
        let n_epochs: Vec<u64> = cells.iter().map(epochs).collect::<Result<_, _>>()?;
        let phase = context.output.phase("epochs", n_epochs.iter().sum());
        let Share { jobs, threads } = self.share;
        let (n, n_cells) = (cells.len(), self.plan.cells.len());
        phase.note(&format!(
            "{n} of {n_cells} cells to run, {jobs} at a time on {threads} thread(s) each"
        ));
        if let Some(estimate) = self.estimate(cells, context)? {
            phase.note(&self.told(&estimate));
        }
        let worker = worker(threads, self.device, self.weights_from)?;
        let engine = LocalEngine { worker, jobs };
        let run = RunContext {
            dir: self.out,
            stop: &context.signals.stop,
            terminate: &context.signals.terminate,
        };
        let mut board = Board::new(&phase, self.out);
        Ok(engine.run(cells, &run, &mut |event| board.note(&event))?)
    }

    /// The estimate in words: it reckons every cell as trained.
    fn told(&self, estimate: &BenchEstimate) -> String {
        let told = estimate.told();
        if self.weights_from.is_empty() {
            return told;
        }
        told + "; less where an earlier bench has the weights"
    }

    fn estimate(
        &self,
        cells: &[CellSpec],
        context: &Context,
    ) -> Result<Option<BenchEstimate>, Failure> {
        let some = !cells.is_empty();
        some.then(|| estimate(cells, self.share, self.device, context))
            .transpose()
    }
}

fn interrupted(outcome: &Outcome, context: &Context) -> Failure {
    let message = format!(
        "stopped: {} cells done, {} with a checkpoint, {} not started; the same command goes on",
        outcome.done.len(),
        outcome.stopped.len(),
        outcome.not_started.len()
    );
    Failure::text(context.signals.exit_code(), message)
}
