//! The shapes of a repair corruption, as weights of 0 and 1 over a part of the frame.

use std::f64::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{RepairConfig, RepairShape, Shaped, between, between_logs, perlin};
use crate::StainConfig;
use crate::patch::{Frame, Patch};
use crate::stain::draw_patch;

/// How ragged the stains are, as [`StainConfig::irregularity`].
const RAGGED: f64 = 0.3;
/// Sides of a long thin rectangle differ by up to this factor.
const THINNEST: f64 = 12.0;

/// A random shape; none where chance left it empty.
pub(super) fn draw(
    shape: RepairShape,
    config: &RepairConfig,
    frame: Frame,
    rng: &mut ChaCha8Rng,
) -> Option<Shaped> {
    match shape {
        RepairShape::Stain => Some(stains(config.size, frame, rng)),
        RepairShape::Perlin => perlin::draw(frame, rng),
        RepairShape::Ellipses => Some(ellipses(config.size, frame, rng)),
        RepairShape::Patch => Some(rectangle(config.size, frame, rng)),
    }
}

fn stains(size: [f64; 2], frame: Frame, rng: &mut ChaCha8Rng) -> Shaped {
    let mut union = whole(frame);
    let mut largest = 0.0_f64;
    for _ in 0..rng.random_range(1..=3) {
        let most = between_logs(size, rng);
        let stain = StainConfig {
            size: [most / 3.0, most],
            irregularity: RAGGED,
            ..StainConfig::default()
        };
        add(&mut union, &draw_patch(&stain, frame, rng));
        largest = largest.max(most);
    }
    Shaped {
        patch: cropped(&union),
        size_px: largest * shorter(frame),
    }
}

/// Ellipses each of which has its middle within the one before it.
fn ellipses(size: [f64; 2], frame: Frame, rng: &mut ChaCha8Rng) -> Shaped {
    let mut union = whole(frame);
    let most = between_logs(size, rng) * shorter(frame);
    let mut middle = [frame.height, frame.width].map(|side| rng.random::<f64>() * side as f64);
    for _ in 0..rng.random_range(2..=5) {
        let half = [0, 1].map(|_| (most * between([0.3, 1.0], rng)).max(0.5));
        let turn = between([0.0, PI], rng);
        fill(&mut union, middle, turn, half, |u, v| u * u + v * v <= 1.0);
        let angle = between([0.0, 2.0 * PI], rng);
        let step = half[0].min(half[1]);
        middle = [
            middle[0] + step * angle.sin(),
            middle[1] + step * angle.cos(),
        ];
    }
    Shaped {
        patch: cropped(&union),
        size_px: most,
    }
}

fn rectangle(size: [f64; 2], frame: Frame, rng: &mut ChaCha8Rng) -> Shaped {
    let longer = between_logs(size, rng) * shorter(frame);
    let factor = if rng.random::<bool>() { 3.0 } else { THINNEST };
    let thinner = longer / between_logs([factor / 3.0, factor], rng);
    let middle = [frame.height, frame.width].map(|side| rng.random::<f64>() * side as f64);
    let turn = between([0.0, PI], rng);
    let mut whole = whole(frame);
    let half = [longer, thinner].map(|side| side.max(0.5));
    let inside = |u: f64, v: f64| u.abs().max(v.abs()) <= 1.0;
    fill(&mut whole, middle, turn, half, inside);
    Shaped {
        patch: cropped(&whole),
        size_px: thinner,
    }
}

/// Sets the weight of each pixel whose middle lies `inside`, told its place in half sides.
fn fill(
    whole: &mut Patch,
    [y0, x0]: [f64; 2],
    turn: f64,
    [half_u, half_v]: [f64; 2],
    inside: impl Fn(f64, f64) -> bool,
) {
    let (sin, cos) = turn.sin_cos();
    let reach = half_u.hypot(half_v) + 1.0;
    let span = |middle: f64, side: usize| {
        let low = (middle - reach).floor().max(0.0) as usize;
        low.min(side)..((middle + reach).ceil().max(0.0) as usize).min(side)
    };
    let width = whole.width;
    for y in span(y0, whole.height()) {
        for x in span(x0, width) {
            let (dy, dx) = (y as f64 + 0.5 - y0, x as f64 + 0.5 - x0);
            let (u, v) = (dx * cos + dy * sin, dy * cos - dx * sin);
            if inside(u / half_u, v / half_v) {
                whole.weights[y * width + x] = 1.0;
            }
        }
    }
}

fn shorter(frame: Frame) -> f64 {
    frame.height.min(frame.width) as f64
}

/// Weight 0 over all of the frame.
pub(super) fn whole(frame: Frame) -> Patch {
    Patch {
        y: 0,
        x: 0,
        width: frame.width,
        weights: vec![0.0; frame.height * frame.width],
    }
}

/// The larger weight of the two everywhere.
fn add(whole: &mut Patch, patch: &Patch) {
    for (row, weights) in patch.weights.chunks_exact(patch.width).enumerate() {
        let start = (patch.y + row) * whole.width + patch.x;
        for (to, from) in whole.weights[start..].iter_mut().zip(weights) {
            *to = to.max(*from);
        }
    }
}

/// The part of the frame's patch where weights are above 0; its first pixel where none is.
pub(super) fn cropped(whole: &Patch) -> Patch {
    let rows = || whole.weights.chunks_exact(whole.width);
    let used = |row: &[f32]| row.iter().any(|w| *w > 0.0);
    let top = rows().position(used).unwrap_or(0);
    let bottom = rows().rposition(used).unwrap_or(0);
    let column = |x: &usize| rows().any(|row| row[*x] > 0.0);
    let left = (0..whole.width).find(column).unwrap_or(0);
    let right = (0..whole.width).rfind(column).unwrap_or(0);
    let kept = rows().skip(top).take(bottom + 1 - top);
    Patch {
        y: top,
        x: left,
        width: right + 1 - left,
        weights: kept.flat_map(|row| &row[left..=right]).copied().collect(),
    }
}
