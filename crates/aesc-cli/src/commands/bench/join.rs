//! `aesc bench join`: the report of benches that were run apart.

use std::path::{Path, PathBuf};

use aesc_bench::{Pictures, Plan, Report, collect, plan_path, read_pictures, report};
use clap::Args;

use super::gate::read_report;
use super::{make_folder, matrix, tell};
use crate::app::Context;
use crate::failure::Failure;

/// The report in a folder.
const REPORT: &str = "report.json";

/// What `bench join` takes.
#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    /// Two or more folders of benches, or stored report.json (without curves and pictures)
    #[arg(required = true, value_name = "DIR|FILE")]
    parts: Vec<PathBuf>,
    /// Folder for the report; one without a report
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(args: &JoinArgs, context: &Context) -> Result<(), Failure> {
    let out = &args.out;
    if plan_path(out).exists() || out.join(REPORT).exists() {
        return Err(Failure::usage(format!(
            "{} has a report, which would be lost: choose another folder with --out",
            out.display()
        )));
    }
    let mut report = joined(&args.parts)?;
    report.name = matrix::name(out);
    let mut pictures = Pictures::new();
    for part in &args.parts {
        pictures.extend(read_pictures(&report, part));
    }
    make_folder(out)?;
    report::write_all(out, &report, &pictures)?;
    tell(&report, out, None, context)
}

fn joined(parts: &[PathBuf]) -> Result<Report, Failure> {
    let [first, second, rest @ ..] = parts else {
        return Err(Failure::usage("name at least two reports to join"));
    };
    let mut report = read(first)?.join(read(second)?, second)?;
    for part in rest {
        report = report.join(read(part)?, part)?;
    }
    Ok(report)
}

/// The results in a bench's folder, or a stored report.
fn read(part: &Path) -> Result<Report, Failure> {
    let stored = part.join(REPORT);
    match part {
        folder if plan_path(folder).exists() => Ok(collect(&Plan::read(folder)?, folder)),
        _ if stored.exists() => read_report(&stored),
        file => read_report(file),
    }
}
