//! Training into a run folder: load, split, train, calibrate, write the model. Shared by `train`
//! and the cells of a benchmark.

use std::path::{Path, PathBuf};
use std::time::Instant;

use aesc_artifact::{Manifest, ModelFile, Provenance, RunConfig, TrainRecord};
use aesc_data::{Dataset, Limits, ValidationSplit, clean_fingerprint, load_all, split_validation};
use aesc_detect::{Calibration, Detector, Reconstruct, Roi, grid as sheet_of};
use aesc_image::Image;
use aesc_model::train::{
    EpochRow, Look, TrainEvent, TrainJob, TrainOutcome, Trained, told_from, train,
};
use aesc_model::{Device, Reconstructor};
use serde::Serialize;

use crate::app::Context;
use crate::clean_images::measure;
use crate::failure::Failure;
use crate::pictures::png;
use crate::run_folder::RunFolder;
use crate::tiles::{MAX_TILES, load_tiles};
use crate::{backend, config, provenance};

/// The model's name in a run folder.
pub(crate) const MODEL_FILE: &str = "model.aesc.safetensors";

/// The clean images of a run, loaded and split.
pub(crate) struct CleanImages {
    pub(crate) train: Vec<Image>,
    pub(crate) validation: Vec<Image>,
    /// The files held out: for tiles, `validation` holds tiles of them.
    pub(crate) validation_paths: Vec<PathBuf>,
    /// The fingerprint of all of them.
    digest: String,
    /// The pixels that count; all of them where absent.
    pub(crate) roi: Option<Roi>,
    /// Epochs between looks at held-out images, which go into the run's folder.
    pub(crate) look_epochs: Option<u64>,
    split: SplitRecord,
}

/// `split.json`: which file went where.
#[derive(Debug, Serialize)]
struct SplitRecord {
    train: Vec<String>,
    validation: Vec<String>,
}

/// Loads and resizes `train/good`, or cuts it into tiles, and holds the configured share out.
pub(crate) fn load_clean(
    dataset: &Dataset,
    config: &RunConfig,
    roi: Option<Roi>,
    context: &Context,
) -> Result<CleanImages, Failure> {
    let paths = dataset.train_paths();
    let split: ValidationSplit =
        split_validation(paths.len(), config.train.validation_share, config.seed)?;
    let pick =
        |indices: &[usize]| -> Vec<PathBuf> { indices.iter().map(|&i| paths[i].clone()).collect() };
    let (train_paths, validation_paths) = (pick(&split.train), pick(&split.validation));
    let load = |paths: &[PathBuf], most: usize| {
        if let Some(grid) = backend::grid(&config.data) {
            return load_tiles(paths, (&config.data, grid), (roi.as_ref(), most), context);
        }
        let phase = context.output.phase("load", paths.len() as u64);
        let progress = |n| phase.at(n as u64);
        Ok(load_all(paths, &config.data, &Limits::default(), progress)?)
    };
    let train = load(&train_paths, MAX_TILES)?;
    let validation = load(&validation_paths, MAX_TILES / 8)?;
    let names = |indices: &[usize]| {
        let name = |&i: &usize| dataset.train[i].relative.display().to_string();
        indices.iter().map(name).collect()
    };
    let record = SplitRecord {
        train: names(&split.train),
        validation: names(&split.validation),
    };
    Ok(CleanImages {
        train,
        validation,
        validation_paths,
        digest: clean_fingerprint(dataset, &Limits::default())?,
        roi,
        look_epochs: None,
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
    let config = &told_from(config, &images.train, images.roi.as_ref());
    let mut facts = provenance::start(
        context,
        &device.to_string(),
        config.seed,
        (dataset_digest, &images.digest),
    );
    let job = TrainJob {
        config,
        images: &images.train,
        validation: &images.validation,
        // Tiles were chosen by it; it lies on whole images.
        roi: images
            .roi
            .as_ref()
            .filter(|_| config.data.tile_overlap_px.is_none()),
        dataset_digest: &images.digest,
        folder: folder.path(),
        device,
        look_epochs: images.look_epochs,
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
    let trained = match run_job(&job, folder, context)? {
        TrainOutcome::Finished(trained) => trained,
        TrainOutcome::Stopped(step) => return Err(stopped(step, folder.path(), context)),
    };
    let training_secs = trained.history.iter().map(|row| row.secs).sum();
    let history = trained.history.clone();
    let mut model = uncalibrated(config, images, trained);
    let calibration = calibrated(&model, images, (config, device), context)?;
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

/// The model under the configuration's score, its threshold fitted anew; written into `folder`.
pub(crate) fn rescored_into(
    folder: &RunFolder,
    config: &RunConfig,
    mut model: ModelFile,
    images: &CleanImages,
    context: &Context,
) -> Result<ModelFile, Failure> {
    let device = Device::open(&context.global.device)?;
    let config = &RunConfig {
        network: model.manifest.network.clone(),
        ..config.clone()
    };
    folder.write("config.resolved.toml", config::to_toml(config)?.as_bytes())?;
    folder.write_json("split.json", &images.split)?;
    model.manifest.score = config.score.clone();
    let calibration = calibrated(&model, images, (config, device), context)?;
    model.manifest.calibration = Some(calibration);
    model.write(folder.path().join(MODEL_FILE))?;
    Ok(model)
}

/// The threshold of a fresh model, by the images held out of its training.
fn calibrated(
    model: &ModelFile,
    images: &CleanImages,
    (config, device): (&RunConfig, Device),
    context: &Context,
) -> Result<Calibration, Failure> {
    let plain: Box<dyn Reconstruct> = Box::new(Reconstructor::new(model, device)?);
    let backend = backend::tiled(plain, &config.data);
    let detector = Detector::new(backend, config.score.clone())?.within(images.roi.clone());
    if config.data.tile_overlap_px.is_some() {
        let clean = (&images.validation_paths[..], &model.manifest);
        return Ok(measure(&detector, clean, context)?.max_clean()?);
    }
    let n_images = images.validation.len() as u64;
    let phase = context.output.phase("calibrate", n_images);
    let progress = |n| phase.at(n as u64);
    Ok(detector.calibrate(&images.validation, config.train.batch, progress)?)
}

/// When the run in the folder was started first.
fn started(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("provenance.json")).ok()?;
    Some(serde_json::from_str::<Provenance>(&text).ok()?.started)
}

fn run_job(
    job: &TrainJob<'_>,
    folder: &RunFolder,
    context: &Context,
) -> Result<TrainOutcome, Failure> {
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
        TrainEvent::Look(look) => match keep(&look, folder) {
            Ok(name) => phase.note(&format!("corrupted, reconstructed, clean: {name}")),
            // A picture is not worth a training.
            Err(failure) => failure.print(),
        },
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

/// Writes a look into the run's folder, a row an image, and tells where.
fn keep(look: &Look, folder: &RunFolder) -> Result<String, Failure> {
    let rows: Vec<&Image> = look.rows.iter().flatten().collect();
    let name = format!("looks/step-{:06}.png", look.step);
    folder.write(&name, &png(&sheet_of(&rows, 3, 4)?)?)?;
    Ok(folder.path().join(name).display().to_string())
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
        roi: images.roi.clone(),
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
    remove(&folder.join("report.html"))?;
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
