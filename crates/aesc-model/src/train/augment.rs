//! Clean images varied: lightness, turns, and the noise that input and target share.

use aesc_artifact::{AugmentConfig, Turns};
use aesc_image::Image;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Streams of augmentation count up from here, one a presentation.
const STREAMS: u64 = 1 << 61;
/// Cells along each side of an image's description.
const CELLS: usize = 8;
/// A turn keeps a set's look when the mean description moves by less than this share of the
/// standard deviation between images, on the root mean square.
const SAME_LOOK: f64 = 0.5;

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

    /// A clean image of another light and turn; none where nothing varies.
    pub(crate) fn of(&mut self, clean: &Image) -> Option<Image> {
        let quarters = match self.config.turns {
            Turns::None | Turns::Auto => 0,
            Turns::Half => 2 * self.rng.random_range(0..2),
            Turns::Quarter => self.rng.random_range(0..4),
        };
        let light = self.config.light as f32;
        if quarters == 0 && light <= 0.0 {
            return None;
        }
        let mut image = turned(clean, quarters);
        if light > 0.0 {
            let gain = 1.0 + light * self.rng.random_range(-1.0..=1.0_f32);
            let shift = 0.5 * light * self.rng.random_range(-1.0..=1.0_f32);
            for value in image.data_mut() {
                *value = (*value * gain + shift).clamp(0.0, 1.0);
            }
        }
        Some(image)
    }

    /// Adds the same noise to both.
    pub(crate) fn noise(&mut self, input: &mut [f32], target: &mut [f32]) {
        let std = self.config.noise as f32;
        if std <= 0.0 {
            return;
        }
        for (input, target) in input.iter_mut().zip(target) {
            let normal: f32 = StandardNormal.sample(&mut self.rng);
            *input += std * normal;
            *target += std * normal;
        }
    }
}

/// The image turned counter-clockwise by this many quarters; odd ones leave oblong images as they
/// are.
fn turned(image: &Image, quarters: usize) -> Image {
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

/// The turns under which a set of clean images looks the same, the finest there are.
///
/// An image is described by what an 8 x 8 grid of cells holds: mean grey, and how much grey changes
/// along rows and along columns. A turn is kept when the mean description of the turned images
/// stays within half a standard deviation of single images. So an aligned product is left as it is,
/// one that lies at any angle is turned, and so is a weave, while the grain of brushed metal is
/// only turned by half. Mirrored images are never made: a product may have a right and a wrong side.
pub fn turns_of(images: &[Image]) -> Turns {
    let square = images.iter().all(|i| i.height() == i.width());
    if images.len() < 2 {
        return Turns::None;
    }
    if square && (1..4).all(|quarters| looks_the_same(images, quarters)) {
        Turns::Quarter
    } else if looks_the_same(images, 2) {
        Turns::Half
    } else {
        Turns::None
    }
}

fn looks_the_same(images: &[Image], quarters: usize) -> bool {
    let described = |turn: usize| -> Vec<Vec<f64>> {
        let one = |image: &Image| description(&turned(image, turn));
        images.iter().map(one).collect()
    };
    let (plain, other) = (described(0), described(quarters));
    let n = images.len() as f64;
    let (mut squares, mut counted) = (0.0, 0.0);
    for at in 0..plain[0].len() {
        let mean = |set: &[Vec<f64>]| set.iter().map(|d| d[at]).sum::<f64>() / n;
        let (here, there) = (mean(&plain), mean(&other));
        let variance = plain.iter().map(|d| (d[at] - here).powi(2)).sum::<f64>() / n;
        // A thousandth of the range is below what a camera tells apart.
        squares += (here - there).powi(2) / variance.max(1e-6);
        counted += 1.0;
    }
    (squares / counted).sqrt() < SAME_LOOK
}

/// Mean grey, horizontal and vertical change in each cell.
fn description(image: &Image) -> Vec<f64> {
    let (h, w) = (image.height(), image.width());
    let grey = |y: usize, x: usize| {
        f64::from(image.pixel(y, x).iter().sum::<f32>()) / image.channels() as f64
    };
    let mut sums = vec![0.0; 3 * CELLS * CELLS];
    let mut counts = vec![0.0; CELLS * CELLS];
    for y in 0..h {
        for x in 0..w {
            let cell = y * CELLS / h * CELLS + x * CELLS / w;
            counts[cell] += 1.0;
            sums[3 * cell] += grey(y, x);
            sums[3 * cell + 1] += (grey(y, x) - grey(y, x.saturating_sub(1))).abs();
            sums[3 * cell + 2] += (grey(y, x) - grey(y.saturating_sub(1), x)).abs();
        }
    }
    let count = |at: usize| f64::max(counts[at / 3], 1.0);
    sums.iter()
        .enumerate()
        .map(|(at, sum)| sum / count(at))
        .collect()
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
            turns: Turns::None,
        };
        let clean = Image::filled(8, 8, 1, 0.5).unwrap();
        let mut variation = Variation::new(config, 3, 7);
        let lit = variation.of(&clean).unwrap();
        let first = lit.data()[0];
        assert!(lit.data().iter().all(|v| (v - first).abs() < 1e-6));
        // At most 0.5 * 0.2 by the factor and 0.1 by the shift.
        assert!((first - 0.5).abs() <= 0.2 + 1e-6 && (first - 0.5).abs() > 0.0);
        let (mut a, mut b) = (vec![0.25; 4096], vec![0.75; 4096]);
        variation.noise(&mut a, &mut b);
        assert!(a.iter().zip(&b).all(|(a, b)| (b - a - 0.5).abs() < 1e-6));
        let variance = a.iter().map(|v| (v - 0.25).powi(2)).sum::<f32>() / 4096.0;
        // Standard error of the deviation: 0.05 / sqrt(2 * 4096) = 0.0006; five of it.
        assert!((variance.sqrt() - 0.05).abs() < 0.003);
    }

    #[test]
    fn the_same_presentation_varies_the_same_way() {
        let config = AugmentConfig {
            light: 0.1,
            noise: 0.0,
            turns: Turns::Quarter,
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
        variation.noise(&mut a, &mut b);
        assert_eq!((a, b), ([0.5], [0.25]));
    }

    /// Images with noise and, drawn by `shape`, what makes their look.
    fn set(shape: impl Fn(usize, usize, &mut ChaCha8Rng) -> f32) -> Vec<Image> {
        let image = |seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            Image::from_fn(32, 32, 1, |y, x, _| shape(y, x, &mut rng)).unwrap()
        };
        (0..40).map(image).collect()
    }

    #[test]
    fn turns_are_told_from_clean_images() {
        let noise = |rng: &mut ChaCha8Rng| rng.random::<f32>();
        let plain = set(|_, _, rng| noise(rng));
        assert_eq!(turns_of(&plain), Turns::Quarter);
        let grain = set(|y, x, rng| {
            let _ = x;
            if y % 2 == 0 {
                0.3 + 0.1 * noise(rng)
            } else {
                0.6
            }
        });
        assert_eq!(turns_of(&grain), Turns::Half);
        let aligned = set(|y, _, rng| 0.02 * y as f32 + 0.1 * noise(rng));
        assert_eq!(turns_of(&aligned), Turns::None);
        assert_eq!(turns_of(&plain[..1]), Turns::None);
    }
}
