//! `aesc predict`: scores, decisions, maps and overlays for images of any size.

mod batch;
mod row;
mod sheet;
mod summary;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aesc_data::{InputImage, list_images};
use clap::{Args, ValueEnum};

use crate::app::Context;
use crate::backend;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::run_folder::{Existing, RunFolder};
use sheet::Sheet;
use summary::Summary;

/// Images in memory at once.
const BATCH: usize = 16;

/// What `predict` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aesc predict model.aesc.safetensors photos/new --out results\n  \
    aesc predict model.aesc.safetensors a.png b.png --out results --fail-on nok\n  \
    find photos -name '*.png' | aesc predict model.aesc.safetensors - --out results --keep-going"
)]
pub(crate) struct PredictArgs {
    /// The model file
    model: PathBuf,
    /// Images and folders; - reads a list from stdin, a path a line
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on when an image cannot be read; its row says why (exit code 11)
    #[arg(long)]
    keep_going: bool,
    /// Exit with code 10 when an image is decided so
    #[arg(long, value_name = "DECISION")]
    fail_on: Option<FailOn>,
    /// Write over an earlier result
    #[arg(long)]
    force: bool,
}

/// What `--fail-on` looks for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    /// A defect
    Nok,
}

pub(crate) fn run(args: &PredictArgs, context: &Context) -> Result<(), Failure> {
    let inputs = list_images(&paths(&args.inputs)?)?;
    must_not_collide(&inputs)?;
    let model = backend::open(&args.model, context)?;
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Refuse
    };
    let folder = RunFolder::take(&args.out, existing)?;
    let phase = context.output.phase("predict", inputs.len() as u64);
    let start = Instant::now();
    let mut rows = Vec::with_capacity(inputs.len());
    let mut sheet = Sheet::default();
    let mut failure = None;
    for images in inputs.chunks(BATCH) {
        if context.signals.stopped() {
            failure = Some(Failure::silent(context.signals.exit_code()));
            break;
        }
        match batch::predict(images, &model, &folder, args.keep_going) {
            Err(error) => {
                failure = Some(error);
                break;
            }
            Ok(done) => {
                for (row, picture) in done {
                    sheet.add(row.score, picture);
                    rows.push(row);
                }
            }
        }
        phase.at(rows.len() as u64);
    }
    drop(phase);
    // What was done before a failure is kept.
    folder.write("results.csv", &row::csv(&rows)?)?;
    folder.write("results.jsonl", row::jsonl(&rows)?.as_bytes())?;
    let summary = Summary::new(&rows, inputs.len(), &model, start.elapsed().as_secs_f64());
    folder.write_json("summary.json", &summary)?;
    if let Some(picture) = sheet.picture()? {
        folder.write("sheet.png", &picture)?;
    }
    match failure {
        Some(failure) => Err(failure),
        None => tell(args, &summary, context),
    }
}

fn tell(args: &PredictArgs, summary: &Summary, context: &Context) -> Result<(), Failure> {
    context.output.result(summary, || summary.text(&args.out))?;
    if args.fail_on.is_some() && summary.n_nok > 0 {
        return Err(Failure::silent(ExitCode::FoundDefect));
    }
    if summary.n_failed > 0 {
        return Err(Failure::silent(ExitCode::SomeFailed));
    }
    Ok(())
}

/// Refuses inputs whose maps would have the same name, such as a.jpg beside a.png.
fn must_not_collide(inputs: &[InputImage]) -> Result<(), Failure> {
    let mut seen: BTreeMap<PathBuf, &InputImage> = BTreeMap::new();
    for input in inputs {
        if let Some(first) = seen.insert(input.relative.with_extension(""), input) {
            return Err(Failure::usage(format!(
                "{} and {} would write the same map: predict them in two runs",
                first.path.display(),
                input.path.display()
            )));
        }
    }
    Ok(())
}

/// The inputs, with `-` replaced by the paths on stdin.
fn paths(inputs: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for input in inputs {
        if input.as_os_str() != "-" {
            paths.push(input.clone());
            continue;
        }
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|e| Failure::io("read", Path::new("stdin"), e))?;
            if !line.trim().is_empty() {
                paths.push(PathBuf::from(line.trim_end_matches('\r')));
            }
        }
    }
    if paths.is_empty() {
        return Err(Failure::text(
            ExitCode::Data,
            "stdin: expected a path a line, found none",
        ));
    }
    Ok(paths)
}
