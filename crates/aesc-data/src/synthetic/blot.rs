//! An irregular blot: the outline of stains, residue, drops and rust.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{
    geometry::{Point, length, ramp, sub, turned, uniform},
    noise::Field,
};

/// A patch with a ragged outline; cover falls from 1 to 0 across its edge.
#[derive(Debug, Clone)]
pub(super) struct Blot {
    centre: Point,
    radius: f32,
    softness: f32,
    angle: f32,
    stretch: f32,
    pub(super) field: Field,
}

impl Blot {
    /// A blot of about `radius` pixels; `softness` is the edge's width as a share of it.
    pub(super) fn new(centre: Point, radius: f32, softness: f32, rng: &mut ChaCha8Rng) -> Self {
        Self {
            centre,
            radius,
            softness,
            angle: uniform(rng, 0.0, std::f32::consts::PI),
            stretch: uniform(rng, 1.0, 1.6),
            field: Field(rng.random()),
        }
    }

    /// How much of the place is covered, 0..=1.
    pub(super) fn cover(&self, p: Point) -> f32 {
        1.0 - ramp(-self.softness, self.softness, self.depth(p))
    }

    /// Distance to the outline as a share of the radius, negative inside.
    pub(super) fn depth(&self, p: Point) -> f32 {
        let q = turned(sub(p, self.centre), self.angle);
        let r = length([q[0] / self.stretch, q[1] * self.stretch]) / self.radius;
        if r > 2.0 {
            return r - 1.0;
        }
        r - 1.0 + 0.38 * self.field.rough(p, self.radius, 3)
    }
}
