//! What scoring a cell by one strategy gives: the metrics by their contract names, and curves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Metrics of one category; `None` where a metric is undefined (the reason is kept in
/// [`Scored::undefined`]). The field names are the keys of `report.json` and never change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Area under the image-wise ROC, 0..=1.
    pub image_auroc: Option<f64>,
    /// Image-wise average precision, 0..=1.
    pub image_ap: Option<f64>,
    /// Largest image-wise F1 over all thresholds, 0..=1; an oracle.
    pub image_f1max: Option<f64>,
    /// Area under the pixel-wise ROC, all test pixels pooled, 0..=1.
    pub pixel_auroc: Option<f64>,
    /// Pixel-wise average precision, 0..=1.
    pub pixel_ap: Option<f64>,
    /// Largest pixel-wise F1 over all thresholds, 0..=1; an oracle.
    pub pixel_f1max: Option<f64>,
    /// Smallest pixel-wise false-positive rate with a true-positive rate of 95 %, 0..=1.
    pub pixel_fpr_at_95tpr: Option<f64>,
    /// Area under the per-region-overlap curve to FPR 0.3, divided by 0.3, 0..=1.
    pub aupro_30: Option<f64>,
    /// Area under the per-region-overlap curve to FPR 0.05, divided by 0.05, 0..=1.
    pub aupro_05: Option<f64>,
    /// AUPIMO, mean over anomalous images, 0..=1; reports from before it was taken lack it.
    pub aupimo_mean: Option<f64>,
}

impl Metrics {
    /// Metrics whose values a function of the name gives.
    pub fn from_fn(mut value: impl FnMut(Metric) -> Option<f64>) -> Self {
        Self {
            image_auroc: value(Metric::ImageAuroc),
            image_ap: value(Metric::ImageAp),
            image_f1max: value(Metric::ImageF1Max),
            pixel_auroc: value(Metric::PixelAuroc),
            pixel_ap: value(Metric::PixelAp),
            pixel_f1max: value(Metric::PixelF1Max),
            pixel_fpr_at_95tpr: value(Metric::PixelFprAt95Tpr),
            aupro_30: value(Metric::Aupro30),
            aupro_05: value(Metric::Aupro05),
            aupimo_mean: value(Metric::Aupimo),
        }
    }
}

/// Names one of the [`Metrics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// `image_auroc`.
    ImageAuroc,
    /// `image_ap`.
    ImageAp,
    /// `image_f1max`.
    ImageF1Max,
    /// `pixel_auroc`.
    PixelAuroc,
    /// `pixel_ap`.
    PixelAp,
    /// `pixel_f1max`.
    PixelF1Max,
    /// `pixel_fpr_at_95tpr`.
    PixelFprAt95Tpr,
    /// `aupro_30`.
    Aupro30,
    /// `aupro_05`.
    Aupro05,
    /// `aupimo_mean`.
    Aupimo,
}

impl Metric {
    /// Every metric, in the order of the files.
    pub const ALL: [Self; 10] = [
        Self::ImageAuroc,
        Self::ImageAp,
        Self::ImageF1Max,
        Self::PixelAuroc,
        Self::PixelAp,
        Self::PixelF1Max,
        Self::PixelFprAt95Tpr,
        Self::Aupro30,
        Self::Aupro05,
        Self::Aupimo,
    ];

    /// Its key in files: `image_auroc`.
    pub fn key(self) -> &'static str {
        match self {
            Self::ImageAuroc => "image_auroc",
            Self::ImageAp => "image_ap",
            Self::ImageF1Max => "image_f1max",
            Self::PixelAuroc => "pixel_auroc",
            Self::PixelAp => "pixel_ap",
            Self::PixelF1Max => "pixel_f1max",
            Self::PixelFprAt95Tpr => "pixel_fpr_at_95tpr",
            Self::Aupro30 => "aupro_30",
            Self::Aupro05 => "aupro_05",
            Self::Aupimo => "aupimo_mean",
        }
    }

    /// Its name for readers: `image AUROC`.
    pub fn label(self) -> &'static str {
        match self {
            Self::ImageAuroc => "image AUROC",
            Self::ImageAp => "image AP",
            Self::ImageF1Max => "image F1-max",
            Self::PixelAuroc => "pixel AUROC",
            Self::PixelAp => "pixel AP",
            Self::PixelF1Max => "pixel F1-max",
            Self::PixelFprAt95Tpr => "pixel FPR@95TPR",
            Self::Aupro30 => "AUPRO@0.3",
            Self::Aupro05 => "AUPRO@0.05",
            Self::Aupimo => "AUPIMO",
        }
    }

    /// Its value among `metrics`.
    pub fn of(self, metrics: &Metrics) -> Option<f64> {
        match self {
            Self::ImageAuroc => metrics.image_auroc,
            Self::ImageAp => metrics.image_ap,
            Self::ImageF1Max => metrics.image_f1max,
            Self::PixelAuroc => metrics.pixel_auroc,
            Self::PixelAp => metrics.pixel_ap,
            Self::PixelF1Max => metrics.pixel_f1max,
            Self::PixelFprAt95Tpr => metrics.pixel_fpr_at_95tpr,
            Self::Aupro30 => metrics.aupro_30,
            Self::Aupro05 => metrics.aupro_05,
            Self::Aupimo => metrics.aupimo_mean,
        }
    }
}

