//! The colours of an anomaly map: a fixed scale, a colour-blind-safe palette, an opacity.
//!
//! The palette is matplotlib's inferno, its lightness rising evenly so that it reads in grey too.

use std::sync::LazyLock;

use aesc_image::{Image, Map};

use crate::DetectError;

/// Opacity of the largest values: what lies beneath still shines through.
const MAX_OPACITY: f64 = 0.7;

/// The scale a map is drawn on: fixed by calibration, the same for every image of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverlayScale {
    /// The map value at the top of the scale, above 0; larger values saturate.
    pub max: f64,
    /// The map value above which a pixel is outlined, finite.
    pub threshold: f64,
}

impl OverlayScale {
    pub(crate) fn validate(&self) -> Result<(), DetectError> {
        if !(self.max.is_finite() && self.max > 0.0) {
            let expected = "finite, above 0";
            return Err(DetectError::out_of_range(
                "overlay maximum",
                expected,
                &self.max,
            ));
        }
        if !self.threshold.is_finite() {
            let expected = "a finite number";
            return Err(DetectError::out_of_range(
                "map threshold",
                expected,
                &self.threshold,
            ));
        }
        Ok(())
    }

    /// Where `value` stands on the scale, 0..=1; NaN at the top, where it is seen.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let share = value / self.max;
        if share.is_nan() {
            1.0
        } else {
            share.clamp(0.0, 1.0)
        }
    }
}

/// The map in plain colours, RGB, of the map's size, for reports.
///
/// # Errors
/// [`DetectError::OutOfRange`] when the scale is no scale.
pub fn heat_map(map: &Map, scale: &OverlayScale) -> Result<Image, DetectError> {
    scale.validate()?;
    let data = map
        .data()
        .iter()
        .flat_map(|&value| colour(scale.share(f64::from(value))))
        .collect();
    Ok(Image::new(map.height(), map.width(), 3, data)?)
}

/// Steps of the palette: fine enough that none is seen in 8 bits.
const STEPS: usize = 1024;

/// The palette at `share` 0..=1, RGB 0..=1.
pub(crate) fn colour(share: f64) -> [f32; 3] {
    static PALETTE: LazyLock<Vec<[f32; 3]>> = LazyLock::new(|| {
        let shares = (0..=STEPS).map(|step| step as f64 / STEPS as f64);
        let colours = shares.map(|share| colorous::INFERNO.eval_continuous(share));
        let levels = colours.map(|c| [c.r, c.g, c.b].map(|level| f32::from(level) / 255.0));
        levels.collect()
    });
    PALETTE[((share * STEPS as f64 + 0.5) as usize).min(STEPS)]
}

/// How much of the palette covers the picture at `share` 0..=1: next to nothing at a clean pixel,
/// rising ever faster until the middle (where calibration puts the threshold), then levelling off.
pub(crate) fn opacity(share: f64) -> f64 {
    MAX_OPACITY * share * share * (3.0 - 2.0 * share)
}

/// `grey` 0..=1 under the palette's colour at `share` 0..=1.
pub(crate) fn blend(grey: f32, share: f64) -> [f32; 3] {
    let opacity = opacity(share) as f32;
    colour(share).map(|level| grey + (level - grey) * opacity)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: OverlayScale = OverlayScale {
        max: 0.5,
        threshold: 0.25,
    };

    #[test]
    fn values_beyond_the_scale_saturate() {
        assert_eq!(SCALE.share(0.25), 0.5);
        assert_eq!(SCALE.share(9.0), 1.0);
        assert_eq!(SCALE.share(-9.0), 0.0);
        assert_eq!(SCALE.share(f64::NAN), 1.0);
    }

    #[test]
    fn a_larger_value_is_never_less_opaque() {
        let opacities: Vec<f64> = (0..=1000).map(|i| opacity(f64::from(i) / 1000.0)).collect();
        assert!(opacities.is_sorted());
        assert_eq!(opacities[0], 0.0);
        assert_eq!(opacities[1000], MAX_OPACITY);
    }

    #[test]
    fn the_palette_runs_from_black_to_pale_yellow_and_grows_lighter() {
        // matplotlib's inferno: #000004 to #fcffa4.
        assert_eq!(colour(0.0), [0.0, 0.0, 4.0 / 255.0]);
        assert_eq!(colour(1.0), [252.0 / 255.0, 1.0, 164.0 / 255.0]);
        let luma: Vec<f32> = (0..=16)
            .map(|i| colour(f64::from(i) / 16.0))
            .map(|[r, g, b]| 0.299 * r + 0.587 * g + 0.114 * b)
            .collect();
        assert!(luma.is_sorted(), "{luma:?}");
    }

    #[test]
    fn the_steps_of_the_palette_are_not_seen() {
        for i in 0..=997 {
            let share = f64::from(i) / 997.0;
            let exact = colorous::INFERNO.eval_continuous(share);
            let exact = [exact.r, exact.g, exact.b].map(|level| f32::from(level) / 255.0);
            for (found, exact) in colour(share).iter().zip(exact) {
                assert!(
                    (found - exact).abs() < 1.5 / 255.0,
                    "{share}: {found} {exact}"
                );
            }
        }
    }

    #[test]
    fn a_scale_without_extent_is_refused() {
        let map = Map::filled(1, 1, 0.5).unwrap();
        for max in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let scale = OverlayScale { max, ..SCALE };
            assert!(heat_map(&map, &scale).is_err());
        }
    }
}
