//! `aesc bench`: plan, run, collect a matrix of trainings.

#[cfg(feature = "libtorch")]
mod cell;
mod matrix;
mod run;

use std::path::{Path, PathBuf};

use aesc_bench::report::{self, MissingCell};
use aesc_bench::{CellState, FolderLock, Plan, Report, collect, read_pictures};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// The parts of `bench`.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Write the plan of a matrix: plan.json
    Plan(matrix::MatrixArgs),
    /// Plan a matrix, run what is missing of it, and write its report
    #[command(
        after_help = "Examples:\n  aesc bench run --data mvtec --out runs/bench-mvtec --preset quick\n  \
        aesc bench run --data mvtec --category bottle --out runs/bench-bottle --jobs 2"
    )]
    Run(run::RunArgs),
    /// Train and score one cell of a plan; what `run` starts as processes
    RunCell(CellArgs),
    /// Tell where each cell stands
    Status(FolderArgs),
    /// Write the report of what is there
    Collect(FolderArgs),
}

/// What `bench run-cell` takes.
#[derive(Debug, Args)]
pub(crate) struct CellArgs {
    /// The bench's folder, with plan.json
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The cell's id
    #[arg(long, value_name = "ID")]
    pub(crate) cell: String,
}

/// What `bench status` and `bench collect` take.
#[derive(Debug, Args)]
pub(crate) struct FolderArgs {
    /// The bench's folder, with plan.json
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(crate) fn run(command: &BenchCommand, context: &Context) -> Result<(), Failure> {
    match command {
        BenchCommand::Plan(args) => {
            let plan = matrix::plan(args, context)?;
            make_folder(&args.out)?;
            plan.write_new(&args.out)?;
            let value = json!({ "out": args.out, "n_cells": plan.cells.len() });
            context.output.result(&value, || {
                format!(
                    "{} cells in {}",
                    plan.cells.len(),
                    args.out.join("plan.json").display()
                )
            })
        }
        BenchCommand::Run(args) => run::run(args, context),
        #[cfg(feature = "libtorch")]
        BenchCommand::RunCell(args) => cell::run(args, context),
        #[cfg(not(feature = "libtorch"))]
        BenchCommand::RunCell(_) => Err(crate::backend::without_libtorch()),
        BenchCommand::Status(args) => status(&args.out, context),
        BenchCommand::Collect(args) => {
            let plan = Plan::read(&args.out)?;
            let _lock = FolderLock::acquire(&args.out)?;
            let report = write_report(&plan, &args.out)?;
            tell(&report, &args.out, context)
        }
    }
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

/// The report's table on stdout; exit 20 when a cell is missing.
pub(crate) fn tell(report: &Report, out: &Path, context: &Context) -> Result<(), Failure> {
    let missing: Vec<String> = report
        .missing
        .iter()
        .map(|m| format!("{}: {}", label(m), m.why))
        .collect();
    let value = json!({
        "out": out, "report": out.join("report.html"), "n_cells": report.plan.n_cells,
        "n_missing": missing.len(), "missing": missing, "means": report.means,
    });
    context.output.result(&value, || {
        let table = report::results_table(report);
        format!("{table}\n{}", out.join("report.html").display())
    })?;
    if missing.is_empty() {
        return Ok(());
    }
    let n = missing.len();
    let list = missing.join("\n  ");
    Err(Failure::text(
        ExitCode::CellsFailed,
        format!("{n} cell(s) have no result:\n  {list}"),
    ))
}

fn label(cell: &MissingCell) -> String {
    let MissingCell {
        category,
        network,
        corruption,
        preset,
        seed,
        ..
    } = cell;
    format!("{category}/{network}/{corruption}/{preset}/seed {seed}")
}

fn status(out: &Path, context: &Context) -> Result<(), Failure> {
    let plan = Plan::read(out)?;
    let rows: Vec<(String, &str, String)> = plan
        .cells
        .iter()
        .map(|cell| match plan.state(out, cell) {
            CellState::Done(_) => (cell.label(), "done", String::new()),
            CellState::Failed(failure) => (cell.label(), "failed", failure.summary()),
            CellState::Missing(why) => (cell.label(), "missing", why),
        })
        .collect();
    let count = |state: &str| rows.iter().filter(|row| row.1 == state).count();
    let value = json!({
        "done": count("done"), "failed": count("failed"), "missing": count("missing"),
        "cells": rows.iter().map(|(cell, state, why)| json!({"cell": cell, "state": state, "why": why})).collect::<Vec<_>>(),
    });
    context.output.result(&value, || {
        let lines = rows
            .iter()
            .map(|(cell, state, why)| format!("{state:<8} {cell}  {why}\n"));
        let sum = format!(
            "{} done, {} failed, {} missing",
            count("done"),
            count("failed"),
            count("missing")
        );
        lines.collect::<String>() + &sum
    })
}
