//! `aesc predict`: scores, decisions, maps and overlays for images of any size.

mod coco;
mod pipeline;
mod read;
mod row;
mod sheet;
mod summary;
mod tables;
mod write;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aesc_artifact::Manifest;
use aesc_data::{InputImage, Limits, list_images, read_size};
use clap::{Args, ValueEnum};

use crate::app::Context;
use crate::backend::{self, OpenModel, SamplingArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::run_folder::{Existing, RunFolder};
use sheet::Sheet;
use summary::{Summary, Tally};
use tables::Tables;
use write::Told;

#[cfg(test)]
mod tests;

/// What `predict` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aesc predict model.aesc.safetensors photos/new --out results\n  \
    aesc predict model.aesc.safetensors 'photos/2026-*/*.png' --out results --fail-on nok\n  \
    find photos -name '*.png' | aesc predict model.aesc.safetensors - --out results --keep-going"
)]
pub(crate) struct PredictArgs {
    /// The model file
    model: PathBuf,
    /// Images, folders and quoted patterns such as 'line/**/*.png'; - reads a list from stdin, a
    /// path a line
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
    /// Leave out regions of fewer pixels, of the image's own resolution
    #[arg(long, value_name = "PX", default_value_t = 1)]
    min_region_area: u64,
    /// Write the regions as COCO annotations too, coco.json
    #[arg(long)]
    coco: bool,
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
    /// A defect, or a score in the review band
    Review,
}

pub(crate) fn run(args: &PredictArgs, context: &Context) -> Result<(), Failure> {
    let inputs = not_below(&args.out, list_images(&paths(&args.inputs)?)?)?;
    must_not_collide(&inputs)?;
    let model = backend::open(&args.model, args.sampling, context)?;
    can_decide(args, &model)?;
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Refuse
    };
    can_be_read(args, &inputs)?;
    must_be_a_prediction(&args.out)?;
    let folder = RunFolder::take(&args.out, existing)?;
    clear(&args.out)?;
    folder.write(UNFINISHED, b"")?;
    let job = Job {
        manifest: &model.manifest,
        model_id: &model.id,
        folder: &folder,
        keep_going: args.keep_going,
        min_region_px: args.min_region_area,
        coco: args.coco,
    };
    let (summary, failure) = predict(&inputs, (&model, &job), context)?;
    folder.write_json("summary.json", &summary)?;
    remove_file(&args.out.join(UNFINISHED))?;
    match failure {
        Some(failure) => Err(failure),
        None => tell(args, &summary, context),
    }
}

/// There from the first map to the summary: what lies in the folder is a prediction's.
const UNFINISHED: &str = ".unfinished";

/// The inputs that are not pictures of an earlier prediction in `out`, which may lie below them.
fn not_below(out: &Path, inputs: Vec<InputImage>) -> Result<Vec<InputImage>, Failure> {
    let Ok(out) = out.canonicalize() else {
        return Ok(inputs);
    };
    let is_own = |path: &Path| {
        let path = path.canonicalize();
        path.is_ok_and(|path| path.starts_with(&out))
    };
    let kept: Vec<_> = inputs
        .into_iter()
        .filter(|input| !is_own(&input.path))
        .collect();
    if kept.is_empty() {
        let message = "all images lie in the output folder; another --out keeps them apart";
        return Err(Failure::usage(message));
    }
    Ok(kept)
}

/// What every stage needs.
struct Job<'a> {
    manifest: &'a Manifest,
    model_id: &'a str,
    folder: &'a RunFolder,
    keep_going: bool,
    min_region_px: u64,
    coco: bool,
}

