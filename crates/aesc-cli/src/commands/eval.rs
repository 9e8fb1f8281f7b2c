//! `aesc eval`: a model's metrics on the test images of a data set.

use std::path::PathBuf;

use aesc_bench::{Metric, Scored};
use aesc_data::open_dataset;
use clap::Args;
use serde_json::json;

use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::{backend, evaluation};

/// What `eval` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aesc eval runs/bottle/model.aesc.safetensors --data mvtec/bottle\n  \
    aesc eval model.aesc.safetensors --data mvtec/bottle --eval-size 256 --json"
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
}

pub(crate) fn run(args: &EvalArgs, context: &Context) -> Result<(), Failure> {
    let model = backend::open(&args.model, context)?;
    let dataset = open_dataset(&args.data)?;
    if dataset.test.is_empty() {
        let place = args.data.display();
        let message = format!("{place}: expected test images under test/, found none");
        return Err(Failure::text(ExitCode::Data, message));
    }
    let size = args.eval_size.map(usize::from);
    let found = evaluation::evaluate(&model, &dataset, size, context)?;
    let value = json!({
        "model_id": model.id, "device": model.device, "data": args.data, "n_images": dataset.test.len(),
        "residual": found.scored, "reconstruction": found.reconstruction,
        "scoring_secs": found.scoring_secs, "inference_ms_per_image": found.inference_ms_per_image,
    });
    context.output.result(&value, || text(&found.scored))
}

fn text(scored: &Scored) -> String {
    let value = |v: Option<f64>| v.map_or("undefined".to_owned(), |v| format!("{v:.4}"));
    let mut lines = vec![format!("score {} at {}", scored.score, scored.eval_size)];
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
