//! A batch of images: read, scored, their maps, overlays and masks written.

use std::path::{Path, PathBuf};
use std::time::Instant;

use aesc_artifact::Manifest;
use aesc_data::{InputImage, Limits, decode_image, digest_hex, read_bytes, resize};
use aesc_detect::{Calibration, Decision, Detection, overlay, resize_map};
use aesc_image::{Image, Map, Mask};
use rayon::prelude::*;

use super::row::Row;
use super::sheet::SHEET_PX;
use crate::backend::OpenModel;
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

/// Scores a batch and writes its files; rows come in the order of `inputs`.
pub(super) fn predict(
    inputs: &[InputImage],
    model: &OpenModel,
    folder: &RunFolder,
    keep_going: bool,
) -> Result<Vec<(Row, Option<Image>)>, Failure> {
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
                row.elapsed_ms = Some(elapsed_ms);
                let picture = write_files(input, &query, &detection, manifest, folder)?;
                let picture = picture.map(|(overlay, area_px)| {
                    row.defect_area_px = Some(area_px);
                    overlay
                });
                Ok((row, picture))
            }
            None => Ok((Row::failed(input, id, error.unwrap_or_default()), None)),
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