/// Predicts all inputs and writes the tables; gives what ended it early, too. What was done before
/// a failure is kept.
fn predict(
    inputs: &[InputImage],
    (model, job): (&OpenModel, &Job<'_>),
    context: &Context,
) -> Result<(Summary, Option<Failure>), Failure> {
    let start = Instant::now();
    let phase = context.output.phase("predict", inputs.len() as u64);
    let mut tables = Tables::create(job.folder, job.coco)?;
    let (mut tally, mut sheet) = (Tally::default(), Sheet::default());
    let tell = |told: Told| {
        tables.push(&told)?;
        tally.add(&told.row);
        sheet.add(told.row.score, told.picture);
        phase.at(tally.n_done() as u64);
        Ok(())
    };
    let stop = &context.signals;
    let (stages, failure) = pipeline::run(inputs, (&model.detector, job), stop, tell);
    tables.finish()?;
    if let Some(picture) = sheet.picture()? {
        job.folder.write("sheet.png", &picture)?;
    }
    let secs = start.elapsed().as_secs_f64();
    let summary = Summary::new(&tally, (inputs.len(), secs), stages, model);
    Ok((summary, failure))
}

/// Refuses to look for a decision the model cannot take.
fn can_decide(args: &PredictArgs, model: &OpenModel) -> Result<(), Failure> {
    let calibration = model.detector.calibration();
    let lacks = match args.fail_on {
        Some(_) if calibration.is_none() => "a threshold: aesc calibrate sets one",
        Some(FailOn::Review) if calibration.is_none_or(|c| c.review.is_none()) => {
            "a review band: aesc calibrate --review-band sets one"
        }
        _ => return Ok(()),
    };
    Err(Failure::usage(format!(
        "--fail-on: this model lacks {lacks}"
    )))
}

/// Refuses inputs that end a run at once, before anything is written over.
fn can_be_read(args: &PredictArgs, inputs: &[InputImage]) -> Result<(), Failure> {
    if args.keep_going {
        return Ok(());
    }
    let missing = inputs.iter().find(|input| !input.path.exists());
    for input in missing.into_iter().chain(inputs.first()) {
        read_size(&input.path, &Limits::default())?;
    }
    Ok(())
}

/// Folders of a prediction.
const FOLDERS: [&str; 3] = ["maps", "overlays", "masks"];
/// Its files, but for the summary.
const FILES: [&str; 4] = ["results.csv", "results.jsonl", "coco.json", "sheet.png"];

/// Whether an earlier prediction, finished or not, lies in the folder.
fn is_a_prediction(out: &Path) -> bool {
    let told = || {
        let text = std::fs::read_to_string(out.join("summary.json")).ok()?;
        let summary: serde_json::Value = serde_json::from_str(&text).ok()?;
        summary
            .get("model_id")
            .and(summary.get("n_scored"))
            .cloned()
    };
    out.join(UNFINISHED).is_file() || told().is_some()
}

/// Refuses to replace what no prediction wrote.
fn must_be_a_prediction(out: &Path) -> Result<(), Failure> {
    let names = FOLDERS.iter().chain(&FILES).chain(&["summary.json"]);
    let mut foreign = names.filter(|name| out.join(name).exists());
    match foreign.next() {
        Some(name) if !is_a_prediction(out) => Err(Failure::usage(format!(
            "{}: expected an earlier prediction, found another {name}; give another --out",
            out.display()
        ))),
        _ => Ok(()),
    }
}

/// Removes an earlier prediction, finished or not, so that no map stands beside a table it is not in.
fn clear(out: &Path) -> Result<(), Failure> {
    if !is_a_prediction(out) {
        return Ok(());
    }
    for name in FOLDERS {
        let path = out.join(name);
        if path.is_dir() {
            std::fs::remove_dir_all(&path).map_err(|e| Failure::io("remove", &path, e))?;
        }
    }
    // What tells that this was a prediction goes last.
    for name in FILES.into_iter().chain(["summary.json", UNFINISHED]) {
        remove_file(&out.join(name))?;
    }
    Ok(())
}

fn remove_file(path: &Path) -> Result<(), Failure> {
    if !path.is_file() {
        return Ok(());
    }
    std::fs::remove_file(path).map_err(|e| Failure::io("remove", path, e))
}

fn tell(args: &PredictArgs, summary: &Summary, context: &Context) -> Result<(), Failure> {
    context.output.result(summary, || summary.text(&args.out))?;
    let found = match args.fail_on {
        None => 0,
        Some(FailOn::Nok) => summary.n_nok,
        Some(FailOn::Review) => summary.n_nok + summary.n_review,
    };
    if found > 0 {
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

/// A path of any bytes: names of files need not be UTF-8.
fn path_of(line: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(line).into()
}

/// The inputs, with `-` replaced by the paths on stdin.
fn paths(inputs: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for input in inputs {
        if input.as_os_str() != "-" {
            paths.push(input.clone());
            continue;
        }
        for line in std::io::stdin().lock().split(b'\n') {
            let line = line.map_err(|e| Failure::io("read", Path::new("stdin"), e))?;
            if !line.trim_ascii().is_empty() {
                paths.push(path_of(line.strip_suffix(b"\r").unwrap_or(&line)));
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
