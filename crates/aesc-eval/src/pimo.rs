//! AUPIMO: per-image overlap at false-positive rates so low that only normal images can measure
//! them (Bertoldo et al. 2024, "AUPIMO: Redefining Visual Anomaly Detection Benchmarks").
//!
//! F(t) is the mean over normal images of the share of their pixels that score t or more. The
//! recall of a mask at the rate f is that at the lowest threshold with F(t) <= f: a pixel of score
//! s counts from f = F(s) on. The score of an anomalous image is its recall averaged over
//! log f between 1e-5 and 1e-4, which makes each pixel count -4 - log10(clamp(F(s), 1e-5, 1e-4)).

use rayon::prelude::*;
use serde::Serialize;

use crate::error::EvalError;
use crate::map::MapView;
use crate::sort;
use crate::summary::quantile;

const LOW: f64 = 1e-5;
const HIGH: f64 = 1e-4;
const MIN_NORMAL_PIXELS: u64 = 100_000;

/// AUPIMO of a category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Aupimo {
    /// Mean over anomalous images, 0..=1.
    pub mean: f64,
    /// First, second and third quartile (linear interpolation between ranks).
    pub quartiles: [f64; 3],
    /// (position of the anomalous image in the list, its AUPIMO).
    pub per_image: Vec<(usize, f64)>,
}

