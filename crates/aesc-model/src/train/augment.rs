//! Clean images varied: place, lightness, turns, and the noise that input and target share.

use aesc_artifact::{AugmentConfig, Turns, reflected};
use aesc_image::Image;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Streams of augmentation count up from here, one a presentation.
const STREAMS: u64 = 1 << 61;

/// The variation of one presentation: a pure function of seed and index.
pub(crate) struct Variation {
    rng: ChaCha8Rng,
    config: AugmentConfig,
}

impl Variation {
    pub(crate) fn new(config: AugmentConfig, seed: u64, index: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(STREAMS + index);
        Self { rng, config }
    }

    /// A clean image in another place, light and turn; none where nothing varies.
    pub(crate) fn of(&mut self, clean: &Image) -> Option<Image> {
        let quarters = match self.config.turns {
            Turns::None | Turns::Auto => 0,
            Turns::Half => 2 * self.rng.random_range(0..2),
            Turns::Quarter => self.rng.random_range(0..4),
        };
        let sides = [clean.height(), clean.width()];
        let reach = sides.map(|side| (self.config.shift * side as f64).round() as i32);
        let mut along = |reach: i32| match reach {
            0 => 0,
            _ => self.rng.random_range(-reach..=reach),
        };
        let shift = reach.map(&mut along);
        let light = self.config.light as f32;
        if quarters == 0 && shift == [0; 2] && light <= 0.0 {
            return None;
        }
        let mut image = shifted(turned(clean, quarters), shift);
        if light > 0.0 {
            let gain = 1.0 + light * self.rng.random_range(-1.0..=1.0_f32);
            let shift = 0.5 * light * self.rng.random_range(-1.0..=1.0_f32);
            for value in image.data_mut() {
                *value = (*value * gain + shift).clamp(0.0, 1.0);
            }
        }
        Some(image)
    }

    /// Adds the same noise to all, which are equally long.
    pub(crate) fn noise(&mut self, images: &mut [&mut [f32]]) {
        let std = self.config.noise as f32;
        if std <= 0.0 {
            return;
        }
        let n_values = images.first().map_or(0, |values| values.len());
        for at in 0..n_values {
            let normal: f32 = StandardNormal.sample(&mut self.rng);
            for image in &mut *images {
                image[at] += std * normal;
            }
        }
    }
}

/// The image turned counter-clockwise by this many quarters; odd ones leave oblong images as they
/// are.
pub(super) fn turned(image: &Image, quarters: usize) -> Image {
    let (h, w) = (image.height(), image.width());
    let mut to = image.clone();
    if quarters == 0 || (quarters % 2 == 1 && h != w) {
        return to;
    }
    let n = image.channels();
    for (at, pixel) in to.data_mut().chunks_exact_mut(n).enumerate() {
        let (y, x) = (at / w, at % w);
        let (y, x) = match quarters {
            1 => (x, w - 1 - y),
            2 => (h - 1 - y, w - 1 - x),
            _ => (h - 1 - x, y),
        };
        pixel.copy_from_slice(image.pixel(y, x));
    }
    to
}

