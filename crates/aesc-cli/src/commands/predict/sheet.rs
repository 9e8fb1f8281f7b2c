//! `sheet.png`: the overlays of the highest scores at a glance, highest first.

use aesc_detect::grid;
use aesc_image::Image;

use crate::failure::Failure;
use crate::pictures::png;

/// Longest side of a picture on the sheet.
pub(super) const SHEET_PX: usize = 256;
/// Pictures on it.
const MOST: usize = 24;
const COLUMNS: usize = 6;

/// The pictures kept so far, highest score first.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    kept: Vec<(f64, Image)>,
}

impl Sheet {
    pub(super) fn add(&mut self, score: Option<f64>, picture: Option<Image>) {
        let (Some(score), Some(picture)) = (score, picture) else {
            return;
        };
        let place = self.kept.partition_point(|(kept, _)| *kept >= score);
        if place < MOST {
            self.kept.insert(place, (score, picture));
            self.kept.truncate(MOST);
        }
    }

    /// The sheet as a PNG; none without a picture.
    pub(super) fn picture(&self) -> Result<Option<Vec<u8>>, Failure> {
        let pictures: Vec<&Image> = self.kept.iter().map(|(_, picture)| picture).collect();
        if pictures.is_empty() {
            return Ok(None);
        }
        let columns = COLUMNS.min(pictures.len());
        Ok(Some(png(&grid(&pictures, columns, 4)?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_scores_are_kept_in_order() {
        let mut sheet = Sheet::default();
        for k in 0..100_u32 {
            let score = f64::from(k * 37 % 100);
            sheet.add(Some(score), Image::filled(1, 1, 1, 0.0).ok());
        }
        let scores: Vec<f64> = sheet.kept.iter().map(|(score, _)| *score).collect();
        let expected: Vec<f64> = (76..100).rev().map(f64::from).collect();
        assert_eq!(scores, expected);
    }
}
