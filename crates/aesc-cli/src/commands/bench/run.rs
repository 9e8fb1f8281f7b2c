//! `aesc bench run`: the missing cells of a plan as processes of this machine, then the report.

use std::path::Path;
use std::time::{Duration, Instant};

use aesc_artifact::RunConfig;
use aesc_bench::{CellSpec, Engine, Event, FolderLock, LocalEngine, Outcome, RunContext, cell_dir};
use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::matrix::{MatrixArgs, plan};
use super::{make_folder, tell, write_report};
use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Phase;

/// What `bench run` takes.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) matrix: MatrixArgs,
    /// Cells at a time; the threads are divided among them [default: cores on a CPU, 1 on CUDA]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Print the plan and the estimate and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
}

pub(crate) fn run(args: &RunArgs, context: &Context) -> Result<(), Failure> {
    let out = &args.matrix.out;
    let plan = plan(&args.matrix, context)?;
    if !args.dry_run {
        make_folder(out)?;
    }
    let _lock = if args.dry_run {
        None
    } else {
        Some(FolderLock::acquire(out)?)
    };
    if !args.dry_run {
        plan.write_new(out)?;
    }
    let missing = plan.missing(out);
    let (jobs, threads) = jobs(args, context, plan.cells.len());
    let done = plan.cells.len() - missing.len();
    let epochs_a_cell = epochs(&plan.cells[0])?;
    let phase = context
        .output
        .phase("epochs", missing.len() as u64 * epochs_a_cell);
    phase.note(&format!(
        "{} cells, {done} done; {jobs} at a time on {threads} thread(s) each",
        plan.cells.len()
    ));
    let estimate = match missing.first() {
        Some(cell) => Some(estimate(cell, (missing.len(), jobs, threads), context)?),
        None => None,
    };
    if let Some(estimate) = &estimate {
        phase.note(&estimate.told());
    }
    if args.dry_run {
        let value = json!({
            "n_cells": plan.cells.len(), "n_done": done, "jobs": jobs, "threads": threads,
            "estimate": estimate,
        });
        return context
            .output
            .result(&value, || format!("{} cells to run", missing.len()));
    }
    let program = std::env::current_exe().map_err(|e| Failure::new(ExitCode::Unexpected, e))?;
    let extra = ["--device", &context.global.device, "--no-progress"].map(str::to_owned);
    let engine = LocalEngine {
        program,
        jobs,
        threads_per_job: threads,
        extra_args: extra.to_vec(),
    };
    let signals = &context.signals;
    let run = RunContext {
        dir: out,
        stop: &signals.stop,
        terminate: &signals.terminate,
    };
    let outcome = {
        let mut board = Board {
            phase: &phase,
            out,
            epochs_a_cell,
            n_ended: 0,
            running: Vec::new(),
            looked: Instant::now(),
        };
        engine.run(&missing, &run, &mut |event| board.note(&event))?
    };
    drop(phase);
    if outcome.interrupted {
        return Err(interrupted(&outcome, context));
    }
    tell(&write_report(&plan, out)?, out, context)
}

/// Epochs of a cell; those of a plan have as many each.
fn epochs(cell: &CellSpec) -> Result<u64, Failure> {
    let config: RunConfig = serde_json::from_value(cell.config.clone())
        .map_err(|e| Failure::new(ExitCode::Usage, e))?;
    Ok(config.train.steps.div_ceil(config.train.epoch_steps))
}

/// Cells at a time, and threads of each. A thread a cell makes the most of a processor. Memory may
/// lower the first but not the second, and what is left to do has no say in either: the number of
/// threads decides the last bits of a result.
fn jobs(args: &RunArgs, context: &Context, n_cells: usize) -> (usize, usize) {
    let cores = context.global.threads();
    let on_cpu = context.global.device == "cpu" || !has_cuda();
    let wanted = match args.jobs {
        Some(jobs) => usize::from(jobs),
        None if on_cpu => cores,
        None => 1,
    };
    let jobs = wanted.clamp(1, n_cells);
    let threads = (cores / jobs).max(1);
    let fit = if args.jobs.is_none() && on_cpu {
        memory_jobs()
    } else {
        jobs
    };
    (jobs.min(fit), threads)
}

