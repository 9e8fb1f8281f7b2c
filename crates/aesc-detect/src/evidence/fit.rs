//! The levels of evidence, fitted on clean images.

use aesc_image::{Image, Map, Mask};

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
    /// Of all images, map by map.
    cells: Vec<Cells>,
    levels: Vec<EvidenceLevel>,
    /// What each image brought to them, and its peaks.
    images: Vec<Vec<Cells>>,
    peaks: Vec<Vec<f64>>,
}

/// Sums of squares of one map over the cells of a grid.
#[derive(Debug, Clone)]
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
            images: Vec::new(),
            peaks: Vec::new(),
        }
    }

    /// Takes an image into the levels; every image before the first peak.
    pub(crate) fn add(&mut self, image: &Image, seen: &Observation) -> Result<(), DetectError> {
        let inside = inside(image, self.roi)?;
        let raw = self.config.looks(image, seen, inside.as_deref())?;
        // One grid for all, whatever their sides.
        let grid = |map: &Map| match self.cells.first() {
            Some(first) => (first.height, first.width),
            None => (map.height().min(MOST_CELLS), map.width().min(MOST_CELLS)),
        };
        let counts = |at| inside.as_deref().is_none_or(|m: &Mask| m.data()[at]);
        let of = |map| Cells::of(map, grid(map), counts);
        let own: Vec<Cells> = raw.iter().flatten().map(of).collect();
        if self.cells.is_empty() {
            self.cells.clone_from(&own);
        } else {
            let pairs = self.cells.iter_mut().zip(&own);
            pairs.for_each(|(cells, own)| cells.change(own, |sum, own| sum + own));
        }
        self.images.push(own);
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
        self.peaks.push(found);
        Ok(())
    }

    /// The levels of all images; none without an image.
    pub(crate) fn levels(&self) -> Option<EvidenceLevels> {
        (!self.peaks.is_empty()).then(|| EvidenceLevels {
            levels: self.levels.clone(),
            peaks: mean(self.peaks.iter()),
        })
    }

    /// The levels of all images but this one, by which it is as strange as a new one; none where it took
    /// no part or no other did.
    ///
    /// Its own squares are left out of the levels. The other images' peaks stay those by the levels of
    /// all.
    pub(crate) fn without(&self, image: usize) -> Option<EvidenceLevels> {
        let own = self.images.get(image).filter(|_| self.peaks.len() > 1)?;
        let level = |(cells, own): (&Cells, &Cells)| {
            let mut others = cells.clone();
            others.change(own, |sum, own| (sum - own).max(0.0));
            others.level()
        };
        let others = self.peaks.iter().enumerate();
        let others = others.filter_map(|(i, peaks)| (i != image).then_some(peaks));
        Some(EvidenceLevels {
            levels: self.cells.iter().zip(own).map(level).collect(),
            peaks: mean(others),
        })
    }
}

/// The mean of each window's peaks.
fn mean<'a>(images: impl Iterator<Item = &'a Vec<f64>>) -> Vec<f64> {
    let (mut sums, mut n) = (Vec::new(), 0.0);
    for peaks in images {
        sums.resize(peaks.len(), 0.0);
        let pairs = sums.iter_mut().zip(peaks);
        pairs.for_each(|(sum, peak): (&mut f64, _)| *sum += peak);
        n += 1.0;
    }
    // A network that repeats its input to the bit has peaks too: nothing is divided by 0.
    let least = f64::from(f32::MIN_POSITIVE);
    sums.into_iter().map(|sum| (sum / n).max(least)).collect()
}

impl Cells {
    fn of(map: &Map, (height, width): (usize, usize), counts: impl Fn(usize) -> bool) -> Self {
        let (h, w) = (map.height(), map.width());
        let mut cells = Self {
            height,
            width,
            sums: vec![0.0; height * width],
            counts: vec![0.0; height * width],
        };
        for (y, row) in map.data().chunks_exact(w).enumerate() {
            let start = y * height / h * width;
            for (x, &value) in row.iter().enumerate() {
                if counts(y * w + x) {
                    let cell = start + x * width / w;
                    cells.sums[cell] += f64::from(value).powi(2);
                    cells.counts[cell] += 1.0;
                }
            }
        }
        cells
    }

    fn change(&mut self, other: &Self, by: impl Fn(f64, f64) -> f64) {
        let sums = self.sums.iter_mut().zip(&other.sums);
        let counts = self.counts.iter_mut().zip(&other.counts);
        sums.chain(counts)
            .for_each(|(own, other)| *own = by(*own, *other));
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
