//! `aesc inspect`: what a model file says of itself, its weights unread.

use std::path::PathBuf;

use aesc_artifact::Manifest;
use aesc_detect::Calibration;
use clap::Args;
use serde_json::{Value, json};

use crate::app::Context;
use crate::backend::model_id;
use crate::evaluation::score_name;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::in_words::{augment_text, network_text};

/// What `inspect` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aesc inspect runs/cap/model.aesc.safetensors\n  \
    aesc inspect --json model.aesc.safetensors | jq .calibration.threshold"
)]
pub(crate) struct InspectArgs {
    /// The model file
    model: PathBuf,
}

pub(crate) fn run(args: &InspectArgs, context: &Context) -> Result<(), Failure> {
    let manifest = Manifest::read(&args.model)?;
    let plan = manifest
        .plan()
        .map_err(|e| Failure::new(ExitCode::Model, e))?;
    let (height, width) = (manifest.preprocess.height, manifest.preprocess.width);
    let cost = json!({
        "parameters": plan.parameters(),
        "gmac": plan.gmac(height, width),
        "gmac_phase": plan.gmac_phase(height, width),
    });
    let whole = json!({
        "format": aesc_artifact::MODEL_FORMAT,
        "model_id": model_id(&args.model)?,
        "network": manifest.network,
        "preprocess": manifest.preprocess,
        "score": manifest.score,
        "calibration": manifest.calibration,
        "roi": manifest.roi,
        "train": manifest.train,
        "provenance": manifest.provenance,
        "cost": cost,
    });
    context.output.result(&whole, || text(&manifest, &whole))
}

fn text(manifest: &Manifest, whole: &Value) -> String {
    let rows = what_it_is(manifest, whole)
        .into_iter()
        .chain(how_it_was_made(manifest));
    rows.map(|(name, value)| format!("{name:<12}{value}\n"))
        .collect()
}

fn what_it_is(manifest: &Manifest, whole: &Value) -> Vec<(&'static str, String)> {
    let Manifest {
        network,
        preprocess,
        score,
        calibration,
        roi,
        ..
    } = manifest;
    let roi = roi.as_ref().map_or("the whole image".to_owned(), |roi| {
        format!("{:.1} % of the image", roi.share() * 100.0)
    });
    let threshold = match calibration {
        Some(c) => threshold_text(c),
        None => "not calibrated".to_owned(),
    };
    let gmac = |key: &str| whole["cost"][key].as_f64().unwrap_or_default();
    let (h, w, c) = (
        preprocess.height,
        preprocess.width,
        preprocess.channels.count(),
    );
    vec![
        (
            "model id",
            whole["model_id"].as_str().unwrap_or_default().to_owned(),
        ),
        ("network", network_text(network)),
        ("parameters", whole["cost"]["parameters"].to_string()),
        (
            "cost",
            format!(
                "{:.3} GMAC an image ({:.3} in phase form)",
                gmac("gmac"),
                gmac("gmac_phase")
            ),
        ),
        ("input", format!("{h} x {w} x {c}, {:?}", preprocess.filter)),
        ("roi", roi),
        ("score", score_name(score)),
        ("threshold", threshold),
    ]
}

fn threshold_text(calibration: &Calibration) -> String {
    let n = calibration.n_images;
    let rule = match &calibration.fit {
        Some(fit) => format!("for {} % of clean images, fitted", fit.rate * 100.0),
        None => "max-clean".to_owned(),
    };
    let review = calibration.review.as_ref().map(|r| r.threshold);
    let review = review.map_or(String::new(), |from| format!(", review from {from:.6}"));
    format!(
        "{:.6}{review} ({rule} over {n} images)",
        calibration.threshold
    )
}

fn how_it_was_made(manifest: &Manifest) -> Vec<(&'static str, String)> {
    let Manifest {
        train, provenance, ..
    } = manifest;
    let (steps, batch) = (train.config.steps, train.config.batch);
    let images = format!(
        "{} clean images ({} held out)",
        train.n_train + train.n_validation,
        train.n_validation
    );
    let place = format!(
        "{}, {}, {} threads",
        provenance.device, provenance.cpu, provenance.threads
    );
    let mut lines = vec![
        (
            "trained",
            format!(
                "{steps} steps of {batch}, weights of step {}, {images}",
                train.kept_step
            ),
        ),
        ("varied", augment_text(&train.config.augment)),
        (
            "validation",
            format!("{:.2} dB PSNR", train.validation_psnr_db),
        ),
    ];
    for (name, corruption) in ["corruption", "segments"]
        .into_iter()
        .zip(manifest.trained_on())
    {
        lines.push((name, serde_json::to_string(corruption).unwrap_or_default()));
    }
    lines.extend([
        ("data", provenance.dataset_digest.clone()),
        (
            "made by",
            format!("aesc {} ({})", provenance.version, provenance.commit),
        ),
        ("made on", format!("{place}, {}", provenance.libtorch)),
        ("made at", provenance.ended.clone()),
    ]);
    lines
}
