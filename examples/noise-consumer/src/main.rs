//! Corrupts a small image with a stain and prints how much of it the stain covers.

use aesc_image::Image;
use aesc_noise::{CorruptionConfig, Presentation, StainConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let checkers = Image::from_fn(32, 32, 1, |y, x, _| [0.2, 0.8][(y / 8 + x / 8) % 2])?;
    let large = StainConfig {
        size: [0.1, 0.3],
        ..StainConfig::default()
    };
    let stain = CorruptionConfig::Stain(large).validate()?;
    for index in 0..3 {
        let corrupted = stain.apply(&checkers, Presentation { seed: 42, index });
        println!(
            "stain {index} covers {} of {} pixels",
            corrupted.mask.count(),
            32 * 32
        );
    }
    Ok(())
}
