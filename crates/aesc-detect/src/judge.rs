//! Observation to decision, without a backend: map, image score, threshold.

use aesc_image::{Image, Map};

use crate::{
    Calibration, Decision, DetectError, MapScales, Observation, Reconstruct, ScoreConfig, Strategy,
    anomaly_map, image_score, observe, score::largest,
};

/// What was found in one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// The anomaly map at network resolution, smoothed as configured.
    pub map: Map,
    /// The image score, from that map.
    pub score: f64,
    /// What the backend made of the image.
    pub reconstruction: Image,
    /// The decision, where a threshold is known.
    pub decision: Option<Decision>,
}

/// How observations are scored, and the threshold if there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    score: ScoreConfig,
    calibration: Option<Calibration>,
}

impl Judge {
    /// A judge without a threshold: it scores, and decides nothing.
    ///
    /// # Errors
    /// As [`ScoreConfig::validate`].
    pub fn new(score: ScoreConfig) -> Result<Self, DetectError> {
        score.validate()?;
        Ok(Self {
            score,
            calibration: None,
        })
    }

    /// The same judge, deciding by `calibration`.
    ///
    /// # Errors
    /// As [`Calibration::validate`].
    pub fn with_calibration(self, calibration: Calibration) -> Result<Self, DetectError> {
        calibration.validate()?;
        Ok(Self {
            calibration: Some(calibration),
            ..self
        })
    }

    /// How maps are made and scored.
    pub fn score_config(&self) -> &ScoreConfig {
        &self.score
    }

    /// The thresholds, where there are any.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// What a fusion divides its maps by, where it is known.
    pub fn scales(&self) -> Option<&MapScales> {
        self.calibration.as_ref()?.scales.as_ref()
    }

    /// What an observation of `image` says.
    ///
    /// # Errors
    /// As [`anomaly_map`].
    pub fn judge(&self, image: &Image, observed: Observation) -> Result<Detection, DetectError> {
        let map = anomaly_map(image, &observed, &self.score, self.scales())?;
        let score = image_score(&map, &self.score.image);
        Ok(Detection {
            decision: self.calibration.as_ref().map(|c| c.decide(score)),
            map,
            score,
            reconstruction: observed.reconstruction,
        })
    }
}

/// A calibration for each of `configs` from the same passes over clean images, `batch` at a time;
/// `progress` is told how many are done. Fusion looks at the images twice, for its scales first.
/// The passes are sampled as the first configuration that needs them says.
///
/// # Errors
/// As [`observe`], [`anomaly_map`] and [`Calibration::max_clean`]; [`DetectError::OutOfRange`]
/// for a batch of 0.
pub fn calibrate_each(
    backend: &impl Reconstruct,
    configs: &[ScoreConfig],
    (clean, batch): (&[Image], usize),
    mut progress: impl FnMut(usize),
) -> Result<Vec<Calibration>, DetectError> {
    if batch == 0 {
        return Err(DetectError::out_of_range("batch", "at least 1", &batch));
    }
    if clean.is_empty() {
        return Err(DetectError::NoCleanImages);
    }
    let mc_dropout = configs.iter().find_map(ScoreConfig::sampling);
    let fusing = |c: &&ScoreConfig| c.resolved_strategy() == Strategy::Fusion;
    let scales = match configs.iter().find(fusing) {
        Some(config) => Some(MapScales::fitted(backend, config, clean)?),
        None => None,
    };
    let mut found = vec![(Vec::new(), Vec::new()); configs.len()];
    let mut done = 0;
    for images in clean.chunks(batch) {
        for (image, observed) in images.iter().zip(observe(backend, images, mc_dropout)?) {
            for (config, (scores, maxima)) in configs.iter().zip(&mut found) {
                let map = anomaly_map(image, &observed, config, scales.as_ref())?;
                scores.push(image_score(&map, &config.image));
                maxima.push(largest(&map));
            }
        }
        done += images.len();
        progress(done);
    }
    let fit = |(config, (scores, maxima)): (&ScoreConfig, (Vec<f64>, Vec<f64>))| {
        let scales = scales.filter(|_| fusing(&config));
        let fitted = Calibration::max_clean(&scores, &maxima)?;
        Ok(Calibration { scales, ..fitted })
    };
    configs.iter().zip(found).map(fit).collect()
}