/// AUPIMO of each anomalous image, with mean and quartiles. An image is anomalous when its mask
/// has a defect pixel; the others set the false-positive rate.
///
/// # Errors
/// [`EvalError::Empty`], [`EvalError::Shape`], [`EvalError::NotFiniteInMap`],
/// [`EvalError::OneClass`] when normal or anomalous images are missing, and
/// [`EvalError::TooFewNormalPixels`] below 1e5 pixels in normal images.
pub fn aupimo(images: &[MapView<'_>]) -> Result<Aupimo, EvalError> {
    if images.is_empty() {
        return Err(EvalError::Empty { what: "image" });
    }
    images
        .par_iter()
        .enumerate()
        .try_for_each(|(index, image)| image.check(index))?;
    let (anomalous, normal): (Vec<usize>, Vec<usize>) =
        (0..images.len()).partition(|&index| images[index].is_anomalous());
    check_images(images, &anomalous, &normal)?;
    let tail = Tail::new(
        &normal
            .iter()
            .map(|&index| images[index].scores)
            .collect::<Vec<_>>(),
    );
    let per_image: Vec<_> = anomalous
        .par_iter()
        .map(|&index| (index, tail.overlap(&images[index])))
        .collect();
    let mut sorted: Vec<f64> = per_image.iter().map(|&(_, value)| value).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(Aupimo {
        mean: sorted.iter().sum::<f64>() / sorted.len() as f64,
        quartiles: [0.25, 0.5, 0.75].map(|q| quantile(&sorted, q)),
        per_image,
    })
}

fn check_images(
    images: &[MapView<'_>],
    anomalous: &[usize],
    normal: &[usize],
) -> Result<(), EvalError> {
    if anomalous.is_empty() || normal.is_empty() {
        let (normal, anomalous) = (normal.len() as u64, anomalous.len() as u64);
        return Err(EvalError::OneClass {
            what: "images",
            normal,
            anomalous,
        });
    }
    let found: u64 = normal
        .iter()
        .map(|&index| images[index].scores.len() as u64)
        .sum();
    if found < MIN_NORMAL_PIXELS {
        return Err(EvalError::TooFewNormalPixels {
            expected: MIN_NORMAL_PIXELS,
            found,
        });
    }
    Ok(())
}

/// The highest scores of the normal images, as far down as F stays below [`HIGH`].
#[derive(Debug)]
struct Tail {
    /// Keys, highest first.
    keys: Vec<u32>,
    /// F at each key: all keys up to and including this one.
    rates: Vec<f64>,
}

impl Tail {
    fn new(normal: &[&[f32]]) -> Self {
        let weighted = normal.par_iter().flat_map_iter(|scores| {
            let weight = 1.0 / (scores.len() as f64 * normal.len() as f64);
            // So many pixels of one image bring F past the upper bound by themselves.
            let enough = (HIGH / weight) as usize + 1;
            highest(scores, enough)
                .into_iter()
                .map(move |key| (key, weight))
        });
        let mut weighted: Vec<(u32, f64)> = weighted.collect();
        weighted.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
        let keys = weighted.iter().map(|&(key, _)| key).collect();
        let sum = |rate: &mut f64, &(_, weight): &(u32, f64)| {
            *rate += weight;
            Some(*rate)
        };
        let rates = weighted.iter().scan(0.0, sum).collect();
        Self { keys, rates }
    }

    /// F at the score of `key`, exact below [`HIGH`] and at least that above.
    fn rate(&self, key: u32) -> f64 {
        match self.keys.partition_point(|&normal| normal >= key) {
            0 => 0.0,
            count => self.rates[count - 1],
        }
    }

    fn overlap(&self, image: &MapView<'_>) -> f64 {
        let pixels = image
            .scores
            .iter()
            .zip(image.mask)
            .filter(|(_, inside)| **inside);
        let (mut sum, mut area) = (0.0, 0_u64);
        for (&score, _) in pixels {
            sum += (HIGH / self.rate(sort::key(score)).clamp(LOW, HIGH)).log10();
            area += 1;
        }
        sum / area as f64
    }
}

/// The keys of the `count` highest scores, in no order.
fn highest(scores: &[f32], count: usize) -> Vec<u32> {
    let mut keys: Vec<u32> = scores.iter().map(|&score| sort::key(score)).collect();
    if count < keys.len() {
        keys.select_nth_unstable_by(count - 1, |a, b| b.cmp(a));
        keys.truncate(count);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_keys_are_found() {
        let mut keys = highest(&[3.0, -1.0, 7.0, 7.0, 2.0], 3);
        keys.sort_unstable();
        assert_eq!(keys, [3.0, 7.0, 7.0].map(sort::key));
        assert_eq!(highest(&[1.0], 5), [sort::key(1.0)]);
    }

    /// Two normal images of 100,000 pixels, so that one pixel is a rate of 5e-6. Their highest
    /// scores are 10, 9, 8, ..., 1 in turn, all others 0.
    fn normal_images() -> [Vec<f32>; 2] {
        [[10.0, 8.0, 6.0, 4.0, 2.0], [9.0, 7.0, 5.0, 3.0, 1.0]].map(|top: [f32; 5]| {
            let mut scores = vec![0.0; 100_000];
            scores[17..22].copy_from_slice(&top);
            scores
        })
    }

    fn evaluate(anomalous: &[&[f32]]) -> Aupimo {
        let normal = normal_images();
        let none = vec![false; 100_000];
        let all = [true; 8];
        let view = |scores, mask| MapView {
            height: 1,
            width: 100_000,
            scores,
            mask,
        };
        let mut images = vec![view(&normal[0][..], &none[..])];
        for &scores in anomalous {
            let mask = &all[..scores.len()];
            images.push(MapView {
                height: 1,
                width: scores.len(),
                scores,
                mask,
            });
        }
        images.push(view(&normal[1], &none));
        aupimo(&images).unwrap()
    }

    #[test]
    fn pixels_count_from_their_own_rate_on() {
        // F: above 10: 0; at 9 (two pixels): 1e-5; at 7 (four): 2e-5; at 1 (all ten): 5e-5;
        // at 0: 1. Each pixel counts log10(1e-4 / F), F at least 1e-5: 11 and 9 count 1,
        // 7 counts log10(5), 1 counts log10(2), 0 nothing.
        let expected = (1.0 + 1.0 + 5.0_f64.log10() + 2.0_f64.log10()) / 5.0; // = 3 / 5
        let result = evaluate(&[&[11.0, 9.0, 7.0, 1.0, 0.0]]);
        assert_eq!(result.per_image[0].0, 1);
        assert!((result.per_image[0].1 - expected).abs() < 1e-12);
        assert!((expected - 0.6).abs() < 1e-12);
    }

    #[test]
    fn mean_and_quartiles_are_over_anomalous_images() {
        // Images of AUPIMO 1, 0 and 1/2: quartiles 1/4, 1/2, 3/4.
        let result = evaluate(&[&[11.0, 12.0], &[0.0, -5.0], &[20.0, -20.0]]);
        assert!((result.mean - 0.5).abs() < 1e-12);
        for (found, expected) in result.quartiles.into_iter().zip([0.25, 0.5, 0.75]) {
            assert!((found - expected).abs() < 1e-12);
        }
        let indices: Vec<_> = result.per_image.iter().map(|&(index, _)| index).collect();
        assert_eq!(indices, [1, 2, 3]);
    }

    #[test]
    fn too_few_normal_pixels_are_an_error() {
        let (scores, mask) = (vec![0.0; 99_999], vec![false; 99_999]);
        let normal = MapView {
            height: 1,
            width: 99_999,
            scores: &scores,
            mask: &mask,
        };
        let defect = MapView {
            height: 1,
            width: 1,
            scores: &[1.0],
            mask: &[true],
        };
        let error = EvalError::TooFewNormalPixels {
            expected: 100_000,
            found: 99_999,
        };
        assert_eq!(aupimo(&[normal, defect]), Err(error));
        let error = EvalError::OneClass {
            what: "images",
            normal: 1,
            anomalous: 0,
        };
        assert_eq!(aupimo(&[normal]), Err(error));
    }
}
