//! Where a result comes from: commit, versions, machine, data, command, time.

use serde::{Deserialize, Serialize};

/// Facts about a run that do not decide its result but let it be traced. Unknown facts are empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Version of `aesc`.
    pub version: String,
    /// Commit of the source, with `-dirty` behind it where the tree had changes.
    pub commit: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// Device of the run, for example `cpu` or `cuda:0`.
    pub device: String,
    /// Name of the processor.
    pub cpu: String,
    /// Threads the run could use.
    pub threads: usize,
    /// Seed of the run.
    pub seed: u64,
    /// Fingerprint of the data set.
    pub dataset_digest: String,
    /// Fingerprint of its clean training images alone; empty in older files.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub clean_digest: String,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// Start, RFC 3339, UTC.
    pub started: String,
    /// End, RFC 3339, UTC.
    pub ended: String,
}
