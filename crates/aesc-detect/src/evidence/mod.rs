//! Evidence: several residual maps on the measure of clean images, looked at in several windows.
//!
//! A residual of 0.02 is nothing on an edge, where every clean image has as much, and a lot on a
//! plain surface. So each map is divided, place by place, by what clean images have there; the maps
//! are averaged; the average is smoothed by windows of several sides, each divided by the largest
//! value it usually has in a clean image; and the mean over the windows is the evidence. 1 is thus
//! about what the worst place of a clean image has. Of a backend that looks more than once, each look
//! has its own measure. Of two reconstructions the larger evidence counts, for each misses what the
//! other finds; a segmentation, whose one map is the fourth root of how sure it is, is another kind
//! of evidence, and the mean of all looks counts.

mod chroma;
mod energy;
mod fit;
mod gradient;

use std::borrow::Cow;

use aesc_image::{Image, Map, Mask};
use serde::{Deserialize, Serialize};

use crate::{
    ChannelReduction, DetectError, Observation, ResidualForm, Roi, Smoothing, residual_map,
    resize_map,
    score::{clear_outside, smooth_inside},
    smooth,
};
pub(crate) use fit::EvidenceFit;

/// A map of evidence, before it is brought to the measure of clean images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceMap {
    /// |x - x̂|, mean over channels.
    Absolute,
    /// What the gradients of the two lack of being the same, at two scales (MSGMS; Xue et al., IEEE
    /// TIP 2014, as used by RIAD and FAIR).
    Gradient,
    /// Squared distance in the plane of colour of CIELAB; nothing in a grey image.
    Chroma,
    /// (mean of x - x̂ over a square window of so many px)², mean over channels; of 1 px the squared
    /// residual.
    Energy(usize),
}

/// Which maps, and in which windows they are looked at.
///
/// ```
/// use aesc_detect::EvidenceConfig;
/// let config = EvidenceConfig::default();
/// assert_eq!(config.windows_px, [11, 21, 41]); // of an image of 256 px
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceConfig {
    /// The maps, each once, at least one.
    pub maps: Vec<EvidenceMap>,
    /// Sides of the square windows, odd, px at network resolution; at least one.
    pub windows_px: Vec<usize>,
}

impl Default for EvidenceConfig {
    fn default() -> Self {
        Self {
            maps: vec![
                EvidenceMap::Absolute,
                EvidenceMap::Gradient,
                EvidenceMap::Energy(5),
            ],
            windows_px: vec![11, 21, 41],
        }
    }
}

impl EvidenceConfig {
    pub(crate) fn validate(&self) -> Result<(), DetectError> {
        let once = (1..self.maps.len()).all(|i| !self.maps[..i].contains(&self.maps[i]));
        if self.maps.is_empty() || !once {
            let (field, expected) = ("evidence.maps", "at least one map, each once");
            let found = format!("{:?}", self.maps);
            return Err(DetectError::out_of_range(field, expected, &found));
        }
        if self.windows_px.is_empty() {
            let (field, expected) = ("evidence.windows_px", "at least one side");
            return Err(DetectError::out_of_range(field, expected, &"none"));
        }
        let odd = |field, side_px: usize| {
            let told = |_| DetectError::out_of_range(field, "odd sides of 1..=8193 px", &side_px);
            Smoothing::Box { side_px }.validate().map_err(told)
        };
        for &side_px in &self.windows_px {
            odd("evidence.windows_px", side_px)?;
        }
        for map in &self.maps {
            if let EvidenceMap::Energy(side_px) = map {
                odd("evidence.maps", *side_px)?;
            }
        }
        Ok(())
    }

    /// The maps of each look at an image as they are, 0 outside a region of interest.
    fn looks(
        &self,
        image: &Image,
        seen: &Observation,
        inside: Option<&Mask>,
    ) -> Result<Vec<Vec<Map>>, DetectError> {
        let mut looks = Vec::with_capacity(2);
        for reconstruction in seen.reconstructions() {
            looks.push(self.raw(image, reconstruction, inside)?);
        }
        if let Some(segmentation) = seen.segmentation_of(image)? {
            let mut map = segmentation.clone();
            // Of most of a clean image it is sure by thousandths or less. As it is, a certainty would
            // outweigh all that reconstructions can tell.
            for p in map.data_mut() {
                *p = p.max(0.0).sqrt().sqrt();
            }
            if let Some(inside) = inside {
                clear_outside(&mut map, inside);
            }
            looks.push(vec![map]);
        }
        Ok(looks)
    }

    /// The maps of one reconstruction.
    fn raw(
        &self,
        image: &Image,
        reconstruction: &Image,
        inside: Option<&Mask>,
    ) -> Result<Vec<Map>, DetectError> {
        let one = |kind: &EvidenceMap| {
            let mut map = match kind {
                EvidenceMap::Absolute => residual_map(
                    image,
                    reconstruction,
                    ResidualForm::Absolute,
                    ChannelReduction::Mean,
                )?,
                EvidenceMap::Gradient => gradient::deviation(image, reconstruction)?,
                EvidenceMap::Chroma => chroma::distance(image, reconstruction)?,
                EvidenceMap::Energy(side_px) => {
                    energy::energy(image, reconstruction, *side_px, inside)?
                }
            };
            if let Some(inside) = inside {
                clear_outside(&mut map, inside);
            }
            Ok(map)
        };
        self.maps.iter().map(one).collect()
    }
}

