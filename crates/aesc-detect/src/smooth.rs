//! Smoothing of anomaly maps: box and Gaussian, both separable.
//!
//! Beyond the border the map is mirrored about its edge, the edge pixel repeated
//! (`c b a | a b c | c b a`: scipy's `reflect`, numpy's `symmetric`). Sums are f64.

use aesc_image::Map;
use serde::{Deserialize, Serialize};

use crate::DetectError;

/// The largest reach of a smoothing window to either side, px.
const MAX_REACH_PX: usize = 4096;
/// A Gaussian is cut off at this many sigma.
const GAUSSIAN_TRUNCATE: f64 = 4.0;

/// What an anomaly map is smoothed with, at network resolution. The paper smooths nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Smoothing {
    /// The map as it is.
    None {},
    /// Mean over a square window.
    Box {
        /// Side of the window, odd, px.
        side_px: usize,
    },
    /// Gaussian cut off at 4 sigma, its weights summing to 1.
    Gaussian {
        /// Standard deviation, above 0, px.
        sigma_px: f64,
    },
}

impl Default for Smoothing {
    fn default() -> Self {
        Self::None {}
    }
}

impl Smoothing {
    pub(crate) fn validate(&self) -> Result<(), DetectError> {
        let max_sigma = MAX_REACH_PX as f64 / GAUSSIAN_TRUNCATE;
        match *self {
            Self::Box { side_px } if side_px % 2 == 0 || side_px > 2 * MAX_REACH_PX + 1 => {
                Err(DetectError::out_of_range(
                    "smoothing.side_px",
                    "an odd number of 1..=8193",
                    &side_px,
                ))
            }
            Self::Gaussian { sigma_px } if !(sigma_px > 0.0 && sigma_px <= max_sigma) => Err(
                DetectError::out_of_range("smoothing.sigma_px", "above 0, at most 1024", &sigma_px),
            ),
            _ => Ok(()),
        }
    }
}

/// The map smoothed; a box costs the same a pixel whatever its side.
///
/// Settings that [`ScoreConfig::validate`](crate::ScoreConfig::validate) refuses are read as the
/// nearest that it takes: an even side as the next odd one, a sigma that is no positive number as
/// no smoothing, a window beyond 4096 px to either side as one of 4096 px.
///
/// ```
/// use aesc_detect::{Smoothing, smooth};
/// use aesc_image::Map;
/// let map = Map::new(1, 3, vec![0.0, 3.0, 6.0])?;
/// let smoothed = smooth(&map, &Smoothing::Box { side_px: 3 });
/// assert_eq!(smoothed.data(), [1.0, 3.0, 5.0]); // (0 + 0 + 3)/3, (0 + 3 + 6)/3, (3 + 6 + 6)/3
/// # Ok::<(), aesc_image::ShapeError>(())
/// ```
pub fn smooth(map: &Map, smoothing: &Smoothing) -> Map {
    match *smoothing {
        Smoothing::None {} => map.clone(),
        Smoothing::Box { side_px } => {
            let reach = (side_px / 2).min(MAX_REACH_PX);
            let mut plane = widened(map);
            along_rows(&mut plane, map.width(), reach, |padded, out| {
                box_line(padded, reach, out);
            });
            box_columns(&mut plane, map.width(), reach);
            narrowed(&plane, map)
        }
        Smoothing::Gaussian { sigma_px } => {
            let weights = gaussian_weights(sigma_px);
            separable(map, weights.len() / 2, |padded, out| {
                weigh_line(padded, &weights, out);
            })
        }
    }
}

/// Runs `line` along every row, then along every column; it turns a line padded by `reach` at
/// both ends into the smoothed line.
fn separable(map: &Map, reach: usize, line: impl Fn(&[f64], &mut [f64])) -> Map {
    let mut plane = widened(map);
    for side in [map.width(), map.height()] {
        along_rows(&mut plane, side, reach, &line);
        plane = transposed(&plane, side);
    }
    narrowed(&plane, map)
}

fn widened(map: &Map) -> Vec<f64> {
    map.data().iter().map(|&value| f64::from(value)).collect()
}

/// The plane as a map of the size of `like`.
fn narrowed(plane: &[f64], like: &Map) -> Map {
    let mut map = like.clone();
    for (out, value) in map.data_mut().iter_mut().zip(plane) {
        *out = *value as f32;
    }
    map
}

fn along_rows(plane: &mut [f64], width: usize, reach: usize, line: impl Fn(&[f64], &mut [f64])) {
    let sources = mirrored_indices(width, reach);
    let mut padded = vec![0.0; sources.len()];
    for row in plane.chunks_exact_mut(width) {
        for (value, &source) in padded.iter_mut().zip(&sources) {
            *value = row[source];
        }
        line(&padded, row);
    }
}

/// The index each place of `-reach .. n + reach` is read from.
fn mirrored_indices(n: usize, reach: usize) -> Vec<usize> {
    let shift = reach.div_ceil(2 * n) * 2 * n - reach;
    (0..n + 2 * reach)
        .map(|place| (place + shift) % (2 * n))
        .map(|place| place.min(2 * n - 1 - place))
        .collect()
}

fn transposed(plane: &[f64], width: usize) -> Vec<f64> {
    let height = plane.len() / width;
    let mut out = Vec::with_capacity(plane.len());
    for x in 0..width {
        out.extend((0..height).map(|y| plane[y * width + x]));
    }
    out
}

