//! `aesc data`: check a data set, make the built-in sample set.

use std::path::PathBuf;

use aesc_data::{CheckReport, Limits, SampleSetConfig, SampleSpec, Severity, sample_items};
use clap::{Args, Subcommand};
use rayon::prelude::*;
use serde_json::json;

use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::path_text;
use crate::pictures::{mask_png, png};
use crate::run_folder::{Existing, RunFolder};

/// The parts of `data`.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// List every problem of a data set at once
    #[command(
        after_help = "Examples:\n  aesc data check mvtec/bottle\n  aesc data check photos --json"
    )]
    Check(CheckArgs),
    /// Draw the built-in sample set: four categories in the MVTec AD layout
    #[command(after_help = "Examples:\n  aesc data sample --out sample\n  \
        aesc data sample --out sample-128 --size 128 --seed 7")]
    Sample(SampleArgs),
}

/// What `data check` takes.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A category in the MVTec AD layout, a folder with train/good, or a flat folder of images
    dir: PathBuf,
}

/// What `data sample` takes.
#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Side of the images in pixels
    #[arg(long, default_value_t = 256, value_name = "PX")]
    size: usize,
    /// Training images a category
    #[arg(long, default_value_t = SampleSetConfig::default().train, value_name = "N")]
    train: usize,
    /// Clean test images a category
    #[arg(long, default_value_t = SampleSetConfig::default().test_good, value_name = "N")]
    test_good: usize,
    /// Test images of each defect type
    #[arg(long, default_value_t = SampleSetConfig::default().test_per_type, value_name = "N")]
    test_per_type: usize,
    /// Write into a folder that is not empty
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(command: &DataCommand, context: &Context) -> Result<(), Failure> {
    match command {
        DataCommand::Check(args) => check(args, context),
        DataCommand::Sample(args) => sample(args, context),
    }
}

fn check(args: &CheckArgs, context: &Context) -> Result<(), Failure> {
    let report = aesc_data::check(&args.dir, &Limits::default());
    context.output.result(&report, || text(&report))?;
    if report.is_ok() {
        Ok(())
    } else {
        Err(Failure::silent(ExitCode::Data))
    }
}

fn text(report: &CheckReport) -> String {
    let mut lines = vec![format!("{} ({})", report.name, report.root.display())];
    for count in &report.counts {
        let masks = match count.masks {
            0 => String::new(),
            n => format!(", {n} masks"),
        };
        let split = count.split.as_str();
        lines.push(format!(
            "  {split}/{:<16} {:>5} images{masks}",
            count.defect_type, count.images
        ));
    }
    for size in &report.sizes {
        lines.push(format!(
            "  {} x {}: {} images",
            size.height, size.width, size.images
        ));
    }
    for problem in &report.problems {
        let mark = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        lines.push(format!(
            "{mark}: {}: {}",
            problem.path.display(),
            problem.message
        ));
    }
    let errors = report
        .problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .count();
    let warnings = report.problems.len() - errors;
    lines.push(format!("{errors} error(s), {warnings} warning(s)"));
    lines.join("\n")
}

fn sample(args: &SampleArgs, context: &Context) -> Result<(), Failure> {
    let config = SampleSetConfig {
        size: args.size,
        seed: context.global.seed.unwrap_or_default(),
        train: args.train,
        test_good: args.test_good,
        test_per_type: args.test_per_type,
    };
    let specs = sample_items(&config)?;
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Refuse
    };
    let folder = RunFolder::take(&args.out, existing)?;
    let phase = context.output.phase("draw", specs.len() as u64);
    let done = std::sync::atomic::AtomicU64::new(0);
    specs
        .par_iter()
        .try_for_each(|spec| -> Result<(), Failure> {
            context.signals.check()?;
            draw(spec, &folder)?;
            phase.at(1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
            Ok(())
        })?;
    // Written last: a folder without it is not a whole sample set.
    let value = json!({
        "out": path_text(&args.out), "images": specs.len(), "size": config.size, "seed": config.seed,
        "version": env!("CARGO_PKG_VERSION"),
    });
    folder.write_json("sample.json", &value)?;
    context.output.result(&value, || {
        format!("{} images in {}", specs.len(), args.out.display())
    })
}

fn draw(spec: &SampleSpec, folder: &RunFolder) -> Result<(), Failure> {
    let item = spec.draw()?;
    folder.write(spec.relative_path(), &png(&item.image)?)?;
    match (spec.mask_path(), &item.mask) {
        (Some(path), Some(mask)) => folder.write(path, &mask_png(mask)?),
        _ => Ok(()),
    }
}
