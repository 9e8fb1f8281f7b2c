//! Pictures side by side: rows and sheets for reports and previews. No text.

use aesc_image::{Image, Mask};

use crate::DetectError;

/// The light grey between cells, around smaller ones and beside a colour bar.
pub(crate) const PAPER: f32 = 0.94;

/// The images (0..=1, 1 or 3 channels, any sizes) in one row, `gap` px apart, RGB.
///
/// # Errors
/// As [`grid`].
pub fn hstack(images: &[&Image], gap: usize) -> Result<Image, DetectError> {
    grid(images, images.len(), gap)
}

/// The images (0..=1, 1 or 3 channels, any sizes) row by row in `columns` columns, RGB.
///
/// A column is as wide as its widest image, a row as high as its highest; smaller ones are
/// centred. Cells are `gap` px apart, and there is no margin around the whole.
///
/// ```
/// use aesc_detect::grid;
/// use aesc_image::Image;
/// let cell = Image::filled(4, 6, 1, 0.0)?;
/// let sheet = grid(&[&cell, &cell, &cell], 2, 2)?;
/// assert_eq!((sheet.height(), sheet.width()), (4 + 2 + 4, 6 + 2 + 6));
/// # Ok::<(), aesc_detect::DetectError>(())
/// ```
///
/// # Errors
/// [`DetectError::OutOfRange`] without an image or without a column.
pub fn grid(images: &[&Image], columns: usize, gap: usize) -> Result<Image, DetectError> {
    if images.is_empty() {
        return Err(DetectError::out_of_range(
            "images of a sheet",
            "at least 1",
            &0,
        ));
    }
    if columns == 0 {
        return Err(DetectError::out_of_range(
            "columns of a sheet",
            "at least 1",
            &0,
        ));
    }
    let columns = columns.min(images.len());
    let mut widths = vec![0; columns];
    let mut heights = vec![0; images.len().div_ceil(columns)];
    for (i, image) in images.iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        widths[column] = image.width().max(widths[column]);
        heights[row] = image.height().max(heights[row]);
    }
    let (tops, height) = placed(&heights, gap);
    let (lefts, width) = placed(&widths, gap);
    let mut sheet = Image::filled(height, width, 3, PAPER)?;
    for (i, image) in images.iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        let top = tops[row] + (heights[row] - image.height()) / 2;
        let left = lefts[column] + (widths[column] - image.width()) / 2;
        paste(&mut sheet, image, top, left);
    }
    Ok(sheet)
}

/// A mask as a picture: white where it is true, black elsewhere, one channel.
///
/// # Errors
/// None for any mask there is.
pub fn mask_image(mask: &Mask) -> Result<Image, DetectError> {
    let data = mask
        .data()
        .iter()
        .map(|&inside| f32::from(u8::from(inside)))
        .collect();
    Ok(Image::new(mask.height(), mask.width(), 1, data)?)
}

/// Where each of `sides` starts when they follow one another `gap` apart, and where all end.
fn placed(sides: &[usize], gap: usize) -> (Vec<usize>, usize) {
    let mut end = 0;
    let starts = sides
        .iter()
        .enumerate()
        .map(|(i, side)| {
            let start = if i == 0 { 0 } else { end + gap };
            end = start + side;
            start
        })
        .collect();
    (starts, end)
}

fn paste(sheet: &mut Image, image: &Image, top: usize, left: usize) {
    let width = sheet.width();
    for y in 0..image.height() {
        let start = ((top + y) * width + left) * 3;
        let row = &mut sheet.data_mut()[start..start + image.width() * 3];
        for (x, to) in row.chunks_exact_mut(3).enumerate() {
            match *image.pixel(y, x) {
                [grey] => to.fill(grey),
                ref rgb => to.copy_from_slice(rgb),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_and_rgb_stand_side_by_side() {
        let grey = Image::filled(1, 1, 1, 0.5).unwrap();
        let red = Image::new(1, 1, 3, vec![1.0, 0.0, 0.0]).unwrap();
        let row = hstack(&[&grey, &red], 1).unwrap();
        assert_eq!(
            row.data(),
            [0.5, 0.5, 0.5, PAPER, PAPER, PAPER, 1.0, 0.0, 0.0]
        );
    }

    #[test]
    fn a_smaller_cell_is_centred_and_a_missing_one_is_paper() {
        let large = Image::filled(3, 3, 1, 0.0).unwrap();
        let small = Image::filled(1, 1, 1, 1.0).unwrap();
        let sheet = grid(&[&large, &small, &small], 2, 2).unwrap();
        // Columns 3 and 1 wide, rows 3 and 1 high, a gap of 2 each.
        assert_eq!((sheet.height(), sheet.width()), (6, 6));
        assert_eq!(sheet.at(1, 5, 0), 1.0); // middle of the row of three
        assert_eq!(sheet.at(5, 1, 0), 1.0); // middle of the column of three
        assert_eq!(sheet.at(0, 5, 0), PAPER);
        assert_eq!(sheet.at(5, 5, 0), PAPER);
    }

    #[test]
    fn more_columns_than_images_make_one_row() {
        let cell = Image::filled(2, 2, 1, 0.0).unwrap();
        assert_eq!(grid(&[&cell, &cell], 9, 1).unwrap().width(), 5);
    }

    #[test]
    fn a_sheet_of_nothing_is_refused() {
        let cell = Image::filled(1, 1, 1, 0.0).unwrap();
        assert!(hstack(&[], 1).is_err());
        assert!(grid(&[&cell], 0, 1).is_err());
    }

    #[test]
    fn masks_turn_white_on_black() {
        let mask = Mask::new(1, 2, vec![true, false]).unwrap();
        assert_eq!(mask_image(&mask).unwrap().data(), [1.0, 0.0]);
    }
}
