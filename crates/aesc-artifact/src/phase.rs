//! The phase form of "nearest x2, then 5x5 convolution": one 3x3 kernel for each output phase.
//!
//! Output pixel `2i + p` (p = 0 or 1) of the upsampled image reads high-resolution pixels
//! `2i + p + k - 2`, k = 0..5, which are copies of low-resolution pixels
//! `i + floor((p + k - 2) / 2)`, that is `i - 1`, `i` or `i + 1`. So the five taps of a row fold
//! into three, differently for each phase; in two dimensions four phases of 3x3 result. Zero
//! padding folds with them (a high-resolution zero is a copy of a low-resolution zero), so the
//! borders agree too, and the map from 5x5 to the four 3x3 kernels is linear.

/// Values a row of the map takes: 5x5 taps.
pub const TAPS: usize = 25;

/// Values a row of the map gives: 2x2 phases of 3x3 taps.
pub const PHASE_TAPS: usize = 36;

/// The linear map as a row-major `[25, 36]` matrix of zeros and ones.
///
/// Row `5k + l` is tap (k, l) of the 5x5 kernel; column `18p + 9q + 3a + b` is tap (a, b) of the
/// kernel of phase (p, q), which makes output pixel (2i + p, 2j + q). Every row sums to four:
/// each tap appears once in each phase.
///
/// ```
/// let map = aesc_artifact::phase::phase_map();
/// let first_row: f64 = map[..36].iter().sum();
/// assert_eq!(first_row, 4.0);
/// ```
pub fn phase_map() -> Vec<f64> {
    let mut map = vec![0.0; TAPS * PHASE_TAPS];
    for k in 0..5 {
        for l in 0..5 {
            for p in 0..2 {
                for q in 0..2 {
                    let column = 18 * p + 9 * q + 3 * folded(p, k) + folded(q, l);
                    map[(5 * k + l) * PHASE_TAPS + column] = 1.0;
                }
            }
        }
    }
    map
}

/// The four 3x3 kernels of a 5x5 kernel (row-major), those of phases (0, 0), (0, 1), (1, 0), (1, 1):
/// what the map makes of it, in f64 and without the map's zeros.
///
/// ```
/// // Only the middle tap, which reads output pixel 2i + p itself, a copy of pixel i.
/// let mut kernel = [0.0; 25];
/// kernel[12] = 2.0;
/// let phases = aesc_artifact::phase::phase_kernels(&kernel);
/// assert!(phases.chunks(9).all(|taps| taps == [0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]));
/// ```
pub fn phase_kernels(kernel: &[f64; TAPS]) -> [f64; PHASE_TAPS] {
    let mut phases = [0.0; PHASE_TAPS];
    for (at, tap) in kernel.iter().enumerate() {
        for (phase, taps) in phases.chunks_mut(9).enumerate() {
            taps[3 * folded(phase / 2, at / 5) + folded(phase % 2, at % 5)] += tap;
        }
    }
    phases
}

/// Which of three low-resolution taps the high-resolution tap `k` of phase `p` falls on.
fn folded(p: usize, k: usize) -> usize {
    // floor((p + k - 2) / 2) + 1, kept in unsigned numbers.
    usize::midpoint(p, k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phase_0_folds_taps_2_2_1_and_phase_1_folds_1_2_2() {
        // Phase 0 reads offsets -2 -1 0 1 2 -> low-resolution -1 -1 0 0 1.
        assert_eq!(
            (0..5).map(|k| folded(0, k)).collect::<Vec<_>>(),
            [0, 0, 1, 1, 2]
        );
        // Phase 1 reads offsets -1 0 1 2 3 -> low-resolution -1 0 0 1 1.
        assert_eq!(
            (0..5).map(|k| folded(1, k)).collect::<Vec<_>>(),
            [0, 1, 1, 2, 2]
        );
    }

    #[test]
    fn folding_a_kernel_is_multiplying_by_the_map() {
        // Distinct powers of two: no two sums of taps agree, and every sum is exact.
        let kernel: [f64; TAPS] = std::array::from_fn(|at| f64::from(1_u32 << at));
        let map = phase_map();
        let product = |column: usize| -> f64 {
            let rows = kernel.iter().zip(map.chunks(PHASE_TAPS));
            rows.map(|(tap, row)| tap * row[column]).sum()
        };
        let found = phase_kernels(&kernel);
        for (column, value) in found.iter().enumerate() {
            assert!((value - product(column)).abs() < 0.5, "{column}");
        }
    }

    #[test]
    fn every_tap_appears_once_in_each_phase() {
        let map = phase_map();
        for row in map.chunks(PHASE_TAPS) {
            for phase in row.chunks(9) {
                assert_eq!(phase.iter().filter(|entry| **entry > 0.5).count(), 1);
            }
        }
    }
}
