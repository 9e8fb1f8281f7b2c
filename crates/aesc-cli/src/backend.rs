//! A model file made ready to reconstruct, by libtorch or by tract.

use std::path::Path;

use aesc_artifact::{Manifest, ModelFile};
use aesc_data::PreprocessConfig;
use aesc_detect::{Detector, Reconstruct, ScoreConfig, TileGrid, Tiled};
use clap::{Args, ValueEnum};
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

/// What runs a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    /// libtorch where this program was built with it, else tract
    #[default]
    Auto,
    /// The program must be built with it
    Libtorch,
    /// On the processor, an image a thread
    Tract,
}

/// What reconstructs, and in how many dropout passes where it is not the model file that says so.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct SamplingArgs {
    /// What runs the network
    #[arg(long, value_enum, default_value_t, value_name = "NAME")]
    backend: Runtime,
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
    let (backend, device) = backend(&model, sampling.backend, context)?;
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

/// The backend asked for, and the device it computes on.
pub(crate) fn backend(
    model: &ModelFile,
    runtime: Runtime,
    context: &Context,
) -> Result<(Box<dyn Reconstruct>, String), Failure> {
    match runtime {
        Runtime::Tract => tract(model, context),
        Runtime::Auto if cfg!(not(feature = "libtorch")) => tract(model, context),
        Runtime::Auto | Runtime::Libtorch => libtorch(model, context),
    }
}

fn tract(model: &ModelFile, context: &Context) -> Result<(Box<dyn Reconstruct>, String), Failure> {
    let asked = context.global.device.as_str();
    if asked != "auto" && asked != "cpu" {
        let message = format!("device {asked} is not available: tract computes on the cpu");
        return Err(Failure::text(ExitCode::Device, message));
    }
    let backend = aesc_onnx::Reconstructor::new(model)?;
    Ok((Box::new(backend), "cpu (tract)".to_owned()))
}

#[cfg(feature = "libtorch")]
fn libtorch(
    model: &ModelFile,
    context: &Context,
) -> Result<(Box<dyn Reconstruct>, String), Failure> {
    let device = aesc_model::Device::open(&context.global.device)?;
    let backend = aesc_model::Reconstructor::new(model, device)?;
    Ok((Box::new(backend), device.to_string()))
}

#[cfg(not(feature = "libtorch"))]
fn libtorch(_: &ModelFile, _: &Context) -> Result<(Box<dyn Reconstruct>, String), Failure> {
    Err(without_libtorch())
}

/// The failure of what needs libtorch in a binary built without it.
#[cfg(not(feature = "libtorch"))]
pub(crate) fn without_libtorch() -> Failure {
    let message = "this aesc was built without libtorch, which this needs; build it with the \
                   default features";
    Failure::text(ExitCode::Device, message)
}
