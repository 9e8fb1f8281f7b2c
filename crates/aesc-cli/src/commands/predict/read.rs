//! The first stage: images read, decoded and resized, a batch ahead of the detector.

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use aesc_data::{InputImage, Limits, decode_image, digest_hex, read_bytes};
use aesc_image::Image;
use rayon::prelude::*;

use super::Job;
use crate::failure::Failure;

/// Images in a batch, at most.
const BATCH: usize = 16;
/// Pixels in a batch, roughly: larger images come in smaller batches.
const BATCH_PX: usize = 8 << 20;

/// An image as it was read.
pub(super) struct Query {
    pub(super) sha256: String,
    pub(super) original: Image,
    /// At the network's size; absent where the original is what the backend gets.
    resized: Option<Image>,
}

impl Query {
    /// What the backend gets; afterwards it is gone, so that no image is held twice.
    pub(super) fn take_seen(&mut self) -> Image {
        self.resized.take().unwrap_or_else(|| self.original.clone())
    }
}

/// An input, and its image or why there is none.
pub(super) type Page = (InputImage, Result<Query, String>);

/// A batch in the order of the inputs.
pub(super) struct ReadBatch {
    pub(super) pages: Vec<Page>,
    /// What ended the reading behind these pages.
    pub(super) failure: Option<Failure>,
    pub(super) secs: f64,
}

/// Reads batch by batch and hands each on, until nobody takes them. Where an image cannot be read
/// and the job does not keep going, the images before it come with the failure.
pub(super) fn read_all(
    inputs: &[InputImage],
    job: &Job<'_>,
    mut hand_on: impl FnMut(ReadBatch) -> bool,
) {
    let (mut size, mut rest) = (1, inputs);
    while !rest.is_empty() {
        let (images, later) = rest.split_at(size.min(rest.len()));
        let batch = read_batch(images, job);
        let pixels = |page: &Page| page.1.as_ref().map_or(0, |query| pixels(&query.original));
        let largest_px = batch.pages.iter().map(pixels).max().unwrap_or(0);
        size = (BATCH_PX / largest_px.max(1)).clamp(1, BATCH);
        rest = later;
        let ended = batch.failure.is_some();
        if !hand_on(batch) || ended {
            return;
        }
    }
}

fn read_batch(images: &[InputImage], job: &Job<'_>) -> ReadBatch {
    let start = Instant::now();
    let read: Vec<_> = images
        .par_iter()
        .map(|input| read(&input.path, job))
        .collect();
    let (mut pages, mut failure) = (Vec::with_capacity(images.len()), None);
    for (input, query) in images.iter().zip(read) {
        match query {
            Err(error) if !job.keep_going => {
                failure = Some(error.into());
                break;
            }
            other => pages.push((input.clone(), other.map_err(|error| error.to_string()))),
        }
    }
    ReadBatch {
        pages,
        failure,
        secs: start.elapsed().as_secs_f64(),
    }
}

fn read(path: &Path, job: &Job<'_>) -> Result<Query, aesc_data::DataError> {
    let preprocess = &job.manifest.preprocess;
    let limits = Limits::default();
    let bytes = read_bytes(path, &limits)?;
    let decoded = decode_image(&bytes, path, preprocess.channels, &limits)?;
    for warning in &decoded.warnings {
        tracing::warn!("{}: {warning}", path.display());
    }
    let resized = match preprocess.fit(&decoded.image)? {
        Cow::Owned(image) => Some(image),
        Cow::Borrowed(_) => None,
    };
    Ok(Query {
        sha256: digest_hex(&bytes),
        original: decoded.image,
        resized,
    })
}

fn pixels(image: &Image) -> usize {
    image.height() * image.width()
}
