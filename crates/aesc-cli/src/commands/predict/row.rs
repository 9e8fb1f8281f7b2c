//! A row of `results.csv` and `results.jsonl`: the contract of the columns.

use aesc_data::InputImage;
use aesc_detect::{Decision, Detection, Region};
use serde::Serialize;

use super::Job;
use super::read::Query;

/// What is known of an image. Columns that do not apply stay empty. `elapsed_ms` is the time of
/// reconstruction and scoring, an equal share of its batch's.
#[derive(Debug, Default, Serialize)]
pub(super) struct Row {
    pub(super) path: String,
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
    /// Pixels of all regions, at the image's own resolution.
    pub(super) defect_area_px: Option<u64>,
    /// The box of the region with the largest map value.
    x: Option<usize>,
    y: Option<usize>,
    w: Option<usize>,
    h: Option<usize>,
    model_id: String,
    pub(super) elapsed_ms: Option<f64>,
    pub(super) error: String,
}

impl Row {
    /// The contract of the columns.
    pub(super) const COLUMNS: [&str; 18] = [
        "path",
        "sha256",
        "width",
        "height",
        "score",
        "threshold",
        "ratio",
        "decision",
        "n_regions",
        "max_region_area_px",
        "defect_area_px",
        "x",
        "y",
        "w",
        "h",
        "model_id",
        "elapsed_ms",
        "error",
    ];

    pub(super) fn new(input: &InputImage, query: &Query, found: &Detection, job: &Job<'_>) -> Self {
        let threshold = job.manifest.calibration.as_ref().map(|c| c.threshold);
        Self {
            path: input.path.display().to_string(),
            sha256: query.sha256.clone(),
            width: Some(query.original.width()),
            height: Some(query.original.height()),
            score: Some(found.score),
            threshold,
            ratio: threshold.filter(|t| *t > 0.0).map(|t| found.score / t),
            decision: found.decision.map(decision_word),
            model_id: job.model_id.to_owned(),
            ..Self::default()
        }
    }

    /// Fills the columns of the regions: the box is that of the first, which has the largest value.
    pub(super) fn tell_regions(&mut self, regions: &[Region]) {
        let areas = || regions.iter().map(|region| region.area_px);
        self.n_regions = Some(regions.len() as u64);
        self.max_region_area_px = Some(areas().max().unwrap_or(0));
        self.defect_area_px = Some(areas().sum());
        if let Some(first) = regions.first() {
            (self.x, self.y) = (Some(first.x), Some(first.y));
            (self.w, self.h) = (Some(first.w), Some(first.h));
        }
    }

    /// Height and width; none where the image could not be read.
    pub(super) fn size(&self) -> Option<[usize; 2]> {
        Some([self.height?, self.width?])
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

/// The word in the table.
fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Ok => "OK",
        Decision::Review => "REVIEW",
        Decision::Nok => "NOK",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_those_of_the_contract() {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(Row::default()).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let contract = "path,sha256,width,height,score,threshold,ratio,decision,n_regions,\
            max_region_area_px,defect_area_px,x,y,w,h,model_id,elapsed_ms,error";
        assert_eq!(text.lines().next(), Some(contract));
        assert_eq!(Row::COLUMNS.join(","), contract);
    }
}
