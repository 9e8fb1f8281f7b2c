//! The fills of a repair corruption: what each pixel of the region turns into.

use aesc_image::Image;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{RepairFill, between, one_of};
use crate::texture::noisy;

/// Tiles along each side of a shuffled image.
const TILES: usize = 8;
/// A shift from near by is at most the side over this, either way.
const NEAR: usize = 8;
/// Most standard deviation of a colour's noise.
const MOST_NOISE: f64 = 0.08;
/// Reach of the blur to either side, px, at most.
const MOST_BLUR_PX: usize = 4;

/// A fill with all that is random about it but the noise of single pixels.
pub(super) enum Fill<'a> {
    Colour {
        levels: [f32; 3],
        noise: f32,
    },
    Moved {
        source: &'a Image,
        shift: [usize; 2],
        turned: bool,
        tone: Tone,
    },
    Shuffled {
        source: &'a Image,
        order: Vec<usize>,
    },
    Toned {
        source: &'a Image,
        tone: Tone,
    },
    Blurred {
        source: &'a Image,
        reach: usize,
    },
}

/// A change of lightness, contrast and colour.
#[derive(Clone, Copy)]
pub(super) struct Tone {
    gain: f32,
    offsets: [f32; 3],
}

impl Tone {
    const SAME: Self = Self {
        gain: 1.0,
        offsets: [0.0; 3],
    };

    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let common = between([-0.25, 0.25], rng);
        let colour = if rng.random::<bool>() { 0.15 } else { 0.0 };
        Self {
            gain: between([0.5, 1.5], rng) as f32,
            offsets: [0, 1, 2].map(|_| (common + between([-colour, colour], rng)) as f32),
        }
    }

    /// About middle grey, so that gain alone keeps the mean.
    fn of(self, value: f32, channel: usize) -> f32 {
        ((value - 0.5) * self.gain + 0.5 + self.offsets[channel]).clamp(0.0, 1.0)
    }
}

impl<'a> Fill<'a> {
    pub(super) fn draw(
        fill: RepairFill,
        image: &'a Image,
        sources: &'a [Image],
        rng: &mut ChaCha8Rng,
    ) -> Self {
        match fill {
            RepairFill::Colour => {
                let grey = rng.random::<f32>();
                let coloured = rng.random::<bool>();
                let mut level = || {
                    if coloured { rng.random::<f32>() } else { grey }
                };
                let levels = [level(), level(), level()];
                let noise = between([0.0, MOST_NOISE], rng) as f32;
                Self::Colour { levels, noise }
            }
            RepairFill::Foreign | RepairFill::Seamless => {
                let alike: Vec<&Image> = sources.iter().filter(|s| s.same_shape(image)).collect();
                let source = one_of(&alike, rng).unwrap_or(image);
                let near = fill == RepairFill::Seamless && rng.random::<bool>();
                let shift = [image.height(), image.width()].map(|side| {
                    if near {
                        let reach = (side / NEAR).max(1);
                        side - reach + rng.random_range(0..=2 * reach)
                    } else {
                        rng.random_range(0..side)
                    }
                });
                let turned = !near && rng.random_range(0..3) == 0;
                let recoloured = fill == RepairFill::Foreign && rng.random_range(0..3) == 0;
                let tone = if recoloured {
                    Tone::draw(rng)
                } else {
                    Tone::SAME
                };
                Self::Moved {
                    source,
                    shift,
                    turned,
                    tone,
                }
            }
            RepairFill::Shuffled => {
                let mut order: Vec<usize> = (0..TILES * TILES).collect();
                for last in (1..order.len()).rev() {
                    order.swap(last, rng.random_range(0..=last));
                }
                Self::Shuffled {
                    source: image,
                    order,
                }
            }
            RepairFill::Photometric if rng.random_range(0..4) == 0 => Self::Blurred {
                source: image,
                reach: rng.random_range(1..=MOST_BLUR_PX),
            },
            RepairFill::Photometric => Self::Toned {
                source: image,
                tone: Tone::draw(rng),
            },
        }
    }

