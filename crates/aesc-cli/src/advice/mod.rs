//! Which strategy to use for a model, found without a single defect image.
//!
//! Synthetic defects of families the model was not trained on are planted into held-out clean
//! images at a sweep of contrasts; each strategy is asked to tell those images from the clean
//! ones, and to find the pixels.

mod hairline;
mod planted;
mod plot;
mod warp;

use aesc_detect::{
    Calibration, Judge, MapTerms, Reconstruct, Roi, ScoreConfig, Strategy, measure_clean, observe,
};
use aesc_eval::{Accumulator, Bootstrap, Interval, MapView, auroc, compare_auroc};
use aesc_image::{Image, Map, Mask};
use serde::Serialize;

use crate::app::Context;
use crate::failure::Failure;
pub(crate) use planted::Family;
use planted::Planted;
pub(crate) use plot::plot;

/// Images observed at once.
const BATCH: usize = 8;

/// What a strategy achieves on defects of one contrast.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AdviceRow {
    /// Mean absolute difference inside a defect, in grey levels of 255.
    pub(crate) contrast: f64,
    pub(crate) strategy: &'static str,
    /// Clean images against images with a defect.
    pub(crate) image_auroc: f64,
    /// Pixels of defects against all others of the images with a defect.
    pub(crate) pixel_auroc: f64,
    /// Overlap of their regions up to a false positive rate of 0.3, on the same images.
    pub(crate) aupro_30: f64,
}

/// What a strategy achieves on all contrasts together.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AdviceTotal {
    pub(crate) strategy: &'static str,
    /// Clean images against images with a defect of any contrast.
    pub(crate) image_auroc: f64,
    /// That less the residual's, with a bootstrap 95 % interval; absent for the residual itself.
    pub(crate) over_residual: Option<Interval>,
    /// The largest score of a clean image.
    pub(crate) threshold: f64,
}

/// What was measured, and what follows.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Advice {
    pub(crate) families: Vec<&'static str>,
    pub(crate) n_clean: usize,
    pub(crate) mc_samples: usize,
    pub(crate) rows: Vec<AdviceRow>,
    pub(crate) totals: Vec<AdviceTotal>,
    /// The strategy that is worth its cost.
    pub(crate) recommended: Strategy,
    /// Why, in a sentence.
    pub(crate) reason: String,
    /// Thresholds of the recommended strategy, from the same clean images.
    #[serde(skip)]
    pub(crate) calibration: Calibration,
}

/// What to ask: of which model, on which clean images, with which defects.
pub(crate) struct Question<'a> {
    pub(crate) backend: &'a dyn Reconstruct,
    pub(crate) score: &'a ScoreConfig,
    /// The pixels that count.
    pub(crate) roi: Option<&'a Roi>,
    /// Clean images the model was not trained on, at the network's size.
    pub(crate) clean: &'a [Image],
    pub(crate) families: &'a [Family],
    /// In grey levels of 255.
    pub(crate) contrasts: &'a [f64],
    pub(crate) seed: u64,
}

/// Scores of images and the pixel metrics of their maps, by one strategy.
struct Side {
    judge: Judge,
    clean: Vec<f32>,
    /// One list a contrast.
    planted: Vec<Vec<f32>>,
    rows: Vec<AdviceRow>,
}

/// Measures every strategy and recommends one.
pub(crate) fn advise(question: &Question<'_>, context: &Context) -> Result<Advice, Failure> {
    let n_images = question.clean.len() * (2 + question.contrasts.len());
    let phase = context.output.phase("advise", n_images as u64);
    let configs = Strategy::ALL.map(|strategy| question.score.by(strategy));
    // Fusion's scales take a look of their own.
    let first = question.clean.len() as u64;
    let terms = MapTerms {
        roi: question.roi,
        ..MapTerms::default()
    };
    let progress = |n| phase.at(first + n as u64);
    let batches = || {
        let batches = question.clean.chunks(BATCH);
        batches.map(|images| context.signals.check().map(|()| images.to_vec()))
    };
    let found = measure_clean(&question.backend, &configs, (terms, progress), batches)?;
    let mut sides = Vec::new();
    for (config, clean) in configs.into_iter().zip(found) {
        // By the levels that the planted ones are scored by, too.
        let scores = clean.fitted_scores.iter().map(|s| *s as f32).collect();
        let calibration = clean.max_clean()?;
        sides.push(Side {
            judge: Judge::new(config)?
                .within(question.roi.cloned())
                .with_calibration(calibration)?,
            clean: scores,
            planted: Vec::new(),
            rows: Vec::new(),
        });
    }
    let planted = plant(question)?;
    for (i, &contrast) in question.contrasts.iter().enumerate() {
        let done = (question.clean.len() * (2 + i)) as u64;
        at_contrast(question, (contrast, &planted), &mut sides, |n| {
            phase.at(done + n as u64);
            context.signals.check()
        })?;
    }
    concluded(question, sides)
}

