//! Drops: small discs of one grey level with grain, scattered around a centre.
//!
//! With the paper's spacing of 0.1 the discs all but coincide; the default of 10 gives the
//! cluster that was evidently meant. `drops-paper` keeps 0.1.

use aesc_image::{Image, Mask};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::NoiseError;
use crate::check::{colour, require, size};
use crate::patch::{Frame, Patch, draw_length};
use crate::texture::{blend, draw_level};

/// Drops: how large, how bright, how many, how far apart.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct DropsConfig {
    /// Least and most radius, less one pixel, as shares of the side, 0..=1; 0.01 to 0.02.
    pub size: [f64; 2],
    /// Least and most grey level, 0..=255; 220.
    pub colour: [u8; 2],
    /// Discs, 1..=1000; 10.
    pub number: u32,
    /// Standard deviation of a disc's centre in tenths of the radius, 0..=1000; 10.
    pub spacing: f64,
}

impl Default for DropsConfig {
    fn default() -> Self {
        Self {
            size: [0.01, 0.02],
            colour: [220, 220],
            number: 10,
            spacing: 10.0,
        }
    }
}

impl DropsConfig {
    pub(crate) fn check(&self) -> Result<(), NoiseError> {
        size(self.size)?;
        colour(self.colour)?;
        let numbers = 1..=1000;
        require(
            numbers.contains(&self.number),
            "number",
            "an integer in 1..=1000",
            self.number,
        )?;
        let spacings = 0.0..=1000.0;
        require(
            spacings.contains(&self.spacing),
            "spacing",
            "a number in 0..=1000",
            self.spacing,
        )
    }
}

/// Paints the drops on `image` and returns where they lie.
pub(crate) fn paint(config: &DropsConfig, image: &mut Image, rng: &mut ChaCha8Rng) -> Mask {
    let level = draw_level(config.colour, rng);
    let patch = draw_patch(config, Frame::of(image), rng);
    blend(image, &patch, [level; 3], rng)
}

/// Weight 1 on the discs; the centre keeps (ln n + 5) radii from the border where it can.
fn draw_patch(config: &DropsConfig, frame: Frame, rng: &mut ChaCha8Rng) -> Patch {
    let radius = (draw_length(config.size, frame.width, rng) + 1) as f64;
    let margin = (f64::from(config.number).ln() + 5.0) * radius;
    let centre = frame.draw_centre(margin as i64, rng).map(|v| v as f64);
    let spread = config.spacing * radius / 10.0;
    let mut scattered = || centre.map(|v| v + spread * normal(rng));
    let discs: Vec<_> = (0..config.number).map(|_| scattered()).collect();
    let low = [0, 1].map(|axis| discs.iter().map(|d| d[axis]).fold(f64::INFINITY, f64::min));
    let high = [0, 1].map(|axis| {
        discs
            .iter()
            .map(|d| d[axis])
            .fold(f64::NEG_INFINITY, f64::max)
    });
    let low = low.map(|v| (v - radius).floor() as i64);
    let high = high.map(|v| (v + radius).ceil() as i64);
    let mut patch = Patch::around(low, high, frame);
    for disc in discs {
        fill_disc(&mut patch, disc, radius);
    }
    patch
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Weight 1 on every pixel of the patch whose middle is nearer to the centre than the radius.
fn fill_disc(patch: &mut Patch, centre: [f64; 2], radius: f64) {
    let [low, high] = [-radius, radius].map(|reach| centre.map(|v| (v + reach).round() as i64));
    for y in low[0]..=high[0] {
        for x in low[1]..=high[1] {
            let [dy, dx] = [y as f64 - centre[0], x as f64 - centre[1]];
            if dy * dy + dx * dx < radius * radius
                && let Some(weight) = patch.at_mut(y, x)
            {
                *weight = 1.0;
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact")]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const FRAME: Frame = Frame {
        height: 9,
        width: 9,
    };

    #[test]
    fn disc_holds_the_pixels_nearer_than_the_radius() {
        let mut patch = Patch::around([0, 0], [8, 8], FRAME);
        fill_disc(&mut patch, [4.0, 4.0], 2.0);
        // Offsets with dy² + dx² < 4: the 3 x 3 block; (0, 2) lies on the circle.
        let rows: Vec<f32> = patch
            .weights
            .chunks(9)
            .map(|row| row.iter().sum())
            .collect();
        assert_eq!(rows, [0.0, 0.0, 0.0, 3.0, 3.0, 3.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn disc_is_cut_at_the_border() {
        let mut patch = Patch::around([0, 0], [8, 8], FRAME);
        fill_disc(&mut patch, [0.0, 8.0], 2.0);
        assert_eq!(patch.weights.iter().sum::<f32>(), 4.0);
    }

    #[test]
    fn one_drop_without_spread_has_a_radius_of_three_to_six_px() {
        let config = DropsConfig {
            number: 1,
            spacing: 0.0,
            ..DropsConfig::default()
        };
        let frame = Frame {
            height: 256,
            width: 256,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let areas = (0..200).map(|_| draw_patch(&config, frame, &mut rng).weights.iter().sum());
        let mut areas: Vec<f32> = areas.collect();
        areas.sort_by(f32::total_cmp);
        areas.dedup();
        // Lattice points nearer than r = 3, 4, 5, 6 to a lattice point: 25, 45, 69, 109.
        assert_eq!(areas, [25.0, 45.0, 69.0, 109.0]);
    }
}