    /// The fill at a pixel; of a grey image only the first value counts.
    pub(super) fn pixel(&self, y: usize, x: usize, rng: &mut ChaCha8Rng) -> [f32; 3] {
        let channels = |read: &mut dyn FnMut(usize) -> f32, n: usize| {
            let mut values = [0.0; 3];
            for (channel, value) in values.iter_mut().enumerate().take(n) {
                *value = read(channel);
            }
            values
        };
        match self {
            Self::Colour { levels, noise } => levels.map(|level| noisy(level, *noise, rng)),
            Self::Moved {
                source,
                shift,
                turned,
                tone,
            } => {
                let (h, w) = (source.height(), source.width());
                let [mut y, mut x] = [(y + shift[0]) % h, (x + shift[1]) % w];
                if *turned {
                    // By a quarter where the image is square, else by half.
                    [y, x] = if h == w {
                        [x, h - 1 - y]
                    } else {
                        [h - 1 - y, w - 1 - x]
                    };
                }
                channels(&mut |c| tone.of(source.at(y, x, c), c), source.channels())
            }
            Self::Shuffled { source, order } => {
                let (y, x) = shuffled(source, order, y, x);
                channels(&mut |c| source.at(y, x, c), source.channels())
            }
            Self::Toned { source, tone } => {
                channels(&mut |c| tone.of(source.at(y, x, c), c), source.channels())
            }
            Self::Blurred { source, reach } => channels(
                &mut |c| mean_around(source, y, x, c, *reach),
                source.channels(),
            ),
        }
    }
}

/// Where the shuffled image is read from; what lies beyond the last whole tile stays.
fn shuffled(source: &Image, order: &[usize], y: usize, x: usize) -> (usize, usize) {
    let (tall, wide) = (source.height() / TILES, source.width() / TILES);
    if y >= tall * TILES || x >= wide * TILES {
        return (y, x);
    }
    let from = order[(y / tall) * TILES + x / wide];
    (
        from / TILES * tall + y % tall,
        from % TILES * wide + x % wide,
    )
}

/// The mean over a square window of one channel, cut off at the border.
fn mean_around(source: &Image, y: usize, x: usize, c: usize, reach: usize) -> f32 {
    let rows = y.saturating_sub(reach)..(y + reach + 1).min(source.height());
    let columns = x.saturating_sub(reach)..(x + reach + 1).min(source.width());
    let n = rows.len() * columns.len();
    let values = rows.flat_map(|y| columns.clone().map(move |x| source.at(y, x, c)));
    values.sum::<f32>() / n as f32
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values are moved, not computed")]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// 16 x 16, every value its own.
    fn numbered() -> Image {
        Image::from_fn(16, 16, 1, |y, x, _| (y * 16 + x) as f32 / 256.0).unwrap()
    }

    fn drawn(fill: RepairFill, image: &Image, sources: &[Image], seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let fill = Fill::draw(fill, image, sources, &mut rng);
        let places = (0..16).flat_map(|y| (0..16).map(move |x| (y, x)));
        places.map(|(y, x)| fill.pixel(y, x, &mut rng)[0]).collect()
    }

    #[test]
    fn shuffling_moves_every_pixel_and_loses_none() {
        let image = numbered();
        let mut found = drawn(RepairFill::Shuffled, &image, &[], 1);
        assert_ne!(found, image.data());
        found.sort_by(f32::total_cmp);
        assert_eq!(found, image.data());
    }

    #[test]
    fn a_foreign_fill_is_of_the_source_and_of_no_other_shape() {
        let image = numbered();
        let sources = [
            Image::filled(16, 16, 1, 0.25).unwrap(),
            Image::filled(8, 8, 1, 0.75).unwrap(),
        ];
        let plain = (0..20)
            .map(|seed| drawn(RepairFill::Foreign, &image, &sources, seed))
            .filter(|values| values.iter().all(|v| *v == 0.25))
            .count();
        // A third is recoloured, the rest is the source's 0.25 throughout.
        assert!((7..20).contains(&plain), "{plain} of 20");
        // Without a source the image itself is moved, so that its values stay its values.
        let moved = (0..20)
            .map(|seed| drawn(RepairFill::Foreign, &image, &[], seed))
            .filter(|values| {
                let mut values = values.clone();
                values.sort_by(f32::total_cmp);
                values == image.data()
            })
            .count();
        assert!((7..20).contains(&moved), "{moved} of 20");
    }

    #[test]
    fn a_window_at_the_border_holds_what_is_there() {
        let image = numbered();
        // Values 0, 1, 16, 17 of 256: mean 8.5.
        assert_eq!(mean_around(&image, 0, 0, 0, 1), 8.5 / 256.0);
    }
}
