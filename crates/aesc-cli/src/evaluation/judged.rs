//! One strategy's side of a measuring: its maps counted, its scores, and the metrics of both.

use std::collections::BTreeMap;

use aesc_bench::{Alternative, Curves, Metric, Metrics, Scored};
use aesc_data::{Dataset, Limits, Sample, read_mask_of};
use aesc_detect::{
    Calibration, Decision, Detection, Judge, Observation, resize_map, resize_mask_nearest,
    scored_map,
};
use aesc_eval::{Accumulator, Bootstrap, CurvePoint, MapView, auroc_interval};
use aesc_image::{Image, Map, Mask};
use rayon::prelude::*;

use super::Overlaps;
use super::scores::{alternatives, score_name};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Distance between the points of a stored curve, in shares of an axis.
const CURVE_STEP: f64 = 0.005;

/// A test image with the sides its file has.
pub(super) type Sized<'a> = (&'a Sample, (usize, usize));

/// What one detector says of a data set, as far as it has looked.
pub(super) struct Judged<'a> {
    judge: &'a Judge,
    eval_size: Option<usize>,
    pixels: Option<(Accumulator, Overlaps)>,
    scores: Vec<f32>,
    alternatives: Vec<Vec<f32>>,
    false_alarms: FalseAlarms,
}

impl<'a> Judged<'a> {
    pub(super) fn new(judge: &'a Judge, dataset: &Dataset, eval_size: Option<usize>) -> Self {
        Self {
            judge,
            eval_size,
            pixels: dataset.has_masks().then(Default::default),
            scores: Vec::new(),
            alternatives: vec![Vec::new(); alternatives().len()],
            false_alarms: FalseAlarms::default(),
        }
    }

    /// The strategy's name.
    pub(super) fn strategy(&self) -> &'static str {
        self.judge.score_config().resolved_strategy().name()
    }

    pub(super) fn calibration(&self) -> Option<&'a Calibration> {
        self.judge.calibration()
    }

    /// Judges a batch, and gives what it found.
    pub(super) fn add(
        &mut self,
        samples: &[Sized<'_>],
        queries: &[Image],
        observed: &[Observation],
    ) -> Result<Vec<Detection>, Failure> {
        let judge = self.judge;
        let found: Vec<(Detection, Vec<f32>)> = queries
            .par_iter()
            .zip(observed)
            .map(|(query, observed)| judged(judge, query, observed))
            .collect::<Result<_, _>>()?;
        let mut detections = Vec::with_capacity(found.len());
        for ((sample, _), (detection, others)) in samples.iter().zip(found) {
            self.scores.push(detection.score as f32);
            for (all, other) in self.alternatives.iter_mut().zip(others) {
                all.push(other);
            }
            if !sample.is_anomalous() {
                self.false_alarms.add(detection.decision);
            }
            detections.push(detection);
        }
        self.count_pixels(samples, &detections)?;
        Ok(detections)
    }

    /// Adds the maps of a batch, at the size of their masks, to the pixel metrics.
    fn count_pixels(&mut self, samples: &[Sized<'_>], found: &[Detection]) -> Result<(), Failure> {
        let Some((pixels, overlaps)) = &mut self.pixels else {
            return Ok(());
        };
        let size = self.eval_size;
        let prepared: Vec<(Map, Mask)> = samples
            .par_iter()
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
        for ((sample, _), (map, mask)) in samples.iter().zip(prepared) {
            let view = MapView {
                height: map.height(),
                width: map.width(),
                scores: map.data(),
                mask: mask.data(),
            };
            let roi = self.judge.roi();
            let within = roi
                .map(|roi| roi.at(map.height(), map.width()))
                .transpose()?;
            match &within {
                None => pixels.push(&view)?,
                Some(within) => pixels.push_within(&view, within.data())?,
            }
            overlaps.add(map, &mask, sample.is_anomalous(), within.as_deref());
        }
        Ok(())
    }

    /// The metrics of all that was added; `labels` tell which images are anomalous.
    pub(super) fn scored(self, dataset: &Dataset, labels: &[bool]) -> Result<Scored, Failure> {
        let scores = &self.scores;
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
        if let Some((pixels, overlaps)) = self.pixels {
            pixel_metrics(pixels, &mut metrics, &mut curves)?;
            match overlaps.aupimo() {
                Ok(found) => metrics.aupimo_mean = Some(found.mean),
                Err(reason) => {
                    undefined.insert(Metric::Aupimo.key().to_owned(), reason.to_string());
                }
            }
        } else {
            for metric in Metric::ALL {
                if metric.of(&metrics).is_none() {
                    let reason = "the data set has no masks".to_owned();
                    undefined.insert(metric.key().to_owned(), reason);
                }
            }
        }
        let config = self.judge.score_config();
        let calibration = self.judge.calibration();
        let named = alternatives().into_iter().zip(&self.alternatives);
        let alternatives = named.map(|((name, _), scores)| {
            let image_auroc = aesc_eval::auroc(scores, labels)?;
            Ok(Alternative {
                score: name.to_owned(),
                image_auroc,
            })
        });
        Ok(Scored {
            strategy: config.resolved_strategy().name().to_owned(),
            score: score_name(config),
            eval_size: self
                .eval_size
                .map_or("full".to_owned(), |side| format!("{side}x{side}")),
            metrics,
            undefined,
            image_auroc_interval: Some([interval.low, interval.high]),
            per_defect_type: per_type(dataset, scores)?,
            alternatives: alternatives.collect::<Result<_, Failure>>()?,
            threshold: calibration.map_or(f64::NAN, |c| c.threshold),
            fpr_on_good: calibration.map(|_| self.false_alarms.share()),
            curves,
        })
    }
}

/// The detection, and the other image scores of the same observation.
fn judged(
    judge: &Judge,
    query: &Image,
    observed: &Observation,
) -> Result<(Detection, Vec<f32>), Failure> {
    let strategy = judge.score_config().resolved_strategy();
    let mut others = Vec::new();
    for (_, config) in alternatives() {
        let (_, score) = scored_map(query, observed, &config.by(strategy), judge.terms())?;
        others.push(score as f32);
    }
    Ok((judge.judge(query, observed.clone())?, others))
}

fn pixel_metrics(
    pixels: Accumulator,
    metrics: &mut Metrics,
    curves: &mut Curves,
) -> Result<(), Failure> {
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
    Ok(())
}

/// The mask of an image, all false where it is normal, at its own size.
fn full_mask(sample: &Sample, (height, width): (usize, usize)) -> Result<Mask, Failure> {
    match &sample.mask {
        Some(path) => Ok(read_mask_of(path, (height, width), &Limits::default())?),
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
