//! Training into a run folder: load, split, train, calibrate, write the model. Shared by `train`
//! and the cells of a benchmark.

use std::path::Path;
use std::time::Instant;

use aesc_artifact::{Manifest, ModelFile, Provenance, RunConfig, TrainRecord};
use aesc_data::{Dataset, Limits, ValidationSplit, load_all, split_validation};
use aesc_detect::Detector;
use aesc_image::Image;
use aesc_model::train::{EpochRow, TrainEvent, TrainJob, TrainOutcome, Trained, train};
use aesc_model::{Device, Reconstructor};
use serde::Serialize;

use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::run_folder::RunFolder;
use crate::{config, provenance};

/// The model's name in a run folder.
pub(crate) const MODEL_FILE: &str = "model.aesc.safetensors";

/// The clean images of a run, loaded and split.
pub(crate) struct CleanImages {
    pub(crate) train: Vec<Image>,
    pub(crate) validation: Vec<Image>,
    split: SplitRecord,
}

/// `split.json`: which file went where.
#[derive(Debug, Serialize)]
struct SplitRecord {
    train: Vec<String>,
    validation: Vec<String>,
}

/// Loads and resizes `train/good` and holds the configured share out.
pub(crate) fn load_clean(
    dataset: &Dataset,
    config: &RunConfig,
    context: &Context,
) -> Result<CleanImages, Failure> {
    let paths = dataset.train_paths();
    let split: ValidationSplit =
        split_validation(paths.len(), config.train.validation_share, config.seed)?;
    let phase = context.output.phase("load", paths.len() as u64);
    let images = load_all(&paths, &config.data, &Limits::default(), |n| {
        phase.at(n as u64);
    })?;
    let names = |indices: &[usize]| {
        let name = |&i: &usize| dataset.train[i].relative.display().to_string();
        indices.iter().map(name).collect()
    };
    let record = SplitRecord {
        train: names(&split.train),
        validation: names(&split.validation),
    };
    let (mut train, mut validation) = (Vec::new(), Vec::new());
    for (i, image) in images.into_iter().enumerate() {
        let side = if split.validation.contains(&i) {
            &mut validation
        } else {
            &mut train
        };
        side.push(image);
    }
    Ok(CleanImages {
        train,
        validation,
        split: record,
    })
}

/// A finished training.
pub(crate) struct TrainedRun {
    pub(crate) model: ModelFile,
    pub(crate) history: Vec<EpochRow>,
    /// Wall time of training over all resumed runs, in seconds.
    pub(crate) training_secs: f64,
}

/// Trains (or goes on training) in `folder` and writes the model.
pub(crate) fn train_into(
    folder: &RunFolder,
    config: &RunConfig,
    dataset_digest: &str,
    images: &CleanImages,
    context: &Context,
) -> Result<TrainedRun, Failure> {
    let device = Device::open(&context.global.device)?;
    let mut facts = provenance::start(context, &device.to_string(), config.seed, dataset_digest);
    let job = TrainJob {
        config,
        images: &images.train,
        validation: &images.validation,
        dataset_digest,
        folder: folder.path(),
        device,
        stop: &context.signals.stop,
    };
    // A folder of another run is left as it is.
    aesc_model::train::check_checkpoint(&job)?;
    if aesc_model::train::checkpoint_exists(folder.path()) {
        facts.started = started(folder.path()).unwrap_or(facts.started);
    }
    folder.write("config.resolved.toml", config::to_toml(config)?.as_bytes())?;
    folder.write_json("provenance.json", &facts)?;
    folder.write_json("split.json", &images.split)?;
    let trained = match run_job(&job, context)? {
        TrainOutcome::Finished(trained) => trained,
        TrainOutcome::Stopped(step) => return Err(stopped(step, folder.path(), context)),
    };
    let training_secs = trained.history.iter().map(|row| row.secs).sum();
    let history = trained.history.clone();
    let mut model = uncalibrated(config, images, trained);
    let detector = Detector::new(Reconstructor::new(&model, device)?, config.score.clone())?;
    let phase = context
        .output
        .phase("calibrate", images.validation.len() as u64);
    let batch = config.train.batch;
    let calibration = detector.calibrate(&images.validation, batch, |n| phase.at(n as u64))?;
    facts.ended = provenance::now();
    folder.write_json("provenance.json", &facts)?;
    (model.manifest.calibration, model.manifest.provenance) = (Some(calibration), facts);
    model.write(folder.path().join(MODEL_FILE))?;
    Ok(TrainedRun {
        model,
        history,
        training_secs,
    })
}

