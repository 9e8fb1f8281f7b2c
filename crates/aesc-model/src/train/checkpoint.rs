//! The checkpoint: weights, moments, averaged and best weights and everything else a resume needs.

use std::collections::BTreeMap;
use std::path::Path;

use aesc_artifact::{NamedTensor, TensorFile};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::schedule::ScheduleState;
use super::{EpochRow, TrainJob};
use crate::ModelError;

/// The checkpoint's name in the run's folder.
pub const CHECKPOINT_FILE: &str = "checkpoint.safetensors";

/// Whether a run's folder holds a checkpoint to go on from.
pub fn exists(folder: &Path) -> bool {
    folder.join(CHECKPOINT_FILE).is_file()
}

/// What changes from step to step, beside tensors.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// Steps done.
    pub(crate) step: u64,
    /// Sum of this epoch's losses so far; on the device, so that no step waits for it.
    #[serde(
        serialize_with = "scalar::serialize",
        deserialize_with = "scalar::deserialize"
    )]
    pub(crate) loss_sum: Option<Tensor>,
    pub(crate) loss_steps: u64,
    /// Wall time of this epoch before the last stop.
    pub(crate) epoch_secs: f64,
    pub(crate) best_psnr_db: Option<f64>,
    pub(crate) best_step: u64,
    pub(crate) schedule: ScheduleState,
    pub(crate) history: Vec<EpochRow>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            step: 0,
            loss_sum: None,
            loss_steps: 0,
            epoch_secs: 0.0,
            best_psnr_db: None,
            best_step: 0,
            schedule: ScheduleState::new(),
            history: Vec::new(),
        }
    }
}

impl Clone for State {
    fn clone(&self) -> Self {
        Self {
            loss_sum: self.loss_sum.as_ref().map(Tensor::shallow_clone),
            schedule: self.schedule.clone(),
            history: self.history.clone(),
            ..*self
        }
    }
}

/// A run as it stood after a step.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) state: State,
    pub(crate) network: Vec<NamedTensor>,
    pub(crate) moments: Vec<NamedTensor>,
    pub(crate) average: Option<Vec<NamedTensor>>,
    pub(crate) best: Option<Vec<NamedTensor>>,
}

/// Whether the checkpoint in the job's folder, if there is one, belongs to the job.
pub(crate) fn check(job: &TrainJob<'_>) -> Result<(), ModelError> {
    let path = job.folder.join(CHECKPOINT_FILE);
    if !path.exists() {
        return Ok(());
    }
    check_owner(&path, &TensorFile::read_metadata(&path)?, job)
}

impl Checkpoint {
    /// The checkpoint in the job's folder, if there is one.
    pub(crate) fn read(job: &TrainJob<'_>) -> Result<Option<Self>, ModelError> {
        let path = job.folder.join(CHECKPOINT_FILE);
        if !path.exists() {
            return Ok(None);
        }
        let file = TensorFile::read(&path)?;
        check_owner(&path, &file.metadata, job)?;
        let foreign = |found: String| ModelError::Checkpoint {
            path: path.clone(),
            found,
        };
        let text = file.metadata.get("aesc.state").map_or("", String::as_str);
        let state = serde_json::from_str(text).map_err(|e| foreign(e.to_string()))?;
        let (mut network, mut moments) = (Vec::new(), Vec::new());
        let (mut average, mut best) = (Vec::new(), Vec::new());
        for mut tensor in file.tensors {
            let full = std::mem::take(&mut tensor.name);
            let (group, name) = full.split_once('/').unwrap_or_default();
            let group = match group {
                "network" => &mut network,
                "adam" => &mut moments,
                "average" => &mut average,
                "best" => &mut best,
                _ => return Err(foreign(format!("holds a tensor {full}"))),
            };
            name.clone_into(&mut tensor.name);
            group.push(tensor);
        }
        let present = |group: Vec<NamedTensor>| (!group.is_empty()).then_some(group);
        Ok(Some(Self {
            state,
            network,
            moments,
            average: present(average),
            best: present(best),
        }))
    }

    /// Writes it into the job's folder, whole or not at all.
    pub(crate) fn write(self, job: &TrainJob<'_>) -> Result<(), ModelError> {
        let mut metadata = owner(job);
        let state = serde_json::to_string(&self.state).unwrap_or_default();
        metadata.insert("aesc.state".to_owned(), state);
        let groups = [("network", self.network), ("adam", self.moments)];
        let average = self.average.map(|average| ("average", average));
        let best = self.best.map(|best| ("best", best));
        let groups = groups.into_iter().chain(average).chain(best);
        let tensors = groups.flat_map(|(group, tensors)| {
            tensors.into_iter().map(move |mut tensor| {
                tensor.name = format!("{group}/{}", tensor.name);
                tensor
            })
        });
        let file = TensorFile {
            metadata,
            tensors: tensors.collect(),
        };
        Ok(file.write(job.folder.join(CHECKPOINT_FILE))?)
    }
}

/// What a checkpoint must agree with to be gone on from.
fn owner(job: &TrainJob<'_>) -> BTreeMap<String, String> {
    let config = serde_json::to_string(job.config).unwrap_or_default();
    let mut data = job.dataset_digest.to_owned();
    if let Some(roi) = job.roi {
        data = format!("{data} {}", serde_json::to_string(roi).unwrap_or_default());
    }
    let entries = [("aesc.config", config), ("aesc.data", data)];
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn check_owner(
    path: &Path,
    found: &BTreeMap<String, String>,
    job: &TrainJob<'_>,
) -> Result<(), ModelError> {
    for (key, expected) in owner(job) {
        if found.get(&key) != Some(&expected) {
            let what = if key == "aesc.data" {
                "other images or another region of interest"
            } else {
                "another configuration"
            };
            let found = format!("the checkpoint is of {what}");
            return Err(ModelError::Checkpoint {
                path: path.to_owned(),
                found,
            });
        }
    }
    Ok(())
}

/// A scalar tensor in JSON: its value in f64, read back to the bit.
mod scalar {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use tch::Tensor;

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(super) fn serialize<S: Serializer>(
        tensor: &Option<Tensor>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        tensor
            .as_ref()
            .map(|t| t.double_value(&[]))
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Tensor>, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.map(Tensor::from))
    }
}
