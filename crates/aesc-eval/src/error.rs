//! Why a metric has no value: each undefined case is its own variant and names what was found.

/// A metric that cannot be computed from what was given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// Nothing was given: no score, no image, no value.
    #[error("expected at least one {what}, found none")]
    Empty {
        /// What was missing.
        what: &'static str,
    },
    /// Two lists that go together differ in length.
    #[error("expected {expected} {what}, found {found}")]
    LengthMismatch {
        /// Which list is too long or too short.
        what: &'static str,
        /// Length of the list it goes with.
        expected: usize,
        /// Length found.
        found: usize,
    },
    /// A map or mask does not have height x width values.
    #[error("expected {expected} values in the {what} of image {image}, found {found}")]
    Shape {
        /// "map", "mask" or "inside".
        what: &'static str,
        /// Position of the image in the list.
        image: usize,
        /// Height x width.
        expected: usize,
        /// Length found.
        found: usize,
    },
    /// A score in a list is NaN or infinite.
    #[error("expected finite scores, found {value} at index {index}")]
    NotFinite {
        /// Position in the list.
        index: usize,
        /// The score.
        value: f64,
    },
    /// A score in a map is NaN or infinite.
    #[error("expected finite scores, found {value} at pixel {index} of image {image}")]
    NotFiniteInMap {
        /// Position of the image in the list.
        image: usize,
        /// Row-major position of the pixel.
        index: usize,
        /// The score.
        value: f32,
    },
    /// Normal and anomalous are both needed, and one is missing.
    #[error("expected both classes, found {normal} normal and {anomalous} anomalous {what}")]
    OneClass {
        /// What was counted: "samples", "pixels" or "images".
        what: &'static str,
        /// How many are normal.
        normal: u64,
        /// How many are anomalous.
        anomalous: u64,
    },
    /// No mask holds a defect pixel.
    #[error("expected at least one anomalous region, found none in {images} images")]
    NoRegion {
        /// How many images were given.
        images: u64,
    },
    /// A rate (an FPR limit, a TPR to reach, a confidence level) outside its range.
    #[error("expected a rate above 0 and at most 1, found {found}")]
    Rate {
        /// The rate given.
        found: f64,
    },
    /// AUPIMO resolves a false-positive rate of 1e-5 and so needs many normal pixels.
    #[error("expected at least {expected} pixels in normal images, found {found}")]
    TooFewNormalPixels {
        /// How many are needed.
        expected: u64,
        /// How many were found.
        found: u64,
    },
    /// A bootstrap without resamples.
    #[error("expected at least one bootstrap resample, found none")]
    NoResamples,
    /// More regions than 32 bits can number.
    #[error("expected at most {expected} regions, found {found}", expected = u32::MAX)]
    TooManyRegions {
        /// How many were found.
        found: usize,
    },
}

/// Checks that a rate is in (0, 1].
pub(crate) fn check_rate(found: f64) -> Result<(), EvalError> {
    if found > 0.0 && found <= 1.0 {
        Ok(())
    } else {
        Err(EvalError::Rate { found })
    }
}

/// Checks that `scores` is not empty, is finite and has as many values as there are labels.
pub(crate) fn check_scores(scores: &[f32], n_labels: usize) -> Result<(), EvalError> {
    if scores.len() != n_labels {
        return Err(EvalError::LengthMismatch {
            what: "labels",
            expected: scores.len(),
            found: n_labels,
        });
    }
    if scores.is_empty() {
        return Err(EvalError::Empty { what: "score" });
    }
    match first_not_finite(scores) {
        Some(index) => Err(EvalError::NotFinite {
            index,
            value: scores[index].into(),
        }),
        None => Ok(()),
    }
}

/// Index of the first NaN or infinity.
pub(crate) fn first_not_finite(scores: &[f32]) -> Option<usize> {
    // Whole lines at a time without a way out, which the processor does many values at once.
    let line = |line: &[f32]| line.iter().fold(true, |all, score| all & score.is_finite());
    if scores.chunks(256).all(line) {
        return None;
    }
    scores.iter().position(|score| !score.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_above_zero_and_at_most_one() {
        assert_eq!(check_rate(1.0), Ok(()));
        assert_eq!(check_rate(f64::MIN_POSITIVE), Ok(()));
        for found in [0.0, -0.1, 1.000_001, f64::INFINITY] {
            assert_eq!(check_rate(found), Err(EvalError::Rate { found }));
        }
        assert!(check_rate(f64::NAN).is_err());
    }

    #[test]
    fn the_first_bad_score_is_named() {
        let scores = [1.0, f32::NEG_INFINITY, f32::NAN];
        let error = check_scores(&scores, 3);
        assert_eq!(
            error,
            Err(EvalError::NotFinite {
                index: 1,
                value: f64::NEG_INFINITY
            })
        );
    }

    #[test]
    fn messages_name_expected_and_found() {
        let error = EvalError::OneClass {
            what: "images",
            normal: 3,
            anomalous: 0,
        };
        assert_eq!(
            error.to_string(),
            "expected both classes, found 3 normal and 0 anomalous images"
        );
    }
}
