//! `aesc advise`: which strategy suits a model, measured with synthetic defects alone.

use std::path::PathBuf;

use aesc_artifact::{Manifest, ModelFile};
use aesc_data::{Dataset, Limits, load_all, open_dataset};
use aesc_detect::{ScoreConfig, Strategy};
use aesc_image::Image;
use clap::Args;
use serde_json::json;

use crate::advice::{Advice, Family, Question, advise, plot};
use crate::app::Context;
use crate::backend::{self, SamplingArgs};
use crate::clean_images::{HeldOut, held_out, warn_of_strangers};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::run_folder::{Existing, RunFolder};

/// What `advise` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aesc advise runs/cap/model.aesc.safetensors --data photos/clean\n  \
    aesc advise model.aesc.safetensors --data mvtec/bottle --out advice --mc-samples 10\n  \
    aesc advise model.aesc.safetensors --data photos/clean --write"
)]
pub(crate) struct AdviseArgs {
    /// The model file
    model: PathBuf,
    /// The clean images it was trained on (those held out are used), or others like them
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A folder for advice.json, advice.csv and advice.svg
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Contrasts of the planted defects, in grey levels of 255
    #[arg(long, value_name = "LEVELS", num_args = 1.., default_values_t = [4.0, 8.0, 16.0, 32.0, 64.0],
        value_parser = contrast)]
    contrasts: Vec<f64>,
    /// Families of defects to plant, whatever the model was trained on [default: those of scratch,
    /// drops, stain and shade that it was not trained on]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    families: Vec<Family>,
    /// Let the model file score by what is recommended: strategy auto, thresholds fitted anew
    #[arg(long)]
    write: bool,
    /// Write over an earlier result
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    sampling: SamplingArgs,
}

fn contrast(text: &str) -> Result<f64, String> {
    let level: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if level > 0.0 && level <= 255.0 {
        Ok(level)
    } else {
        Err("expected more than 0, at most 255".to_owned())
    }
}

pub(crate) fn run(args: &AdviseArgs, context: &Context) -> Result<(), Failure> {
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Refuse
    };
    let folder = match &args.out {
        Some(out) => Some(RunFolder::take(out, existing)?),
        None => None,
    };
    let model = backend::open(&args.model, args.sampling, context)?;
    let dataset = open_dataset(&args.data)?;
    let clean = load_held_out(&model.manifest, &dataset, args, context)?;
    let mut contrasts = args.contrasts.clone();
    contrasts.sort_by(f64::total_cmp);
    contrasts.dedup_by(|a, b| a.total_cmp(b).is_eq());
    let mut families = args.families.clone();
    if families.is_empty() {
        families = Family::unseen_by(model.manifest.trained_on());
    }
    let advice = advise(
        &Question {
            backend: model.detector.backend(),
            score: &model.manifest.score,
            roi: model.manifest.roi.as_ref(),
            clean: &clean,
            families: &families,
            contrasts: &contrasts,
            seed: context.global.seed.unwrap_or_default(),
        },
        context,
    )?;
    if let Some(folder) = &folder {
        let heading = format!("Which strategy when: {}", dataset.name);
        folder.write_json("advice.json", &advice)?;
        folder.write("advice.csv", &csv(&advice)?)?;
        folder.write("advice.svg", plot(&advice, &heading).as_bytes())?;
    }
    if args.write {
        write_back(args, &model.manifest.score, &advice)?;
    }
    let value = json!({ "model_id": model.id, "advice": advice, "written": args.write });
    context.output.result(&value, || text(&advice))
}

/// The images to plant defects into.
fn load_held_out(
    manifest: &Manifest,
    dataset: &Dataset,
    args: &AdviseArgs,
    context: &Context,
) -> Result<Vec<Image>, Failure> {
    let HeldOut { paths, own_split } = held_out(manifest, dataset)?;
    if !own_split {
        warn_of_strangers(&args.data);
    }
    let phase = context.output.phase("load", paths.len() as u64);
    let images = load_all(&paths, &manifest.preprocess, &Limits::default(), |n| {
        phase.at(n as u64);
    })?;
    if images.len() < 2 {
        let message = format!(
            "{}: expected at least 2 held-out clean images, found {}",
            args.data.display(),
            images.len()
        );
        return Err(Failure::text(ExitCode::Data, message));
    }
    Ok(images)
}

/// Puts the recommendation and its thresholds into the model file; the weights stay.
fn write_back(args: &AdviseArgs, score: &ScoreConfig, advice: &Advice) -> Result<(), Failure> {
    let mut model = ModelFile::read(&args.model)?;
    model.manifest.score = ScoreConfig {
        strategy: Strategy::Auto,
        advised: Some(advice.recommended),
        ..score.clone()
    };
    model.manifest.calibration = Some(advice.calibration.clone());
    Ok(model.write(&args.model)?)
}

fn csv(advice: &Advice) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Failure::new(ExitCode::Unexpected, e);
    for row in &advice.rows {
        writer.serialize(row).map_err(failed)?;
    }
    writer
        .into_inner()
        .map_err(|e| Failure::new(ExitCode::Unexpected, e.into_error()))
}

fn text(advice: &Advice) -> String {
    let strategies: Vec<&str> = advice.totals.iter().map(|t| t.strategy).collect();
    let mut lines = vec![format!(
        "image AUROC (pixel AUROC) of {} planted in {} clean images, {} passes",
        advice.families.join(", "),
        advice.n_clean,
        advice.mc_samples
    )];
    let cells = |name: &str, cells: &[String]| {
        let cells: String = cells.iter().map(|cell| format!("{cell:>16}")).collect();
        format!("{name:<10}{cells}")
    };
    let heads: Vec<String> = strategies.iter().map(|s| (*s).to_owned()).collect();
    lines.push(cells("contrast", &heads));
    for rows in advice
        .rows
        .chunk_by(|a, b| a.contrast.total_cmp(&b.contrast).is_eq())
    {
        let found = rows
            .iter()
            .map(|row| format!("{:.3} ({:.3})", row.image_auroc, row.pixel_auroc));
        let contrast = rows.first().map_or(0.0, |row| row.contrast);
        lines.push(cells(&contrast.to_string(), &found.collect::<Vec<_>>()));
    }
    let totals = advice
        .totals
        .iter()
        .map(|t| format!("{:.3}        ", t.image_auroc));
    lines.push(cells("all", &totals.collect::<Vec<_>>()));
    lines.push(format!(
        "use {}: {}",
        advice.recommended.name(),
        advice.reason
    ));
    lines.join("\n")
}
