//! Closed outlines: the pixels of a rotated ellipse, a smooth curve through points, its inside.
//!
//! Points are (y, x) in px. What they are for, and all chance, is left to the stain.

use std::f64::consts::TAU;

use crate::patch::{Frame, Patch};

/// Curve samples from one point to the next.
const SAMPLES: usize = 10;

/// The 8-connected pixels of an ellipse around (0, 0), in order, each once in its neighbourhood.
///
/// The semi-axes `a` (along x before turning) and `b`, px, end in the middle of a pixel; the line
/// follows that pixel's far side, as wide on average as the outline of the authors' code.
pub(crate) fn ellipse(a: f64, b: f64, rotation: f64) -> Vec<[i64; 2]> {
    let (sin, cos) = rotation.sin_cos();
    let n_angles = (2.0 * TAU * (a.max(b) + 1.0)).ceil(); // steps of at most half a pixel
    let mut pixels: Vec<[i64; 2]> = Vec::new();
    for i in 0..n_angles as usize {
        let (across, along) = (TAU * i as f64 / n_angles).sin_cos();
        let (along, across) = ((a + 0.5) * along, (b + 0.5) * across);
        let pixel = [along * sin + across * cos, along * cos - across * sin];
        append(&mut pixels, pixel.map(|v| v.round() as i64));
    }
    if pixels.len() > 1 && pixels.first() == pixels.last() {
        pixels.pop();
    }
    pixels
}

/// Appends a pixel that differs from the last, dropping the last where it only makes a corner.
fn append(pixels: &mut Vec<[i64; 2]>, next: [i64; 2]) {
    if pixels.last() == Some(&next) {
        return;
    }
    if let [.., before, last] = pixels[..] {
        let is_side = |p: [i64; 2]| (p[0] - last[0]).abs() + (p[1] - last[1]).abs() == 1;
        let is_turn = before[0] != next[0] && before[1] != next[1];
        if is_side(before) && is_side(next) && is_turn {
            pixels.pop();
        }
    }
    pixels.push(next);
}

/// A periodic cubic spline through `points`, uniform in their index, ten samples a point.
pub(crate) fn spline(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let n = points.len();
    let [ys, xs] = [0, 1].map(|axis| coefficients(points.iter().map(|p| p[axis]).collect()));
    let mut curve = Vec::with_capacity(n * SAMPLES);
    for i in 0..n {
        let around = [i + n - 1, i, i + 1, i + 2].map(|j| j % n);
        for s in 0..SAMPLES {
            let basis = cubic_basis(s as f64 / SAMPLES as f64);
            let value = |c: &[f64]| around.iter().zip(basis).map(|(&j, w)| c[j] * w).sum();
            curve.push([value(&ys), value(&xs)]);
        }
    }
    curve
}

/// The four uniform cubic B-splines at `t` of 0..1 after the second's middle.
fn cubic_basis(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        (1.0 - t).powi(3),
        3.0 * t3 - 6.0 * t2 + 4.0,
        -3.0 * t3 + 3.0 * t2 + 3.0 * t + 1.0,
        t3,
    ]
    .map(|w| w / 6.0)
}

/// Coefficients c of the periodic B-spline with (c[i-1] + 4 c[i] + c[i+1]) / 6 = values[i].
///
/// A forward and a backward recursive filter of pole √3 - 2 (Unser, "Splines: a perfect fit for
/// signal and image processing", 1999), both started at their periodic steady state: the
/// geometric sum over one period, divided by 1 - pole^n.
fn coefficients(mut values: Vec<f64>) -> Vec<f64> {
    let n = values.len();
    let pole = 3.0_f64.sqrt() - 2.0;
    let period = 1.0 - pole.powi(n as i32);
    let mut carry = values.iter().fold(0.0, |sum, v| sum * pole + v) / period;
    for value in &mut values {
        carry = *value + pole * carry;
        *value = carry;
    }
    carry = -pole * values.iter().rfold(0.0, |sum, v| sum * pole + v) / period;
    for value in values.iter_mut().rev() {
        carry = pole * (carry - *value);
        *value = 6.0 * carry;
    }
    values
}

/// Weight 1 inside the closed curve (even-odd) and on its outline, clipped to the frame.
pub(crate) fn fill(curve: &[[f64; 2]], frame: Frame) -> Patch {
    let pixels: Vec<[i64; 2]> = curve.iter().map(|p| p.map(|v| v.round() as i64)).collect();
    let bound = |pick: fn(i64, i64) -> i64, start: i64| {
        pixels
            .iter()
            .fold([start; 2], |b, p| [pick(b[0], p[0]), pick(b[1], p[1])])
    };
    let mut patch = Patch::around(bound(i64::min, i64::MAX), bound(i64::max, i64::MIN), frame);
    let follows = |i: usize| (i + 1) % curve.len();
    for i in 0..curve.len() {
        toggle(&mut patch, curve[i], curve[follows(i)]);
    }
    let width = patch.width;
    for row in patch.weights.chunks_exact_mut(width) {
        let mut inside = false;
        for weight in row {
            inside ^= *weight > 0.0;
            *weight = f32::from(inside);
        }
    }
    for i in 0..pixels.len() {
        stroke(&mut patch, pixels[i], pixels[follows(i)]);
    }
    patch
}

/// Marks, in every row whose middle the edge crosses, the first pixel at its right.
///
/// Marks cancel in pairs, so that a running exclusive or over the row tells the inside.
fn toggle(patch: &mut Patch, from: [f64; 2], to: [f64; 2]) {
    let (top, bottom) = if from[0] < to[0] {
        (from, to)
    } else {
        (to, from)
    };
    let first = (top[0].ceil() as i64).max(patch.y as i64);
    let end = (bottom[0].ceil() as i64).min((patch.y + patch.height()) as i64);
    for y in first..end {
        let t = (y as f64 - top[0]) / (bottom[0] - top[0]);
        let x = (top[1] + t * (bottom[1] - top[1])).ceil() as i64;
        if let Some(mark) = patch.at_mut(y, x.max(patch.x as i64)) {
            *mark = 1.0 - *mark;
        }
    }
}

