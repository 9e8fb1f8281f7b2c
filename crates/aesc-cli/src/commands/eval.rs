//! `aesc eval`: a model's metrics on the test images of a data set.

use std::path::PathBuf;

use aesc_bench::{Metric, Scored};
use aesc_data::{Sample, open_dataset};
use aesc_detect::{Judge, Strategy};
use clap::Args;
use serde_json::json;

use crate::app::Context;
use crate::backend::{self, OpenModel, SamplingArgs};
use crate::evaluation::{self, Subject};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::path_text;

/// What `eval` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aesc eval runs/bottle/model.aesc.safetensors --data mvtec/bottle\n  \
    aesc eval model.aesc.safetensors --data mvtec/bottle --eval-size 256 --json\n  \
    aesc eval model.aesc.safetensors --data mvtec/bottle --strategy residual uncertainty"
)]
pub(crate) struct EvalArgs {
    /// The model file
    model: PathBuf,
    /// A data set with test images (and masks, for pixel metrics)
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Side at which pixel metrics are taken, the paper's protocol [default: each mask's own size]
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u16).range(8..=8192))]
    eval_size: Option<u16>,
    /// Strategies to score by: residual, uncertainty, fusion [default: the model's]
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = strategy)]
    strategy: Vec<Strategy>,
    #[command(flatten)]
    sampling: SamplingArgs,
}

fn strategy(name: &str) -> Result<Strategy, String> {
    let known = Strategy::ALL.map(Strategy::name);
    let found = Strategy::ALL.into_iter().find(|one| one.name() == name);
    found.ok_or_else(|| format!("there are {}", known.join(", ")))
}

pub(crate) fn run(args: &EvalArgs, context: &Context) -> Result<(), Failure> {
    let model = backend::open(&args.model, args.sampling, context)?;
    let dataset = open_dataset(&args.data)?;
    if dataset.test.is_empty() {
        let place = args.data.display();
        let message = format!("{place}: expected test images under test/, found none");
        return Err(Failure::text(ExitCode::Data, message));
    }
    if !dataset.test.iter().any(Sample::is_anomalous) {
        let place = args.data.display();
        let message = format!(
            "{place}: expected images with defects beside the good ones under test/, found none; \
             aesc predict scores images without them"
        );
        return Err(Failure::text(ExitCode::Data, message));
    }
    let subject = Subject {
        backend: model.detector.backend(),
        judges: judges(&model, &args.strategy)?,
        preprocess: &model.manifest.preprocess,
        dataset: &dataset,
        eval_size: args.eval_size.map(usize::from),
    };
    let found = evaluation::evaluate(&subject, context)?;
    let mut value = json!({
        "model_id": model.id, "device": model.device, "data": path_text(&args.data),
        "n_images": dataset.test.len(), "reconstruction": found.reconstruction,
        "scoring_secs": found.scoring_secs, "inference_ms_per_image": found.inference_ms_per_image,
        "sampling_ms_per_image": found.sampling_ms_per_image,
    });
    for scored in &found.scored {
        value[&scored.strategy] = json!(scored);
    }
    let texts = || {
        found
            .scored
            .iter()
            .map(text)
            .collect::<Vec<_>>()
            .join("\n\n")
    };
    context.output.result(&value, texts)
}

/// The model as it is, or by each of the strategies asked for. Thresholds and scales are the
/// model's own and so only known to the strategy it was calibrated for.
fn judges(model: &OpenModel, asked: &[Strategy]) -> Result<Vec<Judge>, Failure> {
    let score = &model.manifest.score;
    let own = score.resolved_strategy();
    let strategies = if asked.is_empty() { &[own] } else { asked };
    let mut judges = Vec::new();
    for &strategy in strategies {
        let mut judge = Judge::new(score.by(strategy))?.within(model.manifest.roi.clone());
        match model.detector.calibration() {
            Some(calibration) if strategy == own => {
                judge = judge.with_calibration(calibration.clone())?;
            }
            _ if strategy == Strategy::Fusion => {
                let remedy = "train with --set score.strategy=\"fusion\"";
                let message = format!("this model has no scales for fusion: {remedy}");
                return Err(Failure::usage(message));
            }
            _ => {}
        }
        judges.push(judge);
    }
    Ok(judges)
}

fn text(scored: &Scored) -> String {
    let value = |v: Option<f64>| v.map_or("undefined".to_owned(), |v| format!("{v:.4}"));
    let Scored {
        strategy,
        score,
        eval_size,
        ..
    } = scored;
    let mut lines = vec![format!("{strategy}, score {score} at {eval_size}")];
    for metric in Metric::ALL {
        lines.push(format!(
            "{:<20}{}",
            metric.label(),
            value(metric.of(&scored.metrics))
        ));
    }
    for (name, auroc) in &scored.per_defect_type {
        lines.push(format!("{:<20}{auroc:.4}", format!("  {name}")));
    }
    for other in &scored.alternatives {
        let name = format!("  by {}", other.score);
        lines.push(format!("{name:<20}{:.4}", other.image_auroc));
    }
    lines.push(format!(
        "{:<20}{}",
        "FPR on good",
        value(scored.fpr_on_good)
    ));
    lines.join("\n")
}
