//! A planned cell, named by the hash of what decides its result.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::report::{MissingCell, ReportCell};
use crate::{CellConfig, RESULTS_VERSION};

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
    pub config: CellConfig,
}

impl CellSpec {
    /// The same cell with the id its content gives it.
    #[must_use]
    pub fn identified(mut self) -> Self {
        let config = self.config.canonical();
        self.id = identity(&config, &self.dataset_digest, RESULTS_VERSION);
        self
    }

    /// The id its content gives it in results of this version.
    pub(crate) fn expected_id(&self, results_version: u32) -> String {
        let of = |config: &CellConfig| identity(config, &self.dataset_digest, results_version);
        let as_stored = of(&self.config);
        if as_stored == self.id {
            return as_stored;
        }
        of(&self.config.canonical()) // somebody laid the JSON out anew
    }

    /// Whether both train the same network in the same way on the same images: only the score may
    /// differ.
    pub(crate) fn trains_like(&self, other: &Self) -> bool {
        let recipe = |cell: &Self| cell.config.without("score");
        self.dataset_digest == other.dataset_digest && recipe(self) == recipe(other)
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
fn identity(config: &CellConfig, dataset_digest: &str, results_version: u32) -> String {
    let dataset_digest = Value::from(dataset_digest);
    let mut hash = Sha256::new();
    hash.update(r#"{"config":"#);
    hash.update(config.text());
    hash.update(format!(
        r#","dataset_digest":{dataset_digest},"results_version":{results_version}}}"#
    ));
    let first = hash.finalize().into_iter().take(8);
    format!(
        "{:016x}",
        first.fold(0_u64, |bits, byte| (bits << 8) | u64::from(byte))
    )
}
