//! `aesc predict`: scores, decisions, maps and overlays for images of any size.

mod row;
mod summary;

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aesc_artifact::Manifest;
use aesc_data::{InputImage, Limits, decode_image, digest_hex, list_images, read_bytes, resize};
use aesc_detect::{Calibration, Decision, Detection, overlay, resize_map};
use aesc_image::{Image, Map, Mask};
use clap::{Args, ValueEnum};
use rayon::prelude::*;

use crate::app::Context;
use crate::backend::{self, OpenModel};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::pictures::{map_tiff, mask_png, png};
use crate::run_folder::{Existing, RunFolder};
use row::Row;
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
    for batch in inputs.chunks(BATCH) {
        if context.signals.stopped() {
            break;
        }
        rows.extend(predict(batch, &model, &folder, args.keep_going)?);
        phase.at(rows.len() as u64);
    }
    drop(phase);
    folder.write("results.csv", &row::csv(&rows)?)?;
    folder.write("results.jsonl", row::jsonl(&rows)?.as_bytes())?;
    let summary = Summary::new(&rows, inputs.len(), &model, start.elapsed().as_secs_f64());
    folder.write_json("summary.json", &summary)?;
    context
        .output
        .result(&summary, || summary.text(&args.out))?;
    if context.signals.stopped() {
        return Err(Failure::silent(context.signals.exit_code()));
    }
    if args.fail_on.is_some() && summary.n_nok > 0 {
        return Err(Failure::silent(ExitCode::FoundDefect));
    }
    if summary.n_failed > 0 {
        return Err(Failure::silent(ExitCode::SomeFailed));
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

/// An image as it was read.
struct Query {
    sha256: String,
    original: Image,
    resized: Image,
}

/// Scores a batch and writes its files; rows come in the order of `inputs`.
fn predict(
    inputs: &[InputImage],
    model: &OpenModel,
    folder: &RunFolder,
    keep_going: bool,
) -> Result<Vec<Row>, Failure> {
    let start = Instant::now();
    let (manifest, id) = (&model.manifest, model.id.as_str());
    let read = inputs
        .par_iter()
        .map(|input| read(&input.path, manifest))
        .collect::<Vec<_>>();
    let mut queries = Vec::new();
    let mut errors = Vec::new();
    for query in read {
        match query {
            Err(error) if !keep_going => return Err(error.into()),
            Err(error) => errors.push(Some(error.to_string())),
            Ok(query) => {
                errors.push(None);
                queries.push(query);
            }
        }
    }
    let resized: Vec<Image> = queries.iter().map(|query| query.resized.clone()).collect();
    let mut found = model.detector.detect(&resized)?.into_iter().zip(queries);
    let mut work = Vec::with_capacity(inputs.len());
    for (input, error) in inputs.iter().zip(errors) {
        let result = if error.is_none() { found.next() } else { None };
        work.push((input, error, result));
    }
    let elapsed_ms = start.elapsed().as_secs_f64() * 1e3 / inputs.len().max(1) as f64;
    let rows = work
        .into_par_iter()
        .map(|(input, error, result)| match result {
            Some((detection, query)) => {
                let mut row = Row::new(input, &query, &detection, manifest, id);
                row.defect_area_px = write_files(input, &query, &detection, manifest, folder)?;
                row.elapsed_ms = Some(elapsed_ms);
                Ok(row)
            }
            None => Ok(Row::failed(input, id, error.unwrap_or_default())),
        });
    rows.collect()
}

fn read(path: &Path, manifest: &Manifest) -> Result<Query, aesc_data::DataError> {
    let preprocess = &manifest.preprocess;
    let limits = Limits::default();
    let bytes = read_bytes(path, &limits)?;
    let decoded = decode_image(&bytes, path, preprocess.channels, &limits)?;
    for warning in &decoded.warnings {
        tracing::warn!("{}: {warning}", path.display());
    }
    let resized = resize(&decoded.image, preprocess.height, preprocess.width)?;
    Ok(Query {
        sha256: digest_hex(&bytes),
        original: decoded.image,
        resized,
    })
}

/// Map, overlay and mask of an image at its own resolution; the pixels over the map's threshold.
fn write_files(
    input: &InputImage,
    query: &Query,
    found: &Detection,
    manifest: &Manifest,
    folder: &RunFolder,
) -> Result<Option<u64>, Failure> {
    let (height, width) = (query.original.height(), query.original.width());
    let map = resize_map(&found.map, height, width)?;
    folder.write(in_folder("maps", &input.relative, "tiff"), &map_tiff(&map)?)?;
    let Some(calibration) = &manifest.calibration else {
        return Ok(None);
    };
    let picture = overlay(&query.original, &map, &calibration.overlay_scale())?;
    folder.write(
        in_folder("overlays", &input.relative, "png"),
        &png(&picture)?,
    )?;
    let mask = over(&map, calibration)?;
    folder.write(
        in_folder("masks", &input.relative, "png"),
        &mask_png(&mask)?,
    )?;
    Ok(Some(mask.count()))
}

/// The pixels over the map's threshold.
fn over(map: &Map, calibration: &Calibration) -> Result<Mask, Failure> {
    let over = map
        .data()
        .iter()
        .map(|v| f64::from(*v) > calibration.map_threshold)
        .collect();
    Mask::new(map.height(), map.width(), over).map_err(|e| Failure::new(ExitCode::Unexpected, e))
}

/// `photos/a.jpg` as `maps/photos/a.tiff`; the stem keeps another extension's image apart.
fn in_folder(folder: &str, relative: &Path, extension: &str) -> PathBuf {
    Path::new(folder).join(relative).with_extension(extension)
}

/// The word in `results.csv`.
fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Ok => "OK",
        Decision::Nok => "NOK",
    }
}
