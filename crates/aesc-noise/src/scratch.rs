//! The scratch: a thin curve of noisy grey, a line, a sine or a root.
//!
//! Where the authors' code wraps a grey level above 255 around to black, this one stops at white.
//! Lengths in px are theirs, made for images of 256 x 256, and do not grow with the image.

use aesc_image::{Image, Mask};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::NoiseError;
use crate::check::colour;
use crate::patch::Frame;
use crate::texture::{draw_level, noisy};

/// Standard deviation of the paint on the 0..=1 scale: 20 grey levels.
const PAINT_STD: f32 = 20.0 / 255.0;

/// Curve parameters per px of length.
const STEPS_PER_PX: f64 = 10.0;

/// A scratch: how dark.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct ScratchConfig {
    /// Least and most grey level, 0..=255; 150 alone, 10 to 220 in the paper's mixture.
    pub colour: [u8; 2],
}

impl Default for ScratchConfig {
    fn default() -> Self {
        Self { colour: [150, 150] }
    }
}

impl ScratchConfig {
    pub(crate) fn check(self) -> Result<(), NoiseError> {
        colour(self.colour)
    }
}

/// Scratches `image` and returns the painted pixels.
pub(crate) fn paint(config: ScratchConfig, image: &mut Image, rng: &mut ChaCha8Rng) -> Mask {
    let level = draw_level(config.colour, rng);
    let mut mask = Mask::over(image, false);
    let frame = Frame::of(image);
    for point in draw_curve(frame, rng) {
        brush(&mut mask, point, frame);
    }
    let channels = image.channels();
    let pixels = image.data_mut().chunks_exact_mut(channels);
    for (pixel, _) in pixels.zip(mask.data()).filter(|(_, painted)| **painted) {
        pixel.fill(noisy(level, PAINT_STD, rng));
    }
    mask
}

/// Points (y, x) inside the frame, from the middle two thirds in one of four directions.
fn draw_curve(frame: Frame, rng: &mut ChaCha8Rng) -> Vec<[i64; 2]> {
    let Frame { height, width } = frame;
    let [(y, height), (x, width)] = [height, width].map(|side| {
        let edge = side as i64 / 6;
        let start = rng.random_range(edge..side as i64 - edge);
        (start, rng.random_range(start..=side as i64) as f64 / 4.0)
    });
    let shape = [double, sine, root][rng.random_range(0..3)];
    let sign = [1.0, -1.0][rng.random_range(0..2)];
    let across = rng.random_range(0..2) == 0;
    let length = if across { width } else { height };
    let n_steps = (length * STEPS_PER_PX).ceil() as usize;
    let at = |i: usize| {
        let t = sign * i as f64 / STEPS_PER_PX;
        let [along, aside] = [t, shape(t)].map(|v| v.trunc() as i64);
        if across {
            [y + aside, x + along]
        } else {
            [y + along, x + aside]
        }
    };
    (0..n_steps)
        .map(at)
        .filter(|&p| frame.clip(p).map(|v| v as i64) == p)
        .collect()
}

fn double(t: f64) -> f64 {
    2.0 * t
}

fn sine(t: f64) -> f64 {
    16.0 * (4.0 * t).to_radians().sin()
}

fn root(t: f64) -> f64 {
    10.0 * t.abs().sqrt()
}

/// Marks the 3 x 3 pixels around (y, x) that the frame holds.
fn brush(mask: &mut Mask, [y, x]: [i64; 2], frame: Frame) {
    let [top, left] = frame.clip([y - 1, x - 1]);
    let [bottom, right] = frame.clip([y + 1, x + 1]);
    for y in top..=bottom {
        mask.data_mut()[y * frame.width..][left..=right].fill(true);
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact")]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn curve_starts_in_the_middle_and_never_leaves_the_frame() {
        let frame = Frame {
            height: 60,
            width: 90,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..500 {
            let curve = draw_curve(frame, &mut rng);
            if let Some([y, x]) = curve.first() {
                assert!((10..50).contains(y) && (15..75).contains(x));
            }
            assert!(
                curve
                    .iter()
                    .all(|[y, x]| (0..60).contains(y) && (0..90).contains(x))
            );
        }
    }

    #[test]
    fn curves_reach_their_known_values() {
        assert_eq!(double(-3.0), -6.0);
        assert!((sine(22.5) - 16.0).abs() < 1e-12); // 4 * 22.5° is a right angle
        assert_eq!(root(-4.0), 20.0);
    }

    #[test]
    fn brush_is_cut_at_the_corner() {
        let mut mask = Mask::filled(4, 4, false).unwrap();
        brush(
            &mut mask,
            [0, 3],
            Frame {
                height: 4,
                width: 4,
            },
        );
        let expected = [[0, 0, 1, 1], [0, 0, 1, 1], [0; 4], [0; 4]].concat();
        assert_eq!(
            mask.data(),
            expected.iter().map(|&v| v == 1).collect::<Vec<_>>()
        );
    }

    #[test]
    fn paint_stops_at_white() {
        let mut image = Image::filled(64, 64, 3, 0.0).unwrap();
        let config = ScratchConfig { colour: [255, 255] };
        let mask = paint(config, &mut image, &mut ChaCha8Rng::seed_from_u64(1));
        let painted: Vec<_> = image
            .data()
            .chunks(3)
            .zip(mask.data())
            .filter(|p| *p.1)
            .collect();
        // Half of N(255, 20) lies above white; wrapped around it would be nearly black.
        assert!(
            painted
                .iter()
                .all(|(pixel, _)| pixel[0] > 0.5 && pixel[0] == pixel[2])
        );
        assert!(painted.iter().any(|(pixel, _)| pixel[0] == 1.0));
    }
}
