//! Points, colours and soft-edged shapes. Lengths are in pixels of a 256 x 256 picture.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A place: x to the right, y down.
pub(super) type Point = [f32; 2];

/// A colour, 0..=1 a channel.
pub(super) type Rgb = [f32; 3];

/// A uniform value in `low..high`.
pub(super) fn uniform(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    rng.random_range(low..high)
}

/// One of -1 and 1.
pub(super) fn sign(rng: &mut ChaCha8Rng) -> f32 {
    if rng.random::<bool>() { 1.0 } else { -1.0 }
}

pub(super) fn sub(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

pub(super) fn dot(a: Point, b: Point) -> f32 {
    a[0] * b[0] + a[1] * b[1]
}

pub(super) fn length(a: Point) -> f32 {
    a[0].hypot(a[1])
}

/// `p` turned by -`angle` around the origin: a place seen from a turned part.
pub(super) fn turned(p: Point, angle: f32) -> Point {
    let (s, c) = angle.sin_cos();
    [c * p[0] + s * p[1], c * p[1] - s * p[0]]
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(super) fn ramp(low: f32, high: f32, v: f32) -> f32 {
    let t = ((v - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// How much of a pixel is inside, from the signed distance to the outline (negative inside).
pub(super) fn inside(distance: f32) -> f32 {
    (0.5 - distance).clamp(0.0, 1.0)
}

pub(super) fn mix(a: Rgb, b: Rgb, share: f32) -> Rgb {
    std::array::from_fn(|c| a[c] + (b[c] - a[c]) * share)
}

pub(super) fn scaled(a: Rgb, factor: f32) -> Rgb {
    a.map(|v| v * factor)
}

/// Signed distance to a rectangle with rounded corners around the origin.
pub(super) fn rounded_box(p: Point, half: Point, radius: f32) -> f32 {
    let q = [p[0].abs() - half[0] + radius, p[1].abs() - half[1] + radius];
    length([q[0].max(0.0), q[1].max(0.0)]) + q[0].max(q[1]).min(0.0) - radius
}

/// Distance to the segment from `a` to `b`, and the place along it, 0..=1.
pub(super) fn to_segment(p: Point, a: Point, b: Point) -> (f32, f32) {
    let (along, towards) = (sub(b, a), sub(p, a));
    let t = (dot(towards, along) / dot(along, along)).clamp(0.0, 1.0);
    let foot = [along[0] * t, along[1] * t];
    (length(sub(towards, foot)), t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_by_a_quarter_swaps_the_axes() {
        let p = turned([1.0, 0.0], std::f32::consts::FRAC_PI_2);
        assert!(p[0].abs() < 1e-6 && (p[1] + 1.0).abs() < 1e-6);
    }

    #[test]
    fn distances_to_a_box_are_signed() {
        assert!((rounded_box([5.0, 0.0], [3.0, 2.0], 0.0) - 2.0).abs() < 1e-6);
        assert!((rounded_box([0.0, 0.0], [3.0, 2.0], 0.0) + 2.0).abs() < 1e-6);
    }

    #[test]
    fn distances_to_a_segment_stop_at_its_ends() {
        let (distance, along) = to_segment([5.0, 4.0], [0.0, 0.0], [2.0, 0.0]);
        assert!((distance - 5.0).abs() < 1e-6 && (along - 1.0).abs() < 1e-6);
    }
}
