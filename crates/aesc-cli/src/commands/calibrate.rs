//! `aesc calibrate`: thresholds for a rate of false rejects, from clean images alone, and another
//! way to score where one is set; weights stay.

use std::path::PathBuf;

use aesc_artifact::ModelFile;
use aesc_data::open_dataset;
use aesc_detect::{Calibration, CalibrationMethod, Detector, RateFit, RateTarget, Roi, Support};
use clap::Args;
use serde_json::json;

use crate::app::Context;
use crate::backend::{self, SamplingArgs, model_id};
use crate::clean_images::{held_out, measure};
use crate::config;
use crate::failure::Failure;
use crate::output::path_text;
use crate::roi_file;

/// A share above this is more likely a percentage without its sign.
const MAX_SHARE: f64 = 0.2;

/// What `calibrate` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aesc calibrate model.aesc.safetensors --good photos/clean\n  \
    aesc calibrate model.aesc.safetensors --good photos/clean --max-false-reject 1% --review-band 5%\n  \
    aesc calibrate model.aesc.safetensors --good photos/clean --set score.evidence={} --set \
    score.smoothing.kind=none\n  \
    aesc calibrate model.aesc.safetensors --good photos/clean --dry-run --json"
)]
pub(crate) struct CalibrateArgs {
    /// The model file; its metadata is rewritten, its weights stay
    model: PathBuf,
    /// Clean images of the product: a folder, or a data set whose clean training images are meant
    #[arg(long, value_name = "DIR")]
    good: PathBuf,
    /// Clean images that may be rejected, a share or a percentage
    #[arg(long, value_name = "RATE", default_value = "0.5%", value_parser = rate)]
    max_false_reject: f64,
    /// Clean images that may be reviewed or rejected, for a band between OK and NOK
    #[arg(long, value_name = "RATE", value_parser = rate)]
    review_band: Option<f64>,
    /// Let the model look at a region alone from now on: a mask (white counts), or polygons in TOML
    #[arg(long, value_name = "FILE", conflicts_with = "no_roi")]
    roi: Option<PathBuf>,
    /// Let the model look at the whole image again
    #[arg(long)]
    no_roi: bool,
    /// Print the thresholds and leave the model file as it is
    #[arg(long)]
    dry_run: bool,
}

/// `0.5%` or `0.005`.
fn rate(text: &str) -> Result<f64, String> {
    let (number, unit) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), 0.01),
        None => (text, 1.0),
    };
    let share = number
        .parse::<f64>()
        .map_err(|_| "not a number".to_owned())?
        * unit;
    if share > 0.0 && share <= MAX_SHARE {
        Ok(share)
    } else {
        Err("expected more than 0, at most 20% (write half a percent as 0.5% or 0.005)".to_owned())
    }
}

pub(crate) fn run(args: &CalibrateArgs, context: &Context) -> Result<(), Failure> {
    let target = RateTarget {
        max_false_reject: args.max_false_reject,
        review: args.review_band,
    };
    target.validate()?;
    let dataset = open_dataset(&args.good)?;
    let mut model = backend::open(&args.model, SamplingArgs::default(), context)?;
    if args.no_roi {
        model.manifest.roi = None;
    } else if let Some(path) = &args.roi {
        model.manifest.roi = Some(roi_file::read(path)?);
    }
    let score = config::rescored(&model.manifest, &context.global)?;
    let detector = Detector::new(model.detector.backend(), score.clone())?;
    let detector = detector.within(model.manifest.roi.clone());
    let clean = held_out(&model.manifest, &dataset)?;
    let scores = measure(&detector, (&clean.paths, &model.manifest), context)?;
    let calibration = scores.to_rate(&target)?;
    let warnings = warnings(&calibration);
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    if !args.dry_run {
        let mut file = ModelFile::read(&args.model)?;
        file.manifest.calibration = Some(calibration.clone());
        file.manifest.roi.clone_from(&model.manifest.roi);
        file.manifest.score = score;
        file.write(&args.model)?;
    }
    let before = model.manifest.calibration.as_ref().map(|c| c.threshold);
    let value = json!({
        "model": path_text(&args.model), "model_id": model_id(&args.model)?, "written": !args.dry_run,
        "own_validation_split": clean.own_split, "threshold_before": before,
        "roi_share": model.manifest.roi.as_ref().map(Roi::share),
        "calibration": calibration, "warnings": warnings,
    });
    context
        .output
        .result(&value, || text(&calibration, before, clean.own_split))
}

