//! `aesc train`: from a folder of clean images to a calibrated model file.

use std::path::PathBuf;

use clap::Args;

#[cfg(feature = "libtorch")]
pub(crate) use with_libtorch::run;

/// What `train` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  aesc train photos/clean --out runs/cap\n  \
    aesc train mvtec/bottle --out runs/bottle --preset paper\n  \
    aesc train photos/clean --out runs/cap --resume")]
pub(crate) struct TrainArgs {
    /// Clean images: a category in the MVTec AD layout, a folder with train/good, or a flat folder
    pub(crate) data: PathBuf,
    /// The run's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The preset to start from: paper, paper-rgb, quick or sample
    #[arg(long, default_value = "quick", value_name = "NAME")]
    pub(crate) preset: String,
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
    use aesc_data::{Limits, fingerprint, open_dataset};
    use aesc_image::Image;
    use serde_json::json;

    use super::TrainArgs;
    use crate::app::Context;
    use crate::commands::export;
    use crate::failure::Failure;
    use crate::run_folder::{Existing, RunFolder};
    use crate::training::{
        MODEL_FILE, TrainedRun, drop_run, estimate, load_clean, told_secs, train_into,
    };
    use crate::{config, provenance};

    /// Clean images kept beside the model with their reconstructions.
    const N_VECTORS: usize = 4;

    pub(crate) fn run(args: &TrainArgs, context: &Context) -> Result<(), Failure> {
        let config = config::resolve(&args.preset, &context.global)?.config;
        let dataset = open_dataset(&args.data)?;
        let estimate = estimate(&config, &context.global.device)?;
        let plan = json!({
            "data": args.data, "out": args.out, "preset": args.preset,
            "n_images": dataset.train.len(), "estimate": estimate,
            "network": config.network, "corruption": config.corruption, "started": provenance::now(),
        });
        let told = format!(
            "{} clean images, {} steps of {}: about {} ({:.2} s a step), {:.0} MB on disk",
            dataset.train.len(),
            config.train.steps,
            config.train.batch,
            told_secs(estimate.secs),
            estimate.secs_per_step,
            estimate.disk_bytes as f64 / 1e6
        );
        if args.dry_run {
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
        let images = load_clean(&dataset, &config, context)?;
        if args.force {
            drop_run(folder.path())?;
        }
        let run = train_into(&folder, &config, &digest, &images, context)?;
        keep_vectors(&run, images.validation, args, context)?;
        tell(&run, args, context)
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

    fn tell(run: &TrainedRun, args: &TrainArgs, context: &Context) -> Result<(), Failure> {
        let path = args.out.join(MODEL_FILE);
        let manifest = &run.model.manifest;
        let threshold = manifest.calibration.as_ref().map(|c| c.threshold);
        let value = json!({
            "model": path, "training_secs": run.training_secs, "epochs": run.history.len(),
            "kept_step": manifest.train.kept_step,
            "validation_psnr_db": manifest.train.validation_psnr_db, "threshold": threshold,
        });
        context.output.result(&value, || {
            format!(
                "{}\nvalidation PSNR {:.2} dB, threshold {:.6}, trained in {}",
                path.display(),
                manifest.train.validation_psnr_db,
                threshold.unwrap_or(f64::NAN),
                told_secs(run.training_secs)
            )
        })
    }
}
