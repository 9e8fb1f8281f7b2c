//! The one structure behind every threshold metric: how many normal samples lie at and between
//! the scores of the anomalous ones.
//!
//! Every metric here changes only at the score of an anomalous sample: between two of them a
//! falling threshold adds normal samples alone, so that a count of those says all there is to
//! say. That holds for ROC, precision and recall, F1, and PRO alike, and is exact. So only the
//! anomalous samples, the few, are sorted; the normal ones are counted where they are.

use rayon::prelude::*;

use crate::block::{Block, blocks};
use crate::entry::{entry, key_of, region_of};
use crate::error::{EvalError, check_scores};
use crate::map::MapView;
use crate::regions::Defects;
use crate::tally::{Tally, count_normals};

/// One distinct score of the anomalous samples, and what a threshold falling to it admits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// Key of the score (see [`sort::key`](crate::sort::key)).
    pub(crate) key: u32,
    /// Normal samples that score above it and below the step before.
    pub(crate) normals_above: u64,
    /// Normal samples that score the same.
    pub(crate) normals_at: u64,
    /// Anomalous samples that score the same.
    pub(crate) positives: u64,
    /// Sum over those of 1 / area of their region.
    pub(crate) coverage: f64,
}

/// Scores and labels, ranked once; every metric is read off it.
///
/// ```
/// use aesc_eval::Ranking;
/// let ranking = Ranking::of_scores(&[0.1, 0.2, 0.3, 0.4], &[false, true, false, true])?;
/// // Of the four (anomalous, normal) pairs, only (0.2, 0.3) is in the wrong order.
/// assert_eq!(ranking.auroc(), 0.75);
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ranking {
    /// The anomalous samples (see [`entry`]), lowest score first.
    entries: Vec<u64>,
    /// Normal samples in each slot of the distinct scores of `entries`.
    tally: Tally,
    /// 1 / area of each region.
    weights: Vec<f64>,
    n_normal: u64,
    n_images: u64,
}

impl Ranking {
    /// Ranks `scores`; true labels are anomalous.
    ///
    /// # Errors
    /// [`EvalError::LengthMismatch`], [`EvalError::Empty`], [`EvalError::NotFinite`], or
    /// [`EvalError::OneClass`].
    pub fn of_scores(scores: &[f32], labels: &[bool]) -> Result<Self, EvalError> {
        check_scores(scores, labels.len())?;
        let blocks: Vec<_> = blocks(scores, labels).collect();
        let entries = blocks.par_iter().flat_map_iter(|block| {
            let samples = block.scores.iter().zip(block.mask.unwrap_or_default());
            samples
                .filter(|(_, label)| **label)
                .map(|(&score, _)| entry(score, 0))
        });
        let defects = Defects {
            entries: entries.collect(),
            areas: Vec::new(),
        };
        let anomalous = defects.entries.len() as u64;
        let normal = scores.len() as u64 - anomalous;
        if anomalous == 0 || normal == 0 {
            return Err(EvalError::OneClass {
                what: "samples",
                normal,
                anomalous,
            });
        }
        Ok(Self::build(defects, &blocks, 0))
    }

    /// Ranks all pixels of `images`, pooled; mask pixels are anomalous.
    ///
    /// # Errors
    /// [`EvalError::Empty`], [`EvalError::Shape`], [`EvalError::NotFiniteInMap`],
    /// [`EvalError::NoRegion`], or [`EvalError::OneClass`] when every pixel is anomalous.
    pub fn of_images(images: &[MapView<'_>]) -> Result<Self, EvalError> {
        if images.is_empty() {
            return Err(EvalError::Empty { what: "image" });
        }
        let find = |(index, image): (usize, &MapView<'_>)| {
            image.check(index)?;
            Ok(Defects::of(image))
        };
        let found: Vec<_> = images.par_iter().enumerate().map(find).collect();
        let mut defects = Defects::default();
        for of_image in found {
            defects.append(of_image?)?;
        }
        let blocks: Vec<_> = images
            .iter()
            .flat_map(|image| blocks(image.scores, image.mask))
            .collect();
        Self::of_pixels(defects, &blocks, images.len() as u64)
    }

    /// Ranks the defect pixels against the normal ones of `blocks`.
    pub(crate) fn of_pixels(
        defects: Defects,
        blocks: &[Block<'_>],
        n_images: u64,
    ) -> Result<Self, EvalError> {
        if defects.areas.is_empty() {
            return Err(EvalError::NoRegion { images: n_images });
        }
        let ranking = Self::build(defects, blocks, n_images);
        match ranking.n_normal {
            0 => Err(EvalError::OneClass {
                what: "pixels",
                normal: 0,
                anomalous: ranking.n_anomalous(),
            }),
            _ => Ok(ranking),
        }
    }

    fn build(defects: Defects, blocks: &[Block<'_>], n_images: u64) -> Self {
        let Defects { mut entries, areas } = defects;
        entries.par_sort_unstable();
        let tally = count_normals(&entries, blocks);
        Self {
            entries,
            n_normal: tally.total(),
            tally,
            weights: areas.iter().map(|&area| 1.0 / area as f64).collect(),
            n_images,
        }
    }

    /// The steps, highest score first.
    pub(crate) fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        let mut above = self.tally.len() - 1;
        self.entries
            .chunk_by(|a, b| key_of(*a) == key_of(*b))
            .rev()
            .map(move |tied| {
                let at = above - 1;
                let step = Step {
                    key: key_of(tied[0]),
                    normals_above: self.tally.get(above),
                    normals_at: self.tally.get(at),
                    positives: tied.len() as u64,
                    coverage: tied
                        .iter()
                        .filter_map(|&entry| self.weights.get(region_of(entry)))
                        .sum(),
                };
                above = at - 1;
                step
            })
    }

    /// How many samples or pixels are anomalous.
    pub fn n_anomalous(&self) -> u64 {
        self.entries.len() as u64
    }

    /// How many samples or pixels are normal.
    pub fn n_normal(&self) -> u64 {
        self.n_normal
    }

    /// How many anomalous regions the masks hold; zero for a ranking of plain scores.
    pub fn n_regions(&self) -> u64 {
        self.weights.len() as u64
    }

    /// How many images were ranked; zero for a ranking of plain scores.
    pub fn n_images(&self) -> u64 {
        self.n_images
    }
}