/// What clean images usually have, of each map by place, and of each window at most; one look's
/// after the other's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceLevels {
    /// For each look and map a grid of levels, stretched over the image.
    pub levels: Vec<EvidenceLevel>,
    /// For each look and window, the mean over clean images of the largest value, above 0.
    pub peaks: Vec<f64>,
}

/// Levels of one map on a grid over the image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceLevel {
    /// Rows of the grid.
    pub height: usize,
    /// Columns of the grid.
    pub width: usize,
    /// Row by row, each above 0, in the units of the map.
    pub values: Vec<f32>,
}

impl EvidenceLevels {
    /// Whether levels that came from a file can be divided by.
    pub(crate) fn validate(&self) -> Result<(), DetectError> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let (field, expected) = ("evidence", "levels and peaks that are finite and above 0");
        for level in &self.levels {
            let n_values = level.height.checked_mul(level.width);
            if n_values != Some(level.values.len()) || level.values.is_empty() {
                let expected = "as many levels as the grid has cells";
                let found = level.values.len();
                return Err(DetectError::out_of_range("evidence", expected, &found));
            }
            if let Some(bad) = level.values.iter().find(|v| !positive(f64::from(**v))) {
                return Err(DetectError::out_of_range(field, expected, bad));
            }
        }
        match self.peaks.iter().find(|peak| !positive(**peak)) {
            Some(bad) => Err(DetectError::out_of_range(field, expected, bad)),
            None => Ok(()),
        }
    }

    /// The evidence map of an image: 1 is what the worst place of a clean image usually has.
    ///
    /// # Errors
    /// As [`residual_map`]; [`DetectError::OutOfRange`] when the levels are of other maps, windows
    /// or looks; [`DetectError::EmptyRoi`].
    pub(crate) fn map(
        &self,
        config: &EvidenceConfig,
        (image, seen): (&Image, &Observation),
        roi: Option<&Roi>,
    ) -> Result<Map, DetectError> {
        let inside = inside(image, roi)?;
        let looks = config.looks(image, seen, inside.as_deref())?;
        let n_maps: usize = looks.iter().map(Vec::len).sum();
        let n_windows = config.windows_px.len();
        if (self.levels.len(), self.peaks.len()) != (n_maps, looks.len() * n_windows) {
            let expected = "a calibration with the same maps, windows and looks";
            let found = format!("{} and {}", self.levels.len(), self.peaks.len());
            return Err(DetectError::out_of_range("evidence", expected, &found));
        }
        let n_pixels = image.height() * image.width();
        let mut evidence = Map::new(image.height(), image.width(), vec![0.0; n_pixels])?;
        let mut levels = &self.levels[..];
        let measures = self.peaks.chunks(n_windows);
        let n_reconstructions = seen.reconstructions().count();
        for (i, (raw, peaks)) in looks.iter().zip(measures).enumerate() {
            let (own, others) = levels.split_at(raw.len());
            levels = others;
            let whitened = whitened(raw, own)?;
            let mut look = vec![0.0_f32; n_pixels];
            for (&side_px, &peak) in config.windows_px.iter().zip(peaks) {
                let seen = windowed(&whitened, side_px, inside.as_deref())?;
                let share = 1.0 / (peak * n_windows as f64);
                for (sum, value) in look.iter_mut().zip(seen.data()) {
                    *sum += (f64::from(*value) * share) as f32;
                }
            }
            let others = n_reconstructions as f32;
            for (sum, value) in evidence.data_mut().iter_mut().zip(look) {
                *sum = if i < n_reconstructions {
                    sum.max(value)
                } else {
                    // Each look weighs alike, the larger of the reconstructions for all of them.
                    (others * *sum + value) / (others + 1.0)
                };
            }
        }
        Ok(evidence)
    }
}

/// The pixels that count, where not all do.
fn inside<'a>(image: &Image, roi: Option<&'a Roi>) -> Result<Option<Cow<'a, Mask>>, DetectError> {
    roi.map(|roi| roi.at(image.height(), image.width()))
        .transpose()
}

/// The mean of the maps, each divided by its level.
fn whitened(raw: &[Map], levels: &[EvidenceLevel]) -> Result<Map, DetectError> {
    let (height, width) = raw
        .first()
        .map_or((0, 0), |map| (map.height(), map.width()));
    let mut sum = Map::new(height, width, vec![0.0; height * width])?;
    let share = 1.0 / raw.len() as f32;
    for (map, level) in raw.iter().zip(levels) {
        let grid = Map::new(level.height, level.width, level.values.clone())?;
        let level = resize_map(&grid, height, width)?;
        let pairs = map.data().iter().zip(level.data());
        for (sum, (value, level)) in sum.data_mut().iter_mut().zip(pairs) {
            *sum += share * value / level;
        }
    }
    Ok(sum)
}

fn windowed(map: &Map, side_px: usize, inside: Option<&Mask>) -> Result<Map, DetectError> {
    let window = Smoothing::Box { side_px };
    match inside {
        None => Ok(smooth(map, &window)),
        Some(inside) => smooth_inside(map.clone(), inside, &window),
    }
}

#[cfg(test)]
mod tests;
