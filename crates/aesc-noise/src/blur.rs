//! Gaussian blur of a patch's weights: separable, over the patch and the kernel's reach only.

use crate::patch::{Frame, Patch};

/// Where the kernel ends, in standard deviations.
const TRUNCATE: f64 = 4.0;

/// The patch after a Gaussian of `sigma` px, the frame continued by reflection at its borders.
///
/// The kernel ends at 4 sigma and sums to 1; the weights are not normalised again.
pub(crate) fn gaussian(patch: &Patch, sigma: f64, frame: Frame) -> Patch {
    let kernel = kernel(sigma);
    let reach = (kernel.len() / 2) as i64;
    let (y, x) = (patch.y as i64, patch.x as i64);
    let (bottom, right) = (y + patch.height() as i64 - 1, x + patch.width as i64 - 1);
    let mut blurred = Patch::around(
        [y - reach, x - reach],
        [bottom + reach, right + reach],
        frame,
    );
    let rows = blur_rows(patch, &kernel, &blurred, frame);
    let width = blurred.width;
    let first = blurred.y as i64 - reach;
    for (i, out) in blurred.weights.chunks_exact_mut(width).enumerate() {
        for (j, &tap) in kernel.iter().enumerate() {
            let source = reflect(first + (i + j) as i64, frame.height);
            if let Some(row) = source.checked_sub(patch.y)
                && let Some(values) = rows.chunks_exact(width).nth(row)
            {
                add_scaled(out, values, tap);
            }
        }
        for weight in out {
            *weight = weight.min(1.0);
        }
    }
    blurred
}

/// The patch's rows blurred along x, over the columns of `target`: `[patch.height, target.width]`.
fn blur_rows(patch: &Patch, kernel: &[f32], target: &Patch, frame: Frame) -> Vec<f32> {
    let first = target.x as i64 - (kernel.len() / 2) as i64;
    let n_sources = target.width + kernel.len() - 1;
    let columns: Vec<Option<usize>> = (0..n_sources)
        .map(|i| reflect(first + i as i64, frame.width).checked_sub(patch.x))
        .map(|column| column.filter(|&c| c < patch.width))
        .collect();
    let mut rows = vec![0.0; patch.height() * target.width];
    let sources = patch.weights.chunks_exact(patch.width);
    for (source, out) in sources.zip(rows.chunks_exact_mut(target.width)) {
        let padded: Vec<f32> = columns
            .iter()
            .map(|c| c.map_or(0.0, |c| source[c]))
            .collect();
        for (j, &tap) in kernel.iter().enumerate() {
            add_scaled(out, &padded[j..], tap);
        }
    }
    rows
}

/// Taps of a Gaussian of `sigma` px to 4 sigma, summing to 1.
fn kernel(sigma: f64) -> Vec<f32> {
    let reach = (TRUNCATE * sigma + 0.5) as i64;
    let taps = (-reach..=reach).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp());
    let taps: Vec<f64> = taps.collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| (tap / sum) as f32).collect()
}

/// The pixel of `0..side` that stands at `i` when the frame is mirrored at its borders.
fn reflect(i: i64, side: usize) -> usize {
    let side = side as i64;
    let i = i.rem_euclid(2 * side);
    (if i < side { i } else { 2 * side - 1 - i }) as usize
}

fn add_scaled(out: &mut [f32], values: &[f32], factor: f32) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The weight at (y, x) by summing over the whole plane of kernel positions.
    fn slow(patch: &Patch, kernel: &[f32], frame: Frame, [y, x]: [usize; 2]) -> f64 {
        let reach = (kernel.len() / 2) as i64;
        let mut sum = 0.0;
        for (i, tap_y) in kernel.iter().enumerate() {
            for (j, tap_x) in kernel.iter().enumerate() {
                let source = reflect(y as i64 + i as i64 - reach, frame.height) as i64;
                let column = reflect(x as i64 + j as i64 - reach, frame.width) as i64;
                let weight = patch.clone().at_mut(source, column).map_or(0.0, |w| *w);
                sum += f64::from(tap_y * tap_x) * f64::from(weight);
            }
        }
        sum
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn separable_blur_equals_the_sum_over_the_plane(
            (height, width) in (1..14_usize, 1..14_usize),
            low in [0..14_i64, 0..14_i64],
            size in [0..8_i64, 0..8_i64],
            sigma in 0.05..2.5,
            bits in prop::collection::vec(any::<bool>(), 196),
        ) {
            let frame = Frame { height, width };
            let mut patch = Patch::around(low, [low[0] + size[0], low[1] + size[1]], frame);
            for (weight, bit) in patch.weights.iter_mut().zip(bits) {
                *weight = f32::from(bit);
            }
            let mut blurred = gaussian(&patch, sigma, frame);
            for y in 0..height {
                for x in 0..width {
                    let expected = slow(&patch, &kernel(sigma), frame, [y, x]);
                    let found = blurred.at_mut(y as i64, x as i64).map_or(0.0, |w| *w);
                    prop_assert!((expected - f64::from(found)).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn kernel_sums_to_one_and_ends_at_four_sigma() {
        for (sigma, n_taps) in [(0.15, 3), (1.0, 9), (2.4, 21)] {
            // Reach floor(4 sigma + 1/2): 1, 4 and 10, twice and the middle.
            let kernel = kernel(sigma);
            assert_eq!(kernel.len(), n_taps);
            assert!((kernel.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn mirror_repeats_the_border_pixel() {
        // Frame a b c, mirrored: ... b c | c b a | a b c | c b a | a ...
        let found: Vec<usize> = (-5..8).map(|i| reflect(i, 3)).collect();
        assert_eq!(found, [1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]);
    }

    #[test]
    fn full_frame_stays_full() {
        let frame = Frame {
            height: 5,
            width: 4,
        };
        let mut patch = Patch::around([0, 0], [4, 3], frame);
        patch.weights.fill(1.0);
        let blurred = gaussian(&patch, 3.0, frame);
        assert!(
            blurred
                .weights
                .iter()
                .all(|weight| (0.999_99..=1.0).contains(weight))
        );
    }
}