fn box_line(padded: &[f64], reach: usize, out: &mut [f64]) {
    let side = 2 * reach + 1;
    let mut sum: f64 = padded[..side - 1].iter().sum();
    for (x, value) in out.iter_mut().enumerate() {
        sum += padded[x + side - 1];
        *value = sum / side as f64;
        sum -= padded[x];
    }
}

/// As [`box_line`] along every column, all columns at once: sums run down the rows as they lie.
fn box_columns(plane: &mut [f64], width: usize, reach: usize) {
    let side = 2 * reach + 1;
    let source = plane.to_vec();
    let sources = mirrored_indices(plane.len() / width, reach);
    let row = |place: usize| source[sources[place] * width..][..width].iter();
    let mut sums = vec![0.0; width];
    for place in 0..side - 1 {
        sums.iter_mut()
            .zip(row(place))
            .for_each(|(sum, v)| *sum += v);
    }
    for (y, out) in plane.chunks_exact_mut(width).enumerate() {
        let columns = out.iter_mut().zip(&mut sums);
        for ((out, sum), (enters, leaves)) in columns.zip(row(y + side - 1).zip(row(y))) {
            *sum += enters;
            *out = *sum / side as f64;
            *sum -= leaves;
        }
    }
}

fn weigh_line(padded: &[f64], weights: &[f64], out: &mut [f64]) {
    for (value, window) in out.iter_mut().zip(padded.windows(weights.len())) {
        *value = window.iter().zip(weights).map(|(v, w)| v * w).sum();
    }
}

/// 2r + 1 weights summing to 1, r = 4 sigma rounded; a single 1 for no positive sigma.
fn gaussian_weights(sigma_px: f64) -> Vec<f64> {
    if sigma_px.is_nan() || sigma_px <= 0.0 {
        return vec![1.0];
    }
    // `as` saturates, so that an infinite sigma is held to the reach too.
    let reach = ((GAUSSIAN_TRUNCATE * sigma_px).round() as usize).min(MAX_REACH_PX) as i64;
    let bell = |d: i64| (-0.5 * (d as f64 / sigma_px).powi(2)).exp();
    let total: f64 = (-reach..=reach).map(bell).sum();
    (-reach..=reach).map(|d| bell(d) / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_repeats_its_edge_pixel() {
        assert_eq!(mirrored_indices(3, 2), [1, 0, 0, 1, 2, 2, 1]);
    }

    #[test]
    fn a_window_wider_than_the_map_mirrors_again() {
        assert_eq!(mirrored_indices(2, 5), [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]);
    }

    #[test]
    fn box_of_three_spreads_a_corner_by_hand() {
        // A 9 in the corner is read four times by its own window, twice by its neighbours'.
        let map = Map::new(3, 3, vec![9.0, 0., 0., 0., 0., 0., 0., 0., 0.]).unwrap();
        let smoothed = smooth(&map, &Smoothing::Box { side_px: 3 });
        assert_eq!(smoothed.data(), [4., 2., 0., 2., 1., 0., 0., 0., 0.]);
    }

    #[test]
    fn a_box_is_the_same_whether_columns_are_summed_at_once_or_one_by_one() {
        let values: Vec<f32> = (0..7 * 12).map(|i| (i as f32 * 0.7).sin()).collect();
        let map = Map::new(7, 12, values).unwrap();
        for reach in [0, 1, 3, 9, 20] {
            let side_px = 2 * reach + 1;
            let slow = separable(&map, reach, |padded, out| box_line(padded, reach, out));
            assert_eq!(smooth(&map, &Smoothing::Box { side_px }), slow, "{side_px}");
        }
    }

    #[test]
    fn gaussian_weights_fall_by_the_bell_and_sum_to_one() {
        let weights = gaussian_weights(0.5);
        assert_eq!(weights.len(), 5); // reach 4 * 0.5 = 2
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        // exp(-0.5 * (1 / 0.5)^2) = exp(-2)
        assert!((weights[1] / weights[2] - (-2.0_f64).exp()).abs() < 1e-15);
        assert_eq!(weights[1], weights[3]);
    }

    #[test]
    fn refused_settings_are_still_safe_to_smooth_with() {
        let map = Map::new(2, 2, vec![0.0, 1.0, 2.0, 3.0]).unwrap();
        for sigma_px in [0.0, -1.0, f64::NAN] {
            assert_eq!(smooth(&map, &Smoothing::Gaussian { sigma_px }), map);
        }
        assert_eq!(smooth(&map, &Smoothing::Box { side_px: 0 }), map);
        let flat = smooth(
            &map,
            &Smoothing::Gaussian {
                sigma_px: f64::INFINITY,
            },
        );
        assert!(flat.data().iter().all(|value| (value - 1.5).abs() < 1e-3));
    }

    #[test]
    fn even_sides_and_sigmas_without_meaning_are_refused() {
        for bad in [
            Smoothing::Box { side_px: 0 },
            Smoothing::Box { side_px: 20 },
            Smoothing::Box { side_px: 8195 },
            Smoothing::Gaussian { sigma_px: 0.0 },
            Smoothing::Gaussian { sigma_px: f64::NAN },
            Smoothing::Gaussian { sigma_px: 1025.0 },
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
        assert!(Smoothing::Box { side_px: 21 }.validate().is_ok());
        assert!(Smoothing::Gaussian { sigma_px: 4.0 }.validate().is_ok());
    }
}
