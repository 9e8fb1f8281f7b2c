//! The region of interest: the pixels that count, for the loss, the score and all that follows.

use std::borrow::Cow;

use aesc_image::Mask;
use serde::{Deserialize, Serialize};

use crate::{DetectError, resize_mask_nearest};

/// Most pixels of a stored region: what a file claims is never allocated beyond.
const MAX_PIXELS: u64 = 200_000_000;

/// A region of interest, drawn on an image of some size and brought to any other.
///
/// Stored as the lengths of alternate runs outside and inside, row by row.
///
/// ```
/// use aesc_detect::Roi;
/// use aesc_image::Mask;
/// let roi = Roi::new(Mask::new(1, 4, vec![false, true, true, false])?)?;
/// assert_eq!(roi.at(1, 2)?.data(), [true, false]); // the nearest pixels: columns 1 and 3
/// # Ok::<(), aesc_detect::DetectError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Roi {
    mask: Mask,
}

impl Roi {
    /// The region that is true in `mask`.
    ///
    /// # Errors
    /// [`DetectError::EmptyRoi`] when no pixel is.
    pub fn new(mask: Mask) -> Result<Self, DetectError> {
        refuse_empty(&mask)?;
        Ok(Self { mask })
    }

    /// The region inside any of `polygons`, on an image of `height` x `width`. Corners are (x, y)
    /// in pixels from the image's top left corner; a pixel counts when its centre is inside
    /// (even-odd within a polygon).
    ///
    /// # Errors
    /// [`DetectError::OutOfRange`] for a polygon of fewer than three corners or a corner that is
    /// not finite; [`DetectError::EmptyRoi`]; [`DetectError::Shape`].
    pub fn from_polygons(
        (height, width): (usize, usize),
        polygons: &[Vec<[f64; 2]>],
    ) -> Result<Self, DetectError> {
        check_pixels(height, width)?;
        let mut mask = Mask::filled(height, width, false)?;
        for corners in polygons {
            let finite = corners.iter().flatten().all(|place| place.is_finite());
            if corners.len() < 3 || !finite {
                let (field, expected) = ("polygon", "at least three corners, all finite");
                let found = format!("{corners:?}");
                return Err(DetectError::out_of_range(field, expected, &found));
            }
            fill(&mut mask, corners);
        }
        Self::new(mask)
    }

    /// The region at the size it was drawn.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// The region on an image of `height` x `width`, by the nearest pixel.
    ///
    /// # Errors
    /// [`DetectError::EmptyRoi`] when nothing is left of it at that size; [`DetectError::Shape`].
    pub fn at(&self, height: usize, width: usize) -> Result<Cow<'_, Mask>, DetectError> {
        if (height, width) == (self.mask.height(), self.mask.width()) {
            return Ok(Cow::Borrowed(&self.mask));
        }
        let mask = resize_mask_nearest(&self.mask, height, width)?;
        refuse_empty(&mask)?;
        Ok(Cow::Owned(mask))
    }

    /// Share of the pixels that are inside, above 0, at most 1.
    pub fn share(&self) -> f64 {
        self.mask.count() as f64 / self.mask.data().len() as f64
    }
}

fn refuse_empty(mask: &Mask) -> Result<(), DetectError> {
    if mask.any() {
        return Ok(());
    }
    Err(DetectError::EmptyRoi {
        height: mask.height(),
        width: mask.width(),
    })
}

fn check_pixels(height: usize, width: usize) -> Result<(), DetectError> {
    let pixels = (height as u64).saturating_mul(width as u64);
    if pixels <= MAX_PIXELS {
        return Ok(());
    }
    let expected = "at most 200 million";
    Err(DetectError::out_of_range(
        "pixels of the region of interest",
        expected,
        &pixels,
    ))
}

/// Sets the pixels whose centres lie inside the polygon: an odd number of edges to their left.
fn fill(mask: &mut Mask, corners: &[[f64; 2]]) {
    let width = mask.width();
    for (y, row) in mask.data_mut().chunks_exact_mut(width).enumerate() {
        let mut cuts = crossings(corners, y as f64 + 0.5);
        cuts.sort_by(f64::total_cmp);
        for pair in cuts.chunks_exact(2) {
            // Centre x + 1/2 lies in [pair[0], pair[1]).
            let column = |cut: f64| (cut - 0.5).ceil().clamp(0.0, width as f64) as usize;
            let (from, to) = (column(pair[0]), column(pair[1]));
            row[from..to.max(from)].fill(true);
        }
    }
}

/// Where the polygon's edges cross a horizontal line, in columns.
fn crossings(corners: &[[f64; 2]], y: f64) -> Vec<f64> {
    let ends = corners.iter().zip(corners.iter().cycle().skip(1));
    let cut = |(&[x0, y0], &[x1, y1]): (&[f64; 2], &[f64; 2])| {
        // Half-open, so that a corner on the line counts once.
        ((y0 <= y) != (y1 <= y)).then(|| x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    };
    ends.filter_map(cut).collect()
}

/// The stored form.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    height: usize,
    width: usize,
    /// Pixels outside, inside, outside, … row by row; the first may be 0.
    runs: Vec<u64>,
}