/// A defect for each clean image, the families taking turns; images that it leaves as they are take no
/// part.
fn plant<'a>(question: &Question<'a>) -> Result<Vec<(&'a Image, Planted)>, Failure> {
    let strongest = question.contrasts.iter().copied().fold(0.0, f64::max);
    let images = question.clean.iter().zip(question.families.iter().cycle());
    let numbered = images.zip(0_u64..);
    let planted = numbered.map(|((clean, family), i)| {
        let roi = match question.roi {
            Some(roi) => Some(roi.at(clean.height(), clean.width())?),
            None => None,
        };
        let place = (clean, roi.as_deref());
        let planted = Planted::draw(place, *family, (question.seed, i), strongest)?;
        Ok((clean, planted))
    });
    let mut planted = planted.collect::<Result<Vec<_>, Failure>>()?;
    planted.retain(|(_, planted)| planted.is_seen());
    if planted.is_empty() {
        let (n, families) = (question.clean.len(), question.families);
        let names: Vec<_> = families.iter().map(|family| family.name()).collect();
        return Err(Failure::usage(format!(
            "planting {}: expected images that it changes, found none of {n}; --families plants others",
            names.join(", ")
        )));
    }
    Ok(planted)
}

fn at_contrast(
    question: &Question<'_>,
    (contrast, planted): (f64, &[(&Image, Planted)]),
    sides: &mut [Side],
    mut progress: impl FnMut(usize) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let defects: Vec<(Image, &Mask)> = planted
        .iter()
        .map(|(clean, planted)| (planted.at_contrast(clean, contrast), &planted.mask))
        .collect();
    let mut pixels: Vec<Accumulator> = sides.iter().map(|_| Accumulator::new()).collect();
    for side in &mut *sides {
        side.planted.push(Vec::new());
    }
    let mc_dropout = Some(&question.score.mc_dropout);
    for (batch, n) in defects.chunks(BATCH).zip(1..) {
        let images: Vec<Image> = batch.iter().map(|(image, _)| image.clone()).collect();
        let observed = observe(&question.backend, &images, mc_dropout)?;
        for ((image, mask), observed) in batch.iter().zip(observed) {
            for (side, pixels) in sides.iter_mut().zip(&mut pixels) {
                let found = side.judge.judge(image, observed.clone())?;
                if let Some(scores) = side.planted.last_mut() {
                    scores.push(found.score as f32);
                }
                let view = view(&found.map, mask);
                match question.roi {
                    None => pixels.push(&view)?,
                    Some(roi) => {
                        pixels.push_within(&view, roi.at(view.height, view.width)?.data())?;
                    }
                }
            }
        }
        progress((n * BATCH).min(defects.len()))?;
    }
    for (side, pixels) in sides.iter_mut().zip(pixels) {
        let scores = side.planted.last().map_or(&[][..], |scores| scores);
        let (scores, labels) = joined(&side.clean, &[scores]);
        let pixels = pixels.finish()?.metrics(&[0.3])?;
        side.rows.push(AdviceRow {
            contrast,
            strategy: side.judge.score_config().strategy.name(),
            image_auroc: auroc(&scores, &labels)?,
            pixel_auroc: pixels.auroc,
            aupro_30: pixels.aupro.first().map_or(f64::NAN, |(_, value)| *value),
        });
    }
    Ok(())
}

fn view<'a>(map: &'a Map, mask: &'a Mask) -> MapView<'a> {
    MapView {
        height: map.height(),
        width: map.width(),
        scores: map.data(),
        mask: mask.data(),
    }
}

/// Clean scores, then planted ones, with their labels.
fn joined(clean: &[f32], planted: &[&[f32]]) -> (Vec<f32>, Vec<bool>) {
    let mut scores = clean.to_vec();
    for some in planted {
        scores.extend_from_slice(some);
    }
    let labels = (0..scores.len()).map(|i| i >= clean.len()).collect();
    (scores, labels)
}

