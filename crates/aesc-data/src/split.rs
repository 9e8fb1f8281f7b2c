//! The validation split: a seeded share of the clean training images.
//!
//! Reference: docs/method.md, section 1 (20 % of `train/good`).

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::DataError;

/// Indices into a list of training images; each is in exactly one half, both ascend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationSplit {
    /// Images to learn from.
    pub train: Vec<usize>,
    /// Images to watch and to calibrate on.
    pub validation: Vec<usize>,
}

/// `n` images split at random: `share` (0..1, exclusive) of them, rounded, for validation.
///
/// Each half has at least one image; the same arguments give the same split.
///
/// ```
/// let split = aesc_data::split_validation(10, 0.2, 7).unwrap();
/// assert_eq!((split.train.len(), split.validation.len()), (8, 2));
/// ```
///
/// # Errors
/// [`DataError::TooFewImages`] when `n` is under 2; [`DataError::Setting`] when `share` is outside
/// 0..1.
pub fn split_validation(n: usize, share: f64, seed: u64) -> Result<ValidationSplit, DataError> {
    if n < 2 {
        return Err(DataError::TooFewImages { found: n });
    }
    if !(share > 0.0 && share < 1.0) {
        return Err(DataError::setting(
            "validation share",
            "above 0 and below 1",
            share,
        ));
    }
    let n_validation = ((n as f64 * share).round() as usize).clamp(1, n - 1);
    let mut indices: Vec<usize> = (0..n).collect();
    indices.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut train = indices.split_off(n_validation);
    let mut validation = indices;
    train.sort_unstable();
    validation.sort_unstable();
    Ok(ValidationSplit { train, validation })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_image_cannot_be_split() {
        assert!(split_validation(1, 0.2, 0).is_err());
    }

    #[test]
    fn shares_outside_the_open_interval_are_refused() {
        for share in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(split_validation(10, share, 0).is_err(), "{share}");
        }
    }

    #[test]
    fn the_seed_decides_who_is_held_out() {
        let held_out = |seed| split_validation(100, 0.2, seed).unwrap().validation;
        assert_eq!(held_out(3), held_out(3));
        assert_ne!(held_out(3), held_out(4));
    }

    proptest::proptest! {
        #[test]
        fn every_index_is_in_exactly_one_half(n in 2_usize..300, share in 0.001..0.999, seed: u64) {
            let split = split_validation(n, share, seed).unwrap();
            assert!(!split.train.is_empty() && !split.validation.is_empty());
            let mut all = [split.train, split.validation].concat();
            all.sort_unstable();
            assert_eq!(all, (0..n).collect::<Vec<_>>());
        }
    }
}
