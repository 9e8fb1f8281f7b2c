//! The images to score: where their maps and masks are, and each read when it is its turn.

use std::path::{Path, PathBuf};

use aesc_data::{
    Limits, NpyPlanes, Sample, list_maps, list_masks, open_dataset, read_map_file, read_mask_file,
    read_mask_of, read_size,
};
use aesc_image::{Map, Mask};
use serde::Serialize;

use super::names::Name;
use super::pairing;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Maps or masks in order: planes of a file, or a file each.
#[derive(Debug)]
enum Planes {
    Stack(NpyPlanes),
    Files(Vec<PathBuf>),
}

impl Planes {
    fn n_planes(&self) -> usize {
        match self {
            Self::Stack(planes) => planes.n_planes(),
            Self::Files(files) => files.len(),
        }
    }
}

/// What is known of the images.
#[derive(Debug)]
enum Truth {
    Masks(Planes),
    /// Test images of a data set, and whether it has masks.
    Images(Vec<Sample>, bool),
}

/// How maps and images found each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Matched {
    /// By their names.
    Name,
    /// By their place: at least one side has no names.
    Order,
}

/// All images to score.
#[derive(Debug)]
pub(super) struct Cases {
    maps: Planes,
    truth: Truth,
    /// The images' names, unless neither maps nor masks have any.
    pub(super) names: Option<Vec<Name>>,
    pub(super) matched: Matched,
}

/// One image.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) map: Map,
    /// None in a data set without masks.
    pub(super) mask: Option<Mask>,
    pub(super) anomalous: bool,
}

impl Cases {
    /// Pairs `maps` with `masks` or the test images of `data`, of which one is given.
    pub(super) fn open(
        maps: &Path,
        masks: Option<&Path>,
        data: Option<&Path>,
    ) -> Result<Self, Failure> {
        let (truth, names) = match (masks, data) {
            (Some(masks), None) => open_masks(masks)?,
            (None, Some(data)) => open_images(data)?,
            _ => return Err(Failure::usage("expected either --masks or --data")),
        };
        if !maps.is_dir() {
            let planes = Planes::Stack(NpyPlanes::open(maps, &Limits::default())?);
            return Self::by_order((maps, planes), truth, names);
        }
        let files = list_maps(maps)?;
        let Some(names) = names else {
            let names = files.iter().map(|file| Name::of(file)).collect();
            let files = files.iter().map(|file| maps.join(file)).collect();
            return Self::by_order((maps, Planes::Files(files)), truth, Some(names));
        };
        let by_name = pairing::by_name(&files, |file| Name::of(file))?;
        let files = match (&truth, data) {
            (Truth::Images(..), Some(data)) => {
                pairing::to_images(&names, &category(data), &by_name)?
            }
            _ => pairing::to_masks(&names, &by_name)?,
        };
        Ok(Self {
            maps: Planes::Files(files.iter().map(|file| maps.join(file)).collect()),
            truth,
            names: Some(names),
            matched: Matched::Name,
        })
    }

    fn by_order(
        (path, maps): (&Path, Planes),
        truth: Truth,
        names: Option<Vec<Name>>,
    ) -> Result<Self, Failure> {
        let (what, expected) = match &truth {
            Truth::Masks(masks) => ("masks", masks.n_planes()),
            Truth::Images(samples, _) => ("test images", samples.len()),
        };
        let found = maps.n_planes();
        if found != expected {
            let path = path.display();
            let message =
                format!("{path}: expected a map for each of {expected} {what}, found {found} maps");
            return Err(Failure::text(ExitCode::Data, message));
        }
        if names.is_some() {
            let order = "the order of the sorted file names";
            tracing::warn!("an array has no names: its planes are taken in {order}");
        }
        Ok(Self {
            maps,
            truth,
            names,
            matched: Matched::Order,
        })
    }

    pub(super) fn n_images(&self) -> usize {
        self.maps.n_planes()
    }

    /// The name of an image, or its number.
    pub(super) fn name(&self, index: usize) -> String {
        match self.names.as_ref().and_then(|names| names.get(index)) {
            Some(name) => name.to_string(),
            None => format!("map {index}"),
        }
    }

