//! The sample set: four made-up products, drawn by code, with exact masks.
//!
//! Two textures (a woven cloth, a brushed sheet) and two objects (an aligned connector, a gear
//! at any angle), in the MVTec layout. Nothing is written here: items come as values.

mod blot;
mod camera;
mod cloth;
mod connector;
mod gear;
mod geometry;
mod item;
mod metal;
mod noise;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub use self::item::{SampleItem, SampleSpec};
use self::{cloth::Cloth, connector::Connector, gear::Gear, metal::Metal};
use crate::{DataError, Split, sample::GOOD};

/// The sample set's categories, sorted.
pub const SAMPLE_CATEGORIES: [&str; 4] = ["brushed_metal", "cloth", "connector", "gear"];

/// Something to photograph.
trait Scene {
    /// The colour at a place, in pixels of a 256 x 256 picture.
    fn colour(&self, p: geometry::Point) -> geometry::Rgb;
}

/// A kind of scene: each draw is another specimen of it.
trait Product: Scene + Sized + 'static {
    const DEFECTS: [&'static str; 3];
    fn new(rng: &mut ChaCha8Rng) -> Self;
    /// Gives the specimen one of the defects named.
    fn spoil(&mut self, defect: &str, rng: &mut ChaCha8Rng);
}

type Make = fn(&mut ChaCha8Rng, Option<(&str, ChaCha8Rng)>) -> Box<dyn Scene>;

/// Defect types and maker of each of [`SAMPLE_CATEGORIES`].
const PRODUCTS: [([&str; 3], Make); 4] = [
    (Metal::DEFECTS, make::<Metal>),
    (Cloth::DEFECTS, make::<Cloth>),
    (Connector::DEFECTS, make::<Connector>),
    (Gear::DEFECTS, make::<Gear>),
];

fn make<P: Product>(rng: &mut ChaCha8Rng, defect: Option<(&str, ChaCha8Rng)>) -> Box<dyn Scene> {
    let mut product = P::new(rng);
    if let Some((name, mut rng)) = defect {
        product.spoil(name, &mut rng);
    }
    Box::new(product)
}

/// How large the sample set is and which one it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleSetConfig {
    /// Height and width of every image, 32..=2048.
    pub size: usize,
    /// The same seed draws the same set.
    pub seed: u64,
    /// Training images a category.
    pub train: usize,
    /// Clean test images a category.
    pub test_good: usize,
    /// Test images of each of a category's three defect types.
    pub test_per_type: usize,
}

impl Default for SampleSetConfig {
    /// 60 training, 12 clean and 24 defective test images of 256 x 256 a category.
    fn default() -> Self {
        Self {
            size: 256,
            seed: 0,
            train: 60,
            test_good: 12,
            test_per_type: 8,
        }
    }
}

impl SampleSetConfig {
    /// Whether such a set can be drawn.
    ///
    /// # Errors
    /// [`DataError::Setting`] when the size is outside 32..=2048 or there is no training image.
    pub fn validate(&self) -> Result<(), DataError> {
        if !(32..=2048).contains(&self.size) {
            return Err(DataError::setting("size", "32..=2048 pixels", self.size));
        }
        if self.train == 0 {
            return Err(DataError::setting("train", "at least 1 image", self.train));
        }
        Ok(())
    }
}

