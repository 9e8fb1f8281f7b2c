//! The metrics of maps that come one at a time; what is undefined is told with its reason.

use std::collections::BTreeMap;
use std::fmt::Display;

use aesc_bench::{Metric, Metrics};
use aesc_detect::{resize_map, resize_mask_nearest};
use aesc_eval::{
    Accumulator, Aupimo, Bootstrap, EvalError, Interval, MapView, PixelMetrics, auroc_interval,
    auroc_per_defect_type, average_precision, f1_max,
};
use aesc_image::{Map, Mask};

use super::cases::Case;
use crate::evaluation::Overlaps;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

const IMAGE: [Metric; 3] = [Metric::ImageAuroc, Metric::ImageAp, Metric::ImageF1Max];

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) metrics: Metrics,
    /// Defect regions in all masks.
    pub(super) regions: Option<u64>,
    /// Bootstrap 95 % interval of the image AUROC.
    pub(super) interval: Option<[f64; 2]>,
    pub(super) aupimo: Option<Aupimo>,
    /// Image AUROC of each defect type against the good images, in a data set.
    pub(super) per_defect_type: Option<BTreeMap<String, f64>>,
    /// Why a metric has no value, by its key.
    pub(super) undefined: BTreeMap<String, String>,
    pub(super) n_images: usize,
    pub(super) n_anomalous: usize,
}

/// The images counted so far.
#[derive(Debug)]
pub(super) struct Tally {
    eval_size: Option<usize>,
    labels: Vec<bool>,
    scores: Vec<f32>,
    pixels: Accumulator,
    overlaps: Overlaps,
}

impl Tally {
    /// Pixels are taken at each mask's own size, or at `eval_size` squared.
    pub(super) fn new(eval_size: Option<usize>) -> Self {
        Self {
            eval_size,
            labels: Vec::new(),
            scores: Vec::new(),
            pixels: Accumulator::new(),
            overlaps: Overlaps::default(),
        }
    }

    /// Counts an image and its score.
    pub(super) fn add(&mut self, case: Case, score: f32) -> Result<(), Failure> {
        self.labels.push(case.anomalous);
        self.scores.push(score);
        let Some(mask) = case.mask else {
            return Ok(());
        };
        let mask = match self.eval_size {
            Some(side) => resize_mask_nearest(&mask, side, side)?,
            None => mask,
        };
        let map = at_size(case.map, &mask)?;
        self.pixels.push(&MapView {
            height: map.height(),
            width: map.width(),
            scores: map.data(),
            mask: mask.data(),
        })?;
        self.overlaps.add(map, &mask, case.anomalous, None);
        Ok(())
    }

    /// The metrics of all images counted; `types` are their defect types, where they are known.
    ///
    /// Fails where no metric at all is defined.
    pub(super) fn measured(self, types: Option<Vec<Option<&str>>>) -> Result<Measured, Failure> {
        let mut measured = Measured {
            n_images: self.labels.len(),
            n_anomalous: self.labels.iter().filter(|label| **label).count(),
            ..Measured::default()
        };
        measured.images(image_metrics(&self.scores, &self.labels));
        if let Some(types) = types {
            measured.types(auroc_per_defect_type(&self.scores, &types));
        }
        if self.pixels.n_images() == 0 {
            measured.no_pixels(&"the data set has no masks");
        } else {
            let n_images = self.pixels.n_images();
            let ranking = self.pixels.finish();
            measured.pixels(
                ranking.and_then(|found| found.metrics(&[0.3, 0.05])),
                n_images,
            );
            measured.aupimo(self.overlaps.aupimo());
        }
        if Metric::ALL
            .iter()
            .any(|metric| metric.of(&measured.metrics).is_some())
        {
            return Ok(measured);
        }
        let mut reasons: Vec<String> = measured.undefined.into_values().collect();
        reasons.sort();
        reasons.dedup();
        let message = format!("no metric is defined: {}", reasons.join("; "));
        Err(Failure::text(ExitCode::Data, message))
    }
}

fn at_size(map: Map, mask: &Mask) -> Result<Map, Failure> {
    if (map.height(), map.width()) == (mask.height(), mask.width()) {
        return Ok(map);
    }
    Ok(resize_map(&map, mask.height(), mask.width())?)
}

/// AUROC with its interval, average precision and F1-max.
fn image_metrics(scores: &[f32], labels: &[bool]) -> Result<(Interval, f64, f64), EvalError> {
    let anomalous = labels.iter().filter(|label| **label).count() as u64;
    let normal = labels.len() as u64 - anomalous;
    if anomalous == 0 || normal == 0 {
        return Err(EvalError::OneClass {
            what: "images",
            normal,
            anomalous,
        });
    }
    Ok((
        auroc_interval(scores, labels, &Bootstrap::default())?,
        average_precision(scores, labels)?,
        f1_max(scores, labels)?.value,
    ))
}

impl Measured {
    fn images(&mut self, found: Result<(Interval, f64, f64), EvalError>) {
        match found {
            Ok((auroc, ap, f1_max)) => {
                self.metrics.image_auroc = Some(auroc.value);
                self.interval = Some([auroc.low, auroc.high]);
                self.metrics.image_ap = Some(ap);
                self.metrics.image_f1max = Some(f1_max);
            }
            Err(reason) => IMAGE.iter().for_each(|m| self.undefine(m.key(), &reason)),
        }
    }

    fn pixels(&mut self, found: Result<PixelMetrics, EvalError>, n_images: u64) {
        match found {
            Ok(found) => {
                self.regions = Some(found.regions);
                let aupro = |place: usize| found.aupro.get(place).map(|(_, value)| *value);
                self.metrics = Metrics {
                    pixel_auroc: Some(found.auroc),
                    pixel_ap: Some(found.ap),
                    pixel_f1max: Some(found.f1_max.value),
                    pixel_fpr_at_95tpr: Some(found.fpr_at_95tpr),
                    aupro_30: aupro(0),
                    aupro_05: aupro(1),
                    ..self.metrics
                };
            }
            Err(reason) => {
                self.undefine_pixels(&reason);
                self.regions = match reason {
                    EvalError::NoRegion { .. } => Some(0),
                    // Every pixel is anomalous: each mask is one region.
                    EvalError::OneClass { .. } => Some(n_images),
                    _ => None,
                };
            }
        }
    }

    fn no_pixels(&mut self, reason: &impl Display) {
        self.undefine_pixels(reason);
        self.undefine("regions", reason);
        self.undefine("aupimo", reason);
    }

    fn aupimo(&mut self, found: Result<Aupimo, EvalError>) {
        match found {
            Ok(found) => {
                self.metrics.aupimo_mean = Some(found.mean);
                self.aupimo = Some(found);
            }
            Err(reason) => {
                self.undefine("aupimo", &reason);
                self.undefine(Metric::Aupimo.key(), &reason);
            }
        }
    }

    fn types(&mut self, found: Result<Vec<aesc_eval::DefectTypeAuroc>, EvalError>) {
        match found {
            Ok(rows) => {
                let rows = rows.into_iter().map(|row| (row.defect_type, row.auroc));
                self.per_defect_type = Some(rows.collect());
            }
            Err(reason) => self.undefine("per_defect_type", &reason),
        }
    }

    fn undefine_pixels(&mut self, reason: &impl Display) {
        for metric in Metric::ALL.iter().filter(|metric| !IMAGE.contains(metric)) {
            self.undefine(metric.key(), reason);
        }
    }

    fn undefine(&mut self, key: &str, reason: &impl Display) {
        self.undefined.insert(key.to_owned(), reason.to_string());
    }
}
