//! `aesc bench join`: the report of benches that were run apart.

use std::path::{Path, PathBuf};

use aesc_bench::{Pictures, Plan, Report, collect, plan_path, read_pictures, report};
use clap::Args;

use super::gate::read_report;
use super::{make_folder, tell};
use crate::app::Context;
use crate::failure::Failure;

/// What `bench join` takes.
#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    /// Folders of benches, or stored report.json
    #[arg(required = true, num_args = 2.., value_name = "DIR|FILE")]
    parts: Vec<PathBuf>,
    /// Folder for the report; not a bench's
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(args: &JoinArgs, context: &Context) -> Result<(), Failure> {
    is_free(args)?;
    let mut pictures = Pictures::new();
    let mut joined: Option<Report> = None;
    for path in &args.parts {
        let part = read(path, &mut pictures)?;
        joined = Some(match joined {
            Some(report) => report.join(part, path)?,
            None => part,
        });
    }
    let report = joined.ok_or_else(|| Failure::usage("name the reports to join"))?;
    make_folder(&args.out)?;
    report::write_all(&args.out, &report, &pictures)?;
    tell(&report, &args.out, None, context)
}

/// Refuses a folder whose own report would be written over.
fn is_free(args: &JoinArgs) -> Result<(), Failure> {
    let out = &args.out;
    let of_a_bench = plan_path(out).exists();
    let target = out.join("report.json").canonicalize().ok();
    let is_target = |part: &PathBuf| target.is_some() && part.canonicalize().ok() == target;
    if of_a_bench || args.parts.iter().any(is_target) {
        let out = out.display();
        return Err(Failure::usage(format!(
            "{out} has a report of its own, which would be lost: choose another folder with --out"
        )));
    }
    Ok(())
}

/// A bench's folder with its curves and pictures, or a stored report, which has none.
fn read(path: &Path, pictures: &mut Pictures) -> Result<Report, Failure> {
    if !path.is_dir() {
        return read_report(path);
    }
    let report = collect(&Plan::read(path)?, path);
    pictures.extend(read_pictures(&report, path));
    Ok(report)
}
