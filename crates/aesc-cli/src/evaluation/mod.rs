//! A model measured on a data set's test images: maps, scores, metrics, curves, pictures.

mod scores;
mod sharpness;

use std::collections::BTreeMap;
use std::time::Instant;

use aesc_bench::{Alternative, Curves, Metrics, Reconstruction, Scored};
use aesc_data::{Dataset, Limits, Sample, read_mask};
use aesc_detect::{Decision, Detection, resize_map, resize_mask_nearest};
use aesc_eval::{Accumulator, Bootstrap, CurvePoint, MapView, auroc_interval};
use aesc_image::{Image, Map, Mask};
use rayon::prelude::*;

use crate::app::Context;
use crate::backend::OpenModel;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
pub(crate) use scores::score_name;
use scores::{alternative_scores, alternatives};
use sharpness::Sharpness;

/// Images reconstructed at once.
const BATCH: usize = 16;
/// Distance between the points of a stored curve, in shares of an axis.
const CURVE_STEP: f64 = 0.005;

/// What measuring gives.
pub(crate) struct Evaluation {
    pub(crate) scored: Scored,
    pub(crate) reconstruction: Reconstruction,
    /// Wall time of all of it, in seconds.
    pub(crate) scoring_secs: f64,
    /// Reconstruction and map of one image, in milliseconds.
    pub(crate) inference_ms_per_image: f64,
    /// A test image of each type with all that was made of it.
    pub(crate) shown: Vec<Shown>,
}

/// A test image to show.
pub(crate) struct Shown {
    pub(crate) defect_type: String,
    pub(crate) image: String,
    pub(crate) score: f64,
    pub(crate) query: Image,
    pub(crate) reconstruction: Image,
    pub(crate) map: Map,
    pub(crate) mask: Option<Mask>,
}

/// Measures `model` on `dataset`; pixel metrics at full resolution, or at `eval_size` squared.
pub(crate) fn evaluate(
    model: &OpenModel,
    dataset: &Dataset,
    eval_size: Option<usize>,
    context: &Context,
) -> Result<Evaluation, Failure> {
    let start = Instant::now();
    let mut run = Run::new(model, dataset, eval_size);
    let phase = context.output.phase("score", dataset.test.len() as u64);
    for samples in dataset.test.chunks(BATCH) {
        if context.signals.stopped() {
            return Err(Failure::silent(context.signals.exit_code()));
        }
        run.score(samples)?;
        phase.at(run.scores.len() as u64);
    }
    phase.note("metrics: sorting the pixels");
    let reconstruction = run.sharpness.reconstruction();
    let inference_ms_per_image = run.inference_secs * 1e3 / run.scores.len().max(1) as f64;
    let shown = std::mem::take(&mut run.shown);
    let scored = run.scored()?;
    let scoring_secs = start.elapsed().as_secs_f64();
    Ok(Evaluation {
        scored,
        reconstruction,
        scoring_secs,
        inference_ms_per_image,
        shown,
    })
}

/// The measuring in hand.
struct Run<'a> {
    model: &'a OpenModel,
    dataset: &'a Dataset,
    eval_size: Option<usize>,
    pixels: Option<Accumulator>,
    labels: Vec<bool>,
    scores: Vec<f32>,
    alternatives: Vec<Vec<f32>>,
    sharpness: Sharpness,
    false_alarms: FalseAlarms,
    inference_secs: f64,
    shown: Vec<Shown>,
}

impl<'a> Run<'a> {
    fn new(model: &'a OpenModel, dataset: &'a Dataset, eval_size: Option<usize>) -> Self {
        Self {
            model,
            dataset,
            eval_size,
            pixels: dataset.has_masks().then(Accumulator::new),
            labels: Vec::new(),
            scores: Vec::new(),
            alternatives: vec![Vec::new(); alternatives().len()],
            sharpness: Sharpness::default(),
            false_alarms: FalseAlarms::default(),
            inference_secs: 0.0,
            shown: Vec::new(),
        }
    }

