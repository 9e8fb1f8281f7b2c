//! Smooth random fields over the plane, from integer hashes: the grain of every material.

use super::geometry::Point;

/// A random field; the same number gives the same field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field(pub(super) u32);

impl Field {
    /// A uniform value in 0..1 for a whole-number place.
    pub(super) fn cell(self, x: i32, y: i32) -> f32 {
        let mut h = self.0 ^ (x as u32).wrapping_mul(0x9e37_79b1);
        h = (h ^ (h >> 15)).wrapping_mul(0x85eb_ca77) ^ (y as u32).wrapping_mul(0xc2b2_ae3d);
        h = (h ^ (h >> 13)).wrapping_mul(0x27d4_eb2f);
        h ^= h >> 16;
        h = h.wrapping_mul(0x1656_67b1);
        ((h ^ (h >> 15)) >> 8) as f32 / 16_777_216.0
    }

    /// A smooth value in -1..1 that changes over a distance of about 1.
    pub(super) fn at(self, x: f32, y: f32) -> f32 {
        let (x0, y0) = (x.floor(), y.floor());
        let (i, j) = (x0 as i32, y0 as i32);
        let ease = |t: f32| t * t * (3.0 - 2.0 * t);
        let (s, t) = (ease(x - x0), ease(y - y0));
        let top = self.cell(i, j) * (1.0 - s) + self.cell(i + 1, j) * s;
        let bottom = self.cell(i, j + 1) * (1.0 - s) + self.cell(i + 1, j + 1) * s;
        2.0 * (top * (1.0 - t) + bottom * t) - 1.0
    }

    /// Several scales together, in -1..1: `scale` is the size of the coarsest, in pixels.
    pub(super) fn rough(self, p: Point, scale: f32, octaves: u32) -> f32 {
        let (mut sum, mut weight, mut total) = (0.0, 1.0, 0.0);
        let mut frequency = 1.0 / scale;
        for octave in 0..octaves {
            let field = Self(self.0.wrapping_add(octave.wrapping_mul(0x68bc_21eb)));
            sum += weight * field.at(p[0] * frequency, p[1] * frequency);
            total += weight;
            weight *= 0.55;
            frequency *= 2.1;
        }
        sum / total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_pass_through_their_cells() {
        let field = Field(5);
        assert!((field.at(3.0, -2.0) - (2.0 * field.cell(3, -2) - 1.0)).abs() < 1e-6);
    }

    #[test]
    fn cells_are_uniform() {
        let field = Field(9);
        let n = 10_000;
        let mean: f32 = (0..n).map(|i| field.cell(i % 100, i / 100)).sum::<f32>() / n as f32;
        // The mean of n uniform values is within 5 / sqrt(12 n) of one half.
        assert!((mean - 0.5).abs() < 5.0 / (12.0 * n as f32).sqrt());
    }
}
