//! What clean images say before a threshold is chosen: their scores and their maps' largest values.

use aesc_image::Image;

use super::{Calibration, RateTarget};
use crate::{
    DetectError, EvidenceLevels, MapScales, MapTerms, Observation, Reconstruct, ScoreConfig,
    Strategy, evidence::EvidenceFit, fusion::ScalesFit, observe, score::largest_within, scored_map,
};

/// Images from which the levels of evidence are fitted, at most.
const MOST_LEVELLED: usize = 256;

/// Scores and largest map values of clean images by one configuration.
///
/// Thresholds come of scores as a new image would have them: where evidence was fitted on an image, it is
/// scored by the levels of the others (leave-one-out), for by its own it looks better than it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CleanScores {
    /// Image scores, in the order of the images.
    pub scores: Vec<f64>,
    /// Each map's largest value, at network resolution.
    pub map_maxima: Vec<f64>,
    /// The image scores by the levels of all, as the calibrated detector gives them.
    pub fitted_scores: Vec<f64>,
    /// What a fusion's maps were divided by.
    pub scales: Option<MapScales>,
    /// What evidence was measured by.
    pub evidence: Option<EvidenceLevels>,
}

impl CleanScores {
    /// The threshold at the largest clean score.
    ///
    /// # Errors
    /// As [`Calibration::max_clean`].
    pub fn max_clean(&self) -> Result<Calibration, DetectError> {
        let fitted = Calibration::max_clean(&self.scores, &self.map_maxima)?;
        Ok(self.scaled(fitted))
    }

    /// The thresholds for a rate.
    ///
    /// # Errors
    /// As [`Calibration::to_rate`].
    pub fn to_rate(&self, target: &RateTarget) -> Result<Calibration, DetectError> {
        let fitted = Calibration::to_rate(&self.scores, &self.map_maxima, target)?;
        Ok(self.scaled(fitted))
    }

    fn scaled(&self, fitted: Calibration) -> Calibration {
        Calibration {
            scales: self.scales,
            evidence: self.evidence.clone(),
            ..fitted
        }
    }
}

/// Clean images seen by each of `configs` in the same passes. `batches` gives the images (0..=1)
/// batch by batch, and from the start again for each call: evidence looks twice more before it
/// scores, at 256 images at most, and a fusion once more, for its scales. Of `terms` the region of
/// interest counts; `progress` is told how many images are scored. Passes are sampled as the first
/// configuration that needs them says.
///
/// # Errors
/// As `batches`, [`observe`] and [`anomaly_map`](crate::anomaly_map); [`DetectError::NoCleanImages`].
pub fn measure_clean<I, E>(
    backend: &impl Reconstruct,
    configs: &[ScoreConfig],
    (terms, mut progress): (MapTerms<'_>, impl FnMut(usize)),
    batches: impl Fn() -> I,
) -> Result<Vec<CleanScores>, E>
where
    I: Iterator<Item = Result<Vec<Image>, E>>,
    E: From<DetectError>,
{
    let mc_dropout = configs.iter().find_map(ScoreConfig::sampling);
    let mut fit = None;
    if let Some(config) = configs.iter().find_map(ScoreConfig::evidence_used) {
        let fit = fit.insert(EvidenceFit::new(config, terms.roi));
        each(backend, &batches, MOST_LEVELLED, |image, seen| {
            fit.add(image, seen)
        })?;
        each(backend, &batches, MOST_LEVELLED, |image, seen| {
            fit.peak(image, seen)
        })?;
    }
    let evidence = fit.as_ref().and_then(EvidenceFit::levels);
    let fusing = |c: &&ScoreConfig| c.resolved_strategy() == Strategy::Fusion;
    let mut scales = None;
    if let Some(config) = configs.iter().find(fusing) {
        let mut fit = ScalesFit::new(config, evidence.as_ref(), terms.roi);
        for images in batches() {
            let images = images?;
            let observed = observe(backend, &images, Some(&config.mc_dropout))?;
            for (image, observed) in images.iter().zip(observed) {
                fit.add(image, &observed)?;
            }
        }
        scales = fit.finish();
    }
    let terms = MapTerms {
        scales: scales.as_ref(),
        evidence: evidence.as_ref(),
        ..terms
    };
    let mut done = 0;
    let mut found = vec![CleanScores::default(); configs.len()];
    for images in batches() {
        let images = images?;
        for (image, observed) in images.iter().zip(observe(backend, &images, mc_dropout)?) {
            let others = fit.as_ref().and_then(|fit| fit.without(done));
            let as_new = MapTerms {
                evidence: others.as_ref().or(terms.evidence),
                ..terms
            };
            for (config, found) in configs.iter().zip(&mut found) {
                let (map, score) = scored_map(image, &observed, config, as_new)?;
                found.scores.push(score);
                found.map_maxima.push(largest_within(&map, terms.roi)?);
                found.fitted_scores.push(match config.evidence_used() {
                    Some(_) if others.is_some() => scored_map(image, &observed, config, terms)?.1,
                    _ => score,
                });
            }
            done += 1;
        }
        progress(done);
    }
    if found.iter().any(|found| found.scores.is_empty()) {
        return Err(DetectError::NoCleanImages.into());
    }
    for (config, found) in configs.iter().zip(&mut found) {
        found.scales = scales.filter(|_| fusing(&config));
        found.evidence = evidence
            .clone()
            .filter(|_| config.evidence_used().is_some());
    }
    Ok(found)
}

/// Shows `see` the first images, at most `most` and to the end of a batch, each with its plain
/// reconstruction.
fn each<I, E>(
    backend: &impl Reconstruct,
    batches: &impl Fn() -> I,
    most: usize,
    mut see: impl FnMut(&Image, &Observation) -> Result<(), DetectError>,
) -> Result<(), E>
where
    I: Iterator<Item = Result<Vec<Image>, E>>,
    E: From<DetectError>,
{
    let mut n_seen = 0;
    for images in batches() {
        let images = images?;
        for (image, seen) in images.iter().zip(observe(backend, &images, None)?) {
            see(image, &seen)?;
            n_seen += 1;
        }
        if n_seen >= most {
            break;
        }
    }
    Ok(())
}
