//! Synthetic defects of a chosen contrast, of families a model was not trained to repair.

use aesc_image::{Image, Mask, ShapeError};
use aesc_noise::{CorruptionConfig, Presentation, ScratchConfig};
use clap::ValueEnum;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::hairline::cracked;
use super::warp::warped;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Draws of which the first with enough contrast is kept, so that few are amplified.
const DRAWS: u64 = 16;

/// Mean absolute difference inside a mask, 0..=1, below which there is no defect to amplify.
const LEAST_SEEN: f64 = 1e-6;

/// What a planted defect looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Family {
    /// A thin curve.
    Scratch,
    /// A cluster of small discs.
    Drops,
    /// An elliptic stain.
    Stain,
    /// An upright rectangle, lighter or darker than what it lies on: no corruption of any preset.
    Shade,
    /// A large part of the image pulled out of shape: planted where asked for.
    Warp,
    /// A crack of a pixel or two: planted where asked for.
    Hairline,
}

impl Family {
    /// Those planted unless told otherwise: small, of a contrast of their own.
    const ALL: [Self; 4] = [Self::Scratch, Self::Drops, Self::Stain, Self::Shade];

    /// The families that none of `corruptions` shows in training, warps where no other is left.
    pub(crate) fn unseen_by<'a>(
        corruptions: impl IntoIterator<Item = &'a CorruptionConfig>,
    ) -> Vec<Self> {
        let mut seen = Vec::new();
        for corruption in corruptions {
            collect(corruption, &mut seen);
        }
        let unseen = Self::ALL.into_iter().filter(|one| !seen.contains(one));
        let unseen: Vec<Self> = unseen.collect();
        if unseen.is_empty() {
            return vec![Self::Warp];
        }
        unseen
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scratch => "scratch",
            Self::Drops => "drops",
            Self::Stain => "stain",
            Self::Shade => "shade",
            Self::Warp => "warp",
            Self::Hairline => "hairline",
        }
    }

    fn corruption(self) -> Option<CorruptionConfig> {
        match self {
            Self::Scratch => Some(CorruptionConfig::Scratch(ScratchConfig {
                colour: [10, 220],
            })),
            Self::Drops => CorruptionConfig::named("drops").ok(),
            Self::Stain => CorruptionConfig::named("stain").ok(),
            Self::Shade | Self::Warp | Self::Hairline => None,
        }
    }
}

fn collect(corruption: &CorruptionConfig, seen: &mut Vec<Family>) {
    match corruption {
        CorruptionConfig::None {} | CorruptionConfig::Gaussian(_) => {}
        CorruptionConfig::Stain(_) => seen.push(Family::Stain),
        CorruptionConfig::Scratch(_) => seen.push(Family::Scratch),
        CorruptionConfig::Drops(_) => seen.push(Family::Drops),
        // Its ragged blobs are stains, its rectangles of another tone shades.
        CorruptionConfig::Repair(_) => seen.extend([Family::Stain, Family::Shade]),
        CorruptionConfig::Mix(mix) => {
            mix.parts
                .iter()
                .for_each(|part| collect(&part.corruption, seen));
        }
    }
}

/// A defect in a clean image, its contrast still open.
pub(crate) struct Planted {
    /// Defect less clean, per value of the image.
    difference: Vec<f32>,
    /// Mean of its absolute value inside the mask, 0..=1.
    contrast: f64,
    pub(crate) mask: Mask,
}

impl Planted {
    /// A defect of `family` in `clean`, drawn from (`seed`, `index`) alone; of several draws the
    /// first whose contrast is at least `wanted` (grey levels of 255), else the strongest. Of a
    /// defect, only what lies in the region of interest is planted; one that misses it has none.
    pub(crate) fn draw(
        (clean, roi): (&Image, Option<&Mask>),
        family: Family,
        (seed, index): (u64, u64),
        wanted: f64,
    ) -> Result<Self, Failure> {
        let mut best: Option<Self> = None;
        for draw in 0..DRAWS {
            let at = Presentation {
                seed,
                index: index * DRAWS + draw,
            };
            let planted = Self::once((clean, roi), family, at)?;
            if best.as_ref().is_none_or(|b| planted.contrast > b.contrast) {
                best = Some(planted);
            }
            if best.as_ref().is_some_and(|b| b.contrast * 255.0 >= wanted) {
                break;
            }
        }
        best.ok_or_else(|| Failure::usage("no defect was drawn"))
    }