/// The image moved by whole pixels down and to the right, mirrored where it ends.
fn shifted(image: Image, [down, right]: [i32; 2]) -> Image {
    if [down, right] == [0; 2] {
        return image;
    }
    let (h, w, n) = (image.height(), image.width(), image.channels());
    let from = |at: usize, by: i32, side| reflected((at as i32 - by).unsigned_abs() as usize, side);
    let columns: Vec<usize> = (0..w).map(|x| from(x, right, w)).collect();
    let mut to = image.clone();
    for (y, row) in to.data_mut().chunks_exact_mut(w * n).enumerate() {
        let y = from(y, down, h);
        for (pixel, &x) in row.chunks_exact_mut(n).zip(&columns) {
            pixel.copy_from_slice(image.pixel(y, x));
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(h: usize, w: usize) -> Image {
        Image::from_fn(h, w, 1, |y, x, _| (y * w + x) as f32 / (h * w) as f32).unwrap()
    }

    #[test]
    fn a_quarter_is_counter_clockwise_and_four_are_none() {
        // 0 1 / 2 3 turned counter-clockwise is 1 3 / 0 2.
        let image = numbered(2, 2);
        assert_eq!(turned(&image, 1).data(), [0.25, 0.75, 0.0, 0.5]);
        let mut round = image.clone();
        for _ in 0..4 {
            round = turned(&round, 1);
        }
        assert_eq!(round, image);
        assert_eq!(turned(&image, 3), turned(&turned(&image, 2), 1));
        let oblong = numbered(2, 3);
        assert_eq!(turned(&oblong, 1), oblong);
        assert_eq!(turned(&turned(&oblong, 2), 2), oblong);
    }

    #[test]
    fn light_moves_all_pixels_alike_and_noise_is_shared() {
        let config = AugmentConfig {
            light: 0.2,
            noise: 0.05,
            ..AugmentConfig::default()
        };
        let clean = Image::filled(8, 8, 1, 0.5).unwrap();
        let mut variation = Variation::new(config, 3, 7);
        let lit = variation.of(&clean).unwrap();
        let first = lit.data()[0];
        assert!(lit.data().iter().all(|v| (v - first).abs() < 1e-6));
        // At most 0.5 * 0.2 by the factor and 0.1 by the shift.
        assert!((first - 0.5).abs() <= 0.2 + 1e-6 && (first - 0.5).abs() > 0.0);
        let (mut a, mut b) = (vec![0.25; 4096], vec![0.75; 4096]);
        variation.noise(&mut [&mut a, &mut b]);
        assert!(a.iter().zip(&b).all(|(a, b)| (b - a - 0.5).abs() < 1e-6));
        let variance = a.iter().map(|v| (v - 0.25).powi(2)).sum::<f32>() / 4096.0;
        // Standard error of the deviation: 0.05 / sqrt(2 * 4096) = 0.0006; five of it.
        assert!((variance.sqrt() - 0.05).abs() < 0.003);
    }

    #[test]
    fn a_shift_is_by_whole_pixels_and_mirrors_what_comes_in() {
        let image = numbered(3, 4);
        assert_eq!(shifted(image.clone(), [0, 0]), image);
        let moved = shifted(image.clone(), [1, -1]);
        for (y, x, from) in [
            (1, 0, (0, 1)),
            (2, 2, (1, 3)),
            (0, 0, (1, 1)),
            (2, 3, (1, 2)),
        ] {
            assert_eq!(moved.pixel(y, x), image.pixel(from.0, from.1), "{y} {x}");
        }
        let config = AugmentConfig {
            shift: 0.25,
            ..AugmentConfig::default()
        };
        // Sides of 4 move by 1 at most: nine places, all of them seen.
        let image = numbered(4, 4);
        let mut seen: Vec<Vec<f32>> = Vec::new();
        for index in 0..200 {
            let made = Variation::new(config, 1, index).of(&image);
            let made = made.unwrap_or_else(|| image.clone());
            if !seen.iter().any(|one| one == made.data()) {
                seen.push(made.data().to_vec());
            }
        }
        let all = (0..9).map(|i| shifted(image.clone(), [i / 3 - 1, i % 3 - 1]));
        assert!(
            all.into_iter()
                .all(|one| seen.iter().any(|s| s == one.data()))
        );
        assert_eq!(seen.len(), 9);
    }

    #[test]
    fn the_same_presentation_varies_the_same_way() {
        let config = AugmentConfig {
            light: 0.1,
            shift: 0.25,
            turns: Turns::Quarter,
            ..AugmentConfig::default()
        };
        let image = numbered(4, 4);
        let made = |index| Variation::new(config, 1, index).of(&image);
        assert_eq!(made(5), made(5));
        assert_ne!(made(5), made(6));
    }

    #[test]
    fn nothing_varies_by_default() {
        let image = numbered(4, 4);
        let mut variation = Variation::new(AugmentConfig::default(), 0, 0);
        assert_eq!(variation.of(&image), None);
        let (mut a, mut b) = ([0.5], [0.25]);
        variation.noise(&mut [&mut a, &mut b]);
        assert_eq!((a, b), ([0.5], [0.25]));
    }
}
