//! What the examples share.

use aesc_artifact::{Manifest, ModelFile, NamedTensor, Provenance, RunConfig, TrainRecord};

/// A model of these tensors; what it says of its training means nothing.
pub(crate) fn model(config: RunConfig, tensors: Vec<NamedTensor>) -> ModelFile {
    let train = TrainRecord {
        config: config.train,
        corruption: config.corruption,
        n_train: 1,
        n_validation: 1,
        kept_step: 1,
        validation_psnr_db: 0.0,
    };
    let manifest = Manifest {
        network: config.network,
        preprocess: config.data,
        score: config.score,
        calibration: None,
        roi: None,
        train,
        provenance: Provenance::default(),
    };
    ModelFile { manifest, tensors }
}