    fn once(
        (clean, roi): (&Image, Option<&Mask>),
        family: Family,
        at: Presentation,
    ) -> Result<Self, Failure> {
        let shape = |e| Failure::new(ExitCode::Unexpected, e);
        let (mut image, mut mask) = match (family.corruption(), family) {
            (Some(corruption), _) => {
                let made = corruption.validate()?.apply(clean, at);
                (made.image, made.mask)
            }
            (None, Family::Warp) => warped(clean, at).map_err(shape)?,
            (None, Family::Hairline) => cracked(clean, at).map_err(shape)?,
            (None, _) => shaded(clean, at).map_err(shape)?,
        };
        if let Some(roi) = roi {
            mask = within(&mask, roi)?;
            let pixels = image.data_mut().chunks_mut(clean.channels());
            let clean = clean.data().chunks(clean.channels());
            for ((pixel, clean), inside) in pixels.zip(clean).zip(roi.data()) {
                if !inside {
                    pixel.copy_from_slice(clean);
                }
            }
        }
        let pairs = image.data().iter().zip(clean.data());
        let difference: Vec<f32> = pairs.map(|(defect, clean)| defect - clean).collect();
        let inside = difference.chunks(clean.channels()).zip(mask.data());
        let (mut sum, mut n) = (0.0, 0_u64);
        for (pixel, _) in inside.filter(|(_, inside)| **inside) {
            sum += pixel.iter().map(|d| f64::from(d.abs())).sum::<f64>();
            n += pixel.len() as u64;
        }
        Ok(Self {
            difference,
            contrast: sum / n.max(1) as f64,
            mask,
        })
    }

    /// Whether it changes any pixel of its mask: a warp of a plain surface does not, nor what misses the
    /// region of interest.
    pub(crate) fn is_seen(&self) -> bool {
        self.contrast >= LEAST_SEEN
    }

    /// `clean` with the defect at a mean absolute difference of `contrast` grey levels of 255
    /// inside its mask (less where that would leave 0..=1).
    pub(crate) fn at_contrast(&self, clean: &Image, contrast: f64) -> Image {
        let factor = (contrast / 255.0 / self.contrast.max(LEAST_SEEN)) as f32;
        let mut image = clean.clone();
        let values = image.data_mut().iter_mut().zip(&self.difference);
        values.for_each(|(value, d)| *value = (*value + factor * d).clamp(0.0, 1.0));
        image
    }
}

/// The pixels of both.
fn within(mask: &Mask, roi: &Mask) -> Result<Mask, Failure> {
    let both = mask.data().iter().zip(roi.data()).map(|(a, b)| *a && *b);
    Mask::new(mask.height(), mask.width(), both.collect())
        .map_err(|e| Failure::new(ExitCode::Unexpected, e))
}

