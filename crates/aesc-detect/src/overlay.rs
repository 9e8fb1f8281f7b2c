//! The overlay: the picture in grey, the anomaly map over it in colour, a colour bar beside it.

use aesc_image::{Image, Map, Mask};

use crate::{DetectError, OverlayScale, colour_bar::ColourBar, heat::blend};

/// Colour of the outline and of the threshold's tick: told apart from the whole palette.
pub(crate) const LINE_COLOUR: [f32; 3] = [0.25, 0.95, 1.0];

/// What is left of the brightness outside the region of interest.
const OUTSIDE: f32 = 0.35;

/// Thickness of lines on a picture of this size, 1..=3 px.
pub(crate) fn line_px(height: usize, width: usize) -> usize {
    (height.min(width) / 384).clamp(1, 3)
}

/// The `image` (0..=1) in grey under its `map` (of the image's size), RGB, with a colour bar at
/// the right: as high as the image and [`bar_width`](crate::bar_width) columns wider.
///
/// Opacity grows with the value, so that clean areas stay readable. A line runs around the pixels
/// over the threshold, just outside them. The scale is fixed, never stretched to the image; values
/// over its maximum saturate.
///
/// # Errors
/// [`DetectError::ShapeMismatch`] when map and image differ in size, [`DetectError::OutOfRange`]
/// when the scale is no scale.
pub fn overlay(image: &Image, map: &Map, scale: &OverlayScale) -> Result<Image, DetectError> {
    let over = |value: &f32| f64::from(*value) > scale.threshold;
    let marked = map.data().iter().map(over).collect();
    Overlay {
        image,
        map,
        marked: &Mask::new(map.height(), map.width(), marked)?,
        inside: None,
    }
    .drawn(scale)
}

/// An overlay with its own choice of what is outlined and what counts at all.
#[derive(Debug, Clone, Copy)]
pub struct Overlay<'a> {
    /// The picture, 0..=1.
    pub image: &'a Image,
    /// Its map, of its size.
    pub map: &'a Map,
    /// The pixels a line runs around, of its size.
    pub marked: &'a Mask,
    /// The region of interest, of its size: what is outside is darkened. Absent where all counts.
    pub inside: Option<&'a Mask>,
}

impl Overlay<'_> {
    /// The picture, drawn as [`overlay`] does.
    ///
    /// # Errors
    /// As [`overlay`].
    pub fn drawn(&self, scale: &OverlayScale) -> Result<Image, DetectError> {
        scale.validate()?;
        let (image, map) = (self.image, self.map);
        let (height, width) = (image.height(), image.width());
        check_size("map under an overlay", image, (map.height(), map.width()))?;
        for mask in self.inside.into_iter().chain([self.marked]) {
            check_size(
                "mask under an overlay",
                image,
                (mask.height(), mask.width()),
            )?;
        }
        let outline = outline(self.marked);
        let bar = ColourBar::beside(height, width, *scale);
        let mut data = vec![[0.0; 3]; height * (width + bar.width)];
        for (y, row) in data.chunks_exact_mut(width + bar.width).enumerate() {
            let (picture, beside) = row.split_at_mut(width);
            for (x, pixel) in picture.iter_mut().enumerate() {
                *pixel = if outline[y * width + x] {
                    LINE_COLOUR
                } else if self.inside.is_some_and(|inside| !inside.at(y, x)) {
                    [OUTSIDE * grey(image.pixel(y, x)); 3]
                } else {
                    let share = scale.share(f64::from(map.at(y, x)));
                    blend(grey(image.pixel(y, x)), share)
                };
            }
            for (x, pixel) in beside.iter_mut().enumerate() {
                *pixel = bar.pixel(y, x);
            }
        }
        let data = data.into_flattened();
        Ok(Image::new(height, width + bar.width, 3, data)?)
    }
}

fn check_size(
    what: &'static str,
    image: &Image,
    (height, width): (usize, usize),
) -> Result<(), DetectError> {
    let (expected, found) = ([image.height(), image.width(), 1], [height, width, 1]);
    if expected == found {
        return Ok(());
    }
    Err(DetectError::ShapeMismatch {
        what,
        expected,
        found,
    })
}

fn grey(pixel: &[f32]) -> f32 {
    let luma = match *pixel {
        [r, g, b] => 0.299 * r + 0.587 * g + 0.114 * b,
        _ => pixel[0],
    };
    luma.clamp(0.0, 1.0)
}

/// True at the pixels not marked that lie within a line's thickness of one that is.
fn outline(marked: &Mask) -> Vec<bool> {
    let (height, width) = (marked.height(), marked.width());
    let over = marked.data();
    let reach = line_px(height, width);
    let mut line = vec![false; over.len()];
    for index in (0..over.len()).filter(|&index| over[index]) {
        let (y, x) = (index / width, index % width);
        for near_y in y.saturating_sub(reach)..(y + reach + 1).min(height) {
            for near_x in x.saturating_sub(reach)..(x + reach + 1).min(width) {
                let near = near_y * width + near_x;
                line[near] |=
                    !over[near] && is_round(y.abs_diff(near_y), x.abs_diff(near_x), reach);
            }
        }
    }
    line
}

/// Whether an offset lies in the disc of the line's thickness (corners cut from 2 px on).
fn is_round(dy: usize, dx: usize, reach: usize) -> bool {
    dy * dy + dx * dx <= reach * (reach + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outline_runs_around_a_marked_pixel() {
        let mut marked = Mask::filled(4, 4, false).unwrap();
        marked.data_mut()[5] = true; // row 1, column 1
        let drawn: String = outline(&marked)
            .iter()
            .map(|&on| if on { '#' } else { '.' })
            .collect();
        assert_eq!(drawn, concat!("###.", "#.#.", "###.", "...."));
    }

    #[test]
    fn a_value_at_the_threshold_is_not_outlined() {
        let image = Image::filled(1, 2, 1, 0.5).unwrap();
        let map = Map::new(1, 2, vec![0.5, 0.0]).unwrap();
        let scale = OverlayScale {
            max: 1.0,
            threshold: 0.5,
        };
        let drawn = overlay(&image, &map, &scale).unwrap();
        assert_ne!(drawn.pixel(0, 1), LINE_COLOUR);
    }

    #[test]
    fn outside_the_region_of_interest_the_picture_is_dark_and_without_colour() {
        let image = Image::filled(1, 2, 1, 1.0).unwrap();
        let map = Map::filled(1, 2, 1.0).unwrap();
        let scale = OverlayScale {
            max: 1.0,
            threshold: 2.0,
        };
        let nothing = Mask::filled(1, 2, false).unwrap();
        let drawn = Overlay {
            image: &image,
            map: &map,
            marked: &nothing,
            inside: Some(&Mask::new(1, 2, vec![true, false]).unwrap()),
        }
        .drawn(&scale)
        .unwrap();
        assert_eq!(drawn.pixel(0, 1), [OUTSIDE; 3]);
        assert_eq!(drawn.pixel(0, 0), blend(1.0, 1.0));
    }

    #[test]
    fn a_clean_pixel_keeps_its_grey() {
        let image = Image::new(1, 1, 3, vec![1.0, 0.0, 0.0]).unwrap();
        let map = Map::filled(1, 1, 0.0).unwrap();
        let scale = OverlayScale {
            max: 1.0,
            threshold: 0.5,
        };
        let drawn = overlay(&image, &map, &scale).unwrap();
        assert_eq!(drawn.pixel(0, 0), [0.299; 3]);
        assert_eq!((drawn.height(), drawn.width()), (1, 1 + 12));
    }
}