    fn score(&mut self, samples: &[Sample]) -> Result<(), Failure> {
        let preprocess = &self.model.manifest.preprocess;
        let load = |sample: &Sample| preprocess.load(&sample.path, &Limits::default());
        let loaded = samples
            .par_iter()
            .map(load)
            .collect::<Result<Vec<_>, _>>()?;
        let sides: Vec<(usize, usize)> = loaded
            .iter()
            .map(|l| (l.original_height, l.original_width))
            .collect();
        let queries: Vec<Image> = loaded.into_iter().map(|l| l.image).collect();
        let start = Instant::now();
        let detections = self.model.detector.detect(&queries)?;
        self.inference_secs += start.elapsed().as_secs_f64();
        self.count_pixels(samples, &sides, &detections)?;
        let others: Vec<Vec<f32>> = queries
            .par_iter()
            .zip(&detections)
            .map(|(query, found)| alternative_scores(query, found))
            .collect::<Result<_, _>>()?;
        for (all, other) in self.alternatives.iter_mut().zip(0..) {
            all.extend(others.iter().map(|scores| scores[other]));
        }
        for ((sample, query), found) in samples.iter().zip(queries).zip(detections) {
            self.labels.push(sample.is_anomalous());
            self.scores.push(found.score as f32);
            if !sample.is_anomalous() {
                self.sharpness.add(&query, &found.reconstruction);
                self.false_alarms.add(found.decision);
            }
            self.show(sample, query, found)?;
        }
        Ok(())
    }

    /// Adds the maps of a batch, at the size of their masks, to the pixel metrics.
    fn count_pixels(
        &mut self,
        samples: &[Sample],
        sides: &[(usize, usize)],
        found: &[Detection],
    ) -> Result<(), Failure> {
        let Some(pixels) = &mut self.pixels else {
            return Ok(());
        };
        let size = self.eval_size;
        let prepared: Vec<(Map, Mask)> = samples
            .par_iter()
            .zip(sides)
            .zip(found)
            .map(|((sample, sides), found)| {
                let mask = full_mask(sample, *sides)?;
                let mask = match size {
                    Some(side) => resize_mask_nearest(&mask, side, side)?,
                    None => mask,
                };
                Ok((resize_map(&found.map, mask.height(), mask.width())?, mask))
            })
            .collect::<Result<_, Failure>>()?;
        for (map, mask) in &prepared {
            pixels.push(&MapView {
                height: map.height(),
                width: map.width(),
                scores: map.data(),
                mask: mask.data(),
            })?;
        }
        Ok(())
    }

    /// Keeps the first image of each type.
    fn show(&mut self, sample: &Sample, query: Image, found: Detection) -> Result<(), Failure> {
        if self
            .shown
            .iter()
            .any(|shown| shown.defect_type == sample.defect_type)
        {
            return Ok(());
        }
        let mask = match &sample.mask {
            Some(path) => Some(read_mask(path, &Limits::default())?),
            None => None,
        };
        self.shown.push(Shown {
            defect_type: sample.defect_type.clone(),
            image: sample.relative.display().to_string(),
            score: found.score,
            query,
            reconstruction: found.reconstruction,
            map: found.map,
            mask,
        });
        Ok(())
    }

