//! A model file made ready to reconstruct, by whichever backend this binary has.

use std::path::Path;

use aesc_artifact::{Manifest, ModelFile};
use aesc_data::PreprocessConfig;
use aesc_detect::{Detector, Reconstruct, ScoreConfig, TileGrid, Tiled};
use clap::Args;
use sha2::{Digest, Sha256};

use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// A detector with what its file says.
pub(crate) struct OpenModel {
    pub(crate) manifest: Manifest,
    pub(crate) detector: Detector<Box<dyn Reconstruct>>,
    /// First 12 hex digits of the SHA-256 of the file.
    pub(crate) id: String,
    /// The device in use.
    pub(crate) device: String,
}

/// How many dropout passes to sample, where it is not the model file that says so.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct SamplingArgs {
    /// Monte Carlo dropout passes, for models that score by uncertainty [default: the model's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=1000))]
    pub(crate) mc_samples: Option<u16>,
}

impl SamplingArgs {
    /// Tells the model, with a warning where its threshold was fitted with another number.
    fn tell(self, score: &mut ScoreConfig) {
        let Some(samples) = self.mc_samples.map(usize::from) else {
            return;
        };
        let fitted = std::mem::replace(&mut score.mc_dropout.samples, samples);
        if score.resolved_strategy().samples() && fitted != samples {
            tracing::warn!("the threshold was fitted with {fitted} dropout passes, not {samples}");
        }
    }
}

/// Reads a model and brings it to the device asked for.
pub(crate) fn open(
    path: &Path,
    sampling: SamplingArgs,
    context: &Context,
) -> Result<OpenModel, Failure> {
    let mut model = ModelFile::read(path)?;
    sampling.tell(&mut model.manifest.score);
    let id = model_id(path)?;
    let (backend, device) = backend(&model, context)?;
    let backend = tiled(backend, &model.manifest.preprocess);
    let file_says = |error| Failure::new(ExitCode::Model, error);
    let detector = Detector::new(backend, model.manifest.score.clone()).map_err(file_says)?;
    let mut detector = detector.within(model.manifest.roi.clone());
    if let Some(calibration) = model.manifest.calibration.clone() {
        detector = detector.with_calibration(calibration).map_err(file_says)?;
    }
    Ok(OpenModel {
        manifest: model.manifest,
        detector,
        id,
        device,
    })
}

/// The backend, tile by tile where the model's images keep their resolution.
pub(crate) fn tiled(
    backend: Box<dyn Reconstruct>,
    preprocess: &PreprocessConfig,
) -> Box<dyn Reconstruct> {
    match grid(preprocess) {
        Some(grid) => Box::new(Tiled::new(backend, grid)),
        None => backend,
    }
}

/// How images are cut, where they are.
pub(crate) fn grid(preprocess: &PreprocessConfig) -> Option<TileGrid> {
    Some(TileGrid {
        height: preprocess.height,
        width: preprocess.width,
        overlap_px: preprocess.tile_overlap_px?,
    })
}

/// First 12 hex digits of the SHA-256 of a file.
pub(crate) fn model_id(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::io("read", path, e))?;
    let digest = Sha256::digest(&bytes);
    Ok(digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(feature = "libtorch")]
pub(crate) fn backend(
    model: &ModelFile,
    context: &Context,
) -> Result<(Box<dyn Reconstruct>, String), Failure> {
    let device = aesc_model::Device::open(&context.global.device)?;
    let backend = aesc_model::Reconstructor::new(model, device)?;
    Ok((Box::new(backend), device.to_string()))
}

#[cfg(not(feature = "libtorch"))]
pub(crate) fn backend(
    _: &ModelFile,
    _: &Context,
) -> Result<(Box<dyn Reconstruct>, String), Failure> {
    Err(without_libtorch())
}

/// The failure of a command that needs libtorch in a binary built without it.
#[cfg(not(feature = "libtorch"))]
pub(crate) fn without_libtorch() -> Failure {
    let message = "this aesc was built without libtorch, which this command needs; build it with \
                   the default features";
    Failure::text(ExitCode::Device, message)
}
