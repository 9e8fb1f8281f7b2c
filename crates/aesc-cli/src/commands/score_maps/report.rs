//! What `score-maps` prints: an object with a key a metric, or a table.

use std::collections::BTreeMap;

use aesc_bench::{Metric, Metrics};
use serde::{Serialize, Serializer};

use super::cases::Matched;
use super::measure::Measured;

/// How the figures were come by.
#[derive(Debug)]
pub(super) struct SetUp {
    /// `max`, `l2`, `mean`, or `csv`.
    pub(super) image_score: &'static str,
    /// `full`, or the size pixel metrics were taken at: `256x256`.
    pub(super) eval_size: String,
    pub(super) matched: Matched,
}

/// The figures and how they were come by.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) measured: Measured,
    pub(super) set_up: SetUp,
}

/// The JSON document; its keys are an interface.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    metrics: Metrics,
    regions: Option<u64>,
    image_auroc_interval: Option<[f64; 2]>,
    aupimo: Option<AupimoDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_defect_type: Option<&'a BTreeMap<String, f64>>,
    undefined: &'a BTreeMap<String, String>,
    n_images: usize,
    n_anomalous: usize,
    image_score: &'a str,
    eval_size: &'a str,
    matched_by: Matched,
}

#[derive(Serialize)]
struct AupimoDocument {
    mean: f64,
    quartiles: [f64; 3],
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { measured, set_up } = self;
        let aupimo = measured.aupimo.as_ref().map(|found| AupimoDocument {
            mean: found.mean,
            quartiles: found.quartiles,
        });
        let document = Document {
            metrics: measured.metrics,
            regions: measured.regions,
            image_auroc_interval: measured.interval,
            aupimo,
            per_defect_type: measured.per_defect_type.as_ref(),
            undefined: &measured.undefined,
            n_images: measured.n_images,
            n_anomalous: measured.n_anomalous,
            image_score: set_up.image_score,
            eval_size: &set_up.eval_size,
            matched_by: set_up.matched,
        };
        document.serialize(serializer)
    }
}

impl Report {
    /// The table: a line a metric, a dash and the reason where it is undefined.
    pub(super) fn text(&self) -> String {
        let Self { measured, set_up } = self;
        let mut lines = vec![format!(
            "{} images, {} anomalous; image score: {}; pixels: {}; matched by {}",
            measured.n_images,
            measured.n_anomalous,
            set_up.image_score,
            set_up.eval_size,
            match set_up.matched {
                Matched::Name => "name",
                Matched::Order => "order",
            }
        )];
        let number = |value: f64| format!("{value:.4}");
        for metric in Metric::ALL {
            let value = metric.of(&measured.metrics).map(number);
            lines.push(self.line(metric.label(), metric.key(), value));
            if let (Metric::ImageAuroc, Some([low, high])) = (metric, measured.interval) {
                lines.push(line("  95 % interval", &format!("{low:.4} to {high:.4}")));
            }
            if let (Metric::Aupimo, Some(found)) = (metric, &measured.aupimo) {
                let [first, second, third] = found.quartiles;
                let quartiles = format!("{first:.4}, {second:.4}, {third:.4}");
                lines.push(line("  quartiles", &quartiles));
            }
        }
        let regions = measured.regions.map(|n| n.to_string());
        lines.push(self.line("regions", "regions", regions));
        for (name, auroc) in measured.per_defect_type.iter().flatten() {
            lines.push(line(&format!("  {name}"), &number(*auroc)));
        }
        lines.join("\n")
    }

    fn line(&self, label: &str, key: &str, value: Option<String>) -> String {
        let reason = self.measured.undefined.get(key).map_or("", String::as_str);
        line(label, &value.unwrap_or_else(|| format!("—  {reason}")))
    }
}

fn line(label: &str, value: &str) -> String {
    format!("{label:<20}{value}")
}