    fn scored(self) -> Result<Scored, Failure> {
        let (scores, labels) = (&self.scores, &self.labels);
        let interval = auroc_interval(scores, labels, &Bootstrap::default())?;
        let mut metrics = Metrics {
            image_auroc: Some(interval.value),
            image_ap: Some(aesc_eval::average_precision(scores, labels)?),
            image_f1max: Some(aesc_eval::f1_max(scores, labels)?.value),
            ..Metrics::default()
        };
        let mut curves = Curves {
            image_roc: thinned(&aesc_eval::roc_curve(scores, labels)?),
            ..Curves::default()
        };
        let mut undefined = BTreeMap::new();
        if let Some(pixels) = self.pixels {
            let ranking = pixels.finish()?;
            let found = ranking.metrics(&[0.3, 0.05])?;
            metrics.pixel_auroc = Some(found.auroc);
            metrics.pixel_ap = Some(found.ap);
            metrics.pixel_f1max = Some(found.f1_max.value);
            metrics.pixel_fpr_at_95tpr = Some(found.fpr_at_95tpr);
            metrics.aupro_30 = found.aupro.first().map(|(_, value)| *value);
            metrics.aupro_05 = found.aupro.get(1).map(|(_, value)| *value);
            curves.pixel_roc = thinned(&ranking.roc_curve());
            curves.pro = thinned(&ranking.pro_curve()?);
        } else {
            for key in [
                "pixel_auroc",
                "pixel_ap",
                "pixel_f1max",
                "pixel_fpr_at_95tpr",
            ] {
                undefined.insert(key.to_owned(), "the data set has no masks".to_owned());
            }
            for key in ["aupro_30", "aupro_05"] {
                undefined.insert(key.to_owned(), "the data set has no masks".to_owned());
            }
        }
        let threshold = self
            .model
            .detector
            .calibration()
            .map_or(f64::NAN, |c| c.threshold);
        let named = alternatives().into_iter().zip(&self.alternatives);
        let alternatives = named.map(|((name, _), scores)| {
            let image_auroc = aesc_eval::auroc(scores, labels)?;
            Ok(Alternative {
                score: name.to_owned(),
                image_auroc,
            })
        });
        Ok(Scored {
            strategy: "residual".to_owned(),
            score: score_name(&self.model.manifest.score),
            eval_size: self
                .eval_size
                .map_or("full".to_owned(), |side| format!("{side}x{side}")),
            metrics,
            undefined,
            image_auroc_interval: Some([interval.low, interval.high]),
            per_defect_type: per_type(self.dataset, scores)?,
            alternatives: alternatives.collect::<Result<_, Failure>>()?,
            threshold,
            fpr_on_good: self
                .model
                .detector
                .calibration()
                .map(|_| self.false_alarms.share()),
            curves,
        })
    }
}

/// The mask of an image, all false where it is normal, at its own size.
fn full_mask(sample: &Sample, (height, width): (usize, usize)) -> Result<Mask, Failure> {
    match &sample.mask {
        Some(path) => Ok(read_mask(path, &Limits::default())?),
        None => Mask::filled(height, width, false).map_err(|e| Failure::new(ExitCode::Data, e)),
    }
}

fn thinned(points: &[CurvePoint]) -> Vec<[f64; 2]> {
    Curves::thinned(points.iter().map(|point| [point.x, point.y]), CURVE_STEP)
}

fn per_type(dataset: &Dataset, scores: &[f32]) -> Result<BTreeMap<String, f64>, Failure> {
    let types: Vec<Option<&str>> = dataset
        .test
        .iter()
        .map(|sample| sample.is_anomalous().then_some(sample.defect_type.as_str()))
        .collect();
    let rows = aesc_eval::auroc_per_defect_type(scores, &types)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.defect_type, row.auroc))
        .collect())
}

/// How many normal images the calibrated threshold rejects.
#[derive(Debug, Default)]
struct FalseAlarms {
    n_good: u64,
    n_rejected: u64,
}

impl FalseAlarms {
    fn add(&mut self, decision: Option<Decision>) {
        self.n_good += 1;
        self.n_rejected += u64::from(decision == Some(Decision::Nok));
    }

    fn share(&self) -> f64 {
        self.n_rejected as f64 / self.n_good.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rejected_of_four_is_a_quarter() {
        let mut alarms = FalseAlarms::default();
        for decision in [Decision::Ok, Decision::Nok, Decision::Ok, Decision::Ok] {
            alarms.add(Some(decision));
        }
        assert!((alarms.share() - 0.25).abs() < 1e-12);
    }
}
