//! What a fill has to be offset by so that it meets the image at the region's edge (seamless cloning:
//! Pérez, Gangnet & Blake, "Poisson image editing", SIGGRAPH 2003).
//!
//! Outside the region the offset is what the image has beyond the fill; inside it is the solution of
//! Laplace's equation that continues it, so that the fill's gradients stay as they are.

use aesc_image::Image;

use crate::patch::{Frame, Patch};

/// Sweeps over each resolution, from the coarsest to the finest...
const SWEEPS: usize = 16;
/// ...each of which moves a value by so much of its distance from its neighbours' mean (successive
/// over-relaxation).
const RELAXATION: f32 = 1.7;

/// An offset for each pixel of a patch, of each channel.
pub(super) struct Membrane {
    top: usize,
    left: usize,
    grid: Grid,
}

impl Membrane {
    /// Over the pixels of `patch` whose weight is above 0, and those around them; `fill` tells the
    /// fill at (y, x) of the frame. Where nothing of the image is left, the offset is 0.
    pub(super) fn new(
        patch: &Patch,
        image: &Image,
        mut fill: impl FnMut(usize, usize) -> [f32; 3],
    ) -> Self {
        let frame = Frame::of(image);
        // One pixel more on each side, where the frame has it.
        let (top, left) = (patch.y.saturating_sub(1), patch.x.saturating_sub(1));
        let height = (patch.y + patch.height() + 1).min(frame.height) - top;
        let width = (patch.x + patch.width + 1).min(frame.width) - left;
        let weight = |y: usize, x: usize| {
            let row = y.checked_sub(patch.y)?;
            let column = x.checked_sub(patch.x).filter(|c| *c < patch.width)?;
            patch.weights.get(row * patch.width + column).copied()
        };
        let mut grid = Grid::new(height, width);
        for y in top..top + height {
            for x in left..left + width {
                if weight(y, x).is_some_and(|weight| weight > 0.0) {
                    continue;
                }
                let (at, fill) = ((y - top) * width + x - left, fill(y, x));
                grid.known[at] = true;
                for (c, value) in grid.values[at].iter_mut().enumerate() {
                    if c < image.channels() {
                        *value = image.at(y, x, c) - fill[c];
                    }
                }
            }
        }
        grid.solve();
        Self { top, left, grid }
    }

    /// The offset at (y, x) of the frame, which the patch holds.
    pub(super) fn at(&self, y: usize, x: usize) -> [f32; 3] {
        self.grid.values[(y - self.top) * self.grid.width + x - self.left]
    }
}

/// Values on a grid, some of them given.
struct Grid {
    height: usize,
    width: usize,
    known: Vec<bool>,
    values: Vec<[f32; 3]>,
}

impl Grid {
    fn new(height: usize, width: usize) -> Self {
        Self {
            height,
            width,
            known: vec![false; height * width],
            values: vec![[0.0; 3]; height * width],
        }
    }

    /// Fills in what is not given: first on a grid half as fine, then by sweeps from there.
    fn solve(&mut self) {
        if !self.known.contains(&false) || !self.known.contains(&true) {
            return;
        }
        let mut coarse = self.coarser();
        coarse.solve();
        for at in 0..self.values.len() {
            if !self.known[at] {
                let (y, x) = (at / self.width / 2, at % self.width / 2);
                self.values[at] = coarse.values[y * coarse.width + x];
            }
        }
        for sweep in 0..SWEEPS {
            self.sweep(sweep % 2 == 1);
        }
    }

    /// Half as many rows and columns; what any of its four pixels gives is given, as their mean.
    fn coarser(&self) -> Self {
        let mut coarse = Self::new(self.height.div_ceil(2), self.width.div_ceil(2));
        let mut counts = vec![0.0_f32; coarse.values.len()];
        for at in (0..self.values.len()).filter(|at| self.known[*at]) {
            let to = at / self.width / 2 * coarse.width + at % self.width / 2;
            coarse.known[to] = true;
            counts[to] += 1.0;
            for (sum, value) in coarse.values[to].iter_mut().zip(self.values[at]) {
                *sum += value;
            }
        }
        for (sums, count) in coarse.values.iter_mut().zip(counts) {
            for sum in sums {
                *sum /= count.max(1.0);
            }
        }
        coarse
    }

