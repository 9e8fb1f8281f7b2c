//! Resamples of a set of images, and the AUROC of each without sorting again.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::error::{EvalError, check_scores};
use crate::sort;

/// How often each image is in the resample.
#[derive(Debug)]
pub(crate) struct Draw {
    rng: ChaCha8Rng,
    classes: [Vec<usize>; 2],
    /// For each image.
    pub(crate) times: Vec<u64>,
}

impl Draw {
    pub(crate) fn new(labels: &[bool], seed: u64) -> Self {
        let class = |wanted| (0..labels.len()).filter(|&i| labels[i] == wanted).collect();
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            classes: [class(false), class(true)],
            times: vec![0; labels.len()],
        }
    }

    /// Draws as many images of each class as there are, with replacement.
    pub(crate) fn next(&mut self) {
        self.times.fill(0);
        for class in &self.classes {
            for _ in class {
                // The high word of a 64 x 64 bit product: uniform to one part in 2^64 / n.
                let scaled = u128::from(self.rng.next_u64()) * class.len() as u128;
                self.times[class[(scaled >> 64) as usize]] += 1;
            }
        }
    }
}

/// Images by rising score, so that the AUROC of a resample needs no sort.
#[derive(Debug)]
pub(crate) struct Order {
    images: Vec<Image>,
}

#[derive(Debug, Clone, Copy)]
struct Image {
    key: u32,
    anomalous: bool,
    index: usize,
}

impl Order {
    pub(crate) fn new(scores: &[f32], labels: &[bool]) -> Result<Self, EvalError> {
        check_scores(scores, labels.len())?;
        let anomalous = labels.iter().filter(|&&label| label).count() as u64;
        let normal = labels.len() as u64 - anomalous;
        if anomalous == 0 || normal == 0 {
            return Err(EvalError::OneClass {
                what: "images",
                normal,
                anomalous,
            });
        }
        let image = |(index, (&score, &anomalous))| Image {
            key: sort::key(score),
            anomalous,
            index,
        };
        let mut images: Vec<_> = scores.iter().zip(labels).enumerate().map(image).collect();
        images.sort_unstable_by_key(|image| image.key);
        Ok(Self { images })
    }

    /// AUROC when image i counts `times[i]` times.
    pub(crate) fn auroc(&self, times: &[u64]) -> f64 {
        let (mut normal, mut anomalous, mut twice_won) = (0, 0, 0);
        for tied in self.images.chunk_by(|a, b| a.key == b.key) {
            let count = |class| {
                let members = tied.iter().filter(|image| image.anomalous == class);
                members
                    .map(|image| u128::from(times[image.index]))
                    .sum::<u128>()
            };
            let (tied_normal, tied_anomalous) = (count(false), count(true));
            twice_won += tied_anomalous * (2 * normal + tied_normal);
            normal += tied_normal;
            anomalous += tied_anomalous;
        }
        twice_won as f64 / (2 * normal * anomalous) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roc::auroc;

    #[test]
    fn a_weighted_auroc_is_the_auroc_of_the_repeated_images() {
        let scores_of_all = [0.1, 0.5, 0.3, 0.6, 0.4, 0.5, 0.9, 0.2];
        let labels_of_all = [false, false, false, false, true, true, true, true];
        let times = [2, 0, 1, 1, 0, 3, 1, 0];
        let repeat = |i: usize| std::iter::repeat_n(i, times[i] as usize);
        let drawn: Vec<usize> = (0..8).flat_map(repeat).collect();
        let scores: Vec<f32> = drawn.iter().map(|&i| scores_of_all[i]).collect();
        let labels: Vec<bool> = drawn.iter().map(|&i| labels_of_all[i]).collect();
        let order = Order::new(&scores_of_all, &labels_of_all).unwrap();
        assert_eq!(Ok(order.auroc(&times)), auroc(&scores, &labels));
    }

    #[test]
    fn every_resample_keeps_the_class_sizes() {
        let mut draw = Draw::new(&[true, false, false, true, true], 3);
        for _ in 0..50 {
            draw.next();
            assert_eq!(draw.times[1] + draw.times[2], 2);
            assert_eq!(draw.times.iter().sum::<u64>(), 5);
        }
    }
}
