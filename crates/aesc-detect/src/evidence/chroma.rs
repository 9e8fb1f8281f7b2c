//! How far two images' colours are apart, lightness left aside: CIELAB of sRGB under D65.

use std::sync::LazyLock;

use aesc_image::{Image, Map};

use crate::DetectError;
use crate::error::check_same_shape;

/// Linear sRGB to XYZ, each row summing to 1 (IEC 61966-2-1 over D65's white).
const TO_XYZ: [[f32; 3]; 3] = [
    [0.433_950, 0.376_210, 0.189_840],
    [0.212_673, 0.715_152, 0.072_175],
    [0.017_757, 0.109_468, 0.872_775],
];
/// Steps of a table over 0..=1, between which values are interpolated.
const STEPS: usize = 4096;

/// Squared distance in a* and b*, 0 for grey images.
///
/// # Errors
/// [`DetectError::ShapeMismatch`] when the shapes differ.
pub(super) fn distance(image: &Image, reconstruction: &Image) -> Result<Map, DetectError> {
    check_same_shape("reconstruction", image, reconstruction)?;
    let (height, width) = (image.height(), image.width());
    if image.channels() == 1 {
        return Ok(Map::new(height, width, vec![0.0; height * width])?);
    }
    let pairs = image
        .data()
        .chunks_exact(3)
        .zip(reconstruction.data().chunks_exact(3));
    let squared = pairs.map(|(a, b)| {
        let ([a1, b1], [a2, b2]) = (chroma(a), chroma(b));
        (a1 - a2).powi(2) + (b1 - b2).powi(2)
    });
    Ok(Map::new(height, width, squared.collect())?)
}

/// a* and b* of an sRGB pixel, 0..=1.
fn chroma(rgb: &[f32]) -> [f32; 2] {
    let linear = [0, 1, 2].map(|c| LINEAR.at(rgb[c]));
    let [x, y, z] = TO_XYZ.map(|row| {
        let sum: f32 = row.iter().zip(linear).map(|(w, v)| w * v).sum();
        lightness(sum)
    });
    [500.0 * (x - y), 200.0 * (y - z)]
}

/// CIELAB's cube root, straight near black.
fn lightness(t: f32) -> f32 {
    if t > STRAIGHT {
        ROOT.at(t)
    } else {
        t * SLOPE + OFFSET
    }
}

const STRAIGHT: f32 = 216.0 / 24389.0;
const SLOPE: f32 = 24389.0 / (27.0 * 116.0);
const OFFSET: f32 = 16.0 / 116.0;

static LINEAR: LazyLock<Table> = LazyLock::new(|| {
    Table::of(|v| {
        if v <= 0.04045 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    })
});
static ROOT: LazyLock<Table> = LazyLock::new(|| Table::of(f64::cbrt));

/// A function over 0..=1 by linear interpolation.
struct Table(Vec<f32>);

impl Table {
    fn of(f: impl Fn(f64) -> f64) -> Self {
        let at = |i: usize| f(i as f64 / STEPS as f64) as f32;
        Self((0..=STEPS + 1).map(at).collect())
    }

    fn at(&self, value: f32) -> f32 {
        let place = value.clamp(0.0, 1.0) * STEPS as f32;
        let low = place as usize;
        let share = place - low as f32;
        self.0[low] * (1.0 - share) + self.0[low + 1] * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primaries_have_the_textbook_chroma() {
        // Lindbloom's calculator, sRGB under D65: red 80.09, 67.20; green -86.18, 83.18;
        // blue 79.19, -107.86.
        for (rgb, expected) in [
            ([1.0, 0.0, 0.0], [80.09, 67.20]),
            ([0.0, 1.0, 0.0], [-86.18, 83.18]),
            ([0.0, 0.0, 1.0], [79.19, -107.86]),
        ] {
            let found = chroma(&rgb);
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 0.05, "{found} {expected}");
            }
        }
    }

    #[test]
    fn greys_have_no_colour_and_no_distance() {
        for value in [0.0, 0.003, 0.2, 0.7, 1.0] {
            let [a, b] = chroma(&[value; 3]);
            assert!(a.abs() < 0.02 && b.abs() < 0.02, "{value}: {a} {b}");
        }
        let grey = Image::filled(2, 3, 1, 0.25).unwrap();
        let other = Image::filled(2, 3, 1, 0.75).unwrap();
        let map = distance(&grey, &other).unwrap();
        assert!(map.data().iter().all(|v| v.abs() <= 0.0));
    }
}
