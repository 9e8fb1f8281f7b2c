//! The grain of stains and drops, and its blending into the image.

use aesc_image::{Image, Mask};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::patch::Patch;

/// Standard deviation of the grain on the 0..=1 scale, √(0.05 / 255): 3.57 grey levels.
const GRAIN_STD: f32 = 0.014_002_801;

/// A grey level of `[least, most]`, both included, on the 0..=1 scale.
pub(crate) fn draw_level([least, most]: [u8; 2], rng: &mut ChaCha8Rng) -> f32 {
    f32::from(rng.random_range(least..=most)) / 255.0
}

/// A value of N(mean, std²) cut to 0..=1.
pub(crate) fn noisy(mean: f32, std: f32, rng: &mut ChaCha8Rng) -> f32 {
    let normal: f32 = StandardNormal.sample(rng);
    (mean + std * normal).clamp(0.0, 1.0)
}

/// Blends grain around `levels` (0..=1, one a channel) into `image` with the patch's weights.
///
/// Pixels of weight 0 keep their bits and draw nothing. The mask is true above weight 0.5.
pub(crate) fn blend(
    image: &mut Image,
    patch: &Patch,
    levels: [f32; 3],
    rng: &mut ChaCha8Rng,
) -> Mask {
    let mut mask = Mask::over(image, false);
    let (width, channels) = (image.width(), image.channels());
    for (row, weights) in patch.weights.chunks_exact(patch.width).enumerate() {
        let start = (patch.y + row) * width + patch.x;
        let pixels = image.data_mut()[start * channels..].chunks_exact_mut(channels);
        let inside = &mut mask.data_mut()[start..];
        for ((&weight, pixel), inside) in weights.iter().zip(pixels).zip(inside) {
            if weight > 0.0 {
                *inside = weight > 0.5;
                for (value, level) in pixel.iter_mut().zip(levels) {
                    let grain = noisy(level, GRAIN_STD, rng);
                    *value = (*value * (1.0 - weight) + grain * weight).clamp(0.0, 1.0);
                }
            }
        }
    }
    mask
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact")]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// A row of three pixels of 0.4 after blending with weights 0, 0.25 and 1.
    fn blended(level: f32) -> (Image, Mask) {
        let mut image = Image::filled(1, 3, 1, 0.4).unwrap();
        let patch = Patch {
            y: 0,
            x: 0,
            width: 3,
            weights: vec![0.0, 0.25, 1.0],
        };
        let mask = blend(
            &mut image,
            &patch,
            [level; 3],
            &mut ChaCha8Rng::seed_from_u64(1),
        );
        (image, mask)
    }

    #[test]
    fn weights_mix_image_and_level() {
        // 0.4 * 0.75 + 0.8 * 0.25 = 0.5, and 0.8 at weight 1; grain of std 0.014, five sigma.
        let (image, mask) = blended(0.8);
        assert_eq!(image.at(0, 0, 0), 0.4);
        assert!((image.at(0, 1, 0) - 0.5).abs() < 5.0 * 0.014 * 0.25);
        assert!((image.at(0, 2, 0) - 0.8).abs() < 5.0 * 0.014);
        assert_eq!(mask.data(), [false, false, true]);
    }

    #[test]
    fn levels_are_grey_levels_of_255_and_both_ends_occur() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let drawn: Vec<f32> = (0..200).map(|_| draw_level([51, 53], &mut rng)).collect();
        for level in [51.0, 52.0, 53.0] {
            assert!(drawn.contains(&(level / 255.0)));
        }
        assert!(
            drawn
                .iter()
                .all(|level| (0.2..=53.0 / 255.0).contains(level))
        );
    }

    #[test]
    fn noise_has_the_mean_and_deviation_asked_for() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let n = 100_000;
        let drawn: Vec<f64> = (0..n)
            .map(|_| f64::from(noisy(0.5, 0.1, &mut rng)))
            .collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(n);
        let variance = drawn.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(n);
        // Standard errors: 0.1 / sqrt(n) = 0.0003 and 0.1 / sqrt(2 n) = 0.0002; five of each.
        assert!((mean - 0.5).abs() < 0.0016);
        assert!((variance.sqrt() - 0.1).abs() < 0.0012);
    }
}
