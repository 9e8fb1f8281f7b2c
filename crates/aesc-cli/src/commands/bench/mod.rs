//! `aesc bench`: plan, run, watch, check, repeat a matrix of trainings.

mod board;
mod cancel;
#[cfg(feature = "libtorch")]
mod cell;
mod engine;
mod estimate;
mod gate;
mod hand_over;
mod join;
mod matrix;
mod reproduce;
mod run;
mod status;
mod worker;

use std::path::{Path, PathBuf};

use aesc_bench::report::{self, MissingCell};
use aesc_bench::{BenchError, FolderLock, Plan, Report, collect, read_pictures};
use clap::{Args, Subcommand};
use serde_json::json;

use self::gate::Gates;
use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::path_text;

/// Cells without a result that an error names.
const NAMED_CELLS: usize = 20;

/// The parts of `bench`.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Write the plan of a matrix: plan.json
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(matrix::PlanArgs),
    /// Plan a matrix, run what is missing of it, and write its report
    #[command(after_help = RUN_EXAMPLES)]
    Run(Box<run::RunArgs>),
    /// Train and score cells of a plan; what every engine starts
    RunCell(worker::WorkerArgs),
    /// Tell where each cell stands
    #[command(after_help = "Example:\n  aesc bench status --out runs/bench-mvtec")]
    Status(FolderArgs),
    /// Take a bench's jobs out of Slurm's queue, those running with a checkpoint
    #[command(after_help = "Example:\n  aesc bench cancel --out runs/bench-mvtec")]
    Cancel(FolderArgs),
    /// Write the report of what is there
    #[command(after_help = "Example:\n  aesc bench collect --out runs/bench-mvtec")]
    Collect(FolderArgs),
    /// Write one report of benches that were run apart
    #[command(after_help = JOIN_EXAMPLES)]
    Join(join::JoinArgs),
    /// Hold results against a baseline; exit code 21 when one fell
    #[command(after_help = CHECK_EXAMPLES)]
    Check(gate::CheckArgs),
    /// Print a baseline made from results
    #[command(after_help = BASELINE_EXAMPLES)]
    Baseline(gate::BaselineArgs),
    /// Run stored results again and tell how the figures differ
    #[command(after_help = REPRODUCE_EXAMPLES)]
    Reproduce(reproduce::ReproduceArgs),
}

const PLAN_EXAMPLES: &str = "Example:
  aesc bench plan --data mvtec --out runs/bench-mvtec --matrix paper";

const RUN_EXAMPLES: &str = "Examples:
  aesc bench run --data mvtec --out runs/bench-mvtec --preset quick
  aesc bench run --data mvtec --category bottle --out runs/bench-bottle --jobs 2
  aesc bench run --data mvtec --out runs/paper --matrix paper --networks aesc
  aesc bench run --out runs/paper --only-missing
  aesc bench run --out runs/paper --engine slurm --partition gpu --gres gpu:1 --max-parallel 8
  aesc bench run --out runs/paper --engine print | parallel --jobs 4";

const JOIN_EXAMPLES: &str = "Examples:
  aesc bench join runs/seed-0 runs/seed-1 runs/seed-2 --out runs/seeds
  aesc bench join this/report.json other/report.json --out runs/both";

const CHECK_EXAMPLES: &str = "Examples:
  aesc bench check --out runs/bench-sample --baseline data/baselines/sample.toml
  aesc bench check --report report.json --baseline mine.toml --category bottle";

const BASELINE_EXAMPLES: &str = "Examples:
  aesc bench baseline --out runs/bench-sample > sample.toml
  aesc bench baseline --report report.json --tolerance 0.02 --metric image_auroc > mine.toml";

const REPRODUCE_EXAMPLES: &str = "Examples:
  aesc bench reproduce data/results/sample.json --data sample --out runs/again
  aesc bench reproduce report.json --data mvtec --out runs/again --cell bottle/aesc/stain --dry-run";

