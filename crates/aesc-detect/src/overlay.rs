//! The overlay: the picture in grey, the anomaly map over it in colour, a colour bar beside it.

use aesc_image::{Image, Map};

use crate::{DetectError, OverlayScale, colour_bar::ColourBar, heat::blend};

/// Colour of the outline and of the threshold's tick: told apart from the whole palette.
pub(crate) const LINE_COLOUR: [f32; 3] = [0.25, 0.95, 1.0];

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
    scale.validate()?;
    check_size(image, map)?;
    let (height, width) = (image.height(), image.width());
    let outline = outline(map, scale.threshold);
    let bar = ColourBar::beside(height, width, *scale);
    let mut data = Vec::with_capacity(height * (width + bar.width) * 3);
    for y in 0..height {
        for x in 0..width {
            data.extend(if outline[y * width + x] {
                LINE_COLOUR
            } else {
                let share = scale.share(f64::from(map.at(y, x)));
                blend(grey(image.pixel(y, x)), share)
            });
        }
        data.extend((0..bar.width).flat_map(|x| bar.pixel(y, x)));
    }
    Ok(Image::new(height, width + bar.width, 3, data)?)
}

fn check_size(image: &Image, map: &Map) -> Result<(), DetectError> {
    let (expected, found) = (
        [image.height(), image.width(), 1],
        [map.height(), map.width(), 1],
    );
    if expected == found {
        return Ok(());
    }
    Err(DetectError::ShapeMismatch {
        what: "map under an overlay",
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

/// True at the pixels not over the threshold that lie within a line's thickness of one that is.
fn outline(map: &Map, threshold: f64) -> Vec<bool> {
    let (height, width) = (map.height(), map.width());
    let over: Vec<bool> = map
        .data()
        .iter()
        .map(|&v| f64::from(v) > threshold)
        .collect();
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
    fn the_outline_runs_around_a_pixel_over_the_threshold() {
        let mut map = Map::filled(4, 4, 0.0).unwrap();
        map.data_mut()[5] = 1.0; // row 1, column 1
        let drawn: String = outline(&map, 0.5)
            .iter()
            .map(|&on| if on { '#' } else { '.' })
            .collect();
        assert_eq!(drawn, concat!("###.", "#.#.", "###.", "...."));
    }

    #[test]
    fn a_value_at_the_threshold_is_not_outlined() {
        let map = Map::new(1, 2, vec![0.5, 0.0]).unwrap();
        assert_eq!(outline(&map, 0.5), [false, false]);
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