impl From<Roi> for Stored {
    fn from(roi: Roi) -> Self {
        let (mut runs, mut inside) = (vec![0], false);
        for &pixel in roi.mask.data() {
            if pixel != inside {
                inside = pixel;
                runs.push(0);
            }
            if let Some(run) = runs.last_mut() {
                *run += 1;
            }
        }
        Self {
            height: roi.mask.height(),
            width: roi.mask.width(),
            runs,
        }
    }
}

impl TryFrom<Stored> for Roi {
    type Error = DetectError;

    fn try_from(stored: Stored) -> Result<Self, DetectError> {
        check_pixels(stored.height, stored.width)?;
        let pixels = (stored.height * stored.width) as u64;
        let told = stored
            .runs
            .iter()
            .try_fold(0_u64, |sum, run| sum.checked_add(*run));
        if told != Some(pixels) {
            let expected = "the image's pixels in all";
            let found = told.map_or("an overflow".to_owned(), |told| told.to_string());
            return Err(DetectError::out_of_range("runs", expected, &found));
        }
        let mut data = Vec::with_capacity(pixels as usize);
        for (i, run) in stored.runs.iter().enumerate() {
            data.resize(data.len() + *run as usize, i % 2 == 1);
        }
        Self::new(Mask::new(stored.height, stored.width, data)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(roi: &Roi) -> String {
        let width = roi.mask().width();
        let rows = roi.mask().data().chunks_exact(width);
        let row = |row: &[bool]| row.iter().map(|&on| if on { '#' } else { '.' }).collect();
        rows.map(row).collect::<Vec<String>>().join("/")
    }

    #[test]
    fn a_rectangle_covers_the_centres_inside_it() {
        let corners = vec![[1.0, 1.0], [3.0, 1.0], [3.0, 3.0], [1.0, 3.0]];
        let roi = Roi::from_polygons((4, 4), std::slice::from_ref(&corners)).unwrap();
        assert_eq!(drawn(&roi), "..../.##./.##./....");
        // Beyond the frame it is cut; half a pixel short of a centre it ends.
        let corners = vec![[-9.0, -9.0], [1.4, -9.0], [1.4, 1.6], [-9.0, 1.6]];
        let roi = Roi::from_polygons((3, 3), &[corners]).unwrap();
        assert_eq!(drawn(&roi), "#../#../...");
    }

    #[test]
    fn polygons_are_joined_and_a_triangle_is_half_a_square() {
        let triangle = vec![[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]];
        let dot = vec![[3.0, 3.0], [4.0, 3.0], [4.0, 4.0], [3.0, 4.0]];
        let roi = Roi::from_polygons((4, 4), &[triangle, dot]).unwrap();
        // Centres on the hypotenuse x + y = 4 lie on its open side.
        assert_eq!(drawn(&roi), "###./##../#.../...#");
    }

    #[test]
    fn regions_without_a_pixel_or_a_shape_are_refused() {
        let far = vec![[10.0, 10.0], [12.0, 10.0], [12.0, 12.0]];
        assert!(matches!(
            Roi::from_polygons((4, 4), &[far]),
            Err(DetectError::EmptyRoi { .. })
        ));
        assert!(Roi::from_polygons((4, 4), &[vec![[0.0, 0.0], [1.0, 1.0]]]).is_err());
        assert!(Roi::from_polygons((4, 4), &[vec![[0.0, f64::NAN]; 3]]).is_err());
        assert!(Roi::from_polygons((1 << 20, 1 << 20), &[]).is_err());
        // One pixel of a hundred is lost when one of ten is kept.
        let mut mask = Mask::filled(1, 100, false).unwrap();
        mask.data_mut()[0] = true;
        let roi = Roi::new(mask).unwrap();
        assert!(matches!(roi.at(1, 10), Err(DetectError::EmptyRoi { .. })));
    }

    #[test]
    fn the_stored_form_is_runs_outside_first() {
        let roi = Roi::new(Mask::new(1, 4, vec![true, true, false, true]).unwrap()).unwrap();
        let text = serde_json::to_string(&roi).unwrap();
        assert_eq!(text, r#"{"height":1,"width":4,"runs":[0,2,1,1]}"#);
    }

    #[test]
    fn stored_lies_are_refused() {
        for lie in [
            r#"{"height":1,"width":4,"runs":[0,5]}"#,
            r#"{"height":1,"width":4,"runs":[4]}"#,
            r#"{"height":0,"width":4,"runs":[]}"#,
            r#"{"height":4294967296,"width":4294967296,"runs":[0,1]}"#,
            r#"{"height":1,"width":4,"runs":[18446744073709551615,5]}"#,
            r#"{"height":1,"width":4,"runs":[0,4],"more":1}"#,
        ] {
            assert!(serde_json::from_str::<Roi>(lie).is_err(), "{lie}");
        }
    }

    proptest! {
        #[test]
        fn any_region_comes_back_as_it_was_stored(bits in prop::collection::vec(any::<bool>(), 12)) {
            prop_assume!(bits.contains(&true));
            let roi = Roi::new(Mask::new(3, 4, bits).unwrap()).unwrap();
            let text = serde_json::to_string(&roi).unwrap();
            prop_assert_eq!(serde_json::from_str::<Roi>(&text).unwrap(), roi);
        }
    }
}
