//! Synthetic corruption of clean images: stains and their siblings, scratches, drops and noise.
//!
//! An autoencoder trained to undo a corruption cannot become the identity map. Corruptions are
//! those of Collin & De Vleeschouwer, "Improved anomaly detection by training an autoencoder with
//! skip connections on images corrupted with Stain-shaped noise" (ICPR 2020), in the
//! numbers their public code gives. Reading images and counting presentations are left to others.
//!
//! Same image, same [`Presentation`]: the same bits, on any thread.
//!
//! ```
//! use aesc_image::Image;
//! use aesc_noise::{CorruptionConfig, Presentation};
//!
//! let clean = Image::filled(256, 256, 3, 1.0)?; // white
//! let stain = CorruptionConfig::named("stain")?.validate()?;
//! let stained = stain.apply(&clean, Presentation { seed: 7, index: 0 });
//!
//! // The stain is at most grey level 220 of 255 before its grain; the rest stays white.
//! let [inside, outside] = [true, false].map(|wanted| {
//!     let pixels = stained.image.data().chunks(3).zip(stained.mask.data());
//!     pixels.filter(|(_, is)| **is == wanted).map(|(pixel, _)| pixel[0]).fold(0.0, f32::max)
//! });
//! assert!(stained.mask.any() && inside < 1.0);
//! assert_eq!(outside, 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod blur;
mod check;
mod contour;
mod corruption;
mod drops;
mod error;
mod gaussian;
mod mix;
mod patch;
mod repair;
mod scratch;
mod stain;
mod texture;

pub use corruption::{Corrupted, Corruption, CorruptionConfig, Presentation};
pub use drops::DropsConfig;
pub use error::NoiseError;
pub use gaussian::GaussianConfig;
pub use mix::{MixConfig, MixPart};
pub use repair::{RepairConfig, RepairFill, RepairShape};
pub use scratch::ScratchConfig;
pub use stain::StainConfig;
