//! Pixel metrics over maps that arrive one at a time.

use crate::block::{BLOCK, Block};
use crate::error::EvalError;
use crate::map::MapView;
use crate::ranking::Ranking;
use crate::regions::Defects;

/// Takes maps one at a time and keeps what exact metrics need: 4 bytes a normal pixel, 8 bytes a
/// defect pixel. Map and mask can be dropped after each [`push`](Self::push).
///
/// ```
/// use aesc_eval::{Accumulator, MapView};
/// let mut accumulator = Accumulator::new();
/// for (scores, mask) in [([0.1, 0.2], [false, false]), ([0.3, 0.1], [true, false])] {
///     accumulator.push(&MapView { height: 1, width: 2, scores: &scores, mask: &mask })?;
/// }
/// assert_eq!(accumulator.finish()?.auroc(), 1.0);
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Accumulator {
    defects: Defects,
    /// Normal scores of each image.
    normals: Vec<Vec<f32>>,
}

impl Accumulator {
    /// An accumulator that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one image in. After an error the accumulator is as it was before.
    ///
    /// # Errors
    /// [`EvalError::Empty`], [`EvalError::Shape`], [`EvalError::NotFiniteInMap`] (with the
    /// number of images taken so far as `image`) or [`EvalError::TooManyRegions`].
    pub fn push(&mut self, image: &MapView<'_>) -> Result<(), EvalError> {
        image.check(self.normals.len())?;
        self.defects.append(Defects::of(image))?;
        let pixels = image.scores.iter().zip(image.mask);
        self.normals
            .push(pixels.filter(|(_, m)| !**m).map(|(s, _)| *s).collect());
        Ok(())
    }

    /// Takes the pixels of one image that are `inside` (one bool a pixel, rows first); the others
    /// belong to no class, and regions are those of the mask within.
    ///
    /// # Errors
    /// As [`Accumulator::push`]; [`EvalError::Shape`] too when `inside` is of another length.
    pub fn push_within(&mut self, image: &MapView<'_>, inside: &[bool]) -> Result<(), EvalError> {
        image.check(self.normals.len())?;
        if inside.len() != image.mask.len() {
            return Err(EvalError::Shape {
                what: "inside",
                image: self.normals.len(),
                expected: image.mask.len(),
                found: inside.len(),
            });
        }
        let pairs = image.mask.iter().zip(inside);
        let mask: Vec<bool> = pairs.map(|(mask, inside)| *mask && *inside).collect();
        self.defects.append(Defects::of(&MapView {
            mask: &mask,
            ..*image
        }))?;
        let pixels = image.scores.iter().zip(image.mask).zip(inside);
        let normals = pixels.filter(|((_, mask), inside)| !**mask && **inside);
        self.normals
            .push(normals.map(|((score, _), _)| *score).collect());
        Ok(())
    }

    /// How many images were taken in.
    pub fn n_images(&self) -> u64 {
        self.normals.len() as u64
    }

    /// Ranks all pixels taken in.
    ///
    /// # Errors
    /// [`EvalError::Empty`] without an image, [`EvalError::NoRegion`], or
    /// [`EvalError::OneClass`] when every pixel is anomalous.
    pub fn finish(self) -> Result<Ranking, EvalError> {
        if self.normals.is_empty() {
            return Err(EvalError::Empty { what: "image" });
        }
        let chunks = self.normals.iter().flat_map(|scores| scores.chunks(BLOCK));
        let blocks: Vec<_> = chunks.map(|scores| Block { scores, mask: None }).collect();
        Ranking::of_pixels(self.defects, &blocks, self.normals.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view<'a>(scores: &'a [f32], mask: &'a [bool]) -> MapView<'a> {
        MapView {
            height: 1,
            width: scores.len(),
            scores,
            mask,
        }
    }

    #[test]
    fn pixels_outside_belong_to_no_class() {
        // Inside: normal 1 and 3, defect 2, so that one of two pairs is right. The defect of 9 and
        // the normal 0 outside would make it four of six.
        let scores = [1.0, 2.0, 3.0, 9.0, 0.0];
        let mask = [false, true, false, true, false];
        let mut inside = Accumulator::new();
        let roi = [true, true, true, false, false];
        inside.push_within(&view(&scores, &mask), &roi).unwrap();
        let mut cut = Accumulator::new();
        cut.push(&view(&scores[..3], &mask[..3])).unwrap();
        let (inside, cut) = (inside.finish().unwrap(), cut.finish().unwrap());
        assert!((inside.auroc() - 0.5).abs() < 1e-12);
        assert_eq!(
            inside.metrics(&[0.3]).unwrap(),
            cut.metrics(&[0.3]).unwrap()
        );
    }

    #[test]
    fn a_region_of_another_size_is_refused_and_changes_nothing() {
        let mut accumulator = Accumulator::new();
        let error = accumulator.push_within(&view(&[1.0, 2.0], &[true, false]), &[true]);
        assert!(matches!(error, Err(EvalError::Shape { .. })));
        assert_eq!(accumulator.n_images(), 0);
    }
}