/// Every image of the sample set, by category, then train, clean test, defects.
///
/// # Errors
/// [`DataError::Setting`] when `config` is not valid.
pub fn sample_items(config: &SampleSetConfig) -> Result<Vec<SampleSpec>, DataError> {
    config.validate()?;
    let mut items = Vec::new();
    for (product, category) in SAMPLE_CATEGORIES.into_iter().enumerate() {
        let clean = [
            (Split::Train, GOOD, config.train),
            (Split::Test, GOOD, config.test_good),
        ];
        let flawed = PRODUCTS[product]
            .0
            .map(|name| (Split::Test, name, config.test_per_type));
        for (group, (split, defect_type, n)) in clean.into_iter().chain(flawed).enumerate() {
            items.extend((0..n).map(|index| SampleSpec {
                category,
                split,
                defect_type,
                index,
                size: config.size,
                seed: config.seed,
                product,
                stream: (((product * 8 + group) as u64) << 32) | index as u64,
            }));
        }
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn small() -> Vec<SampleSpec> {
        let config = SampleSetConfig {
            size: 64,
            seed: 3,
            train: 2,
            test_good: 1,
            test_per_type: 2,
        };
        sample_items(&config).unwrap()
    }

    #[test]
    fn the_default_set_has_its_counts_and_layout() {
        let items = sample_items(&SampleSetConfig::default()).unwrap();
        for category in SAMPLE_CATEGORIES {
            let count = |f: &dyn Fn(&SampleSpec) -> bool| {
                items
                    .iter()
                    .filter(|item| item.category == category && f(item))
                    .count()
            };
            assert_eq!(count(&|item| item.split == Split::Train), 60);
            assert_eq!(
                count(&|item| item.split == Split::Test && !item.is_anomalous()),
                12
            );
            assert_eq!(count(&SampleSpec::is_anomalous), 24);
        }
        let last = items.last().unwrap();
        assert_eq!(last.relative_path(), Path::new("gear/test/rust/007.png"));
        assert_eq!(
            last.mask_path().unwrap(),
            Path::new("gear/ground_truth/rust/007_mask.png")
        );
        assert_eq!(
            items[0].relative_path(),
            Path::new("brushed_metal/train/good/000.png")
        );
        assert_eq!(items[0].mask_path(), None);
    }

    #[test]
    fn every_item_has_a_stream_of_its_own() {
        let mut streams: Vec<u64> = small().iter().map(|item| item.stream).collect();
        streams.sort_unstable();
        streams.dedup();
        assert_eq!(streams.len(), small().len());
    }

    #[test]
    fn drawing_again_gives_the_same_item() {
        for spec in small().iter().step_by(5) {
            assert_eq!(spec.draw().unwrap(), spec.draw().unwrap());
        }
    }

    #[test]
    fn seeds_and_indices_give_other_pictures() {
        let spec = small().remove(0);
        let picture = |spec: &SampleSpec| spec.draw().unwrap().image;
        let reseeded = SampleSpec {
            seed: 4,
            ..spec.clone()
        };
        assert_ne!(picture(&reseeded), picture(&spec));
        for pair in small()
            .chunks(2)
            .filter(|pair| pair[0].split == Split::Train)
        {
            assert_ne!(picture(&pair[0]), picture(&pair[1]));
        }
    }

    #[test]
    fn pictures_are_whole_grey_levels_in_range() {
        for spec in small() {
            let item = spec.draw().unwrap();
            assert_eq!(item.image.data().len(), 64 * 64 * 3);
            for &v in item.image.data() {
                let level = v * 255.0;
                assert!((0.0..=1.0).contains(&v) && (level - level.round()).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn only_defects_have_masks_and_none_is_empty() {
        for spec in small() {
            let mask = spec.draw().unwrap().mask;
            assert_eq!(mask.is_some(), spec.is_anomalous());
            assert!(mask.is_none_or(|mask| mask.any()), "{spec:?}");
        }
    }

    #[test]
    fn a_defect_changes_pixels_inside_its_mask_and_no_other() {
        for spec in small().iter().filter(|spec| spec.is_anomalous()) {
            let (clean, _) = spec.exposures(false).unwrap();
            let (flawed, mask) = spec.exposures(true).unwrap();
            let mask = mask.unwrap();
            let pixels = clean.chunks_exact(3).zip(flawed.chunks_exact(3));
            let mut changed = 0;
            for ((a, b), &inside) in pixels.zip(mask.data()) {
                assert!(inside || a == b, "{spec:?}");
                changed += u64::from(a != b);
            }
            assert!(
                2 * changed > mask.count(),
                "{spec:?}: {changed} of {}",
                mask.count()
            );
        }
    }

    #[test]
    fn other_sizes_show_the_same_scene() {
        let spec = small().remove(0);
        let large = SampleSpec {
            size: 128,
            ..spec.clone()
        };
        let mean = |spec: &SampleSpec| {
            let image = spec.draw().unwrap().image;
            image.data().iter().sum::<f32>() / image.data().len() as f32
        };
        assert!((mean(&spec) - mean(&large)).abs() < 0.01);
    }

    #[test]
    fn sets_that_cannot_be_drawn_are_refused() {
        let tiny = SampleSetConfig {
            size: 8,
            ..SampleSetConfig::default()
        };
        assert!(sample_items(&tiny).is_err());
        let untrained = SampleSetConfig {
            train: 0,
            ..SampleSetConfig::default()
        };
        assert!(sample_items(&untrained).is_err());
    }
}
