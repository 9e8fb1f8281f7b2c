//! Blend weights over the part of the frame that a corruption touches, and the frame's geometry.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Blend weights 0..=1 over a rectangle of the frame; outside it the weight is 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Patch {
    /// First row of the frame.
    pub(crate) y: usize,
    /// First column of the frame.
    pub(crate) x: usize,
    /// Columns, at least 1.
    pub(crate) width: usize,
    /// `height * width` weights, row by row.
    pub(crate) weights: Vec<f32>,
}

impl Patch {
    /// A patch of zeros around the points `low..=high` (y, x), clipped to the frame.
    pub(crate) fn around(low: [i64; 2], high: [i64; 2], frame: Frame) -> Self {
        let [y, x] = frame.clip(low);
        let [bottom, right] = frame.clip(high);
        let (height, width) = (bottom - y + 1, right - x + 1);
        Self {
            y,
            x,
            width,
            weights: vec![0.0; height * width],
        }
    }

    pub(crate) fn height(&self) -> usize {
        self.weights.len() / self.width
    }

    /// The weight at the frame's pixel (y, x), when the patch holds it.
    pub(crate) fn at_mut(&mut self, y: i64, x: i64) -> Option<&mut f32> {
        let row = usize::try_from(y).ok()?.checked_sub(self.y)?;
        let column = usize::try_from(x).ok()?.checked_sub(self.x)?;
        if column >= self.width {
            return None;
        }
        self.weights.get_mut(row * self.width + column)
    }
}

/// Sides of the image, px, both at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Frame {
    pub(crate) fn of(image: &aesc_image::Image) -> Self {
        Self {
            height: image.height(),
            width: image.width(),
        }
    }

    /// The pixel of the frame nearest to (y, x).
    pub(crate) fn clip(self, [y, x]: [i64; 2]) -> [usize; 2] {
        let [bottom, right] = [self.height as i64 - 1, self.width as i64 - 1];
        [y.clamp(0, bottom) as usize, x.clamp(0, right) as usize]
    }

    /// A pixel (y, x) at least `margin` from every border; the middle where none is.
    pub(crate) fn draw_centre(self, margin: i64, rng: &mut ChaCha8Rng) -> [i64; 2] {
        [self.height, self.width].map(|side| {
            let last = side as i64 - 1;
            let low = margin.min(last / 2);
            rng.random_range(low..=last - low)
        })
    }
}

/// An integer of `[⌊least·side⌋, ⌊most·side⌋]`, both included.
pub(crate) fn draw_length([least, most]: [f64; 2], side: usize, rng: &mut ChaCha8Rng) -> i64 {
    let px = |share: f64| (share * side as f64).floor() as i64;
    rng.random_range(px(least)..=px(most))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn patch_is_clipped_to_the_frame() {
        let patch = Patch::around(
            [-3, 2],
            [1, 9],
            Frame {
                height: 4,
                width: 5,
            },
        );
        assert_eq!(
            (patch.y, patch.x, patch.width, patch.height()),
            (0, 2, 3, 2)
        );
    }

    #[test]
    fn centre_keeps_its_margin_or_the_middle() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let frame = Frame {
            height: 10,
            width: 4,
        };
        let drawn: Vec<_> = (0..200).map(|_| frame.draw_centre(3, &mut rng)).collect();
        for y in 3..=6 {
            assert!(drawn.iter().any(|centre| centre[0] == y));
        }
        // A margin of 3 does not fit in 4 columns: the two in the middle remain.
        assert!(
            drawn
                .iter()
                .all(|&[y, x]| (3..=6).contains(&y) && (1..=2).contains(&x))
        );
    }

    #[test]
    fn lengths_of_the_paper_are_two_to_thirty_px() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut drawn: Vec<_> = (0..2000)
            .map(|_| draw_length([0.01, 0.12], 256, &mut rng))
            .collect();
        drawn.sort_unstable();
        drawn.dedup();
        // floor(2.56) = 2 and floor(30.72) = 30.
        assert_eq!(drawn, (2..=30).collect::<Vec<_>>());
    }
}
