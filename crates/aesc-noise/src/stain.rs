//! The stain: an irregular ellipse of one grey level with grain, blurred or not.
//!
//! Sizes, jitter and spacing of the outline's points follow the authors' code. Unlike it, the stain
//! is not shifted by a pixel, its values are not truncated to integers, thin ellipses keep their
//! whole outline, and the curve closes smoothly.

use std::f64::consts::TAU;

use aesc_image::{Image, Mask};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::check::{colour, size, unit};
use crate::patch::{Frame, Patch, draw_length};
use crate::texture::{blend, draw_level};
use crate::{NoiseError, blur, contour};

/// About how many pixels of the ellipse's outline the curve goes through.
const N_SUPPORT: usize = 20;

/// A stain: how large, how dark, how ragged, how soft. Defaults are the paper's.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct StainConfig {
    /// Least and most semi-axis as shares of the side, 0..=1; 0.01 to 0.12 in the paper.
    pub size: [f64; 2],
    /// Least and most grey level, 0..=255; 10 to 220 in the paper.
    pub colour: [u8; 2],
    /// Jitter of the outline as a share of the mean semi-axis, 0..=1; 0.1 in the paper.
    pub irregularity: f64,
    /// Sigma of the edge's blur as a share of the longer semi-axis, 0..=1; 0, in mixtures 0.15.
    pub blur: f64,
    /// Whether every channel draws its own level; the paper's stains are grey.
    pub coloured: bool,
}

impl Default for StainConfig {
    fn default() -> Self {
        Self {
            size: [0.01, 0.12],
            colour: [10, 220],
            irregularity: 0.1,
            blur: 0.0,
            coloured: false,
        }
    }
}

impl StainConfig {
    /// The stain of the paper's mixtures, its edge blurred.
    pub(crate) fn blurred() -> Self {
        Self {
            blur: 0.15,
            ..Self::default()
        }
    }

    pub(crate) fn check(&self) -> Result<(), NoiseError> {
        size(self.size)?;
        colour(self.colour)?;
        unit("irregularity", self.irregularity)?;
        unit("blur", self.blur)
    }
}

/// Paints one stain on `image` and returns where its weight exceeds 0.5.
pub(crate) fn paint(config: &StainConfig, image: &mut Image, rng: &mut ChaCha8Rng) -> Mask {
    let grey = draw_level(config.colour, rng);
    let mut levels = [grey; 3];
    if config.coloured {
        levels[1..].fill_with(|| draw_level(config.colour, rng));
    }
    let patch = draw_patch(config, Frame::of(image), rng);
    blend(image, &patch, levels, rng)
}

/// The blend weights of a random stain.
pub(crate) fn draw_patch(config: &StainConfig, frame: Frame, rng: &mut ChaCha8Rng) -> Patch {
    let a = draw_length(config.size, frame.width, rng).max(1);
    let b = draw_length(config.size, frame.height, rng).max(1);
    let outline = contour::ellipse(a as f64, b as f64, rng.random_range(0.0..TAU));
    let jitter = (config.irregularity * (a + b) as f64 / 2.0).floor() as i64;
    let [y, x] = frame.draw_centre(a.max(b), rng).map(|v| v as f64);
    let points: Vec<_> = ragged(&outline, jitter, rng)
        .iter()
        .map(|p| [p[0] as f64 + y, p[1] as f64 + x])
        .collect();
    let patch = contour::fill(&contour::spline(&points), frame);
    if config.blur > 0.0 {
        blur::gaussian(&patch, config.blur * a.max(b) as f64, frame)
    } else {
        patch
    }
}

/// Some twenty of the outline's points in polar order, moved by up to `jitter` px in y and in x.
fn ragged(outline: &[[i64; 2]], jitter: i64, rng: &mut ChaCha8Rng) -> Vec<[i64; 2]> {
    let step = (outline.len() / N_SUPPORT).max(1);
    let kept = outline.iter().step_by(step);
    let mut points: Vec<_> = kept
        .map(|p| p.map(|v| v + rng.random_range(-jitter..=jitter)))
        .collect();
    let angle = |&[y, x]: &[i64; 2]| (y as f64).atan2(x as f64);
    points.sort_by(|p, q| angle(p).total_cmp(&angle(q)));
    points
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_fifth_of_a_hundred_points_is_kept() {
        // floor(104 / 20) = 5, and 0, 5, .. 100 are 21 points.
        let outline: Vec<_> = (0..104).map(|i| [i, 1]).collect();
        let mut points = ragged(&outline, 0, &mut ChaCha8Rng::seed_from_u64(1));
        points.sort_unstable();
        assert_eq!(
            points,
            (0..=100).step_by(5).map(|i| [i, 1]).collect::<Vec<_>>()
        );
    }

    #[test]
    fn fewer_than_twenty_points_are_all_kept() {
        let outline: Vec<_> = (0..19).map(|i| [1, i]).collect();
        assert_eq!(
            ragged(&outline, 0, &mut ChaCha8Rng::seed_from_u64(1)).len(),
            19
        );
    }

    #[test]
    fn kept_points_move_by_at_most_the_jitter_and_turn_around_the_centre() {
        let outline = contour::ellipse(30.0, 20.0, 0.0);
        let points = ragged(&outline, 2, &mut ChaCha8Rng::seed_from_u64(1));
        let near = |p: &[i64; 2], q: &[i64; 2]| (0..2).all(|i| (p[i] - q[i]).abs() <= 2);
        assert!(points.iter().all(|p| outline.iter().any(|q| near(p, q))));
        let angles: Vec<_> = points
            .iter()
            .map(|p| (p[0] as f64).atan2(p[1] as f64))
            .collect();
        assert!(angles.is_sorted());
    }

    #[test]
    fn coloured_stains_differ_between_channels_and_grey_ones_do_not() {
        let spread = |coloured: bool| {
            let config = StainConfig {
                coloured,
                ..StainConfig::default()
            };
            let mut image = Image::filled(64, 64, 3, 1.0).unwrap();
            let mask = paint(&config, &mut image, &mut ChaCha8Rng::seed_from_u64(3));
            let mean = |channel: usize| {
                let pixels = image
                    .data()
                    .chunks(3)
                    .zip(mask.data())
                    .filter(|(_, inside)| **inside);
                pixels.map(|(pixel, _)| pixel[channel]).sum::<f32>() / mask.count() as f32
            };
            (mean(0) - mean(1)).abs().max((mean(1) - mean(2)).abs())
        };
        // Grain of 0.014 on at least 9 pixels: means within 5 * 0.014 * sqrt(2 / 9) = 0.033.
        assert!(spread(false) < 0.033);
        assert!(spread(true) > 0.033);
    }
}
