//! Training pairs: which image when, freshly corrupted, prepared ahead of the step that needs it.

use std::ops::Range;
use std::sync::mpsc::sync_channel;

use aesc_artifact::{AugmentConfig, Look};
use aesc_image::Image;
use aesc_noise::{Corruption, CorruptionConfig, Presentation};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use super::TrainJob;
use super::augment::Variation;
use crate::tensor::nchw_from_nhwc;
use crate::{Device, ModelError};

/// Batches prepared and waiting, beside the one in use.
const AHEAD: usize = 2;
/// Presentations of training count up from 0, what is to be found in the same images from here.
const SEGMENT_PRESENTATIONS: u64 = 1 << 61;
/// Those of validation count from here.
pub(crate) const VALIDATION_PRESENTATIONS: u64 = 1 << 62;
/// Streams of the image order count down from here (the last belongs to first weights).
const ORDER_STREAMS: u64 = u64::MAX - 1;

/// A batch of corrupted inputs and clean targets, `[b, h, w, c]`, 0..=1.
#[derive(Debug)]
pub(crate) struct Batch {
    input: Vec<f32>,
    target: Vec<f32>,
    /// `[b, h, w, 1]`: 1 where the input was corrupted; empty where nobody asks.
    corrupted: Vec<f32>,
    /// The clean images corrupted otherwise, for the look that segments; empty where none does or it
    /// is shown the input.
    sought: Vec<f32>,
    shape: [usize; 4],
}

/// A batch on a device, `[b, c, h, w]` each.
#[derive(Debug)]
pub(crate) struct Shown {
    /// What the network is shown.
    pub(crate) input: Tensor,
    /// The clean images.
    pub(crate) target: Tensor,
    /// `[b, 1, h, w]`: 1 where the input was corrupted, where somebody asks.
    pub(crate) corrupted: Option<Tensor>,
    /// What a look that segments is shown, where it is not the input.
    pub(crate) sought: Option<Tensor>,
}

impl Batch {
    pub(crate) fn to_device(&self, device: Device) -> Result<Shown, ModelError> {
        let [b, h, w, _] = self.shape;
        let unless_empty = |values: &[f32], shape| {
            (!values.is_empty())
                .then(|| nchw_from_nhwc(values, shape, device))
                .transpose()
        };
        Ok(Shown {
            input: nchw_from_nhwc(&self.input, self.shape, device)?,
            target: nchw_from_nhwc(&self.target, self.shape, device)?,
            corrupted: unless_empty(&self.corrupted, [b, h, w, 1])?,
            sought: unless_empty(&self.sought, self.shape)?,
        })
    }
}

/// The endless, seeded sequence of training pairs.
#[derive(Debug)]
pub(crate) struct Pairs<'a> {
    images: &'a [Image],
    corruption: Corruption,
    /// What the look that segments learns to find, where it is something else.
    segment: Option<Corruption>,
    augment: AugmentConfig,
    /// Whether the loss asks where the input was corrupted.
    masked: bool,
    seed: u64,
    batch: usize,
    shape: [usize; 4],
}

impl<'a> Pairs<'a> {
    pub(crate) fn new(job: &TrainJob<'a>) -> Result<Self, ModelError> {
        let config = job.config;
        let first = job
            .images
            .first()
            .ok_or_else(|| ModelError::images("clean images", "none"))?;
        if job.images.iter().any(|image| !image.same_shape(first)) {
            return Err(ModelError::images("images of one size", "several sizes"));
        }
        let batch = config.train.batch;
        let shape = [batch, first.height(), first.width(), first.channels()];
        let segments = config.network.looks().contains(&Look::Segment);
        let segment = config.train.segment.as_ref().filter(|_| segments);
        Ok(Self {
            images: job.images,
            corruption: config.corruption.validate()?,
            segment: segment.map(CorruptionConfig::validate).transpose()?,
            augment: config.train.augment,
            masked: config.train.loss.corrupted > 0.0,
            seed: config.seed,
            batch,
            shape,
        })
    }