/// Cells that fit into half of the memory that is free, at 3 GiB each.
fn memory_jobs() -> usize {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find_map(|l| l.strip_prefix("MemAvailable:"));
    let kb = line.and_then(|l| l.split_whitespace().next()?.parse::<usize>().ok());
    kb.map_or(1, |kb| (kb / (6 << 20)).max(1))
}

#[cfg(feature = "libtorch")]
fn has_cuda() -> bool {
    aesc_model::Device::open("cuda").is_ok()
}

#[cfg(not(feature = "libtorch"))]
fn has_cuda() -> bool {
    false
}

/// What the missing cells will take.
#[derive(Debug, Serialize)]
struct BenchEstimate {
    n_cells: usize,
    steps_a_cell: u64,
    secs_per_step: f64,
    secs: f64,
    disk_bytes: u64,
}

impl BenchEstimate {
    fn told(&self) -> String {
        let minutes = self.secs / 60.0;
        let time = if minutes < 90.0 {
            format!("{minutes:.0} min")
        } else {
            format!("{:.1} h", minutes / 60.0)
        };
        let (n, steps) = (self.n_cells, self.steps_a_cell);
        let disk = self.disk_bytes as f64 / 1e6;
        let step = self.secs_per_step;
        format!(
            "about {time} for {n} cells of {steps} steps ({step:.2} s a step), {disk:.0} MB on disk"
        )
    }
}

/// Measures a few steps; the cells of a plan differ in skips and corruption only, which cost little.
#[cfg(feature = "libtorch")]
fn estimate(
    cell: &CellSpec,
    (n_cells, jobs, threads): (usize, usize, usize),
    context: &Context,
) -> Result<BenchEstimate, Failure> {
    let config: RunConfig = serde_json::from_value(cell.config.clone())
        .map_err(|e| Failure::new(ExitCode::Usage, e))?;
    aesc_model::set_threads(threads);
    let one = crate::training::estimate(&config, &context.global.device)?;
    aesc_model::set_threads(context.global.threads());
    Ok(BenchEstimate {
        n_cells,
        steps_a_cell: one.steps,
        secs_per_step: one.secs_per_step,
        secs: n_cells.div_ceil(jobs) as f64 * one.secs,
        // A finished cell keeps its model alone, a fifth of what a running one holds.
        disk_bytes: one.disk_bytes * (jobs * 4 + n_cells) as u64 / 5,
    })
}

#[cfg(not(feature = "libtorch"))]
fn estimate(_: &CellSpec, _: (usize, usize, usize), _: &Context) -> Result<BenchEstimate, Failure> {
    Err(crate::backend::without_libtorch())
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

/// Tells what happens to the cells; the phase counts their epochs.
struct Board<'a> {
    phase: &'a Phase,
    out: &'a Path,
    epochs_a_cell: u64,
    n_ended: u64,
    running: Vec<String>,
    looked: Instant,
}

/// How often running cells are looked at.
const LOOK: Duration = Duration::from_secs(2);

impl Board<'_> {
    fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { cell, .. } => {
                self.running.push(cell.id.clone());
                self.phase.note(&format!("start  {}", cell.label()));
            }
            Event::Finished { cell, secs } => {
                self.end(cell, &format!("done   {} in {secs:.0} s", cell.label()));
            }
            Event::Failed { cell, failure } => {
                self.end(
                    cell,
                    &format!("FAILED {}: {}", cell.label(), failure.summary()),
                );
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
        self.n_ended += 1;
        self.phase.note(line);
        self.advance();
    }

    /// Epochs of ended cells, and the lines in the logs of those running.
    fn advance(&self) {
        let epochs = self.running.iter().map(|id| {
            let log = cell_dir(self.out, id).join("run/metrics.jsonl");
            std::fs::read_to_string(log).map_or(0, |text| text.lines().count() as u64)
        });
        self.phase
            .at(self.n_ended * self.epochs_a_cell + epochs.sum::<u64>());
    }
}
