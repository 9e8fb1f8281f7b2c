//! A synthetic hairline: a crack of a pixel or two, lighter or darker than what it runs through.

use std::f32::consts::TAU;

use aesc_image::{Image, Mask, ShapeError};
use aesc_noise::Presentation;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Points of a crack per px of its length.
const POINTS_PER_PX: f32 = 4.0;
/// Most that a crack turns aside within one px, radians.
const BEND: f32 = 0.35;
/// Coverage of a pixel from which on it is defect.
const SEEN: f32 = 0.5;
/// How far a covered pixel moves towards the further end of the grey scale.
const STEP: f32 = 0.25;

/// `clean` with a crack 1 to 2 px wide, of 10 to 40 % of the shorter side, that wanders; and the pixels
/// of which it covers half.
pub(super) fn cracked(clean: &Image, at: Presentation) -> Result<(Image, Mask), ShapeError> {
    let mut rng = ChaCha8Rng::seed_from_u64(at.seed);
    rng.set_stream(at.index);
    let (h, w) = (clean.height(), clean.width());
    let covered = coverage([h, w], &mut rng);
    let tones = clean.data().chunks(clean.channels()).zip(&covered);
    let (sum, weight) = tones.fold((0.0, 0.0), |(sum, weight), (pixel, share)| {
        let mean = pixel.iter().sum::<f32>() / pixel.len() as f32;
        (sum + share * mean, weight + share)
    });
    let step = if sum > 0.5 * weight { -STEP } else { STEP };
    let mut image = clean.clone();
    let pixels = image.data_mut().chunks_mut(clean.channels());
    for (pixel, share) in pixels.zip(&covered) {
        for value in pixel {
            *value += share * step;
        }
    }
    let mask = Mask::new(h, w, covered.iter().map(|share| *share >= SEEN).collect())?;
    Ok((image, mask))
}

/// The share of each pixel that the crack covers, 0..=1, row by row.
fn coverage([h, w]: [usize; 2], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut covered = vec![0.0_f32; h * w];
    let reach = 0.5 * rng.random_range(1.0..2.0_f32);
    let length = h.min(w) as f32 * rng.random_range(0.1..0.4_f32);
    let mut heading = rng.random_range(0.0..TAU);
    let mut place = [h, w].map(|side| side as f32 * rng.random_range(0.15..0.85_f32));
    let n_points = (length * POINTS_PER_PX).ceil() as usize;
    for point in 0..n_points.max(1) {
        if point % POINTS_PER_PX as usize == 0 {
            heading += rng.random_range(-BEND..=BEND);
        }
        place[0] += heading.sin() / POINTS_PER_PX;
        place[1] += heading.cos() / POINTS_PER_PX;
        let around = |at: f32, side: usize| {
            let (low, high) = ((at - reach - 1.0).max(0.0), (at + reach + 2.0).max(0.0));
            low as usize..(high as usize).min(side)
        };
        for y in around(place[0], h) {
            for x in around(place[1], w) {
                let far = (y as f32 - place[0]).hypot(x as f32 - place[1]);
                let share = (reach + 0.5 - far).clamp(0.0, 1.0);
                let pixel = &mut covered[y * w + x];
                *pixel = pixel.max(share);
            }
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crack_is_long_and_a_pixel_or_two_wide() {
        for index in 0..40 {
            let clean = Image::filled(96, 128, 3, 0.6).unwrap();
            let at = Presentation { seed: 5, index };
            let (image, mask) = cracked(&clean, at).unwrap();
            // 9.6 to 38.4 px long, 1 to 2 px wide, a little more at its ends, less where it leaves.
            let n = mask.data().iter().filter(|m| **m).count();
            assert!((4..=100).contains(&n), "{n}");
            // No square of 4 x 4 px lies within a crack that does not cross itself.
            let inside = |y: usize, x: usize| mask.data()[y * 128 + x];
            let full = |y: usize, x: usize| (0..16).all(|i| inside(y + i / 4, x + i % 4));
            let squares = (0..92).flat_map(|y| (0..124).map(move |x| (y, x)));
            let crowded = squares.filter(|&(y, x)| full(y, x)).count();
            assert!(crowded <= 2, "{crowded}");
            // Of a light surface it is the darker, everywhere.
            let pairs = image.data().iter().zip(clean.data());
            assert!(pairs.clone().all(|(a, b)| a <= b) && pairs.clone().any(|(a, b)| a < b));
        }
    }

    #[test]
    fn the_same_presentation_cracks_the_same_way() {
        let clean = Image::filled(32, 32, 1, 0.2).unwrap();
        let crack = |index| cracked(&clean, Presentation { seed: 1, index }).unwrap().0;
        assert_eq!(crack(2), crack(2));
        assert_ne!(crack(2), crack(3));
        assert!(crack(2).data().iter().all(|v| *v >= 0.2));
    }
}
