//! The model file `NAME.aesc.safetensors`: what each `aesc.*` entry of the metadata holds.

use std::collections::BTreeMap;
use std::path::Path;

use aesc_data::PreprocessConfig;
use aesc_detect::{Calibration, Roi, ScoreConfig};
use aesc_noise::CorruptionConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{
    ArtifactError, Look, NamedTensor, NetworkConfig, NetworkPlan, Provenance, TensorFile,
    TrainConfig,
};

/// The newest model format this program writes and reads.
pub const MODEL_FORMAT: u32 = 1;

/// How the model came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainRecord {
    /// The recipe.
    pub config: TrainConfig,
    /// The corruption trained against.
    pub corruption: CorruptionConfig,
    /// Clean images trained on.
    pub n_train: u64,
    /// Clean images held out.
    pub n_validation: u64,
    /// The step the kept weights are of.
    pub kept_step: u64,
    /// Validation PSNR of the kept weights in dB, corrupted input against clean target.
    pub validation_psnr_db: f64,
}

/// All that a model file says beside its tensors.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Which network (`aesc.network`).
    pub network: NetworkConfig,
    /// How images are brought to it (`aesc.preprocess`).
    pub preprocess: PreprocessConfig,
    /// How its reconstruction is scored (`aesc.score`).
    pub score: ScoreConfig,
    /// Thresholds, where they were fitted (`aesc.calibration`, JSON null where not).
    pub calibration: Option<Calibration>,
    /// The pixels that count, in training and ever after (`aesc.roi`, JSON null for all).
    pub roi: Option<Roi>,
    /// How it was trained (`aesc.train`).
    pub train: TrainRecord,
    /// Where it comes from (`aesc.provenance`).
    pub provenance: Provenance,
}

impl Manifest {
    /// The corruptions it was trained on: what the first look learned to repair, then what the
    /// segmentation learned to find, where that is another ([`TrainConfig::segment`]).
    pub fn trained_on(&self) -> impl Iterator<Item = &CorruptionConfig> {
        let segments = self.network.looks().contains(&Look::Segment);
        let sought = self.train.config.segment.iter().filter(move |_| segments);
        std::iter::once(&self.train.corruption).chain(sought)
    }

    /// The `aesc.*` entries of the `__metadata__` block, JSON each.
    pub fn to_metadata(&self) -> BTreeMap<String, String> {
        let json =
            |value: serde_json::Result<serde_json::Value>| value.unwrap_or_default().to_string();
        let entries = [
            ("aesc.format", MODEL_FORMAT.to_string()),
            ("aesc.network", json(serde_json::to_value(&self.network))),
            (
                "aesc.preprocess",
                json(serde_json::to_value(&self.preprocess)),
            ),
            ("aesc.score", json(serde_json::to_value(&self.score))),
            (
                "aesc.calibration",
                json(serde_json::to_value(&self.calibration)),
            ),
            ("aesc.roi", json(serde_json::to_value(&self.roi))),
            ("aesc.train", json(serde_json::to_value(&self.train))),
            (
                "aesc.provenance",
                json(serde_json::to_value(&self.provenance)),
            ),
        ];
        entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }

    fn from_metadata(
        path: &Path,
        entries: &BTreeMap<String, String>,
    ) -> Result<Self, ArtifactError> {
        check_format(path, entries)?;
        let preprocess: PreprocessConfig = entry(path, entries, "aesc.preprocess")?;
        let score: ScoreConfig = entry(path, entries, "aesc.score")?;
        let valid = |e: &dyn std::fmt::Display| ArtifactError::file(path, "valid settings", e);
        preprocess.validate().map_err(|e| valid(&e))?;
        score.validate().map_err(|e| valid(&e))?;
        Ok(Self {
            network: entry(path, entries, "aesc.network")?,
            preprocess,
            score,
            calibration: entry(path, entries, "aesc.calibration")?,
            roi: entry(path, entries, "aesc.roi")?,
            train: entry(path, entries, "aesc.train")?,
            provenance: entry(path, entries, "aesc.provenance")?,
        })
    }