/// What `bench status`, `bench cancel` and `bench collect` take.
#[derive(Debug, Args)]
pub(crate) struct FolderArgs {
    /// The bench's folder, with plan.json
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(crate) fn run(command: &BenchCommand, context: &Context) -> Result<(), Failure> {
    match command {
        BenchCommand::Plan(args) => plan(args, context),
        BenchCommand::Run(args) => run::run(args, context),
        BenchCommand::RunCell(args) => worker::run(args, context),
        BenchCommand::Status(args) => status::run(&args.out, context),
        BenchCommand::Cancel(args) => cancel::run(&args.out, context),
        BenchCommand::Collect(args) => collect_into(&args.out, context),
        BenchCommand::Join(args) => join::run(args, context),
        BenchCommand::Check(args) => gate::check(args, context),
        BenchCommand::Baseline(args) => gate::baseline(args, context),
        BenchCommand::Reproduce(args) => reproduce::run(args, context),
    }
}

/// A binary without libtorch tells what is done, and does nothing.
#[cfg(not(feature = "libtorch"))]
mod cell {
    use super::{Context, Failure, Path, PathBuf, Plan};

    pub(super) fn run(
        _: &Plan,
        _: &aesc_bench::CellSpec,
        _: (&Path, &[PathBuf]),
        _: &Context,
    ) -> Result<(), Failure> {
        Err(crate::backend::without_libtorch())
    }
}

fn plan(args: &matrix::PlanArgs, context: &Context) -> Result<(), Failure> {
    let plan = matrix::plan((&args.data, &args.out), &args.matrix, context)?;
    make_folder(&args.out)?;
    plan.write_new(&args.out)?;
    let n_cells = plan.cells.len();
    let value =
        json!({ "out": path_text(&args.out), "n_cells": n_cells, "strategies": plan.strategies });
    let path = args.out.join("plan.json");
    context
        .output
        .result(&value, || format!("{n_cells} cells in {}", path.display()))
}

/// Beside a running bench too: it writes its own report when it ends, and both write whole files.
fn collect_into(out: &Path, context: &Context) -> Result<(), Failure> {
    let plan = Plan::read(out)?;
    let _lock = match FolderLock::acquire(out) {
        Err(BenchError::Locked { .. }) => None,
        lock => Some(lock?),
    };
    let report = write_report(&plan, out)?;
    tell(&report, out, None, context)
}

pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|e| Failure::io("create", path, e))
}

/// Collects the results and writes `report.{md,csv,json,html}`.
pub(crate) fn write_report(plan: &Plan, out: &Path) -> Result<Report, Failure> {
    let report = collect(plan, out);
    let pictures = read_pictures(&report, out);
    report::write_all(out, &report, &pictures)?;
    Ok(report)
}

/// The report's table on stdout; exit 21 when a gate is not passed, 20 when a cell is missing.
fn tell(
    report: &Report,
    out: &Path,
    gates: Option<&Gates>,
    context: &Context,
) -> Result<(), Failure> {
    let verdicts = gates.map(|gates| gates.check(report)).transpose()?;
    let checked = gates.zip(verdicts.as_deref());
    let missing = missing(report);
    let value = json!({
        "out": path_text(out), "report": path_text(&out.join("report.html")), "n_cells": report.plan.n_cells,
        "n_missing": missing.len(), "missing": missing, "means": report.means,
        "check": checked.map(|(gates, verdicts)| gates.json(verdicts)),
    });
    context.output.result(&value, || {
        let table = report::results_table(report);
        let held = checked.map_or(String::new(), |(_, verdicts)| {
            let n = verdicts.iter().filter(|verdict| verdict.holds()).count();
            format!("{n} of {} gates hold\n", verdicts.len())
        });
        format!("{table}\n{held}{}", out.join("report.html").display())
    })?;
    if let Some((gates, verdicts)) = checked {
        gates.verdict(verdicts)?;
    }
    all_there(report)
}

fn missing(report: &Report) -> Vec<String> {
    report.missing.iter().map(told).collect()
}

fn told(cell: &MissingCell) -> String {
    format!("{}: {}", cell.label(), cell.why)
}

/// Exit 20 when a cell is missing, naming the first of them.
fn all_there(report: &Report) -> Result<(), Failure> {
    let n = report.missing.len();
    if n == 0 {
        return Ok(());
    }
    let named = report.named_missing(NAMED_CELLS);
    let mut list: Vec<_> = named.map(told).collect();
    if let Some(rest @ 1..) = n.checked_sub(NAMED_CELLS) {
        list.push(format!("and {rest} more; report.json names all"));
    }
    let list = list.join("\n  ");
    let message = format!("{n} cell(s) have no result:\n  {list}");
    Err(Failure::text(ExitCode::CellsFailed, message))
}