/// When the run in the folder was started first.
fn started(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("provenance.json")).ok()?;
    Some(serde_json::from_str::<Provenance>(&text).ok()?.started)
}

fn run_job(job: &TrainJob<'_>, context: &Context) -> Result<TrainOutcome, Failure> {
    let phase = context.output.phase("train", job.config.train.steps);
    let start = Instant::now();
    let mut first = 0;
    let outcome = train(job, |event| match event {
        TrainEvent::Resumed(step) => {
            first = step;
            phase.at(step);
            phase.note(&format!("going on from the checkpoint at step {step}"));
        }
        TrainEvent::Step(step) => phase.at(step),
        TrainEvent::Epoch(row) => {
            let images = (row.step - first) * job.config.train.batch as u64;
            let rate = images as f64 / start.elapsed().as_secs_f64();
            phase.note(&format!(
                "epoch {:>3}  step {:>6}  loss {:.5}  validation PSNR {:.2} dB  rate {:.1e}  \
                 {rate:.1} images/s",
                row.epoch, row.step, row.loss, row.validation_psnr_db, row.learning_rate
            ));
        }
    })?;
    Ok(outcome)
}

fn stopped(step: u64, folder: &Path, context: &Context) -> Failure {
    let place = folder.display();
    let message = format!("stopped at step {step} with a checkpoint in {place}");
    Failure::text(context.signals.exit_code(), message)
}

fn uncalibrated(config: &RunConfig, images: &CleanImages, trained: Trained) -> ModelFile {
    let train = TrainRecord {
        config: config.train.clone(),
        corruption: config.corruption.clone(),
        n_train: images.train.len() as u64,
        n_validation: images.validation.len() as u64,
        kept_step: trained.kept_step,
        validation_psnr_db: trained.validation_psnr_db,
    };
    let manifest = Manifest {
        network: config.network.clone(),
        preprocess: config.data.clone(),
        score: config.score.clone(),
        calibration: None,
        train,
        provenance: Provenance::default(),
    };
    ModelFile {
        manifest,
        tensors: trained.tensors,
    }
}

/// Removes a checkpoint that is no longer needed.
pub(crate) fn drop_checkpoint(folder: &Path) -> Result<(), Failure> {
    remove(&folder.join(aesc_model::train::CHECKPOINT_FILE))
}

/// Removes what an earlier run left that a new one must not be taken for.
pub(crate) fn drop_run(folder: &Path) -> Result<(), Failure> {
    drop_checkpoint(folder)?;
    remove(&folder.join(aesc_model::train::HISTORY_FILE))?;
    remove(&folder.join(MODEL_FILE))
}

fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// What a run will take.
#[derive(Debug, Serialize)]
pub(crate) struct Estimate {
    pub(crate) steps: u64,
    /// Seconds a step, measured on this machine with these threads.
    pub(crate) secs_per_step: f64,
    pub(crate) secs: f64,
    /// Checkpoint and model together.
    pub(crate) disk_bytes: u64,
}

/// Estimates a training by a few steps on noise.
pub(crate) fn estimate(config: &RunConfig, device: &str) -> Result<Estimate, Failure> {
    let plan = config.validate()?;
    let device = Device::open(device)?;
    let secs_per_step = aesc_model::train::probe_step_secs(config, device)?;
    if !secs_per_step.is_finite() {
        return Err(Failure::text(ExitCode::Unexpected, "the clock stood still"));
    }
    // Weights, two moments and perhaps the best weights in the checkpoint; weights in the model.
    let disk_bytes = plan.parameters() * 4 * 5;
    let steps = config.train.steps;
    Ok(Estimate {
        steps,
        secs_per_step,
        secs: steps as f64 * secs_per_step,
        disk_bytes,
    })
}

/// Seconds as a person says them.
pub(crate) fn told_secs(secs: f64) -> String {
    match secs {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
