//! A row of `results.csv` and `results.jsonl`: the contract of the columns.

use aesc_artifact::Manifest;
use aesc_data::InputImage;
use aesc_detect::Detection;
use serde::Serialize;

use super::batch::{Query, decision_word};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What is known of an image. Columns that do not apply stay empty. `elapsed_ms` is the time of
/// reconstruction and scoring, an equal share of its batch's.
#[derive(Debug, Default, Serialize)]
pub(super) struct Row {
    path: String,
    sha256: String,
    width: Option<usize>,
    height: Option<usize>,
    /// As scored, never clamped.
    pub(super) score: Option<f64>,
    threshold: Option<f64>,
    /// Score over threshold.
    ratio: Option<f64>,
    pub(super) decision: Option<&'static str>,
    n_regions: Option<u64>,
    max_region_area_px: Option<u64>,
    /// Pixels over the map's threshold, at the image's own resolution.
    pub(super) defect_area_px: Option<u64>,
    x: Option<u64>,
    y: Option<u64>,
    w: Option<u64>,
    h: Option<u64>,
    model_id: String,
    pub(super) elapsed_ms: Option<f64>,
    pub(super) error: String,
}

impl Row {
    pub(super) fn new(
        input: &InputImage,
        query: &Query,
        found: &Detection,
        manifest: &Manifest,
        model_id: &str,
    ) -> Self {
        let threshold = manifest.calibration.as_ref().map(|c| c.threshold);
        Self {
            path: input.path.display().to_string(),
            sha256: query.sha256.clone(),
            width: Some(query.original.width()),
            height: Some(query.original.height()),
            score: Some(found.score),
            threshold,
            ratio: threshold.filter(|t| *t > 0.0).map(|t| found.score / t),
            decision: found.decision.map(decision_word),
            model_id: model_id.to_owned(),
            ..Self::default()
        }
    }

    /// Of the image; zero where it could not be read.
    pub(super) fn pixels(&self) -> usize {
        self.width.unwrap_or(0) * self.height.unwrap_or(0)
    }

    pub(super) fn failed(input: &InputImage, model_id: &str, error: String) -> Self {
        let path = input.path.display().to_string();
        Self {
            path,
            model_id: model_id.to_owned(),
            error,
            ..Self::default()
        }
    }
}

/// The rows as CSV with a header.
pub(super) fn csv(rows: &[Row]) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .serialize(row)
            .map_err(|e| Failure::new(ExitCode::Unexpected, e))?;
    }
    writer
        .into_inner()
        .map_err(|e| Failure::text(ExitCode::Unexpected, e))
}

/// The rows as a JSON object a line.
pub(super) fn jsonl(rows: &[Row]) -> Result<String, Failure> {
    let line = |row: &Row| serde_json::to_string(row).map(|line| line + "\n");
    rows.iter()
        .map(line)
        .collect::<Result<_, _>>()
        .map_err(|e| Failure::new(ExitCode::Unexpected, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_the_contract() {
        let text = String::from_utf8(csv(&[Row::default()]).unwrap()).unwrap();
        let expected = "path,sha256,width,height,score,threshold,ratio,decision,n_regions,\
            max_region_area_px,defect_area_px,x,y,w,h,model_id,elapsed_ms,error";
        assert_eq!(text.lines().next(), Some(expected));
    }
}