fn concluded(question: &Question<'_>, sides: Vec<Side>) -> Result<Advice, Failure> {
    let mut pooled = Vec::new();
    for side in &sides {
        let planted: Vec<&[f32]> = side.planted.iter().map(Vec::as_slice).collect();
        pooled.push(joined(&side.clean, &planted));
    }
    let mut totals = Vec::new();
    for (side, (scores, labels)) in sides.iter().zip(&pooled) {
        let strategy = side.judge.score_config().strategy;
        let over_residual = match (strategy, pooled.first()) {
            (Strategy::Residual, _) | (_, None) => None,
            (_, Some((residual, _))) => {
                let settings = Bootstrap::default();
                Some(compare_auroc(scores, residual, labels, &settings)?.difference)
            }
        };
        totals.push(AdviceTotal {
            strategy: strategy.name(),
            image_auroc: auroc(scores, labels)?,
            over_residual,
            threshold: side.judge.calibration().map_or(f64::NAN, |c| c.threshold),
        });
    }
    let mc_samples = question.score.mc_dropout.samples;
    let (recommended, reason) = recommendation(&totals, mc_samples);
    let chosen = sides
        .iter()
        .find(|side| side.judge.score_config().strategy == recommended);
    let calibration = chosen.and_then(|side| side.judge.calibration().cloned());
    let mut rows: Vec<AdviceRow> = sides.into_iter().flat_map(|side| side.rows).collect();
    // Stable: contrasts rising, within each the order of the strategies.
    rows.sort_by(|a, b| a.contrast.total_cmp(&b.contrast));
    Ok(Advice {
        families: question.families.iter().map(|f| f.name()).collect(),
        n_clean: question.clean.len(),
        mc_samples,
        rows,
        totals,
        recommended,
        reason,
        calibration: calibration.ok_or(aesc_detect::DetectError::NoCleanImages)?,
    })
}

/// The best of the strategies that beat the residual beyond doubt: each of them costs a pass of
/// the network for each sample, and has to be worth it.
fn recommendation(totals: &[AdviceTotal], mc_samples: usize) -> (Strategy, String) {
    let mut best: Option<(&AdviceTotal, Interval)> = None;
    for total in totals {
        let surely = total.over_residual.filter(|gain| gain.low > 0.0);
        let better = best.is_none_or(|(b, _)| total.image_auroc > b.image_auroc);
        if let Some(gain) = surely.filter(|_| better) {
            best = Some((total, gain));
        }
    }
    let named = |name: &str| Strategy::ALL.into_iter().find(|s| s.name() == name);
    let found = best.and_then(|(total, gain)| Some((named(total.strategy)?, gain)));
    let Some((strategy, gain)) = found else {
        let reason = "no other strategy beats it beyond doubt, and it takes one pass an image";
        return (Strategy::Residual, reason.to_owned());
    };
    let reason = format!(
        "it beats the residual by {:.3} image AUROC (95 % interval {:.3} to {:.3}), at {} passes an \
         image",
        gain.value,
        gain.low,
        gain.high,
        mc_samples + 1
    );
    (strategy, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(strategy: &'static str, image_auroc: f64, interval: Option<[f64; 2]>) -> AdviceTotal {
        let over_residual = interval.map(|[low, high]| Interval {
            value: f64::midpoint(low, high),
            low,
            high,
        });
        AdviceTotal {
            strategy,
            image_auroc,
            over_residual,
            threshold: 1.0,
        }
    }

    #[test]
    fn the_residual_stays_unless_it_is_beaten_beyond_doubt() {
        let doubtful = [
            total("residual", 0.8, None),
            total("uncertainty", 0.82, Some([-0.01, 0.05])),
            total("fusion", 0.79, Some([-0.03, 0.01])),
        ];
        assert_eq!(recommendation(&doubtful, 30).0, Strategy::Residual);
        let clear = [
            total("residual", 0.8, None),
            total("uncertainty", 0.84, Some([0.01, 0.07])),
            total("fusion", 0.87, Some([0.02, 0.12])),
        ];
        let (strategy, reason) = recommendation(&clear, 30);
        assert_eq!(strategy, Strategy::Fusion);
        assert!(
            reason.contains("0.070") && reason.contains("31 passes"),
            "{reason}"
        );
    }

    #[test]
    fn clean_scores_come_first_and_are_normal() {
        let (scores, labels) = joined(&[1.0, 2.0], &[&[3.0], &[4.0]]);
        assert_eq!(scores.len(), 4);
        assert_eq!(labels, [false, false, true, true]);
    }
}