/// Sets the pixels of the straight line from one pixel to another.
fn stroke(patch: &mut Patch, from: [i64; 2], to: [i64; 2]) {
    let [dy, dx] = [to[0] - from[0], to[1] - from[1]];
    let steps = dy.abs().max(dx.abs()).max(1);
    for s in 0..steps {
        let at = |start: i64, delta: i64| start + (2 * delta * s + steps).div_euclid(2 * steps);
        if let Some(weight) = patch.at_mut(at(from[0], dy), at(from[1], dx)) {
            *weight = 1.0;
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the expected values are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FRAME: Frame = Frame {
        height: 24,
        width: 32,
    };

    proptest! {
        #[test]
        fn outline_is_a_closed_thin_chain(a in 1..40_i64, b in 1..40_i64, rotation in 0.0..TAU) {
            let pixels = ellipse(a as f64, b as f64, rotation);
            let n = pixels.len();
            for i in 0..n {
                let [p, q] = [pixels[i], pixels[(i + 1) % n]];
                let step = (p[0] - q[0]).abs().max((p[1] - q[1]).abs());
                prop_assert_eq!(step, 1, "{:?} to {:?}", p, q);
            }
        }

        #[test]
        fn outline_stays_within_half_a_diagonal_of_the_ellipse(
            a in 1..40_i64, b in 1..40_i64, rotation in 0.0..TAU,
        ) {
            let (sin, cos) = rotation.sin_cos();
            let curve: Vec<_> = (0..2000).map(|i| f64::from(i) / 2000.0 * TAU).map(|angle| {
                let along = (a as f64 + 0.5) * angle.cos();
                let across = (b as f64 + 0.5) * angle.sin();
                [along * sin + across * cos, along * cos - across * sin]
            }).collect();
            for [y, x] in ellipse(a as f64, b as f64, rotation) {
                let distance = |p: &[f64; 2]| (p[0] - y as f64).hypot(p[1] - x as f64);
                prop_assert!(curve.iter().map(distance).any(|d| d < 0.5_f64.sqrt() + 0.01));
            }
        }

        #[test]
        fn spline_passes_through_its_points(
            points in prop::collection::vec([-50.0..50.0, -50.0..50.0], 1..40),
        ) {
            let curve = spline(&points);
            prop_assert_eq!(curve.len(), points.len() * SAMPLES);
            for (point, sample) in points.iter().zip(curve.iter().step_by(SAMPLES)) {
                prop_assert!((point[0] - sample[0]).abs() < 1e-9);
                prop_assert!((point[1] - sample[1]).abs() < 1e-9);
            }
        }

        #[test]
        fn fill_equals_counting_crossings(
            curve in prop::collection::vec([-10.0..40.0, -10.0..40.0], 1..12),
        ) {
            let patch = fill(&curve, FRAME);
            for y in 0..FRAME.height {
                for x in 0..FRAME.width {
                    let expected = is_inside(&curve, y as f64, x as f64)
                        || is_outline(&curve, [y as i64, x as i64]);
                    let mut patch = patch.clone();
                    let found = patch.at_mut(y as i64, x as i64).map_or(0.0, |weight| *weight);
                    prop_assert_eq!(found, f32::from(expected), "y {} x {}", y, x);
                }
            }
        }
    }

    fn edges(curve: &[[f64; 2]]) -> impl Iterator<Item = ([f64; 2], [f64; 2])> {
        curve
            .iter()
            .copied()
            .zip(curve.iter().copied().cycle().skip(1))
    }

    /// Whether a ray from the point leftwards crosses an odd number of edges.
    fn is_inside(curve: &[[f64; 2]], y: f64, x: f64) -> bool {
        let crosses = |(p, q): &([f64; 2], [f64; 2])| {
            (p[0] < y) != (q[0] < y) && p[1] + (q[1] - p[1]) * (y - p[0]) / (q[0] - p[0]) <= x
        };
        edges(curve).filter(crosses).count() % 2 == 1
    }

    /// Whether the pixel is met when walking the edges from rounded end to rounded end.
    fn is_outline(curve: &[[f64; 2]], pixel: [i64; 2]) -> bool {
        edges(curve).any(|(p, q)| {
            let [p, q] = [p, q].map(|end| end.map(f64::round));
            let n_steps = (p[0] - q[0]).abs().max((p[1] - q[1]).abs());
            (0..=n_steps as u32).any(|s| {
                let at = |axis: usize| {
                    let share = (q[axis] - p[axis]) * f64::from(s) / n_steps.max(1.0);
                    (p[axis] + share + 0.5).floor() as i64
                };
                [at(0), at(1)] == pixel
            })
        })
    }

    #[test]
    fn fill_of_a_square_is_the_square() {
        let square = [[1.0, 1.0], [1.0, 3.0], [3.0, 3.0], [3.0, 1.0]];
        let patch = fill(&square, FRAME);
        assert_eq!(
            patch,
            Patch {
                y: 1,
                x: 1,
                width: 3,
                weights: vec![1.0; 9]
            }
        );
    }

    #[test]
    fn fill_outside_the_frame_is_empty() {
        let patch = fill(&[[-9.0, -9.0], [-9.0, -5.0], [-5.0, -7.0]], FRAME);
        assert!(patch.weights.iter().all(|&weight| weight == 0.0));
    }
}
