//! One image of the sample set: its name, its random streams, its drawing.

use std::path::{Path, PathBuf};

use aesc_image::{Image, Mask};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{
    PRODUCTS, Scene,
    camera::{self, Camera},
};
use crate::{DataError, Split, sample::GOOD};

/// One image of the sample set, not yet drawn; each can be drawn alone and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleSpec {
    /// One of [`SAMPLE_CATEGORIES`](crate::SAMPLE_CATEGORIES).
    pub category: &'static str,
    /// Train or test.
    pub split: Split,
    /// `good`, or the name of the defect.
    pub defect_type: &'static str,
    /// The image's number within its split and type, from 0.
    pub index: usize,
    pub(super) product: usize,
    pub(super) size: usize,
    pub(super) seed: u64,
    pub(super) stream: u64,
}

/// One drawn image of the sample set.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleItem {
    /// What was drawn.
    pub spec: SampleSpec,
    /// The picture, RGB, multiples of 1/255 in 0..=1.
    pub image: Image,
    /// Where a defect shows; nothing for a clean image.
    pub mask: Option<Mask>,
}

/// The independent random streams of one image.
#[derive(Clone, Copy)]
enum Part {
    Scene,
    Camera,
    Defect,
    Sensor,
}

impl SampleSpec {
    /// Whether the image shows a defect.
    pub fn is_anomalous(&self) -> bool {
        self.defect_type != GOOD
    }

    /// `<category>/<split>/<type>/NNN.png`.
    pub fn relative_path(&self) -> PathBuf {
        Path::new(self.category)
            .join(self.split.as_str())
            .join(self.defect_type)
            .join(format!("{:03}.png", self.index))
    }

    /// `<category>/ground_truth/<type>/NNN_mask.png`, for an anomalous image.
    pub fn mask_path(&self) -> Option<PathBuf> {
        self.is_anomalous().then(|| {
            Path::new(self.category)
                .join("ground_truth")
                .join(self.defect_type)
                .join(format!("{:03}_mask.png", self.index))
        })
    }

    /// The picture and its mask.
    ///
    /// # Errors
    /// [`DataError::Shape`] is passed on; no spec of [`sample_items`](crate::sample_items) has it.
    pub fn draw(&self) -> Result<SampleItem, DataError> {
        let (picture, mask) = self.exposures(self.is_anomalous())?;
        let image = camera::read_out(&picture, self.size, &mut self.stream(Part::Sensor))?;
        Ok(SampleItem {
            spec: self.clone(),
            image,
            mask,
        })
    }

    /// The picture before noise, with its defect or as it would be without, and the mask.
    pub(super) fn exposures(&self, flawed: bool) -> Result<(Vec<f32>, Option<Mask>), DataError> {
        let camera = Camera::new(&mut self.stream(Part::Camera));
        let mut picture = camera.expose(self.scene(false).as_ref(), self.size);
        if !flawed {
            return Ok((picture, None));
        }
        let spoilt = camera.expose(self.scene(true).as_ref(), self.size);
        let mask = camera::difference(&picture, &spoilt, self.size)?;
        replace(&mut picture, &spoilt, &mask);
        Ok((picture, Some(mask)))
    }

    fn stream(&self, part: Part) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(self.stream * 4 + part as u64);
        rng
    }

    fn scene(&self, flawed: bool) -> Box<dyn Scene> {
        let defect = flawed.then(|| (self.defect_type, self.stream(Part::Defect)));
        let (_, make) = PRODUCTS[self.product];
        make(&mut self.stream(Part::Scene), defect)
    }
}

/// Takes the pixels inside `mask` from `flawed`: outside, the defect changes nothing at all.
fn replace(picture: &mut [f32], flawed: &[f32], mask: &Mask) {
    let pixels = picture.chunks_exact_mut(3).zip(flawed.chunks_exact(3));
    for ((pixel, flawed), &inside) in pixels.zip(mask.data()) {
        if inside {
            pixel.copy_from_slice(flawed);
        }
    }
}
