//! One image as the pixel metrics see it: its anomaly map and its ground-truth mask.

use crate::error::{EvalError, first_not_finite};

/// The anomaly map and the ground-truth mask of one image, borrowed, row by row.
#[derive(Debug, Clone, Copy)]
pub struct MapView<'a> {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Anomaly scores, `height * width` of them; any finite value, higher is more anomalous.
    pub scores: &'a [f32],
    /// Ground truth, `height * width` of them; true is a defect pixel.
    pub mask: &'a [bool],
}

impl MapView<'_> {
    /// Checks sizes and scores; `image` is the position to report.
    pub(crate) fn check(&self, image: usize) -> Result<(), EvalError> {
        self.check_shape(image)?;
        match first_not_finite(self.scores) {
            Some(index) => Err(EvalError::NotFiniteInMap {
                image,
                index,
                value: self.scores[index],
            }),
            None => Ok(()),
        }
    }

    /// Checks that map and mask both have `height * width` values, and at least one.
    pub(crate) fn check_shape(&self, image: usize) -> Result<(), EvalError> {
        let expected = self.height.saturating_mul(self.width);
        if expected == 0 {
            return Err(EvalError::Empty {
                what: "pixel in each image",
            });
        }
        for (what, found) in [("map", self.scores.len()), ("mask", self.mask.len())] {
            if found != expected {
                return Err(EvalError::Shape {
                    what,
                    image,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }

    /// Whether the mask has a defect pixel.
    pub(crate) fn is_anomalous(&self) -> bool {
        self.mask.contains(&true)
    }
}
