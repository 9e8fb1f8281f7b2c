//! `report.csv`: one row a scored cell; empty where undefined.

use super::{Report, ReportCell};
use crate::{BenchError, Metric};

/// The report's cells as CSV with a heading.
///
/// # Errors
/// [`BenchError::Render`] when a row cannot be written.
pub fn csv(report: &Report) -> Result<String, BenchError> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(heading()).map_err(failed)?;
    for cell in &report.cells {
        writer.write_record(row(cell)).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(failed)?;
    String::from_utf8(bytes).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> BenchError {
    BenchError::Render {
        what: "report.csv",
        found: error.to_string(),
    }
}

fn heading() -> Vec<&'static str> {
    let mut names = vec![
        "category",
        "network",
        "corruption",
        "preset",
        "seed",
        "strategy",
        "score",
    ];
    names.extend(Metric::ALL.map(Metric::key));
    names.extend([
        "image_auroc_low",
        "image_auroc_high",
        "threshold",
        "fpr_on_good",
        "clean_psnr_db",
        "clean_sharpness",
        "parameters",
        "gmac",
        "gmac_phase",
        "steps",
        "training_secs",
        "scoring_secs",
        "inference_ms_per_image",
        "sampling_ms_per_image",
        "eval_size",
        "commit",
        "id",
    ]);
    names
}

fn row(cell: &ReportCell) -> Vec<String> {
    let or_empty = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
    let mut row = vec![
        cell.category.clone(),
        cell.network.clone(),
        cell.corruption.clone(),
        cell.preset.clone(),
        cell.seed.to_string(),
        cell.strategy.clone(),
        cell.score.clone(),
    ];
    row.extend(Metric::ALL.map(|metric| or_empty(metric.of(&cell.metrics))));
    let interval = cell.image_auroc_interval;
    row.extend([
        or_empty(interval.map(|i| i[0])),
        or_empty(interval.map(|i| i[1])),
        cell.threshold.to_string(),
        or_empty(cell.fpr_on_good),
        cell.reconstruction.clean_psnr_db.to_string(),
        cell.reconstruction.clean_sharpness.to_string(),
        cell.cost.parameters.to_string(),
        cell.cost.gmac.to_string(),
        cell.cost.gmac_phase.to_string(),
        cell.steps.to_string(),
        cell.timing.training_secs.to_string(),
        cell.timing.scoring_secs.to_string(),
        cell.timing.inference_ms_per_image.to_string(),
        or_empty(cell.timing.sampling_ms_per_image),
        cell.eval_size.clone(),
        cell.provenance
            .get("commit")
            .and_then(|c| c.as_str())
            .unwrap_or_default()
            .to_owned(),
        cell.id.clone(),
    ]);
    row
}
