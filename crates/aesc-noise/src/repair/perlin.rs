//! Regions where Perlin noise is high (Perlin, "An image synthesizer", 1985; improved fade, 2002).

use std::f64::consts::TAU;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Shaped;
use super::shape::{cropped, whole};
use crate::patch::{Frame, Patch};

/// Cells along a side are two to a power of up to this.
const MOST_DOUBLINGS: u32 = 5;
/// The noise above this is inside; its range is -1..=1.
const THRESHOLD: f32 = 0.5;
/// A draw that covers more of the frame than this, or nothing, is drawn again...
const MOST_COVERED: f64 = 0.4;
/// ...at most so often.
const DRAWS: usize = 8;

/// A random region; none where no draw was between empty and too large.
pub(super) fn draw(frame: Frame, rng: &mut ChaCha8Rng) -> Option<Shaped> {
    (0..DRAWS).find_map(|_| {
        let cells = [0, 1].map(|_| 1_usize << rng.random_range(0..=MOST_DOUBLINGS));
        let patch = thresholded(&Grid::draw(cells, rng), frame);
        let n_inside = patch.weights.iter().filter(|w| **w > 0.0).count();
        let share = n_inside as f64 / patch.weights.len() as f64;
        let [rows, columns] = [frame.height / cells[0], frame.width / cells[1]];
        (n_inside > 0 && share <= MOST_COVERED).then(|| Shaped {
            patch: cropped(&patch),
            // A region spans about a third of a cell.
            size_px: rows.min(columns) as f64 / 3.0,
        })
    })
}

fn thresholded(grid: &Grid, frame: Frame) -> Patch {
    let mut patch = whole(frame);
    for (y, row) in patch.weights.chunks_exact_mut(frame.width).enumerate() {
        let v = (y as f32 + 0.5) / frame.height as f32;
        for (x, weight) in row.iter_mut().enumerate() {
            let u = (x as f32 + 0.5) / frame.width as f32;
            *weight = f32::from(grid.noise(v, u) > THRESHOLD);
        }
    }
    patch
}

/// A unit vector at each corner of `rows` x `columns` cells.
struct Grid {
    rows: usize,
    columns: usize,
    corners: Vec<[f32; 2]>,
}

impl Grid {
    fn draw([rows, columns]: [usize; 2], rng: &mut ChaCha8Rng) -> Self {
        let corner = |_| {
            let (sin, cos) = (rng.random::<f64>() * TAU).sin_cos();
            [sin as f32, cos as f32]
        };
        let corners = (0..(rows + 1) * (columns + 1)).map(corner).collect();
        Self {
            rows,
            columns,
            corners,
        }
    }

    /// The noise, -1..=1, at (v, u) of the unit square: 0 at every corner.
    fn noise(&self, v: f32, u: f32) -> f32 {
        let split = |place: f32, n: usize| {
            let place = place * n as f32;
            let cell = (place as usize).min(n - 1);
            (cell, place - cell as f32)
        };
        let ((row, y), (column, x)) = (split(v, self.rows), split(u, self.columns));
        let slope = |down: usize, right: usize| {
            let [gy, gx] = self.corners[(row + down) * (self.columns + 1) + column + right];
            gy * (y - down as f32) + gx * (x - right as f32)
        };
        let (fade_y, fade_x) = (fade(y), fade(x));
        let top = mix(slope(0, 0), slope(0, 1), fade_x);
        let bottom = mix(slope(1, 0), slope(1, 1), fade_x);
        // Unit slopes reach 1 / sqrt(2) in the middle of a cell.
        mix(top, bottom, fade_y) * std::f32::consts::SQRT_2
    }
}

fn fade(t: f32) -> f32 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_cell(corners: [[f32; 2]; 4]) -> Grid {
        Grid {
            rows: 1,
            columns: 1,
            corners: corners.to_vec(),
        }
    }

    #[test]
    fn corners_pointing_inwards_reach_one_in_the_middle() {
        // At the middle each corner's slope is (1/2, 1/2) . (d, d) with d = 1/sqrt(2): 1/sqrt(2).
        let d = 0.5_f32.sqrt();
        let grid = one_cell([[d, d], [d, -d], [-d, d], [-d, -d]]);
        assert!((grid.noise(0.5, 0.5) - 1.0).abs() < 1e-6);
        assert!(grid.noise(0.0, 0.0).abs() < 1e-6);
    }

    #[test]
    fn equal_slopes_cancel_in_the_middle() {
        let grid = one_cell([[1.0, 0.0]; 4]);
        assert!(grid.noise(0.5, 0.5).abs() < 1e-6);
        assert!(grid.noise(0.25, 0.5) > 0.0 && grid.noise(0.75, 0.5) < 0.0);
    }

    #[test]
    fn regions_are_neither_empty_nor_large() {
        use rand::SeedableRng;
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let frame = Frame {
            height: 64,
            width: 48,
        };
        let mut found = 0;
        for _ in 0..50 {
            let Some(shaped) = draw(frame, &mut rng) else {
                continue;
            };
            found += 1;
            let inside = shaped.patch.weights.iter().filter(|w| **w > 0.0).count();
            assert!(inside > 0 && inside * 10 <= 64 * 48 * 4);
        }
        assert!(found > 40, "{found} of 50");
    }
}