/// What a person should know before relying on the thresholds.
fn warnings(calibration: &Calibration) -> Vec<String> {
    let n = calibration.n_images;
    let fits = [
        ("threshold", &calibration.fit),
        ("review", &calibration.review),
    ];
    let fits = fits
        .into_iter()
        .filter_map(|(name, fit)| Some((name, fit.as_ref()?)));
    fits.filter_map(|(name, fit)| Some(format!("{name}: {}", warning(fit, n)?)))
        .collect()
}

fn warning(fit: &RateFit, n: u64) -> Option<String> {
    let rate = percent(fit.rate);
    let needed = RateFit::images_to_show(fit.rate);
    let cause = match (fit.support, fit.method) {
        (Support::Shown, _) => return None,
        (_, CalibrationMethod::EqualScores) => {
            return Some(format!(
                "all {n} clean scores are equal, which says nothing of their spread; it is set a \
                 tenth above them; calibrate with more, and different, clean images"
            ));
        }
        (Support::Extrapolated, _) => "it is extrapolated by the tail of the scores",
        (_, CalibrationMethod::Tail) => {
            "it is extrapolated further than ten times what they show: nothing vouches for it"
        }
        _ => "they are too few for a tail as well; it is the largest clean score",
    };
    Some(format!(
        "{n} clean images cannot show a rate of {rate} ({needed} could); {cause}"
    ))
}

fn percent(share: f64) -> String {
    // To four digits, without zeros at the end.
    let text = format!("{:.4}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn text(calibration: &Calibration, before: Option<f64>, own_split: bool) -> String {
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String| lines.push(format!("{name:<14}{value}"));
    if let Some(fit) = &calibration.fit {
        let before = before.map_or(String::new(), |before| format!(", was {before:.6}"));
        line("threshold", format!("{:.6}{before}", fit.threshold));
        told(fit, "rejected", &mut line);
    }
    if let Some(review) = &calibration.review {
        line("review from", format!("{:.6}", review.threshold));
        told(review, "reviewed", &mut line);
    }
    let (map, top) = (calibration.map_threshold, calibration.overlay_max);
    line("map threshold", format!("{map:.6}, overlays to {top:.6}"));
    let which = if own_split {
        "held out of its training"
    } else {
        "taken for ones it was not trained on"
    };
    line(
        "fitted on",
        format!("{} clean images {which}", calibration.n_images),
    );
    lines.join("\n")
}

/// Method, intervals and what they mean, a line each.
fn told(fit: &RateFit, word: &str, line: &mut impl FnMut(&str, String)) {
    let method = match fit.method {
        CalibrationMethod::OrderStatistic => "order statistic",
        CalibrationMethod::Tail => "generalised Pareto tail",
        CalibrationMethod::EqualScores => "a tenth above equal scores",
        _ => "largest clean score",
    };
    line(
        "",
        format!("for {} of clean images, by {method}", percent(fit.rate)),
    );
    let end = |end: Option<f64>| end.map_or("?".to_owned(), |end| format!("{end:.6}"));
    if fit.interval != (None, None) {
        let (low, high) = fit.interval;
        line("", format!("95 % interval {} to {}", end(low), end(high)));
    }
    let [low, high] = fit
        .rate_interval
        .map(|share| format!("{:.2} %", share * 100.0));
    line(
        "",
        format!("{word}: {low} to {high} of clean images (95 %, by these images alone)"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_shares_or_percentages() {
        assert_eq!(rate("0.005"), Ok(0.005));
        assert!((rate("0.5%").unwrap() - 0.005).abs() < 1e-12);
        assert!((rate("5 %").unwrap() - 0.05).abs() < 1e-12);
        for bad in ["0.5", "0", "-1%", "nan", "21%", "half", ""] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn percentages_are_told_without_idle_zeros() {
        assert_eq!(percent(0.005), "0.5 %");
        assert_eq!(percent(0.1), "10 %");
        assert_eq!(percent(0.000_001), "0.0001 %");
    }

    #[test]
    fn a_sample_that_carries_its_rate_is_no_warning() {
        let scores: Vec<f64> = (1..=99).map(f64::from).collect();
        let to = |max_false_reject| {
            let target = RateTarget {
                max_false_reject,
                review: Some(0.1),
            };
            warnings(&Calibration::to_rate(&scores, &scores, &target).unwrap())
        };
        assert!(to(0.01).is_empty());
        let told = to(0.005);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("99 clean images cannot show a rate of 0.5 % (199 could)"));
        assert!(to(0.0001)[0].contains("nothing vouches"));
    }
}
