//! Observation to decision, without a backend: map, image score, threshold.

use aesc_image::{Image, Map};

use crate::{
    Calibration, Decision, DetectError, MapTerms, Observation, Reconstruct, Roi, ScoreConfig,
    calibrate::{CleanScores, measure_clean},
    scored_map,
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

/// How observations are scored, where, and the threshold if there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    score: ScoreConfig,
    roi: Option<Roi>,
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
            roi: None,
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

    /// The same judge, looking at `roi` alone.
    #[must_use]
    pub fn within(self, roi: Option<Roi>) -> Self {
        Self { roi, ..self }
    }

    /// How maps are made and scored.
    pub fn score_config(&self) -> &ScoreConfig {
        &self.score
    }

    /// The thresholds, where there are any.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// The pixels that count, where not all do.
    pub fn roi(&self) -> Option<&Roi> {
        self.roi.as_ref()
    }

    /// What maps are made with, beside the configuration.
    pub fn terms(&self) -> MapTerms<'_> {
        MapTerms {
            scales: self.calibration.as_ref().and_then(|c| c.scales.as_ref()),
            evidence: self.calibration.as_ref().and_then(|c| c.evidence.as_ref()),
            roi: self.roi.as_ref(),
        }
    }

    /// What an observation of `image` says.
    ///
    /// # Errors
    /// As [`scored_map`].
    pub fn judge(&self, image: &Image, observed: Observation) -> Result<Detection, DetectError> {
        let (map, score) = scored_map(image, &observed, &self.score, self.terms())?;
        Ok(Detection {
            decision: self.calibration.as_ref().map(|c| c.decide(score)),
            map,
            score,
            reconstruction: observed.reconstruction,
        })
    }
}

/// A calibration at the largest clean score for each of `configs`, from the same passes over clean
/// images in memory, `batch` at a time; `progress` is told how many are done. Fusion looks at the
/// images twice, for its scales first.
///
/// # Errors
/// As [`measure_clean`] and [`Calibration::max_clean`]; [`DetectError::OutOfRange`] for a batch of
/// 0.
pub fn calibrate_each(
    backend: &impl Reconstruct,
    configs: &[ScoreConfig],
    (clean, batch): (&[Image], usize),
    roi: Option<&Roi>,
    progress: impl FnMut(usize),
) -> Result<Vec<Calibration>, DetectError> {
    if batch == 0 {
        return Err(DetectError::out_of_range("batch", "at least 1", &batch));
    }
    let terms = MapTerms {
        roi,
        ..MapTerms::default()
    };
    let batches = || {
        clean
            .chunks(batch)
            .map(|images| Ok::<_, DetectError>(images.to_vec()))
    };
    let found: Vec<CleanScores> = measure_clean(backend, configs, (terms, progress), batches)?;
    found.iter().map(CleanScores::max_clean).collect()
}
