//! Three stages at once: one batch is read while another is looked at and a third is written.
//!
//! The channels hold one batch each, so that at most five are in memory, whatever the number of
//! images: read, waiting, looked at, waiting, written. Order is that of the inputs throughout.

use std::sync::mpsc::sync_channel;
use std::time::Instant;

use aesc_data::InputImage;
use aesc_detect::{Detection, Detector, Reconstruct, observe};
use aesc_image::Image;
use rayon::prelude::*;
use serde::Serialize;

use super::Job;
use super::read::{Page, Query, ReadBatch, read_all};
use super::write::{Told, write_image};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::signals::Signals;

/// The time each stage was at work; they overlap, so that their sum exceeds the run's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct StageTimes {
    pub(super) read: f64,
    pub(super) reconstruct: f64,
    pub(super) score: f64,
    pub(super) write: f64,
}

impl StageTimes {
    /// The same in another unit.
    pub(super) fn each(self, change: impl Fn(f64) -> f64) -> Self {
        Self {
            read: change(self.read),
            reconstruct: change(self.reconstruct),
            score: change(self.score),
            write: change(self.write),
        }
    }
}

/// A batch with what was found in it.
struct SeenBatch {
    pages: Vec<(Page, Option<Detection>)>,
    /// Reconstruction and scoring, an equal share for each image.
    elapsed_ms: f64,
}

/// Predicts all inputs and tells of each in their order, from a thread of its own. Gives the
/// stages' times and what ended it early; what was seen before that is told.
pub(super) fn run<R: Reconstruct>(
    inputs: &[InputImage],
    (detector, job): (&Detector<R>, &Job<'_>),
    signals: &Signals,
    tell: impl FnMut(Told) -> Result<(), Failure> + Send,
) -> (StageTimes, Option<Failure>) {
    let mut secs = StageTimes::default();
    let failure = std::thread::scope(|scope| {
        let (to_detector, batches) = sync_channel(1);
        let (to_writer, seen) = sync_channel(1);
        scope.spawn(move || read_all(inputs, job, |batch| to_detector.send(batch).is_ok()));
        let writer = scope.spawn(move || write_all(seen.into_iter(), job, tell));
        let mut failure = None;
        // Leaving the loop drops the receiver, which ends the reader.
        for batch in batches {
            if signals.stopped() {
                failure = Some(Failure::silent(signals.exit_code()));
                break;
            }
            let ReadBatch {
                pages,
                failure: unreadable,
                secs: read,
            } = batch;
            secs.read += read;
            match detect(pages, detector, &mut secs) {
                Ok(batch) => {
                    failure = unreadable;
                    // A writer that takes no more tells why when it is joined.
                    if to_writer.send(batch).is_err() {
                        break;
                    }
                }
                Err(error) => failure = Some(error),
            }
            if failure.is_some() {
                break;
            }
        }
        drop(to_writer);
        let (write, written) = writer.join().unwrap_or_else(|_| {
            let message = "the writing thread came to an unexpected end";
            (0.0, Err(Failure::text(ExitCode::Unexpected, message)))
        });
        secs.write = write;
        written.err().or(failure)
    });
    (secs, failure)
}

/// The middle stage: what the backend makes of a batch, judged.
fn detect<R: Reconstruct>(
    mut pages: Vec<Page>,
    detector: &Detector<R>,
    secs: &mut StageTimes,
) -> Result<SeenBatch, Failure> {
    let seen = |page: &mut Page| page.1.as_mut().ok().map(Query::take_seen);
    let images: Vec<Image> = pages.iter_mut().filter_map(seen).collect();
    let judge = detector.judge();
    let start = Instant::now();
    let observed = observe(detector.backend(), &images, judge.score_config().sampling())?;
    let reconstruct = start.elapsed().as_secs_f64();
    let found: Vec<Detection> = images
        .par_iter()
        .zip(observed)
        .map(|(image, observed)| judge.judge(image, observed))
        .collect::<Result<_, _>>()?;
    let both = start.elapsed().as_secs_f64();
    secs.reconstruct += reconstruct;
    secs.score += both - reconstruct;
    let mut found = found.into_iter();
    let with_detection = |page: Page| {
        let detection = if page.1.is_ok() { found.next() } else { None };
        (page, detection)
    };
    Ok(SeenBatch {
        pages: pages.into_iter().map(with_detection).collect(),
        elapsed_ms: both * 1e3 / images.len().max(1) as f64,
    })
}

/// The last stage; gives its seconds.
fn write_all(
    batches: impl Iterator<Item = SeenBatch>,
    job: &Job<'_>,
    mut tell: impl FnMut(Told) -> Result<(), Failure>,
) -> (f64, Result<(), Failure>) {
    let mut secs = 0.0;
    for batch in batches {
        let start = Instant::now();
        let write = |(page, found): &(Page, Option<Detection>)| match (page, found) {
            ((input, Ok(query)), Some(found)) => {
                let mut told = write_image(input, query, found, job)?;
                told.row.elapsed_ms = Some(batch.elapsed_ms);
                Ok(told)
            }
            ((input, query), _) => Ok(Told::failed(input, job, why(query))),
        };
        let written: Vec<Result<Told, Failure>> = batch.pages.par_iter().map(write).collect();
        for told in written {
            if let Err(failure) = told.and_then(&mut tell) {
                return (secs, Err(failure));
            }
        }
        secs += start.elapsed().as_secs_f64();
    }
    (secs, Ok(()))
}

fn why(query: &Result<Query, String>) -> String {
    query.as_ref().err().cloned().unwrap_or_default()
}
