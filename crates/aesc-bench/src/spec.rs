//! A planned cell, named by the hash of what decides its result.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::RESULTS_VERSION;
use crate::report::{MissingCell, ReportCell};

/// One training and its scoring: the unit of work of a benchmark.
///
/// Make one with an empty `id` and [`CellSpec::identified`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellSpec {
    /// 16 hex digits of the SHA-256 of configuration, dataset digest and results version.
    pub id: String,
    /// Category of the dataset.
    pub category: String,
    /// Network, as the reports name it.
    pub network: String,
    /// Corruption, as the reports name it.
    pub corruption: String,
    /// Preset the configuration grew from.
    pub preset: String,
    /// Seed of the run, also inside `config`.
    pub seed: u64,
    /// The category's folder; where to look, not what it is, hence no part of the id.
    pub data: PathBuf,
    /// Fingerprint of the category's files.
    pub dataset_digest: String,
    /// The resolved configuration, opaque here.
    pub config: Value,
}

impl CellSpec {
    /// The same cell with the id its content gives it.
    #[must_use]
    pub fn identified(mut self) -> Self {
        self.id = identity(&self.config, &self.dataset_digest, RESULTS_VERSION);
        self
    }

    /// `category/network/corruption/preset/seed N`, for people.
    pub fn label(&self) -> String {
        let place = (&*self.category, &*self.network, &*self.corruption);
        label(place, &self.preset, self.seed)
    }
}

impl ReportCell {
    /// As [`CellSpec::label`].
    pub fn label(&self) -> String {
        let place = (&*self.category, &*self.network, &*self.corruption);
        label(place, &self.preset, self.seed)
    }
}

impl MissingCell {
    /// As [`CellSpec::label`].
    pub fn label(&self) -> String {
        let place = (&*self.category, &*self.network, &*self.corruption);
        label(place, &self.preset, self.seed)
    }
}

fn label((category, network, corruption): (&str, &str, &str), preset: &str, seed: u64) -> String {
    format!("{category}/{network}/{corruption}/{preset}/seed {seed}")
}

/// 16 hex digits of the SHA-256 over the canonical JSON of what decides a result.
pub(crate) fn identity(config: &Value, dataset_digest: &str, results_version: u32) -> String {
    let subject = serde_json::json!({
        "config": config,
        "dataset_digest": dataset_digest,
        "results_version": results_version,
    });
    let mut text = String::new();
    canonical(&subject, &mut text);
    let digest = Sha256::digest(text.as_bytes());
    let first = digest.iter().take(8);
    format!(
        "{:016x}",
        first.fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte))
    )
}

/// JSON without blanks, keys sorted, whatever order the map keeps.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            for (i, (key, item)) in sorted.into_iter().enumerate() {
                out.push(if i == 0 { '{' } else { ',' });
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(item, out);
            }
            out.push_str(if map.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}