    /// The defect type of each image, none for good ones; a data set has them.
    pub(super) fn defect_types(&self) -> Option<Vec<Option<&str>>> {
        let Truth::Images(samples, _) = &self.truth else {
            return None;
        };
        let defect_type =
            |sample| Sample::is_anomalous(sample).then_some(sample.defect_type.as_str());
        Some(samples.iter().map(defect_type).collect())
    }

    /// Reads the map and the mask of an image.
    pub(super) fn read(&mut self, index: usize) -> Result<Case, Failure> {
        let limits = Limits::default();
        let map = match &mut self.maps {
            Planes::Stack(planes) => planes.map(index)?,
            Planes::Files(files) => read_map_file(&files[index], &limits)?,
        };
        let (mask, anomalous) = match &mut self.truth {
            Truth::Masks(Planes::Stack(planes)) => of_mask(planes.mask(index)?),
            Truth::Masks(Planes::Files(files)) => of_mask(read_mask_file(&files[index], &limits)?),
            Truth::Images(samples, has_masks) => {
                let sample = &samples[index];
                let mask = has_masks.then(|| mask_of(sample, &limits)).transpose()?;
                (mask, sample.is_anomalous())
            }
        };
        if index == 0 {
            warn_of_swapped_sides(&map, mask.as_ref());
        }
        Ok(Case {
            map,
            mask,
            anomalous,
        })
    }
}

/// An image is anomalous when its mask has a defect pixel.
fn of_mask(mask: Mask) -> (Option<Mask>, bool) {
    let anomalous = mask.any();
    (Some(mask), anomalous)
}

fn open_masks(path: &Path) -> Result<(Truth, Option<Vec<Name>>), Failure> {
    if !path.is_dir() {
        let planes = NpyPlanes::open(path, &Limits::default())?;
        return Ok((Truth::Masks(Planes::Stack(planes)), None));
    }
    let files = list_masks(path)?;
    let by_name = pairing::by_name(&files, |file| Name::of(file).without_mask())?;
    let files = by_name.values().map(|file| path.join(file)).collect();
    let names = by_name.into_keys().collect();
    Ok((Truth::Masks(Planes::Files(files)), Some(names)))
}

fn open_images(path: &Path) -> Result<(Truth, Option<Vec<Name>>), Failure> {
    let dataset = open_dataset(path)?;
    if dataset.test.is_empty() {
        let message = format!(
            "{}: expected test images under test/, found none",
            path.display()
        );
        return Err(Failure::text(ExitCode::Data, message));
    }
    let files: Vec<PathBuf> = dataset.test.iter().map(|s| s.relative.clone()).collect();
    pairing::by_name(&files, |file| Name::of(file))?;
    let names = files.iter().map(|file| Name::of(file)).collect();
    let has_masks = dataset.has_masks();
    Ok((Truth::Images(dataset.test, has_masks), Some(names)))
}

/// The name of a data set's folder, however it is spelt.
fn category(data: &Path) -> String {
    let whole = data.canonicalize().unwrap_or_else(|_| data.to_path_buf());
    whole
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The mask of an image, all false where it is good, at the image's own size.
fn mask_of(sample: &Sample, limits: &Limits) -> Result<Mask, Failure> {
    let (height, width) = read_size(&sample.path, limits)?;
    let Some(path) = &sample.mask else {
        return Mask::filled(height, width, false).map_err(|e| Failure::new(ExitCode::Data, e));
    };
    let mask = read_mask_of(path, (height, width), limits)?;
    if !mask.any() {
        let path = path.display();
        tracing::warn!("{path} marks no pixel; its image counts as anomalous by its folder");
    }
    Ok(mask)
}

fn warn_of_swapped_sides(map: &Map, mask: Option<&Mask>) {
    let (height, width) = (map.height(), map.width());
    if height != width && mask.is_some_and(|mask| (mask.width(), mask.height()) == (height, width))
    {
        tracing::warn!(
            "maps of {height} x {width} (height x width) for masks of {width} x {height}: are \
             the sides swapped?"
        );
    }
}
