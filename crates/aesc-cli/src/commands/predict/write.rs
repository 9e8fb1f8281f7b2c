//! The last stage: maps, overlays and masks at the images' own resolution, and their regions.

use std::path::{Path, PathBuf};

use aesc_data::InputImage;
use aesc_detect::{Calibration, Detection, Overlay, Region, Regions, resize_map};
use aesc_image::{Image, Map, Mask};

use super::Job;
use super::coco::Annotation;
use super::read::Query;
use super::row::Row;
use super::sheet::SHEET_PX;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::pictures::{map_tiff, mask_png, png, small};

/// What is told of one input.
pub(super) struct Told {
    pub(super) row: Row,
    pub(super) regions: Vec<Region>,
    /// One a region, where COCO is asked for.
    pub(super) annotations: Vec<Annotation>,
    /// The overlay, made small.
    pub(super) picture: Option<Image>,
}

impl Told {
    pub(super) fn failed(input: &InputImage, job: &Job<'_>, error: String) -> Self {
        Self {
            row: Row::failed(input, job.model_id, error),
            regions: Vec::new(),
            annotations: Vec::new(),
            picture: None,
        }
    }
}

/// Writes the files of one image and gives its row.
pub(super) fn write_image(
    input: &InputImage,
    query: &Query,
    found: &Detection,
    job: &Job<'_>,
) -> Result<Told, Failure> {
    let mut told = Told {
        row: Row::new(input, query, found, job),
        ..Told::failed(input, job, String::new())
    };
    let (height, width) = (query.original.height(), query.original.width());
    let mut map = resize_map(&found.map, height, width)?;
    let inside = match &job.manifest.roi {
        Some(roi) => Some(roi.at(height, width)?),
        None => None,
    };
    let inside = inside.as_deref();
    if let Some(inside) = inside {
        clear_outside(&mut map, inside);
    }
    let write = |folder, extension, bytes: &[u8]| {
        job.folder
            .write(in_folder(folder, &input.relative, extension), bytes)
    };
    write("maps", "tiff", &map_tiff(&map)?)?;
    let Some(calibration) = &job.manifest.calibration else {
        return Ok(told);
    };
    let regions = Regions::of(&map, calibration.map_threshold, job.min_region_px);
    let mask = regions
        .mask()
        .map_err(|e| Failure::new(ExitCode::Unexpected, e))?;
    let picture = drawn(&query.original, &map, (&mask, inside), calibration)?;
    write("overlays", "png", &png(&picture)?)?;
    write("masks", "png", &mask_png(&mask)?)?;
    told.row.tell_regions(regions.list());
    if job.coco {
        let indices = 0..regions.list().len();
        told.annotations = indices.map(|i| Annotation::new(&regions, i)).collect();
    }
    told.regions = regions.list().to_vec();
    told.picture = Some(small(&picture, SHEET_PX)?);
    Ok(told)
}

fn drawn(
    image: &Image,
    map: &Map,
    (marked, inside): (&Mask, Option<&Mask>),
    calibration: &Calibration,
) -> Result<Image, Failure> {
    let overlay = Overlay {
        image,
        map,
        marked,
        inside,
    };
    Ok(overlay.drawn(&calibration.overlay_scale())?)
}

/// Enlarging smears the map across the region's edge by a pixel of the network's.
fn clear_outside(map: &mut Map, inside: &Mask) {
    for (value, &on) in map.data_mut().iter_mut().zip(inside.data()) {
        *value *= f32::from(u8::from(on));
    }
}

/// `photos/a.jpg` as `maps/photos/a.tiff`.
fn in_folder(folder: &str, relative: &Path, extension: &str) -> PathBuf {
    Path::new(folder).join(relative).with_extension(extension)
}