/// A cell scored by one strategy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scored {
    /// "residual", "uncertainty".
    pub strategy: String,
    /// How an image's score was made of its map: "l2", "box21+max".
    pub score: String,
    /// Map kind and resolution the pixel metrics were taken at: "full", "256".
    #[serde(default)]
    pub eval_size: String,
    /// The metrics.
    pub metrics: Metrics,
    /// Key of each undefined metric, with the reason.
    #[serde(default)]
    pub undefined: BTreeMap<String, String>,
    /// Bootstrap 95 % interval of the image AUROC.
    pub image_auroc_interval: Option<[f64; 2]>,
    /// Image AUROC of test/good against each defect type.
    pub per_defect_type: BTreeMap<String, f64>,
    /// The same maps under other image scores.
    pub alternatives: Vec<Alternative>,
    /// Image score over which a query is anomalous, fitted on clean validation images.
    pub threshold: f64,
    /// Share of test/good over the threshold, 0..=1; `None` when there is no test/good.
    pub fpr_on_good: Option<f64>,
    /// Curves, thinned for drawing.
    pub curves: Curves,
}

/// Another image score on the same maps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// Its name: "l1", "linf", "box21+max".
    pub score: String,
    /// Image AUROC by it, 0..=1.
    pub image_auroc: f64,
}

/// Curves as (x, y) points with rising x, both 0..=1; empty where undefined.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curves {
    /// Image-wise (FPR, TPR).
    pub image_roc: Vec<[f64; 2]>,
    /// Pixel-wise (FPR, TPR).
    pub pixel_roc: Vec<[f64; 2]>,
    /// (FPR, mean per-region overlap).
    pub pro: Vec<[f64; 2]>,
}

impl Curves {
    /// At most about 2 / `step` points of a monotone curve, for drawing.
    ///
    /// A point stays when it lies `step` from the last kept one, in x or in y; so do both ends and
    /// both ends of every jump: no drawn line is further than `step` from the curve. Values are
    /// rounded to 1e-5.
    ///
    /// ```
    /// use aesc_bench::Curves;
    /// let jump = [[0.0, 0.0], [0.01, 0.01], [0.02, 0.02], [0.02, 0.9], [1.0, 1.0]];
    /// let thin = Curves::thinned(jump, 0.1);
    /// assert_eq!(thin, [[0.0, 0.0], [0.02, 0.02], [0.02, 0.9], [1.0, 1.0]]);
    /// ```
    pub fn thinned(points: impl IntoIterator<Item = [f64; 2]>, step: f64) -> Vec<[f64; 2]> {
        let mut kept: Vec<[f64; 2]> = Vec::new();
        let mut skipped: Option<[f64; 2]> = None;
        for point in points {
            match kept.last() {
                Some(last) if apart(*last, point) < step => skipped = Some(point),
                _ => {
                    kept.extend(skipped.take());
                    kept.push(point);
                }
            }
        }
        kept.extend(skipped);
        let round = |v: f64| (v * 1e5).round() / 1e5;
        kept.into_iter().map(|p| p.map(round)).collect()
    }
}

fn apart(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).abs().max((a[1] - b[1]).abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_reads_the_field_of_its_key() {
        for metric in Metric::ALL {
            let json = serde_json::json!({ metric.key(): 0.25 });
            let metrics: Metrics = serde_json::from_value(json).unwrap();
            assert_eq!(metric.of(&metrics), Some(0.25), "{}", metric.key());
            let set = Metric::ALL.iter().filter(|m| m.of(&metrics).is_some());
            assert_eq!(set.count(), 1);
        }
    }

    #[test]
    fn a_long_diagonal_keeps_its_ends_and_few_points() {
        let points = (0..=100_000)
            .map(|i| f64::from(i) / 100_000.0)
            .map(|v| [v, v]);
        let thin = Curves::thinned(points, 0.005);
        assert!((200..=410).contains(&thin.len()), "{}", thin.len());
        assert_eq!((thin[0], thin[thin.len() - 1]), ([0.0, 0.0], [1.0, 1.0]));
    }
}