    /// Calls `step` for every batch of `steps` in order, until it says false; a thread of its own
    /// prepares the next batches meanwhile.
    pub(crate) fn prefetched(
        &self,
        steps: Range<u64>,
        mut step: impl FnMut(u64, Batch) -> Result<bool, ModelError>,
    ) -> Result<(), ModelError> {
        std::thread::scope(|scope| {
            let (sender, batches) = sync_channel(AHEAD);
            scope.spawn(move || {
                // A closed channel means that the loop below has ended.
                for at in steps {
                    if sender.send((at, self.batch(at))).is_err() {
                        break;
                    }
                }
            });
            for (at, batch) in batches {
                if !step(at, batch)? {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The batch of a step: a pure function of seed and step.
    fn batch(&self, step: u64) -> Batch {
        let n = self.images[0].data().len() * self.batch;
        let mut batch = Batch {
            input: Vec::with_capacity(n),
            target: Vec::with_capacity(n),
            corrupted: Vec::new(),
            sought: Vec::new(),
            shape: self.shape,
        };
        let first = step * self.batch as u64;
        let mut pass = Pass::new(self.images.len(), self.seed, first);
        for index in first..first + self.batch as u64 {
            self.add(&mut batch, &self.images[pass.image_of(index)], index);
        }
        batch
    }

    /// Adds a presentation of a clean image: varied, then corrupted, then the shared noise.
    fn add(&self, batch: &mut Batch, clean: &Image, index: u64) {
        let mut variation = Variation::new(self.augment, self.seed, index);
        let varied = variation.of(clean);
        let clean = varied.as_ref().unwrap_or(clean);
        let made_by = |corruption: &Corruption, index| {
            let seed = self.seed;
            corruption.apply_from(clean, self.images, Presentation { seed, index })
        };
        let made = made_by(&self.corruption, index);
        let start = batch.input.len();
        batch.input.extend_from_slice(made.image.data());
        batch.target.extend_from_slice(clean.data());
        let mut alike = vec![&mut batch.input[start..], &mut batch.target[start..]];
        if let Some(segment) = &self.segment {
            let sought = made_by(segment, SEGMENT_PRESENTATIONS + index);
            batch.sought.extend_from_slice(sought.image.data());
            alike.push(&mut batch.sought[start..]);
        }
        variation.noise(&mut alike);
        if self.masked {
            let inside = made.mask.data().iter().map(|&on| f32::from(u8::from(on)));
            batch.corrupted.extend(inside);
        }
    }
}

/// One pass over the images in an order of its own.
struct Pass {
    number: u64,
    order: Vec<usize>,
    seed: u64,
}

impl Pass {
    fn new(n_images: usize, seed: u64, index: u64) -> Self {
        let number = index / n_images as u64;
        Self {
            number,
            order: order(n_images, seed, number),
            seed,
        }
    }

    /// The image shown at presentation `index`.
    fn image_of(&mut self, index: u64) -> usize {
        let n = self.order.len();
        if index / n as u64 != self.number {
            *self = Self::new(n, self.seed, index);
        }
        self.order[(index % n as u64) as usize]
    }
}

/// Fisher and Yates' shuffle of 0..n for a pass.
fn order(n: usize, seed: u64, pass: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(ORDER_STREAMS - pass);
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last, rng.random_range(0..=last));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_shows_every_image_once_and_passes_differ() {
        let mut shown = order(50, 9, 0);
        assert_ne!(shown, order(50, 9, 1));
        assert_ne!(shown, order(50, 8, 0));
        shown.sort_unstable();
        assert_eq!(shown, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_batch_may_span_passes_and_is_a_function_of_its_step() {
        let images: Vec<Image> = (0..3)
            .map(|k| Image::filled(8, 8, 1, k as f32 / 4.0).unwrap())
            .collect();
        let corruption = CorruptionConfig::named("stain")
            .unwrap()
            .validate()
            .unwrap();
        let pairs = Pairs {
            images: &images,
            corruption,
            segment: None,
            augment: AugmentConfig::default(),
            masked: false,
            seed: 1,
            batch: 4,
            shape: [4, 8, 8, 1],
        };
        let mut found = Vec::new();
        pairs
            .prefetched(0..3, |_, batch| {
                found.push(batch);
                Ok(true)
            })
            .unwrap();
        for (step, batch) in found.iter().enumerate() {
            assert_eq!(batch.input, pairs.batch(step as u64).input);
        }
        // Twelve presentations of three images: each was the target four times.
        let targets: Vec<f32> = found
            .iter()
            .flat_map(|b| b.target.chunks(64).map(|image| image[0]))
            .collect();
        for value in [0.0, 0.25, 0.5] {
            let shown = targets.iter().filter(|t| (**t - value).abs() < 1e-6);
            assert_eq!(shown.count(), 4);
        }
    }

    #[test]
    fn what_is_to_be_found_is_another_corruption_of_the_same_clean_image() {
        let images = [Image::filled(32, 32, 1, 0.5).unwrap()];
        let named = |name| CorruptionConfig::named(name).unwrap().validate().unwrap();
        let augment = AugmentConfig {
            light: 0.2,
            noise: 0.01,
            ..AugmentConfig::default()
        };
        let pairs = Pairs {
            images: &images,
            corruption: named("none"),
            segment: Some(named("stain")),
            augment,
            masked: false,
            seed: 3,
            batch: 4,
            shape: [4, 32, 32, 1],
        };
        let batch = pairs.batch(0);
        // Other light and the noise are the same in all; the stain is in one alone.
        assert_eq!(batch.input, batch.target);
        let stained = |i: usize| {
            let pixels = i * 1024..(i + 1) * 1024;
            let values = batch.sought[pixels.clone()]
                .iter()
                .zip(&batch.target[pixels]);
            values.filter(|(a, b)| (*a - *b).abs() > 1e-6).count()
        };
        assert!((0..4).all(|i| (1..512).contains(&stained(i))));
        let shown = batch.to_device(Device::Cpu).unwrap();
        assert_eq!(shown.sought.unwrap().size(), [4, 1, 32, 32]);
        let without = Pairs {
            segment: None,
            ..pairs
        };
        assert!(
            without
                .batch(0)
                .to_device(Device::Cpu)
                .unwrap()
                .sought
                .is_none()
        );
    }

    #[test]
    fn the_loop_ends_when_told() {
        let images = [Image::filled(2, 2, 1, 0.5).unwrap()];
        let corruption = CorruptionConfig::named("none").unwrap().validate().unwrap();
        let pairs = Pairs {
            images: &images,
            corruption,
            segment: None,
            augment: AugmentConfig::default(),
            masked: false,
            seed: 0,
            batch: 2,
            shape: [2, 2, 2, 1],
        };
        let mut seen = 0;
        pairs
            .prefetched(0..1000, |_, _| {
                seen += 1;
                Ok(seen < 3)
            })
            .unwrap();
        assert_eq!(seen, 3);
    }
}
