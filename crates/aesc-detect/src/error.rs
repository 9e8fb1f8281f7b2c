//! Everything that can go wrong between a reconstruction and a decision.

use aesc_image::{Image, ShapeError};

use crate::BackendError;

/// Why no map, score, decision or picture could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetectError {
    /// A size asked for is no size of an image or a map.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Two things that must be of one shape are not.
    #[error("{what}: expected {}, found {}", shape(.expected), shape(.found))]
    ShapeMismatch {
        /// The thing of the wrong shape.
        what: &'static str,
        /// Height, width, channels it must have.
        expected: [usize; 3],
        /// Height, width, channels it has.
        found: [usize; 3],
    },
    /// A map would hold NaN or an infinity.
    #[error("the residual is not finite at row {row}, column {column}")]
    NonFinite {
        /// Row of the first such pixel.
        row: usize,
        /// Column of the first such pixel.
        column: usize,
    },
    /// A setting or a stored value is outside its range.
    #[error("{field}: expected {expected}, found {found}")]
    OutOfRange {
        /// Name of the setting.
        field: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A threshold was to be fitted on nothing.
    #[error("expected at least one clean image to calibrate on, found none")]
    NoCleanImages,
    /// A region of interest without a pixel.
    #[error("region of interest: expected a pixel inside at {height} x {width}, found none")]
    EmptyRoi {
        /// Rows it was looked at in.
        height: usize,
        /// Columns it was looked at in.
        width: usize,
    },
    /// The backend gave another number of images than it got.
    #[error("expected {expected} reconstructions from the backend, found {found}")]
    ReconstructionCount {
        /// Images given.
        expected: usize,
        /// Images returned.
        found: usize,
    },
    /// A map of uncertainty was asked for where no passes were sampled.
    #[error("uncertainty needs Monte Carlo dropout passes, and none were sampled")]
    NoVariance,
    /// Fusion was asked for before its scales were fitted.
    #[error("fusion needs a calibration on clean images, which sets its scales")]
    NoScales,
    /// Evidence was asked for before its levels were fitted.
    #[error("evidence needs a calibration on clean images, which sets its levels")]
    NoEvidence,
    /// The backend failed.
    #[error("reconstruction failed: {0}")]
    Backend(#[source] BackendError),
}

impl DetectError {
    pub(crate) fn out_of_range(
        field: &'static str,
        expected: &'static str,
        found: &impl ToString,
    ) -> Self {
        Self::OutOfRange {
            field,
            expected,
            found: found.to_string(),
        }
    }
}

fn shape([height, width, channels]: &[usize; 3]) -> String {
    format!("{height} x {width} x {channels}")
}

/// Refuses `found` unless it has the height, width and channels of `expected`.
pub(crate) fn check_same_shape(
    what: &'static str,
    expected: &Image,
    found: &Image,
) -> Result<(), DetectError> {
    if expected.same_shape(found) {
        return Ok(());
    }
    let of = |image: &Image| [image.height(), image.width(), image.channels()];
    Err(DetectError::ShapeMismatch {
        what,
        expected: of(expected),
        found: of(found),
    })
}
