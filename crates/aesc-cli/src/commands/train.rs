//! `aesc train`: from a folder of clean images to a calibrated model file.

use std::path::PathBuf;

use clap::Args;

use crate::tiles::TileChoice;

#[cfg(feature = "libtorch")]
pub(crate) use with_libtorch::run;

/// What `train` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  aesc train photos/clean --out runs/cap\n  \
    aesc train mvtec/bottle --out runs/bottle --preset paper\n  \
    aesc train photos/boards --out runs/boards --tile auto --roi board.toml\n  \
    aesc train photos/clean --out runs/cap --resume")]
pub(crate) struct TrainArgs {
    /// Clean images: a category in the MVTec AD layout, a folder with train/good, or a flat folder
    pub(crate) data: PathBuf,
    /// The run's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The preset to start from: frontier, paper, paper-rgb, quick or sample
    #[arg(long, default_value = "frontier", value_name = "NAME")]
    pub(crate) preset: String,
    /// Keep the images' resolution and train on tiles of them: auto (where they are at least twice
    /// the network's input), off, or the overlap in pixels [default: the configuration's, off]
    #[arg(long, value_name = "CHOICE")]
    pub(crate) tile: Option<TileChoice>,
    /// The pixels that count, in training and ever after: a mask (white counts), or polygons in TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) roi: Option<PathBuf>,
    /// Go on from the checkpoint in the run's folder
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,
    /// Start anew in a folder that is not empty
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the plan and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[cfg(not(feature = "libtorch"))]
pub(crate) fn run(_: &TrainArgs, _: &crate::app::Context) -> Result<(), crate::failure::Failure> {
    Err(crate::backend::without_libtorch())
}

#[cfg(feature = "libtorch")]
mod with_libtorch {
    use std::path::{Path, PathBuf};

    use aesc_artifact::RunConfig;
    use aesc_data::{Dataset, Limits, fingerprint, open_dataset, split_validation};
    use aesc_detect::{Calibration, Detector, OUTLYING, Roi};
    use aesc_image::Image;
    use aesc_model::train::CHECKPOINT_FILE;
    use serde_json::{Value, json};

    use super::TrainArgs;
    use crate::app::Context;
    use crate::backend::{self, Runtime};
    use crate::commands::export;
    use crate::failure::Failure;
    use crate::output::path_text;
    use crate::run_folder::{Existing, RunFolder};
    use crate::train_report;
    use crate::training::{MODEL_FILE, TrainedRun, drop_run, load_clean, train_into};
    use crate::training_estimate::{Estimate, estimate, told_secs};
    use crate::{config, provenance, roi_file};

    /// Looks at held-out images over a training.
    const LOOKS: u64 = 5;

    /// Clean images kept beside the model with their reconstructions.
    const N_VECTORS: usize = 4;

    pub(crate) fn run(args: &TrainArgs, context: &Context) -> Result<(), Failure> {
        let mut config = config::resolve(&args.preset, &context.global)?.config;
        let dataset = open_dataset(&args.data)?;
        if let Some(choice) = args.tile {
            choice.settle(&mut config.data, &dataset)?;
        }
        let roi = args.roi.as_deref().map(roi_file::read).transpose()?;
        let n_images = dataset.train.len();
        split_validation(n_images, config.train.validation_share, config.seed)
            .map_err(|error| Failure::from(error).at(&args.data))?;
        if !args.dry_run {
            can_take(args)?;
        }
        let estimate = estimate(&config, n_images, &context.global.device)?;
        let told = plan_text(&config, &dataset, &estimate);
        if args.dry_run {
            let plan = plan(args, (&config, &dataset), &estimate, roi.as_ref());
            return context.output.result(&plan, || told);
        }
        context.output.phase("train", 1).note(&told);
        let existing = match (args.resume, args.force) {
            (true, _) => Existing::Continue,
            (_, true) => Existing::Replace,
            _ => Existing::Refuse,
        };
        let folder = RunFolder::take(&args.out, existing)?;
        let digest = fingerprint(&dataset, &Limits::default())?;
        let mut images = load_clean(&dataset, &config, roi, context)?;
        let epochs = config.train.steps.div_ceil(config.train.epoch_steps);
        images.look_epochs = Some(epochs.div_ceil(LOOKS));
        if args.force {
            drop_run(folder.path())?;
        }
        let run = train_into(&folder, &config, &digest, &images, context).map_err(|failure| {
            if context.signals.stopped() && failure.code == context.signals.exit_code() {
                return failure.with("--resume goes on from it");
            }
            failure
        })?;
        let written = report(&run, &images.validation_paths, (&config, args), context)
            .and_then(|html| folder.write("report.html", html.as_bytes()));
        if let Err(failure) = written {
            // The model stands; a page about it is not worth an error.
            failure.print();
        }
        keep_vectors(&run, images.validation, args, context)?;
        if let Some(calibration) = &run.model.manifest.calibration {
            warn_of_scores(calibration, &images.validation_paths);
        }
        tell(&run, args, context)
    }

