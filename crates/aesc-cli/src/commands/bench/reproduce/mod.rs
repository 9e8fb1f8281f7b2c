//! `aesc bench reproduce`: stored results run again, stored and new figures side by side.

mod figures;
mod made;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aesc_artifact::RunConfig;
use aesc_bench::report::ReportCell;
use aesc_bench::{Plan, RESULTS_VERSION, Report, recomputed, respecified, stored_cells};
use aesc_detect::Strategy;
use clap::Args;
use serde_json::Value;

use self::figures::{must_be_within, tell};
use self::made::Made;
use super::gate::read_report;
use super::run::Work;
use super::{all_there, matrix};
use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What `bench reproduce` takes.
#[derive(Debug, Args)]
pub(crate) struct ReproduceArgs {
    /// The stored report.json
    result: PathBuf,
    /// The folder of categories the results were made on
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The new bench's folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Cells, by id or by CATEGORY/NETWORK/CORRUPTION or the beginning of it [default: all]
    #[arg(long, value_name = "CELL", num_args = 1..)]
    cell: Vec<String>,
    /// Cells at a time [default: as many as their stored threads leave room for]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Exit with code 21 when a figure differs by more
    #[arg(long, value_name = "X")]
    check_tolerance: Option<f64>,
    /// Check the images and the configurations, say what would be run, and stop
    #[arg(long)]
    dry_run: bool,
}

/// Refuses the folder of the stored results: they would be compared with themselves.
fn must_not_be_in(out: &Path, result: &Path) -> Result<(), Failure> {
    let (Ok(out), Ok(result)) = (out.canonicalize(), result.canonicalize()) else {
        return Ok(());
    };
    if result.starts_with(&out) {
        let place = out.display();
        return Err(Failure::usage(format!(
            "--out {place}: expected a new bench's folder, found that of the stored results"
        )));
    }
    Ok(())
}

pub(super) fn run(args: &ReproduceArgs, context: &Context) -> Result<(), Failure> {
    if args
        .check_tolerance
        .is_some_and(|x| !(0.0..=1.0).contains(&x))
    {
        return Err(Failure::usage("--check-tolerance: expected 0..=1"));
    }
    let stored = read_report(&args.result)?;
    must_not_be_in(&args.out, &args.result)?;
    must_be_comparable(&stored, &args.result)?;
    let cells = stored_cells(&stored, &args.cell)?;
    let plan = plan(args, &stored, &cells, context)?;
    let made = Made::of(&cells);
    let device = made.device(context);
    let work = Work {
        plan: &plan,
        out: &args.out,
        share: made.share(args.jobs, device, plan.cells.len(), context),
        device,
        weights_from: &[],
        only_missing: false,
    };
    if args.dry_run {
        return work.tell(context);
    }
    let found = work.run(context)?;
    let ids: Vec<String> = plan.cells.iter().map(|cell| cell.id.clone()).collect();
    let figures = recomputed(&stored, &found, &ids);
    let new: Vec<&ReportCell> = found.cells.iter().collect();
    tell(
        args,
        &found,
        (&figures, &made.unlike(&Made::of(&new))),
        context,
    )?;
    if let Some(tolerance) = args.check_tolerance {
        must_be_within(&figures, tolerance)?;
    }
    all_there(&found)
}

/// Results of another version, or by strategies unknown here, are not the same quantity.
fn must_be_comparable(stored: &Report, path: &Path) -> Result<(), Failure> {
    let (place, commits) = (path.display(), stored.commits.join(", "));
    let remedy = format!("use the release that made them (commit {commits})");
    if stored.results_version != RESULTS_VERSION {
        let found = stored.results_version;
        return Err(Failure::usage(format!(
            "{place}: expected results version {RESULTS_VERSION}, found {found}: results changed \
             on purpose in between; {remedy}"
        )));
    }
    let is_known = |name: &&String| Strategy::ALL.iter().any(|known| known.name() == **name);
    match stored.plan.strategies.iter().find(|name| !is_known(name)) {
        Some(name) => Err(Failure::usage(format!(
            "{place}: its strategy {name} is unknown here; {remedy}"
        ))),
        None => Ok(()),
    }
}

/// The stored cells as a plan, on images that are those they were made on.
fn plan(
    args: &ReproduceArgs,
    stored: &Report,
    cells: &[&ReportCell],
    context: &Context,
) -> Result<Plan, Failure> {
    let mut added = BTreeSet::new();
    for cell in cells {
        added.extend(added_settings(cell)?);
    }
    let data = folders(&args.data, cells, context)?;
    if !added.is_empty() {
        let list = added.into_iter().collect::<Vec<_>>().join(", ");
        tracing::warn!("settings younger than these results keep their defaults: {list}");
    }
    let specs = cells.iter().map(|cell| {
        let folder = data.get(&cell.category).cloned().unwrap_or_default();
        respecified(cell, folder)
    });
    let specs = specs.collect::<Result<Vec<_>, _>>()?;
    let seed = specs.first().map_or(0, |cell| cell.seed);
    let facts = matrix::facts(seed, context)?;
    let name = matrix::name(&args.out);
    Ok(Plan::new(
        name,
        stored.plan.strategies.clone(),
        specs,
        facts,
    )?)
}

/// The settings this version has beyond the stored configuration, which must be one of its own.
fn added_settings(cell: &ReportCell) -> Result<Vec<String>, Failure> {
    let config = serde_json::from_value::<RunConfig>(cell.config.clone());
    let refused = |error: &dyn std::fmt::Display| {
        let (label, commit) = (cell.label(), &cell.provenance["commit"]);
        Failure::usage(format!(
            "{label}: its stored configuration is none of this version: {error}; use the release \
             that made it (commit {commit})"
        ))
    };
    let config = config.map_err(|error| refused(&error))?;
    config.validate().map_err(|error| refused(&error))?;
    let now = serde_json::to_value(&config).map_err(|e| Failure::new(ExitCode::Unexpected, e))?;
    let mut added = Vec::new();
    beyond(&cell.config, &now, "", &mut added);
    Ok(added)
}

/// The dotted keys of `new` that `old` has not.
fn beyond(old: &Value, new: &Value, prefix: &str, keys: &mut Vec<String>) {
    for (key, value) in new.as_object().into_iter().flatten() {
        let path = format!("{prefix}{key}");
        match old.get(key) {
            None => keys.push(path),
            Some(old) => beyond(old, value, &format!("{path}."), keys),
        }
    }
}

/// The folder of each category; refuses images that are not those of the stored results.
fn folders(
    data: &Path,
    cells: &[&ReportCell],
    context: &Context,
) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let expected: BTreeMap<&String, &String> = cells
        .iter()
        .map(|cell| (&cell.category, &cell.dataset_digest))
        .collect();
    let phase = context.output.phase("fingerprint", expected.len() as u64);
    let (mut folders, mut others) = (BTreeMap::new(), Vec::new());
    for (i, (category, expected)) in expected.into_iter().enumerate() {
        let (folder, found) = matrix::category_of(data, category)?;
        phase.at(1 + i as u64);
        if found != *expected {
            let short = |digest: &str| digest.chars().take(12).collect::<String>();
            let (expected, found) = (short(expected), short(&found));
            others.push(format!(
                "{category}: expected digest {expected}…, found {found}…"
            ));
        }
        folders.insert(category.clone(), folder);
    }
    if others.is_empty() {
        return Ok(folders);
    }
    let (place, list) = (data.display(), others.join("\n  "));
    let message = format!("{place}: not the images of the stored results:\n  {list}");
    Err(Failure::text(ExitCode::Data, message))
}
