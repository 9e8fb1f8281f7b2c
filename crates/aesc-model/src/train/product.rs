//! What the training images tell of their product: under which turns it looks the same.

use aesc_artifact::{RunConfig, Turns};
use aesc_detect::Roi;
use aesc_image::Image;

use super::augment::turned;

/// Cells along each side of an image's description.
const CELLS: usize = 8;
/// A turn keeps a set's look when the mean description moves by less than this share of the
/// standard deviation between images, on the root mean square. Parts at any angle, lit from one side,
/// move by half of one, aligned ones that are nearly symmetric by more than one (docs/frontier-record.md).
const SAME_LOOK: f64 = 0.8;

/// The configuration with what its `auto`s stand for, told from clean images of one size, at least
/// one. Nothing is turned where it has its place: under a region of interest, and as tiles, which
/// differ by their place and tell nothing of the product's turns.
pub fn told_from(config: &RunConfig, images: &[Image], roi: Option<&Roi>) -> RunConfig {
    let mut config = config.clone();
    let placed = roi.is_some() || config.data.tile_overlap_px.is_some();
    match config.train.augment.turns {
        Turns::Auto if placed => config.train.augment.turns = Turns::None,
        Turns::Auto => config.train.augment.turns = turns_of(images),
        Turns::None | Turns::Half | Turns::Quarter => {}
    }
    config
}

/// The turns under which a set of clean images looks the same, the finest there are.
///
/// A turn is kept when it moves the set's look by less than 0.8 ([`turn_moves`]). So an aligned
/// product is left as it is, a part at any angle and a texture are turned, where grain, weave or
/// light have a direction by half alone. Mirrored images are never made: a product may have a right
/// and a wrong side.
pub fn turns_of(images: &[Image]) -> Turns {
    let same = turn_moves(images).map(|moved| moved < SAME_LOOK);
    match same {
        [true, true, true] => Turns::Quarter,
        [_, true, _] => Turns::Half,
        _ => Turns::None,
    }
}

/// How far turns by one, two and three quarters move the look of a set of clean images of one size.
///
/// An image is described by what an 8 x 8 grid of cells holds: mean grey, and how much grey changes
/// along rows and along columns. A turn moves the look by the distance between the mean descriptions
/// as they are and turned, in standard deviations between images, on the root mean square.
/// Infinitely far where images are too few to tell, or oblong and would lie across.
pub fn turn_moves(images: &[Image]) -> [f64; 3] {
    let square = images.iter().all(|i| i.height() == i.width());
    let described = |quarters: usize| -> Vec<Vec<f64>> {
        let one = |image: &Image| description(&turned(image, quarters));
        images.iter().map(one).collect()
    };
    let plain = described(0);
    [1, 2, 3].map(|quarters| {
        if images.len() < 2 || (quarters != 2 && !square) {
            return f64::INFINITY;
        }
        moved(&plain, &described(quarters))
    })
}

fn moved(plain: &[Vec<f64>], other: &[Vec<f64>]) -> f64 {
    let n = plain.len() as f64;
    let n_values = plain[0].len();
    let squares = (0..n_values).map(|at| {
        let mean = |set: &[Vec<f64>]| set.iter().map(|d| d[at]).sum::<f64>() / n;
        let (here, there) = (mean(plain), mean(other));
        let variance = plain.iter().map(|d| (d[at] - here).powi(2)).sum::<f64>() / n;
        // A thousandth of the range is below what a camera tells apart.
        (here - there).powi(2) / variance.max(1e-6)
    });
    (squares.sum::<f64>() / n_values as f64).sqrt()
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
    use aesc_data::{SAMPLE_CATEGORIES, SampleSetConfig, SampleSpec, Split, sample_items};
    use aesc_image::Mask;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

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
        let oblong =
            |image: &Image| Image::from_fn(16, 32, 1, |y, x, _| image.at(y, x, 0)).unwrap();
        let oblong: Vec<_> = plain.iter().map(oblong).collect();
        assert_eq!(turns_of(&oblong), Turns::Half);
    }

    #[test]
    fn the_sample_sets_products_are_turned_where_it_does_no_harm() {
        let config = SampleSetConfig {
            size: 64,
            ..SampleSetConfig::default()
        };
        let all: Vec<_> = sample_items(&config).unwrap();
        let told = SAMPLE_CATEGORIES.map(|category| {
            let of = |s: &&SampleSpec| s.split == Split::Train && s.category == category;
            let images = all.iter().filter(of).map(|spec| spec.draw().unwrap().image);
            (category, turns_of(&images.collect::<Vec<_>>()))
        });
        let expected = [
            ("brushed_metal", Turns::Half),
            ("cloth", Turns::Half),
            ("connector", Turns::None),
            ("gear", Turns::Half),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_auto_is_told_and_the_rest_stays() {
        let plain = set(|_, _, rng| rng.random::<f32>());
        let mut config = RunConfig::default();
        assert_eq!(told_from(&config, &plain, None), config);
        config.train.augment.turns = Turns::Auto;
        let turns = |config: &RunConfig, images: &[Image], roi: Option<&Roi>| {
            told_from(config, images, roi).train.augment.turns
        };
        assert_eq!(turns(&config, &plain, None), Turns::Quarter);
        let aligned = set(|y, _, rng| if y < 16 { 0.5 } else { rng.random::<f32>() });
        assert_eq!(turns(&config, &aligned, None), Turns::None);
        let roi = Roi::new(Mask::filled(32, 32, true).unwrap()).unwrap();
        assert_eq!(turns(&config, &plain, Some(&roi)), Turns::None);
        config.data.tile_overlap_px = Some(8);
        assert_eq!(turns(&config, &plain, None), Turns::None);
    }
}