    /// Refuses a folder that would lose something, or has nothing to go on from.
    fn can_take(args: &TrainArgs) -> Result<(), Failure> {
        let place = args.out.display();
        let remedy = "--force trains anew, another --out keeps it";
        let there = |name: &str| args.out.join(name).exists();
        let lacks = match (there(CHECKPOINT_FILE), args.resume) {
            (true, false) if !args.force => {
                return Err(Failure::usage(format!(
                    "{place} holds a training: --resume goes on from its checkpoint, {remedy}"
                )));
            }
            (true, _) | (_, false) => return Ok(()),
            // One that was killed before its first checkpoint begins again.
            (false, true) if there(MODEL_FILE) => "a model without one",
            (false, true) if there("config.resolved.toml") || !there("") => return Ok(()),
            (false, true) if is_empty(&args.out) => return Ok(()),
            (false, true) => "other files",
        };
        Err(Failure::usage(format!(
            "{place}: expected a checkpoint to go on from, found {lacks}; {remedy}"
        )))
    }

    fn is_empty(folder: &Path) -> bool {
        std::fs::read_dir(folder).is_ok_and(|mut entries| {
            entries.all(|entry| entry.is_ok_and(|e| e.file_name() == ".lock"))
        })
    }

    fn plan(
        args: &TrainArgs,
        (config, dataset): (&RunConfig, &Dataset),
        estimate: &Estimate,
        roi: Option<&Roi>,
    ) -> Value {
        json!({
            "data": path_text(&args.data), "out": path_text(&args.out), "preset": args.preset,
            "n_images": dataset.train.len(), "estimate": estimate,
            "preprocess": config.data, "roi_share": roi.map(Roi::share),
            "network": config.network, "corruption": config.corruption, "started": provenance::now(),
        })
    }

    fn plan_text(config: &RunConfig, dataset: &Dataset, estimate: &Estimate) -> String {
        let (data, train) = (&config.data, &config.train);
        let seen = match data.tile_overlap_px {
            None => "resized to",
            Some(_) => "cut, at their own resolution, into tiles of",
        };
        let megabytes = |bytes: u64| format!("{:.0} MB", bytes as f64 / 1e6);
        format!(
            "{} clean images, {seen} {} x {}\n{} steps of {}: about {} ({:.2} s a step)\n\
             about {} of memory, {} on disk",
            dataset.train.len(),
            data.height,
            data.width,
            train.steps,
            train.batch,
            told_secs(estimate.secs),
            estimate.secs_per_step,
            megabytes(estimate.memory_bytes),
            megabytes(estimate.disk_bytes)
        )
    }

    /// The page about a finished training.
    fn report(
        run: &TrainedRun,
        validation: &[PathBuf],
        (config, args): (&RunConfig, &TrainArgs),
        context: &Context,
    ) -> Result<String, Failure> {
        let manifest = &run.model.manifest;
        let (plain, _) = backend::backend(&run.model, Runtime::Libtorch, context)?;
        let backend = backend::tiled(plain, &config.data);
        let detector = Detector::new(backend, manifest.score.clone())?.within(manifest.roi.clone());
        let detector = match manifest.calibration.clone() {
            Some(calibration) => detector.with_calibration(calibration)?,
            None => detector,
        };
        train_report::Told {
            run,
            detector: &detector,
            validation,
            config,
            out: &args.out,
        }
        .html()
    }

    /// Leaves a few clean images and what the model makes of them beside it, for exports and for
    /// other runtimes to be held against.
    fn keep_vectors(
        run: &TrainedRun,
        mut images: Vec<Image>,
        args: &TrainArgs,
        context: &Context,
    ) -> Result<(), Failure> {
        images.truncate(N_VECTORS);
        let vectors = export::by_libtorch(&run.model, images, context)?;
        let path = export::vectors_path(&args.out.join(MODEL_FILE));
        Ok(vectors.to_file(&run.model).write(path)?)
    }

    /// Says where the clean scores, in the order of `validation`, make a poor threshold.
    fn warn_of_scores(calibration: &Calibration, validation: &[PathBuf]) {
        if calibration.is_of_equal_scores() {
            tracing::warn!(
                "all {} clean scores are equal, which says nothing of their spread; the threshold is \
                 set a tenth above them; train with more, and different, clean images",
                calibration.n_images
            );
        } else if let Some(index) = calibration.lone_outlier()
            && let Some(path) = validation.get(index)
        {
            tracing::warn!(
                "the threshold is the score of one clean image, more than {OUTLYING} times any other's: \
                 {}; look whether it is clean; without it train anew, or set the threshold by a rate \
                 (aesc calibrate)",
                path.display()
            );
        }
    }

    fn tell(run: &TrainedRun, args: &TrainArgs, context: &Context) -> Result<(), Failure> {
        let path = args.out.join(MODEL_FILE);
        let report = args.out.join("report.html");
        let manifest = &run.model.manifest;
        let threshold = manifest.calibration.as_ref().map(|c| c.threshold);
        let value = json!({
            "model": path_text(&path), "report": path_text(&report),
            "training_secs": run.training_secs, "epochs": run.history.len(),
            "kept_step": manifest.train.kept_step,
            "validation_psnr_db": manifest.train.validation_psnr_db, "threshold": threshold,
        });
        context.output.result(&value, || {
            format!(
                "{}\nvalidation PSNR {:.2} dB, threshold {:.6}, trained in {}\n{}",
                path.display(),
                manifest.train.validation_psnr_db,
                threshold.unwrap_or(f64::NAN),
                told_secs(run.training_secs),
                report.display()
            )
        })
    }
}
