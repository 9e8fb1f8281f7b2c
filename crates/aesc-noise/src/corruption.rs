//! Which corruption, with which numbers, on which presentation: the crate's front door.
//!
//! [`CorruptionConfig`] is what was written, [`Corruption`] what may run. The names are those of
//! the presets; the numbers are those of the paper and of its authors' public code.

use aesc_image::{Image, Mask};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{
    DropsConfig, GaussianConfig, MixConfig, NoiseError, RepairConfig, ScratchConfig, StainConfig,
};
use crate::{drops, gaussian, repair, scratch, stain};

/// What makes the 256-bit key of a seed's streams differ from any other use of the same seed.
const KEY_DOMAIN: [u8; 24] = *b"aesc-noise corruption v1";

/// A corruption as written in a configuration; `kind` names the variant.
///
/// The default is the paper's stain without blur.
///
/// ```
/// use aesc_noise::CorruptionConfig;
/// let written = r#"{"kind": "stain", "blur": 0.15}"#;
/// let config: CorruptionConfig = serde_json::from_str(written)?;
/// assert_eq!(config, CorruptionConfig::named("stain-blur")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CorruptionConfig {
    /// The clean image itself. (Braces, because a unit variant would let unknown keys pass.)
    None {},
    /// An elliptic stain of one colour.
    Stain(StainConfig),
    /// A thin curve.
    Scratch(ScratchConfig),
    /// A cluster of small discs.
    Drops(DropsConfig),
    /// Independent noise on every value.
    Gaussian(GaussianConfig),
    /// One of several corruptions, drawn anew for every presentation.
    Mix(MixConfig),
    /// A region of any of several shapes, filled from any of several sources, or nothing.
    Repair(RepairConfig),
}

impl Default for CorruptionConfig {
    fn default() -> Self {
        Self::Stain(StainConfig::default())
    }
}

impl CorruptionConfig {
    /// The presets: those of the paper's comparison in its order, then ours.
    pub const NAMES: [&'static str; 10] = [
        "none",
        "stain",
        "stain-blur",
        "scratch",
        "drops",
        "drops-paper",
        "gaussian",
        "mix-structural",
        "mix-stain-gaussian",
        "repair",
    ];

    /// The preset `name`, one of [`Self::NAMES`].
    ///
    /// # Errors
    /// [`NoiseError::UnknownName`], which lists the names.
    pub fn named(name: &str) -> Result<Self, NoiseError> {
        Ok(match name {
            "none" => Self::None {},
            "stain" => Self::Stain(StainConfig::default()),
            "stain-blur" => Self::Stain(StainConfig::blurred()),
            "scratch" => Self::Scratch(ScratchConfig::default()),
            "drops" => Self::Drops(DropsConfig::default()),
            "drops-paper" => Self::Drops(DropsConfig {
                spacing: 0.1,
                ..DropsConfig::default()
            }),
            "gaussian" => Self::Gaussian(GaussianConfig::default()),
            "mix-structural" => Self::Mix(MixConfig::default()),
            "mix-stain-gaussian" => Self::Mix(MixConfig::stain_gaussian()),
            "repair" => Self::Repair(RepairConfig::default()),
            _ => {
                return Err(NoiseError::UnknownName {
                    expected: Self::NAMES.join(", "),
                    found: name.to_owned(),
                });
            }
        })
    }

    /// The kind, as a configuration writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None {} => "none",
            Self::Stain(_) => "stain",
            Self::Scratch(_) => "scratch",
            Self::Drops(_) => "drops",
            Self::Gaussian(_) => "gaussian",
            Self::Mix(_) => "mix",
            Self::Repair(_) => "repair",
        }
    }

    /// The corruption that may run, every number checked.
    ///
    /// # Errors
    /// [`NoiseError::OutOfRange`] for the first field outside its range.
    pub fn validate(&self) -> Result<Corruption, NoiseError> {
        self.check()?;
        Ok(Corruption {
            config: self.clone(),
        })
    }

    pub(crate) fn check(&self) -> Result<(), NoiseError> {
        match self {
            Self::None {} => Ok(()),
            Self::Stain(config) => config.check(),
            Self::Scratch(config) => config.check(),
            Self::Drops(config) => config.check(),
            Self::Gaussian(config) => config.check(),
            Self::Mix(config) => config.check(),
            Self::Repair(config) => config.check(),
        }
    }

    fn paint(&self, image: &mut Image, sources: &[Image], rng: &mut ChaCha8Rng) -> Mask {
        match self {
            Self::None {} => Mask::over(image, false),
            Self::Stain(config) => stain::paint(config, image, rng),
            Self::Scratch(config) => scratch::paint(*config, image, rng),
            Self::Drops(config) => drops::paint(config, image, rng),
            Self::Gaussian(config) => gaussian::paint(*config, image, rng),
            Self::Mix(config) => match config.draw(rng) {
                Some(part) => part.paint(image, sources, rng),
                None => Mask::over(image, false),
            },
            Self::Repair(config) => repair::paint(config, image, sources, rng),
        }
    }
}

/// Which time an image is shown: everything random about a corruption follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// The run's seed: the key of the stream cipher.
    pub seed: u64,
    /// The presentation's number, counted over the whole run: the stream under that key.
    pub index: u64,
}

impl Presentation {
    fn rng(self) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..].copy_from_slice(&KEY_DOMAIN);
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(self.index);
        rng
    }
}

/// A corruption whose numbers have been checked; see [`CorruptionConfig::validate`].
#[derive(Clone, Debug, PartialEq)]
pub struct Corruption {
    config: CorruptionConfig,
}

/// A corrupted image and where it was corrupted.
#[derive(Clone, Debug, PartialEq)]
pub struct Corrupted {
    /// The corrupted copy, 0..=1, of the shape of the clean image.
    pub image: Image,
    /// True where the corruption's blend weight exceeds 0.5, or where it painted the pixel.
    pub mask: Mask,
}

impl Corruption {
    /// The configuration this corruption was validated from.
    pub fn config(&self) -> &CorruptionConfig {
        &self.config
    }

    /// A corrupted copy of `image` (0..=1, any size, 1 or 3 channels).
    ///
    /// A pure function: the same image and presentation give the same bits on any thread.
    pub fn apply(&self, image: &Image, presentation: Presentation) -> Corrupted {
        self.apply_from(image, &[], presentation)
    }

    /// As [`Self::apply`], with clean images of the same category to paint from; those of another
    /// shape are passed over. Only [`CorruptionConfig::Repair`] looks at them.
    ///
    /// A pure function of image, sources and presentation.
    pub fn apply_from(
        &self,
        image: &Image,
        sources: &[Image],
        presentation: Presentation,
    ) -> Corrupted {
        let mut image = image.clone();
        let mask = self
            .config
            .paint(&mut image, sources, &mut presentation.rng());
        Corrupted { image, mask }
    }

    /// Corrupts `image` (0..=1) itself and returns where, as [`Self::apply`] without the copy.
    pub fn apply_in_place(&self, image: &mut Image, presentation: Presentation) -> Mask {
        self.config.paint(image, &[], &mut presentation.rng())
    }
}
