//! A model measured on a data set's test images: maps, scores, metrics, curves, pictures.

mod judged;
mod overlap;
mod scores;
mod sharpness;

use std::time::Instant;

use aesc_bench::{Reconstruction, Scored};
use aesc_data::{Dataset, Limits, PreprocessConfig, Sample, read_mask};
use aesc_detect::{
    Calibration, Detection, Judge, McDropout, OverlayScale, Reconstruct, ScoreConfig, observe,
};
use aesc_image::{Image, Map, Mask};
use rayon::prelude::*;

use crate::app::Context;
use crate::failure::Failure;
use judged::Judged;
pub(crate) use overlap::Overlaps;
pub(crate) use scores::score_name;
use sharpness::Sharpness;

/// Images reconstructed at once.
const BATCH: usize = 16;

/// What is measured: a backend and its judges, one a strategy, on the images of a data set.
pub(crate) struct Subject<'a> {
    pub(crate) backend: &'a dyn Reconstruct,
    /// The main strategy first.
    pub(crate) judges: Vec<Judge>,
    pub(crate) preprocess: &'a PreprocessConfig,
    pub(crate) dataset: &'a Dataset,
    /// Side at which pixel metrics are taken; absent for each mask's own.
    pub(crate) eval_size: Option<usize>,
}

/// What measuring gives.
pub(crate) struct Evaluation {
    /// One entry a judge, in their order.
    pub(crate) scored: Vec<Scored>,
    pub(crate) reconstruction: Reconstruction,
    /// Wall time of all of it, in seconds.
    pub(crate) scoring_secs: f64,
    /// Reconstruction of one image, in milliseconds.
    pub(crate) inference_ms_per_image: f64,
    /// Reconstruction and dropout passes of one image, in milliseconds, where they were sampled.
    pub(crate) sampling_ms_per_image: Option<f64>,
    /// A test image of each type with all that was made of it.
    pub(crate) shown: Vec<Shown>,
}

/// A test image to show.
pub(crate) struct Shown {
    pub(crate) defect_type: String,
    pub(crate) image: String,
    /// By the main strategy.
    pub(crate) score: f64,
    pub(crate) query: Image,
    pub(crate) reconstruction: Image,
    /// One a strategy.
    pub(crate) maps: Vec<ShownMap>,
    pub(crate) mask: Option<Mask>,
}

/// A strategy's map, and the scale it is drawn on.
pub(crate) struct ShownMap {
    pub(crate) strategy: &'static str,
    pub(crate) map: Map,
    pub(crate) scale: OverlayScale,
}

/// Measures a model on the test images of a data set.
pub(crate) fn evaluate(subject: &Subject<'_>, context: &Context) -> Result<Evaluation, Failure> {
    let start = Instant::now();
    let mut run = Run::new(subject);
    let test = &subject.dataset.test;
    let phase = context.output.phase("score", test.len() as u64);
    for samples in test.chunks(BATCH) {
        context.signals.check()?;
        run.score(samples)?;
        phase.at(run.labels.len() as u64);
    }
    phase.note("metrics: sorting the pixels");
    let Run {
        labels,
        judged,
        sharpness,
        plain,
        sampled,
        shown,
        ..
    } = run;
    let scored = judged
        .into_iter()
        .map(|one| one.scored(subject.dataset, &labels))
        .collect::<Result<_, _>>()?;
    Ok(Evaluation {
        scored,
        reconstruction: sharpness.reconstruction(),
        scoring_secs: start.elapsed().as_secs_f64(),
        inference_ms_per_image: plain.ms_per_image().unwrap_or_default(),
        sampling_ms_per_image: sampled.ms_per_image(),
        shown,
    })
}

/// The measuring in hand.
struct Run<'a> {
    subject: &'a Subject<'a>,
    /// How passes are drawn, where a judge needs them.
    mc_dropout: Option<&'a McDropout>,
    labels: Vec<bool>,
    judged: Vec<Judged<'a>>,
    sharpness: Sharpness,
    plain: Clock,
    sampled: Clock,
    shown: Vec<Shown>,
}

