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
use crate::backend::{self, OpenModel, SamplingArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::run_folder::{Existing, RunFolder};
use row::Row;
use sheet::Sheet;
use summary::Summary;

/// Images in memory at once, at most.
const BATCH: usize = 16;
/// Pixels in memory at once, roughly: larger images come in smaller batches.
const BATCH_PX: usize = 32 << 20;

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
    #[command(flatten)]
    sampling: SamplingArgs,
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
    let model = backend::open(&args.model, args.sampling, context)?;
    if args.fail_on.is_some() && model.detector.calibration().is_none() {
        return Err(Failure::usage(
            "--fail-on needs a model with a threshold; this one has none",
        ));
    }
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Refuse
    };
    let folder = RunFolder::take(&args.out, existing)?;
    clear(&args.out)?;
    let start = Instant::now();
    let mut done = Done::default();
    let job = Job {
        model: &model,
        folder: &folder,
        keep_going: args.keep_going,
    };
    let failure = predict_all(&inputs, &job, context, &mut done);
    // What was done before a failure is kept.
    folder.write("results.csv", &row::csv(&done.rows)?)?;
    folder.write("results.jsonl", row::jsonl(&done.rows)?.as_bytes())?;
    let summary = Summary::new(
        &done.rows,
        inputs.len(),
        &model,
        start.elapsed().as_secs_f64(),
    );
    folder.write_json("summary.json", &summary)?;
    if let Some(picture) = done.sheet.picture()? {
        folder.write("sheet.png", &picture)?;
    }
    match failure {
        Some(failure) => Err(failure),
        None => tell(args, &summary, context),
    }
}

/// What every batch needs.
struct Job<'a> {
    model: &'a OpenModel,
    folder: &'a RunFolder,
    keep_going: bool,
}

/// What has come of a prediction so far.
#[derive(Debug, Default)]
struct Done {
    rows: Vec<Row>,
    sheet: Sheet,
}

/// Predicts batch by batch; gives what ended it early.
fn predict_all(
    inputs: &[InputImage],
    job: &Job<'_>,
    context: &Context,
    done: &mut Done,
) -> Option<Failure> {
    let phase = context.output.phase("predict", inputs.len() as u64);
    let mut size = 1;
    while done.rows.len() < inputs.len() {
        if context.signals.stopped() {
            return Some(Failure::silent(context.signals.exit_code()));
        }
        let at = done.rows.len();
        let images = &inputs[at..inputs.len().min(at + size)];
        let (rows, failure) = batch::predict(images, job);
        let largest_px = rows.iter().map(|(row, _)| row.pixels()).max().unwrap_or(0);
        size = (BATCH_PX / largest_px.max(1)).clamp(1, BATCH);
        for (row, picture) in rows {
            done.sheet.add(row.score, picture);
            done.rows.push(row);
        }
        phase.at(done.rows.len() as u64);
        if failure.is_some() {
            return failure;
        }
    }
    None
}

/// Removes an earlier prediction, so that no map stands beside a table it is not in.
fn clear(out: &Path) -> Result<(), Failure> {
    if !out.join("summary.json").is_file() {
        return Ok(());
    }
    for name in ["maps", "overlays", "masks"] {
        let path = out.join(name);
        if path.is_dir() {
            std::fs::remove_dir_all(&path).map_err(|e| Failure::io("remove", &path, e))?;
        }
    }
    Ok(())
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
