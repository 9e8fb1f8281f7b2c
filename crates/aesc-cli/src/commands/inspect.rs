//! `aesc inspect`: what a model file says of itself, its weights unread.

use std::path::PathBuf;

use aesc_artifact::Manifest;
use clap::Args;
use serde_json::{Value, json};

use crate::app::Context;
use crate::backend::model_id;
use crate::evaluation::score_name;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

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
        ..
    } = manifest;
    let threshold = match calibration {
        Some(c) => format!("{:.6} (max-clean over {} images)", c.threshold, c.n_images),
        None => "not calibrated".to_owned(),
    };
    let gmac = |key: &str| whole["cost"][key].as_f64().unwrap_or_default();
    let (kind, depth, width) = (network.kind.name(), network.depth, network.width);
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
        ("network", format!("{kind} depth {depth} width {width}")),
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
        ("score", score_name(score)),
        ("threshold", threshold),
    ]
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
    vec![
        (
            "trained",
            format!(
                "{steps} steps of {batch}, weights of step {}, {images}",
                train.kept_step
            ),
        ),
        (
            "validation",
            format!("{:.2} dB PSNR", train.validation_psnr_db),
        ),
        (
            "corruption",
            serde_json::to_string(&train.corruption).unwrap_or_default(),
        ),
        ("data", provenance.dataset_digest.clone()),
        (
            "made by",
            format!("aesc {} ({})", provenance.version, provenance.commit),
        ),
        ("made on", format!("{place}, {}", provenance.libtorch)),
        ("made at", provenance.ended.clone()),
    ]
}