impl<'a> Run<'a> {
    fn new(subject: &'a Subject<'a>) -> Self {
        let judges = subject.judges.iter();
        let judged = judges.map(|one| Judged::new(one, subject.dataset, subject.eval_size));
        let mut configs = subject.judges.iter().map(Judge::score_config);
        Self {
            subject,
            mc_dropout: configs.find_map(ScoreConfig::sampling),
            labels: Vec::new(),
            judged: judged.collect(),
            sharpness: Sharpness::default(),
            plain: Clock::default(),
            sampled: Clock::default(),
            shown: Vec::new(),
        }
    }

    fn score(&mut self, samples: &[Sample]) -> Result<(), Failure> {
        let preprocess = self.subject.preprocess;
        let load = |sample: &Sample| preprocess.load(&sample.path, &Limits::default());
        let loaded = samples
            .par_iter()
            .map(load)
            .collect::<Result<Vec<_>, _>>()?;
        let sides = loaded.iter().map(|l| (l.original_height, l.original_width));
        let sized: Vec<_> = samples.iter().zip(sides).collect();
        let queries: Vec<Image> = loaded.into_iter().map(|l| l.image).collect();
        let backend = &self.subject.backend;
        let n = queries.len();
        let observed = match self.mc_dropout {
            None => self.plain.timed(n, || observe(backend, &queries, None))?,
            Some(mc) => {
                // One batch tells the time of a plain reconstruction.
                if self.labels.is_empty() {
                    self.plain.timed(n, || observe(backend, &queries, None))?;
                }
                self.sampled
                    .timed(n, || observe(backend, &queries, Some(mc)))?
            }
        };
        let mut found = Vec::with_capacity(self.judged.len());
        for judged in &mut self.judged {
            found.push(judged.add(&sized, &queries, &observed)?);
        }
        for ((sample, query), seen) in samples.iter().zip(&queries).zip(&observed) {
            self.labels.push(sample.is_anomalous());
            if !sample.is_anomalous() {
                self.sharpness.add(query, &seen.reconstruction);
            }
        }
        self.show(samples, &queries, &found)
    }

    /// Keeps the first image of each type.
    fn show(
        &mut self,
        samples: &[Sample],
        queries: &[Image],
        found: &[Vec<Detection>],
    ) -> Result<(), Failure> {
        for (i, (sample, query)) in samples.iter().zip(queries).enumerate() {
            let is_type = |shown: &Shown| shown.defect_type == sample.defect_type;
            let Some(main) = found.first().map(|of_main| &of_main[i]) else {
                continue;
            };
            if self.shown.iter().any(is_type) {
                continue;
            }
            let mask = match &sample.mask {
                Some(path) => Some(read_mask(path, &Limits::default())?),
                None => None,
            };
            let maps = self
                .judged
                .iter()
                .zip(found)
                .map(|(judged, found)| ShownMap {
                    strategy: judged.strategy(),
                    map: found[i].map.clone(),
                    scale: judged
                        .calibration()
                        .map_or(UNSCALED, Calibration::overlay_scale),
                });
            self.shown.push(Shown {
                defect_type: sample.defect_type.clone(),
                image: sample.relative.display().to_string(),
                score: main.score,
                query: query.clone(),
                reconstruction: main.reconstruction.clone(),
                maps: maps.collect(),
                mask,
            });
        }
        Ok(())
    }
}

/// The scale of a map without a calibration.
const UNSCALED: OverlayScale = OverlayScale {
    max: 1.0,
    threshold: 0.5,
};

/// Wall time spent on images.
#[derive(Debug, Default)]
struct Clock {
    secs: f64,
    n_images: usize,
}

impl Clock {
    fn timed<T>(&mut self, n_images: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let made = work();
        self.secs += start.elapsed().as_secs_f64();
        self.n_images += n_images;
        made
    }

    fn ms_per_image(&self) -> Option<f64> {
        (self.n_images > 0).then(|| self.secs * 1e3 / self.n_images as f64)
    }
}
