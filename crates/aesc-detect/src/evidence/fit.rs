//! The levels of evidence, fitted on clean images.

use aesc_image::{Image, Map};

use super::{EvidenceConfig, EvidenceLevel, EvidenceLevels, inside, whitened, windowed};
use crate::{DetectError, Observation, Roi};

/// Cells along a side of the grid, at most.
const MOST_CELLS: usize = 32;
/// What is added to every level, as a share of the mean level: half of the measure is that of the
/// place, half that of the whole image, so that a place that happened to be reproduced well is not
/// trusted to be so ever after.
const FLOOR: f64 = 1.0;

/// Levels in the making: first squares by place, then, with those, the windows' peaks.
pub(crate) struct EvidenceFit<'a> {
    config: &'a EvidenceConfig,
    roi: Option<&'a Roi>,
    cells: Vec<Cells>,
    levels: Vec<EvidenceLevel>,
    peaks: Vec<f64>,
    n_images: u64,
}

/// Sums of squares of one map over the cells of a grid.
struct Cells {
    height: usize,
    width: usize,
    sums: Vec<f64>,
    counts: Vec<f64>,
}

impl<'a> EvidenceFit<'a> {
    pub(crate) fn new(config: &'a EvidenceConfig, roi: Option<&'a Roi>) -> Self {
        Self {
            config,
            roi,
            cells: Vec::new(),
            levels: Vec::new(),
            peaks: Vec::new(),
            n_images: 0,
        }
    }

    /// Takes an image into the levels; every image before the first peak.
    pub(crate) fn add(&mut self, image: &Image, seen: &Observation) -> Result<(), DetectError> {
        let inside = inside(image, self.roi)?;
        let raw = self.config.looks(image, seen, inside.as_deref())?;
        if self.cells.is_empty() {
            self.cells = raw.iter().flatten().map(Cells::over).collect();
        }
        for (cells, map) in self.cells.iter_mut().zip(raw.iter().flatten()) {
            cells.add(map, |at| inside.as_deref().is_none_or(|m| m.data()[at]));
        }
        Ok(())
    }

    /// Takes an image into the windows' peaks.
    pub(crate) fn peak(&mut self, image: &Image, seen: &Observation) -> Result<(), DetectError> {
        if self.levels.is_empty() {
            self.levels = self.cells.iter().map(Cells::level).collect();
        }
        let inside = inside(image, self.roi)?;
        let mut found = Vec::new();
        let mut levels = &self.levels[..];
        for raw in &self.config.looks(image, seen, inside.as_deref())? {
            let (own, others) = levels.split_at(raw.len());
            levels = others;
            let map = whitened(raw, own)?;
            for &side_px in &self.config.windows_px {
                let seen = windowed(&map, side_px, inside.as_deref())?;
                found.push(f64::from(seen.data().iter().copied().fold(0.0, f32::max)));
            }
        }
        self.peaks.resize(found.len(), 0.0);
        let peaks = self.peaks.iter_mut().zip(found);
        peaks.for_each(|(sum, peak)| *sum += peak);
        self.n_images += 1;
        Ok(())
    }

    /// None without an image.
    pub(crate) fn finish(self) -> Option<EvidenceLevels> {
        let n = self.n_images as f64;
        // A network that repeats its input to the bit has peaks too: nothing is divided by 0.
        let peak = |sum: f64| (sum / n).max(f64::from(f32::MIN_POSITIVE));
        (self.n_images > 0).then(|| EvidenceLevels {
            levels: self.levels,
            peaks: self.peaks.into_iter().map(peak).collect(),
        })
    }
}

impl Cells {
    fn over(map: &Map) -> Self {
        let (height, width) = (map.height().min(MOST_CELLS), map.width().min(MOST_CELLS));
        Self {
            height,
            width,
            sums: vec![0.0; height * width],
            counts: vec![0.0; height * width],
        }
    }

    fn add(&mut self, map: &Map, counts: impl Fn(usize) -> bool) {
        let (h, w) = (map.height(), map.width());
        for (y, row) in map.data().chunks_exact(w).enumerate() {
            let start = y * self.height / h * self.width;
            for (x, &value) in row.iter().enumerate() {
                if counts(y * w + x) {
                    let cell = start + x * self.width / w;
                    self.sums[cell] += f64::from(value).powi(2);
                    self.counts[cell] += 1.0;
                }
            }
        }
    }

    /// Root mean squares over each cell and, by half as much a side, its neighbours.
    fn level(&self) -> EvidenceLevel {
        let (sums, counts) = (self.spread(&self.sums), self.spread(&self.counts));
        let total: f64 = self.counts.iter().sum();
        let mean = (self.sums.iter().sum::<f64>() / total.max(1.0)).sqrt();
        let root = |(sum, count): (&f64, &f64)| {
            if *count > 0.0 {
                (sum / count).sqrt()
            } else {
                mean
            }
        };
        let roots: Vec<f64> = sums.iter().zip(&counts).map(root).collect();
        let floor = FLOOR * roots.iter().sum::<f64>() / roots.len() as f64;
        let least = f64::from(f32::MIN_POSITIVE);
        let values = roots.iter().map(|root| (root + floor).max(least) as f32);
        EvidenceLevel {
            height: self.height,
            width: self.width,
            values: values.collect(),
        }
    }

    /// Each cell's value and half of its neighbours' along rows, then along columns.
    fn spread(&self, values: &[f64]) -> Vec<f64> {
        let (h, w) = (self.height, self.width);
        let at = |values: &[f64], y: Option<usize>, x: Option<usize>| match (y, x) {
            (Some(y), Some(x)) if y < h && x < w => values[y * w + x],
            _ => 0.0,
        };
        let along = |values: &[f64], [dy, dx]: [usize; 2]| -> Vec<f64> {
            let one = |i: usize| {
                let (y, x) = (i / w, i % w);
                let before = at(values, y.checked_sub(dy), x.checked_sub(dx));
                let after = at(values, Some(y + dy), Some(x + dx));
                values[i] + 0.5 * (before + after)
            };
            (0..values.len()).map(one).collect()
        };
        along(&along(values, [0, 1]), [1, 0])
    }
}