    /// Reads what a model file says, without its weights.
    ///
    /// # Errors
    /// [`ArtifactError`] when the file cannot be read, is no model file, or is newer.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ArtifactError> {
        let path = path.as_ref();
        Self::from_metadata(path, &TensorFile::read_metadata(path)?)
    }

    /// The network laid out.
    ///
    /// # Errors
    /// [`ArtifactError::Config`] when the stored network is out of range.
    pub fn plan(&self) -> Result<NetworkPlan, ArtifactError> {
        self.network.plan(self.preprocess.channels.count())
    }
}

fn check_format(path: &Path, entries: &BTreeMap<String, String>) -> Result<(), ArtifactError> {
    let Some(text) = entries.get("aesc.format") else {
        return Err(ArtifactError::file(
            path,
            "a model of aesc (aesc.format)",
            "another file",
        ));
    };
    match text.parse::<u32>() {
        Ok(MODEL_FORMAT) => Ok(()),
        Ok(found) if found > MODEL_FORMAT => Err(ArtifactError::Newer {
            path: path.to_owned(),
            found: text.clone(),
            known: MODEL_FORMAT,
        }),
        _ => Err(ArtifactError::file(
            path,
            format!("aesc.format {MODEL_FORMAT}"),
            text,
        )),
    }
}

fn entry<T: DeserializeOwned>(
    path: &Path,
    entries: &BTreeMap<String, String>,
    key: &str,
) -> Result<T, ArtifactError> {
    let text = entries
        .get(key)
        .ok_or_else(|| ArtifactError::file(path, key, "no such entry"))?;
    serde_json::from_str(text)
        .map_err(|error| ArtifactError::file(path, format!("a valid {key}"), error))
}

/// A model: what it says of itself, and its tensors.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    /// All but the numbers.
    pub manifest: Manifest,
    /// The tensors [`NetworkPlan::tensors`] lists, sorted by name.
    pub tensors: Vec<NamedTensor>,
}

impl ModelFile {
    /// Reads and checks a model file: format, settings, and the exact set of tensors and shapes.
    ///
    /// # Errors
    /// [`ArtifactError`], with what was expected and what the file holds.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ArtifactError> {
        let path = path.as_ref();
        let manifest = Manifest::read(path)?;
        let file_says = |e: ArtifactError| ArtifactError::file(path, "valid settings", e);
        let plan = manifest.plan().map_err(file_says)?;
        plan.dropout_rates(&manifest.score.mc_dropout)
            .map_err(file_says)?;
        let tensors = TensorFile::read(path)?.tensors;
        check_tensors(path, &plan, &tensors)?;
        Ok(Self { manifest, tensors })
    }

    /// Writes the model whole or not at all.
    ///
    /// # Errors
    /// [`ArtifactError::Write`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), ArtifactError> {
        let mut tensors = self.tensors.clone();
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        TensorFile {
            metadata: self.manifest.to_metadata(),
            tensors,
        }
        .write(path)
    }
}