    /// Each value that is not given moves towards the mean of its neighbours, one after the other; in
    /// a grid with values given it has one.
    fn sweep(&mut self, backwards: bool) {
        let n = self.values.len();
        for step in 0..n {
            let at = if backwards { n - 1 - step } else { step };
            if self.known[at] {
                continue;
            }
            let (y, x) = (at / self.width, at % self.width);
            let neighbours = [
                (y > 0).then(|| at - self.width),
                (y + 1 < self.height).then(|| at + self.width),
                (x > 0).then(|| at - 1),
                (x + 1 < self.width).then(|| at + 1),
            ];
            let (mut sum, mut count) = ([0.0_f32; 3], 0.0_f32);
            for neighbour in neighbours.into_iter().flatten() {
                count += 1.0;
                for (sum, value) in sum.iter_mut().zip(self.values[neighbour]) {
                    *sum += value;
                }
            }
            for (value, sum) in self.values[at].iter_mut().zip(sum) {
                *value += RELAXATION * (sum / count - *value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The region of a ring of weights with a hole, 40 x 50 of a frame of 64 x 64 from (20, 10) on.
    fn ragged() -> Patch {
        let weight = |at: usize| {
            let (y, x) = ((at / 50) as f32 - 20.0, (at % 50) as f32 - 25.0);
            let radius = y.hypot(x) + 3.0 * (x / 4.0).sin();
            f32::from(radius < 19.0 && radius > 4.0)
        };
        Patch {
            y: 20,
            x: 10,
            width: 50,
            weights: (0..40 * 50).map(weight).collect(),
        }
    }

    fn inside(patch: &Patch) -> impl Iterator<Item = (usize, usize)> {
        let used = patch.weights.iter().enumerate().filter(|(_, w)| **w > 0.0);
        used.map(|(at, _)| (patch.y + at / patch.width, patch.x + at % patch.width))
    }

    #[test]
    fn the_offset_continues_what_the_edge_has_beyond_the_fill() {
        let patch = ragged();
        let plane = |y: usize, x: usize, c: usize| 0.2 + (y + 2 * x + 5 * c) as f32 / 400.0;
        let image = Image::from_fn(64, 64, 3, plane).unwrap();
        // The fill is busy inside, and by any plane apart from the image outside: what is left of
        // it is itself, on that plane.
        let held: std::collections::HashSet<_> = inside(&patch).collect();
        let fill = |y: usize, x: usize| {
            let busy = if held.contains(&(y, x)) { 0.3 } else { 0.0 };
            [busy + 0.1; 3]
        };
        let membrane = Membrane::new(&patch, &image, fill);
        for (y, x) in inside(&patch) {
            for (c, offset) in membrane.at(y, x).into_iter().enumerate() {
                let expected = plane(y, x, c) - 0.1;
                assert!(
                    (offset - expected).abs() < 0.01,
                    "{y} {x}: {offset} {expected}"
                );
            }
        }
    }

    #[test]
    fn equals_plain_means_until_nothing_moves() {
        let patch = ragged();
        let wave =
            |y: usize, x: usize, _| 0.5 + 0.4 * (x as f32 / 9.0).sin() * (y as f32 / 7.0).cos();
        let image = Image::from_fn(64, 64, 1, wave).unwrap();
        let membrane = Membrane::new(&patch, &image, |_, _| [0.25; 3]);
        // The slow twin: every pixel of the region, which lies inside the frame, by turns.
        let mut exact: Vec<f32> = image.data().iter().map(|value| value - 0.25).collect();
        for _ in 0..4000 {
            for (y, x) in inside(&patch) {
                let at = y * 64 + x;
                exact[at] = (exact[at - 64] + exact[at + 64] + exact[at - 1] + exact[at + 1]) / 4.0;
            }
        }
        let gap = |(y, x): (usize, usize)| (membrane.at(y, x)[0] - exact[y * 64 + x]).abs();
        let apart = inside(&patch).map(gap).fold(0.0, f32::max);
        // Of the 0.8 that the image spans less than a hundredth.
        assert!(apart < 0.008, "{apart}");
    }

    #[test]
    fn at_the_frame_the_offset_goes_on_as_it_is() {
        // The left half of the frame: of its four sides the image is left beside one.
        let patch = Patch {
            y: 0,
            x: 0,
            width: 32,
            weights: vec![1.0; 64 * 32],
        };
        let image = Image::filled(64, 64, 1, 0.75).unwrap();
        let membrane = Membrane::new(&patch, &image, |_, _| [0.25; 3]);
        let offsets = inside(&patch).map(|(y, x)| membrane.at(y, x)[0]);
        assert!(
            offsets
                .into_iter()
                .all(|offset| (offset - 0.5).abs() < 1e-3)
        );
    }

    #[test]
    fn without_an_edge_there_is_no_offset() {
        let image = Image::filled(8, 8, 1, 0.75).unwrap();
        let patch = Patch {
            y: 0,
            x: 0,
            width: 8,
            weights: vec![1.0; 64],
        };
        let membrane = Membrane::new(&patch, &image, |_, _| [0.25; 3]);
        assert!(membrane.at(4, 4)[0].abs() <= 0.0);
    }
}
