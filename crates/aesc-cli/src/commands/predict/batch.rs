//! A batch of images: read, scored, their maps, overlays and masks written.

use std::path::{Path, PathBuf};
use std::time::Instant;

use aesc_artifact::Manifest;
use aesc_data::{InputImage, Limits, decode_image, digest_hex, read_bytes, resize};
use aesc_detect::{Calibration, Decision, Detection, overlay, resize_map};
use aesc_image::{Image, Map, Mask};
use rayon::prelude::*;

use super::Job;
use super::row::Row;
use super::sheet::SHEET_PX;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::pictures::{map_tiff, mask_png, png, small};
use crate::run_folder::RunFolder;

/// An image as it was read.
pub(super) struct Query {
    pub(super) sha256: String,
    pub(super) original: Image,
    resized: Image,
}

/// Scores a batch and writes its files; rows come in the order of `inputs`. Where an image cannot
/// be read and the job does not keep going, the images before it are done and the failure is given.
pub(super) fn predict(
    inputs: &[InputImage],
    job: &Job<'_>,
) -> (Vec<(Row, Option<Image>)>, Option<Failure>) {
    let manifest = &job.model.manifest;
    let read = inputs
        .par_iter()
        .map(|input| read(&input.path, manifest))
        .collect::<Vec<_>>();
    let mut pages = Vec::with_capacity(inputs.len());
    let mut failure = None;
    for (input, query) in inputs.iter().zip(read) {
        match query {
            Err(error) if !job.keep_going => {
                failure = Some(error.into());
                break;
            }
            other => pages.push((input, other.map_err(|error| error.to_string()))),
        }
    }
    match score(pages, job) {
        Ok(rows) => (rows, failure),
        Err(error) => (Vec::new(), Some(error)),
    }
}

/// An input, and its image or why there is none.
type Page<'a> = (&'a InputImage, Result<Query, String>);

fn score(pages: Vec<Page<'_>>, job: &Job<'_>) -> Result<Vec<(Row, Option<Image>)>, Failure> {
    let start = Instant::now();
    let (manifest, id) = (&job.model.manifest, job.model.id.as_str());
    let good = pages.iter().filter_map(|(_, query)| query.as_ref().ok());
    let resized: Vec<Image> = good.map(|query| query.resized.clone()).collect();
    let mut found = job.model.detector.detect(&resized)?.into_iter();
    let elapsed_ms = start.elapsed().as_secs_f64() * 1e3 / resized.len().max(1) as f64;
    let mut work = Vec::with_capacity(pages.len());
    for (input, query) in pages {
        let detection = if query.is_ok() { found.next() } else { None };
        work.push((input, query, detection));
    }
    let folder = job.folder;
    let rows = work
        .into_par_iter()
        .map(|(input, query, detection)| match (query, detection) {
            (Ok(query), Some(detection)) => {
                let mut row = Row::new(input, &query, &detection, manifest, id);
                row.elapsed_ms = Some(elapsed_ms);
                let picture = write_files(input, &query, &detection, manifest, folder)?;
                let picture = picture.map(|(overlay, area_px)| {
                    row.defect_area_px = Some(area_px);
                    overlay
                });
                Ok((row, picture))
            }
            (query, _) => Ok((
                Row::failed(input, id, query.err().unwrap_or_default()),
                None,
            )),
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

/// Writes map, overlay and mask at the image's own resolution; gives the overlay, made small, and
/// the number of pixels over the map's threshold.
fn write_files(
    input: &InputImage,
    query: &Query,
    found: &Detection,
    manifest: &Manifest,
    folder: &RunFolder,
) -> Result<Option<(Image, u64)>, Failure> {
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
    Ok(Some((small(&picture, SHEET_PX)?, mask.count())))
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

/// `photos/a.jpg` as `maps/photos/a.tiff`.
fn in_folder(folder: &str, relative: &Path, extension: &str) -> PathBuf {
    Path::new(folder).join(relative).with_extension(extension)
}

/// The word in `results.csv`.
pub(super) fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Ok => "OK",
        Decision::Nok => "NOK",
    }
}