fn check_tensors(
    path: &Path,
    plan: &NetworkPlan,
    tensors: &[NamedTensor],
) -> Result<(), ArtifactError> {
    let mut expected = plan.tensors();
    expected.sort_by(|a, b| a.name.cmp(&b.name));
    for spec in &expected {
        let Some(found) = tensors.iter().find(|t| t.name == spec.name) else {
            return Err(ArtifactError::file(
                path,
                format!("tensor {}", spec.name),
                "none",
            ));
        };
        if found.shape != spec.shape {
            let expected = format!("{} of shape {:?}", spec.name, spec.shape);
            return Err(ArtifactError::file(
                path,
                expected,
                format!("{:?}", found.shape),
            ));
        }
    }
    let negative = |t: &&NamedTensor| {
        t.name.ends_with("running_var") && t.data.iter().any(|variance| *variance < 0.0)
    };
    if let Some(bad) = tensors.iter().find(negative) {
        let expected = format!("variances of 0 or more in {}", bad.name);
        return Err(ArtifactError::file(path, expected, "a negative one"));
    }
    match tensors
        .iter()
        .find(|t| !expected.iter().any(|s| s.name == t.name))
    {
        None => Ok(()),
        Some(extra) => Err(ArtifactError::file(
            path,
            "only the network's tensors",
            format!("{} too", extra.name),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> ModelFile {
        let network = NetworkConfig {
            depth: 2,
            width: 2,
            ..NetworkConfig::default()
        };
        let preprocess = PreprocessConfig::default();
        let plan = network.plan(preprocess.channels.count()).unwrap();
        let mut tensors: Vec<NamedTensor> = plan
            .tensors()
            .into_iter()
            .map(|s| NamedTensor {
                data: vec![0.25; s.shape.iter().product()],
                name: s.name,
                shape: s.shape,
            })
            .collect();
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        let train = TrainRecord {
            config: TrainConfig::default(),
            corruption: CorruptionConfig::default(),
            n_train: 8,
            n_validation: 2,
            kept_step: 125,
            validation_psnr_db: 31.5,
        };
        let manifest = Manifest {
            network,
            preprocess,
            score: ScoreConfig::default(),
            calibration: None,
            roi: None,
            train,
            provenance: Provenance::default(),
        };
        ModelFile { manifest, tensors }
    }

    fn written(change: impl Fn(&mut TensorFile)) -> Result<ModelFile, ArtifactError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.aesc.safetensors");
        let model = model();
        let mut file = TensorFile {
            metadata: model.manifest.to_metadata(),
            tensors: model.tensors,
        };
        change(&mut file);
        file.write(&path).unwrap();
        ModelFile::read(&path)
    }

    #[test]
    fn a_model_comes_back_as_it_was_written() {
        assert_eq!(written(|_| ()).unwrap(), model());
    }

    #[test]
    fn a_newer_format_is_refused_with_what_to_do() {
        let set = |f: &mut TensorFile| {
            f.metadata.insert("aesc.format".into(), "2".into());
        };
        let message = written(set).unwrap_err().to_string();
        assert!(
            message.contains("model format 2 is newer than 1: update aesc"),
            "{message}"
        );
    }

    #[test]
    fn a_missing_a_misshapen_and_an_extra_tensor_are_named() {
        let missing = written(|f| f.tensors.retain(|t| t.name != "out.conv.bias")).unwrap_err();
        assert!(missing.to_string().contains("tensor out.conv.bias"));
        let bent = written(|f| {
            let bias = f
                .tensors
                .iter_mut()
                .find(|t| t.name == "out.conv.bias")
                .unwrap();
            bias.shape = vec![3, 1];
        });
        assert!(
            bent.unwrap_err()
                .to_string()
                .contains("out.conv.bias of shape [3]")
        );
        let extra = NamedTensor {
            name: "zzz".into(),
            shape: vec![1],
            data: vec![0.0],
        };
        let error = written(|f| f.tensors.push(extra.clone())).unwrap_err();
        assert!(error.to_string().contains("zzz too"));
    }

    #[test]
    fn a_negative_variance_is_refused() {
        let error = written(|f| {
            let name = "enc1.bn.running_var";
            f.tensors.iter_mut().find(|t| t.name == name).unwrap().data[0] = -1.0;
        });
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("variances of 0 or more")
        );
    }

    #[test]
    fn foreign_safetensors_are_no_model() {
        let error = written(|f| f.metadata.clear()).unwrap_err();
        assert!(error.to_string().contains("a model of aesc"));
    }

    #[test]
    fn settings_out_of_range_are_the_files_fault() {
        let set = |f: &mut TensorFile| {
            let network = r#"{"kind":"aesc","depth":60,"width":16}"#;
            f.metadata.insert("aesc.network".into(), network.into());
        };
        let message = written(set).unwrap_err().to_string();
        assert!(
            message.contains("network.depth: expected 1..=8, found 60"),
            "{message}"
        );
    }
}
