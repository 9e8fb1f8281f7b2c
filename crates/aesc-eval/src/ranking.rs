//! The one structure behind every threshold metric: how many normal samples lie at and between
//! the scores of the anomalous ones.
//!
//! Every metric here changes only at the score of an anomalous sample: between two of them a
//! falling threshold adds normal samples alone, so that a count of those says all there is to
//! say. That holds for ROC, precision and recall, F1, and PRO alike, and is exact.

use crate::error::{EvalError, check_scores};
use crate::map::MapView;
use crate::regions::Defects;
use crate::sort;

/// One distinct score of the anomalous samples, and what a threshold falling to it admits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// Key of the score (see [`sort::key`]).
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
    steps: Vec<Step>,
    n_positive: u64,
    n_normal: u64,
    n_regions: u64,
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
        let mut positives = Vec::new();
        let mut normals = Vec::new();
        for (&score, &anomalous) in scores.iter().zip(labels) {
            if anomalous {
                positives.push(entry(score, 0));
            } else {
                normals.push(sort::key(score));
            }
        }
        if positives.is_empty() || normals.is_empty() {
            return Err(EvalError::OneClass {
                what: "samples",
                normal: normals.len() as u64,
                anomalous: positives.len() as u64,
            });
        }
        Ok(Self::build(positives, normals, &[], 0))
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
        let mut defects = Defects::default();
        let mut normals = Vec::new();
        for (index, image) in images.iter().enumerate() {
            image.check(index)?;
            defects.add(image)?;
            let pixels = image.scores.iter().zip(image.mask);
            normals.extend(pixels.filter(|(_, m)| !**m).map(|(s, _)| sort::key(*s)));
        }
        Self::of_pixels(defects, normals, images.len() as u64)
    }

    pub(crate) fn of_pixels(
        defects: Defects,
        normals: Vec<u32>,
        n_images: u64,
    ) -> Result<Self, EvalError> {
        if defects.areas.is_empty() {
            return Err(EvalError::NoRegion { images: n_images });
        }
        if normals.is_empty() {
            return Err(EvalError::OneClass {
                what: "pixels",
                normal: 0,
                anomalous: defects.entries.len() as u64,
            });
        }
        Ok(Self::build(
            defects.entries,
            normals,
            &defects.areas,
            n_images,
        ))
    }

    fn build(mut entries: Vec<u64>, mut normals: Vec<u32>, areas: &[u64], n_images: u64) -> Self {
        entries.sort_unstable_by(|a, b| b.cmp(a));
        normals.sort_unstable_by(|a, b| b.cmp(a));
        let mut steps = Vec::new();
        let mut seen = 0;
        for group in entries.chunk_by(|a, b| a >> 32 == b >> 32) {
            let key = (group[0] >> 32) as u32;
            let above = normals[seen..].partition_point(|&normal| normal > key);
            let at = normals[seen + above..].partition_point(|&normal| normal == key);
            seen += above + at;
            let region = |entry: &u64| areas.get(*entry as u32 as usize);
            steps.push(Step {
                key,
                normals_above: above as u64,
                normals_at: at as u64,
                positives: group.len() as u64,
                coverage: group
                    .iter()
                    .filter_map(region)
                    .map(|&area| 1.0 / area as f64)
                    .sum(),
            });
        }
        Self {
            steps,
            n_positive: entries.len() as u64,
            n_normal: normals.len() as u64,
            n_regions: areas.len() as u64,
            n_images,
        }
    }

    /// The steps, highest score first.
    pub(crate) fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        self.steps.iter().copied()
    }

    /// How many samples or pixels are anomalous.
    pub fn n_anomalous(&self) -> u64 {
        self.n_positive
    }

    /// How many samples or pixels are normal.
    pub fn n_normal(&self) -> u64 {
        self.n_normal
    }

    /// How many anomalous regions the masks hold; zero for a ranking of plain scores.
    pub fn n_regions(&self) -> u64 {
        self.n_regions
    }

    /// How many images were ranked; zero for a ranking of plain scores.
    pub fn n_images(&self) -> u64 {
        self.n_images
    }
}

/// An anomalous sample as one sortable word: its key, then its region.
pub(crate) fn entry(score: f32, region: u32) -> u64 {
    u64::from(sort::key(score)) << 32 | u64::from(region)
}
