//! Bringing maps and masks to another size.
//!
//! Half-pixel centres everywhere: target pixel i looks at source place
//! `(i + 0.5) * n_source / n_target - 0.5`, held inside the frame. For maps this is what the
//! field calls bilinear with `align_corners=False`. No anti-aliasing: a smaller target samples the
//! same formula, so a peak between its samples can be lost.

use aesc_image::{Map, Mask, ShapeError};

use crate::DetectError;

/// The map at `height` x `width`, bilinear; values stay in the source's range, rounding aside.
///
/// ```
/// use aesc_detect::resize_map;
/// use aesc_image::Map;
/// let map = Map::new(1, 2, vec![0.0, 1.0])?;
/// assert_eq!(resize_map(&map, 1, 4)?.data(), [0.0, 0.25, 0.75, 1.0]);
/// # Ok::<(), aesc_detect::DetectError>(())
/// ```
///
/// # Errors
/// [`DetectError::Shape`] when a side is zero.
pub fn resize_map(map: &Map, height: usize, width: usize) -> Result<Map, DetectError> {
    refuse_empty(height, width)?;
    if (height, width) == (map.height(), map.width()) {
        return Ok(map.clone());
    }
    let columns = taps(map.width(), width);
    let mut wide = Vec::with_capacity(map.height() * width); // [source height, width]
    for row in map.data().chunks_exact(map.width()) {
        wide.extend(
            columns
                .iter()
                .map(|tap| lerp(row[tap.low], row[tap.high], tap.share)),
        );
    }
    let mut data = Vec::with_capacity(height * width);
    for tap in taps(map.height(), height) {
        let low = &wide[tap.low * width..][..width];
        let high = &wide[tap.high * width..][..width];
        data.extend(low.iter().zip(high).map(|(&a, &b)| lerp(a, b, tap.share)));
    }
    Ok(Map::new(height, width, data)?)
}

/// The mask at `height` x `width`, each pixel that of the nearest source pixel.
///
/// ```
/// use aesc_detect::resize_mask_nearest;
/// use aesc_image::Mask;
/// let mask = Mask::new(1, 2, vec![false, true])?;
/// assert_eq!(resize_mask_nearest(&mask, 1, 4)?.data(), [false, false, true, true]);
/// # Ok::<(), aesc_detect::DetectError>(())
/// ```
///
/// # Errors
/// [`DetectError::Shape`] when a side is zero.
pub fn resize_mask_nearest(mask: &Mask, height: usize, width: usize) -> Result<Mask, DetectError> {
    refuse_empty(height, width)?;
    let columns: Vec<usize> = (0..width)
        .map(|x| nearest(x, mask.width(), width))
        .collect();
    let mut data = Vec::with_capacity(height * width);
    for y in 0..height {
        let row = nearest(y, mask.height(), height);
        data.extend(columns.iter().map(|&column| mask.at(row, column)));
    }
    Ok(Mask::new(height, width, data)?)
}

fn refuse_empty(height: usize, width: usize) -> Result<(), ShapeError> {
    if height == 0 || width == 0 {
        return Err(ShapeError::Empty { height, width });
    }
    Ok(())
}

/// Two neighbouring source places and the share of the higher one, 0..1.
struct Tap {
    low: usize,
    high: usize,
    share: f32,
}

fn taps(n_source: usize, n_target: usize) -> Vec<Tap> {
    let step = n_source as f64 / n_target as f64;
    (0..n_target)
        .map(|i| {
            let last = (n_source - 1) as f64;
            let place = ((i as f64 + 0.5) * step - 0.5).clamp(0.0, last);
            let low = place as usize;
            Tap {
                low,
                high: (low + 1).min(n_source - 1),
                share: (place - low as f64) as f32,
            }
        })
        .collect()
}

fn lerp(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// ⌊(i + 1/2) · source / target⌋ in whole numbers.
fn nearest(i: usize, n_source: usize, n_target: usize) -> usize {
    (2 * i + 1) * n_source / (2 * n_target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_by_two_to_three_by_three_by_hand() {
        // Places (i + 1/2) * 2/3 - 1/2 = -1/6, 1/2, 7/6, held to 0, 1/2, 1.
        let map = Map::new(2, 2, vec![0.0, 2.0, 4.0, 6.0]).unwrap();
        let resized = resize_map(&map, 3, 3).unwrap();
        assert_eq!(resized.data(), [0., 1., 2., 2., 3., 4., 4., 5., 6.]);
    }

    #[test]
    fn halving_takes_the_mean_of_the_two_middle_samples() {
        let map = Map::new(1, 4, vec![1.0, 3.0, 5.0, 9.0]).unwrap();
        assert_eq!(resize_map(&map, 1, 2).unwrap().data(), [2.0, 7.0]);
    }

    #[test]
    fn nearest_down_takes_the_pixel_over_the_centre() {
        // Centres of 2 over 5: 1.25 and 3.75, pixels 1 and 3.
        let mask = Mask::new(1, 5, vec![false, true, false, false, true]).unwrap();
        let small = resize_mask_nearest(&mask, 1, 2).unwrap();
        assert_eq!(small.data(), [true, false]);
    }

    #[test]
    fn a_target_without_pixels_is_refused() {
        let map = Map::filled(2, 2, 0.0).unwrap();
        let mask = Mask::filled(2, 2, false).unwrap();
        assert!(matches!(
            resize_map(&map, 0, 5),
            Err(DetectError::Shape(ShapeError::Empty {
                height: 0,
                width: 5
            }))
        ));
        assert!(resize_mask_nearest(&mask, 5, 0).is_err());
    }
}
