//! A large synthetic defect: a part of the image pulled out of shape.

use aesc_image::{Image, Mask, ShapeError};
use aesc_noise::Presentation;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Change of a value from which a pixel counts as defect.
const SEEN: f32 = 0.02;

/// `clean` with an ellipse of 20 to 50 % of each side pulled aside, by 30 to 60 % of its smaller
/// semi-axis at its middle and not at all at its rim; and the pixels that show it.
pub(super) fn warped(clean: &Image, at: Presentation) -> Result<(Image, Mask), ShapeError> {
    let mut rng = ChaCha8Rng::seed_from_u64(at.seed);
    rng.set_stream(at.index);
    let sides = [clean.height() as f32, clean.width() as f32];
    let axes = sides.map(|side| side * rng.random_range(0.1..0.25));
    let middle = sides.map(|side| side * rng.random_range(0.2..0.8));
    let reach = axes[0].min(axes[1]) * rng.random_range(0.3..0.6);
    let angle = rng.random_range(0.0..std::f32::consts::TAU);
    let pull = [reach * angle.sin(), reach * angle.cos()];
    let value = |y: usize, x: usize, c: usize| {
        let place = [y as f32, x as f32];
        let parts: [f32; 2] = std::array::from_fn(|i| (place[i] - middle[i]) / axes[i]);
        let inside = 1.0 - parts[0] * parts[0] - parts[1] * parts[1];
        if inside <= 0.0 {
            return clean.at(y, x, c);
        }
        let from: [f32; 2] = std::array::from_fn(|i| place[i] - pull[i] * inside * inside);
        between(clean, from, c)
    };
    let image = Image::from_fn(clean.height(), clean.width(), clean.channels(), value)?;
    let pixels = image.data().chunks(clean.channels());
    let pixels = pixels.zip(clean.data().chunks(clean.channels()));
    let seen = pixels.map(|(a, b)| a.iter().zip(b).any(|(a, b)| (a - b).abs() > SEEN));
    let mask = Mask::new(clean.height(), clean.width(), seen.collect())?;
    Ok((image, mask))
}

/// The value between the four pixels around (y, x); of the border beyond it.
fn between(image: &Image, [y, x]: [f32; 2], c: usize) -> f32 {
    let split = |at: f32, side: usize| {
        let at = at.clamp(0.0, (side - 1) as f32);
        let low = at as usize;
        (low, (low + 1).min(side - 1), at - low as f32)
    };
    let (top, bottom, down) = split(y, image.height());
    let (left, right, across) = split(x, image.width());
    let along = |y| image.at(y, left, c) * (1.0 - across) + image.at(y, right, c) * across;
    along(top) * (1.0 - down) + along(bottom) * down
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Presentation = Presentation { seed: 3, index: 7 };

    #[test]
    fn a_plain_surface_cannot_be_warped_and_stripes_can() {
        let plain = Image::filled(64, 48, 3, 0.4).unwrap();
        let (image, mask) = warped(&plain, AT).unwrap();
        assert!(!mask.any());
        assert!(image.data().iter().all(|v| (v - 0.4).abs() < 1e-6));
        let stripes = Image::from_fn(64, 48, 1, |y, x, _| ((y + x) / 4 % 2) as f32).unwrap();
        let (image, mask) = warped(&stripes, AT).unwrap();
        let share = mask.data().iter().filter(|m| **m).count() as f64 / (64.0 * 48.0);
        // An ellipse of semi-axes 10 to 25 % covers 3 to 20 %.
        assert!((0.005..0.2).contains(&share), "{share}");
        for ((a, b), marked) in image.data().iter().zip(stripes.data()).zip(mask.data()) {
            assert!(*marked || (a - b).abs() <= SEEN);
        }
    }

    #[test]
    fn values_between_pixels_are_weighted_by_nearness() {
        let image = Image::new(2, 2, 1, vec![0.0, 0.25, 0.5, 0.75]).unwrap();
        assert!((between(&image, [0.5, 0.25], 0) - 1.25 / 4.0).abs() < 1e-6);
        assert!((between(&image, [-3.0, 9.0], 0) - 1.0 / 4.0).abs() < 1e-6);
    }
}