/// A rectangle of 4 to 20 % of each side, moved by a quarter of the grey scale away from the
/// nearer end of it.
fn shaded(clean: &Image, at: Presentation) -> Result<(Image, Mask), ShapeError> {
    let mut rng = ChaCha8Rng::seed_from_u64(at.seed);
    rng.set_stream(at.index);
    let mut span = |side: usize| {
        let length = ((side as f64 * rng.random_range(0.04..0.2)) as usize).max(1);
        let start = rng.random_range(0..=side - length);
        start..start + length
    };
    let (rows, columns) = (span(clean.height()), span(clean.width()));
    let pixels = (0..clean.height()).flat_map(|y| (0..clean.width()).map(move |x| (y, x)));
    let inside = pixels.map(|(y, x)| rows.contains(&y) && columns.contains(&x));
    let mask = Mask::new(clean.height(), clean.width(), inside.collect())?;
    let mut values = Vec::new();
    for y in rows.clone() {
        for x in columns.clone() {
            values.extend((0..clean.channels()).map(|c| clean.at(y, x, c)));
        }
    }
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let step = if mean > 0.5 { -0.25 } else { 0.25 };
    let mut image = clean.clone();
    let pixels = image.data_mut().chunks_mut(clean.channels());
    for (pixel, _) in pixels.zip(mask.data()).filter(|(_, inside)| **inside) {
        for value in pixel {
            *value += step;
        }
    }
    Ok((image, mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey() -> Image {
        Image::filled(64, 64, 3, 0.5).unwrap()
    }

    fn corruption(name: &str) -> CorruptionConfig {
        CorruptionConfig::named(name).unwrap()
    }

    #[test]
    fn a_model_is_never_asked_about_what_it_was_trained_on() {
        use Family::{Drops, Scratch, Shade, Stain};
        let unseen = |name| Family::unseen_by([&corruption(name)]);
        assert_eq!(unseen("none"), [Scratch, Drops, Stain, Shade]);
        assert_eq!(unseen("stain-blur"), [Scratch, Drops, Shade]);
        assert_eq!(unseen("drops-paper"), [Scratch, Stain, Shade]);
        assert_eq!(unseen("mix-structural"), [Shade]);
        assert_eq!(unseen("mix-stain-gaussian"), [Scratch, Drops, Shade]);
        let by_two = Family::unseen_by([&corruption("drops"), &corruption("repair")]);
        assert_eq!(by_two, [Scratch]);
        let by_all = Family::unseen_by([&corruption("mix-structural"), &corruption("repair")]);
        assert_eq!(by_all, [Family::Warp]);
    }

    #[test]
    fn a_defect_has_the_contrast_asked_for_inside_its_mask() {
        let clean = grey();
        for family in Family::ALL.into_iter().chain([Family::Hairline]) {
            let planted = Planted::draw((&clean, None), family, (3, 1), 64.0).unwrap();
            assert!(planted.mask.any());
            for contrast in [4.0, 32.0] {
                let image = planted.at_contrast(&clean, contrast);
                let pixels = image.data().chunks(3).zip(planted.mask.data());
                let inside = pixels.filter(|(_, inside)| **inside);
                let values: Vec<f64> = inside
                    .flat_map(|(pixel, _)| pixel.iter().map(|v| f64::from((v - 0.5).abs())))
                    .collect();
                let mean = 255.0 * values.iter().sum::<f64>() / values.len() as f64;
                assert!(
                    (mean - contrast).abs() < 0.05 * contrast,
                    "{family:?}: {mean}"
                );
            }
        }
    }

    #[test]
    fn nothing_is_planted_outside_the_region_of_interest() {
        let clean = grey();
        let inside = (0..64 * 64).map(|i| (20..44).contains(&(i / 64)) && i % 64 >= 16);
        let roi = Mask::new(64, 64, inside.collect()).unwrap();
        for (index, family) in (0..).zip(Family::ALL.into_iter().cycle().take(16)) {
            let planted = Planted::draw((&clean, Some(&roi)), family, (3, index), 32.0).unwrap();
            assert!(planted.mask.any(), "{family:?} missed it");
            let image = planted.at_contrast(&clean, 32.0);
            let pixels = image.data().chunks(3).zip(clean.data().chunks(3));
            let changed = pixels.map(|(a, b)| a != b).zip(roi.data());
            assert!(changed.clone().all(|(changed, inside)| *inside || !changed));
            assert!(
                changed
                    .zip(planted.mask.data())
                    .all(|((changed, _), m)| *m || !changed)
            );
        }
    }

    #[test]
    fn a_warp_of_a_plain_surface_is_not_seen() {
        let planted = Planted::draw((&grey(), None), Family::Warp, (3, 1), 64.0).unwrap();
        assert!(!planted.is_seen() && !planted.mask.any());
        let shade = Planted::draw((&grey(), None), Family::Shade, (3, 1), 64.0).unwrap();
        assert!(shade.is_seen());
    }

    #[test]
    fn the_same_seed_plants_the_same_defect() {
        let draw = |index| {
            let planted =
                Planted::draw((&grey(), None), Family::Scratch, (3, index), 64.0).unwrap();
            planted.at_contrast(&grey(), 16.0)
        };
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
    }
}
