//! Repair: a region of any of several shapes, filled from any of several sources.
//!
//! What the literature since the paper found to generalise best: shapes and fills that vary
//! independently, the fill taken from images of the same category, translucent and soft-edged, and
//! a share of the presentations left clean, so that the network also learns to leave alone what is
//! as it should be. Shapes and opacities follow DRAEM (Zavrtanik et al., ICCV 2021) and FAIR (Liu et
//! al., 2023), the rectangles `CutPaste` (Li et al., CVPR 2021), seamless fills NSA (Schlüter et al.,
//! ECCV 2022). No image from elsewhere is needed.

mod fill;
mod membrane;
mod perlin;
mod shape;

use aesc_image::{Image, Mask};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::check::{require, size, unit};
use crate::patch::{Frame, Patch};
use crate::{NoiseError, blur};
use fill::Fill;
use membrane::Membrane;

/// Blurs of less than this standard deviation, px, are left out: they change nothing.
const LEAST_BLUR_PX: f64 = 0.3;

/// Where a repair corruption paints.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum RepairShape {
    /// One to three ragged ellipses.
    Stain,
    /// Where a Perlin noise of 1 to 32 cells a side exceeds half its range.
    Perlin,
    /// The union of two to five smooth ellipses that touch.
    Ellipses,
    /// A turned rectangle: half of them about square, half long and thin.
    Patch,
}

impl RepairShape {
    /// Every shape.
    pub const ALL: [Self; 4] = [Self::Stain, Self::Perlin, Self::Ellipses, Self::Patch];
}

/// What a repair corruption paints there.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum RepairFill {
    /// One colour with noise.
    Colour,
    /// Another image of the category, shifted; a third of them turned, a third recoloured.
    Foreign,
    /// The image itself, its 8 x 8 tiles shuffled.
    Shuffled,
    /// The image itself, lighter or darker, of another contrast and colour, or blurred.
    Photometric,
    /// Another image of the category, brought to the tone that the image has around the region, so
    /// that no seam is left: half of them shifted by an eighth of the sides at most, half by any
    /// length, of which a third is turned. Not among the fills of the default.
    Seamless,
}

impl RepairFill {
    /// Every fill.
    pub const ALL: [Self; 5] = [
        Self::Colour,
        Self::Foreign,
        Self::Shuffled,
        Self::Photometric,
        Self::Seamless,
    ];
    /// Those of the default.
    const USUAL: [Self; 4] = [
        Self::Colour,
        Self::Foreign,
        Self::Shuffled,
        Self::Photometric,
    ];
}

/// A region to repair: which shapes, which fills, how large, how opaque, how soft.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct RepairConfig {
    /// Share of the presentations left clean, 0..=1.
    pub clean: f64,
    /// The shapes, each as likely as another; at least one.
    pub shapes: Vec<RepairShape>,
    /// The fills, each as likely as another; at least one.
    pub fills: Vec<RepairFill>,
    /// Least and most semi-axis of blobs and half side of rectangles as shares of the side, above
    /// 0, at most 1; drawn evenly in its logarithm.
    pub size: [f64; 2],
    /// Least and most weight of the fill against the image, 0..=1.
    pub opacity: [f64; 2],
    /// Least and most sigma of the edge's blur as a share of the shape's own size, 0..=1.
    pub softness: [f64; 2],
}

impl Default for RepairConfig {
    fn default() -> Self {
        Self {
            clean: 0.5,
            shapes: RepairShape::ALL.to_vec(),
            fills: RepairFill::USUAL.to_vec(),
            size: [0.01, 0.25],
            opacity: [0.2, 1.0],
            softness: [0.0, 0.15],
        }
    }
}

impl RepairConfig {
    pub(crate) fn check(&self) -> Result<(), NoiseError> {
        unit("clean", self.clean)?;
        let (n_shapes, n_fills) = (self.shapes.len(), self.fills.len());
        require(n_shapes > 0, "shapes", "at least one shape", n_shapes)?;
        require(n_fills > 0, "fills", "at least one fill", n_fills)?;
        size(self.size)?;
        require(self.size[0] > 0.0, "size", "shares above 0", self.size)?;
        ordered("opacity", self.opacity)?;
        ordered("softness", self.softness)
    }
}

/// Accepts a least and a most, in this order, both of 0..=1.
fn ordered(field: &str, value: [f64; 2]) -> Result<(), NoiseError> {
    let [least, most] = value;
    let accepted = least >= 0.0 && least <= most && most <= 1.0;
    let expected = "[least, most], 0 <= least <= most <= 1";
    require(accepted, field, expected, value)
}

/// A region's weights before blurring, and how large it is for its edge's softness.
struct Shaped {
    patch: Patch,
    size_px: f64,
}

/// Paints a region on `image`, or nothing, and returns where its shape's weight exceeds 0.5.
///
/// Of `sources` those of the image's shape are drawn from; the image itself where there is none.
pub(crate) fn paint(
    config: &RepairConfig,
    image: &mut Image,
    sources: &[Image],
    rng: &mut ChaCha8Rng,
) -> Mask {
    let mut mask = Mask::over(image, false);
    if rng.random::<f64>() < config.clean {
        return mask;
    }
    let frame = Frame::of(image);
    let Some(shaped) = one_of(&config.shapes, rng).and_then(|s| shape::draw(s, config, frame, rng))
    else {
        return mask;
    };
    let sigma = between(config.softness, rng) * shaped.size_px;
    let patch = if sigma < LEAST_BLUR_PX {
        shaped.patch
    } else {
        blur::gaussian(&shaped.patch, sigma, frame)
    };
    let opacity = between(config.opacity, rng) as f32;
    let clean = image.clone();
    let Some(kind) = one_of(&config.fills, rng) else {
        return mask;
    };
    let fill = Fill::draw(kind, &clean, sources, rng);
    let membrane = (kind == RepairFill::Seamless)
        .then(|| Membrane::new(&patch, &clean, |y, x| fill.pixel(y, x, rng)));
    let (width, channels) = (image.width(), image.channels());
    for (row, weights) in patch.weights.chunks_exact(patch.width).enumerate() {
        let y = patch.y + row;
        for (column, &weight) in weights.iter().enumerate() {
            if weight <= 0.0 {
                continue;
            }
            let x = patch.x + column;
            let at = y * width + x;
            mask.data_mut()[at] = weight > 0.5;
            let pixel = &mut image.data_mut()[at * channels..][..channels];
            let new = fill.pixel(y, x, rng);
            let offsets = membrane.as_ref().map_or([0.0; 3], |m| m.at(y, x));
            for ((value, new), offset) in pixel.iter_mut().zip(new).zip(offsets) {
                let share = weight * opacity;
                *value = (*value * (1.0 - share) + (new + offset) * share).clamp(0.0, 1.0);
            }
        }
    }
    mask
}

fn one_of<T: Copy>(choices: &[T], rng: &mut ChaCha8Rng) -> Option<T> {
    if choices.is_empty() {
        return None;
    }
    Some(choices[rng.random_range(0..choices.len())])
}

/// A number of `[least, most]`, evenly.
fn between([least, most]: [f64; 2], rng: &mut ChaCha8Rng) -> f64 {
    least + (most - least) * rng.random::<f64>()
}

/// A number of `[least, most]`, both above 0, evenly in its logarithm.
fn between_logs([least, most]: [f64; 2], rng: &mut ChaCha8Rng) -> f64 {
    between([least.ln(), most.ln()], rng).exp()
}
