//! `report.html`: a training on one page that needs nothing beside itself.

mod chart;

use std::path::PathBuf;

use aesc_artifact::{Manifest, RunConfig};
use aesc_data::Limits;
use aesc_detect::{Calibration, Detection, Detector, Reconstruct, hstack, overlay};
use aesc_image::Image;
use askama::Template;
use base64::Engine;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::in_words::{augment_text, network_text};
use crate::pictures::{png, small};
use crate::training::{MODEL_FILE, TrainedRun};
use crate::training_estimate::told_secs;

/// Clean images shown from either end of the scores.
const SHOWN: usize = 3;
/// Longest side of a picture.
const PICTURE_PX: usize = 256;

#[derive(Template)]
#[template(path = "train_report.html")]
struct Page {
    title: String,
    facts: Vec<(&'static str, String)>,
    curves: Vec<String>,
    scores: String,
    pictures: Vec<Picture>,
    commands: Vec<String>,
}

struct Picture {
    caption: String,
    png: String,
}

/// What the page tells of.
pub(crate) struct Told<'a, R> {
    pub(crate) run: &'a TrainedRun,
    /// The trained model, calibrated.
    pub(crate) detector: &'a Detector<R>,
    /// The images the threshold was fitted on, in the order of its scores.
    pub(crate) validation: &'a [PathBuf],
    pub(crate) config: &'a RunConfig,
    /// The run's folder, as the user calls it.
    pub(crate) out: &'a std::path::Path,
}

impl<R: Reconstruct> Told<'_, R> {
    /// The page.
    pub(crate) fn html(&self) -> Result<String, Failure> {
        let manifest = &self.run.model.manifest;
        let Some(calibration) = &manifest.calibration else {
            return Err(Failure::text(
                ExitCode::Unexpected,
                "a training without a threshold",
            ));
        };
        let model = self.out.join(MODEL_FILE);
        let page = Page {
            title: format!("Training of {}", self.out.display()),
            facts: facts(self, manifest, calibration)?,
            curves: curves(self.run),
            scores: chart::dots(
                "image scores of held-out clean images",
                &calibration.clean_scores,
                &[calibration.threshold],
            ),
            pictures: self.pictures(calibration)?,
            commands: commands(&model.display().to_string()),
        };
        page.render()
            .map_err(|e| Failure::new(ExitCode::Unexpected, e))
    }

    /// The clean images of highest and of lowest scores.
    fn pictures(&self, calibration: &Calibration) -> Result<Vec<Picture>, Failure> {
        let scores = &calibration.clean_scores;
        let mut order: Vec<usize> = (0..scores.len().min(self.validation.len())).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let n_best = SHOWN.min(order.len().saturating_sub(SHOWN));
        let worst = order.iter().take(SHOWN).map(|&i| ("highest", i));
        let best = order.iter().rev().take(n_best).map(|&i| ("lowest", i));
        let mut pictures = Vec::new();
        for (which, index) in worst.chain(best) {
            let path = &self.validation[index];
            let loaded = self.config.data.load(path, &Limits::default())?;
            for found in self.detector.detect(std::slice::from_ref(&loaded.image))? {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                pictures.push(Picture {
                    caption: format!(
                        "{which} scores: {name}, {:.6}. Image, reconstruction, anomaly map.",
                        scores[index]
                    ),
                    png: row(&loaded.image, &found, calibration)?,
                });
            }
        }
        Ok(pictures)
    }
}

/// Image, reconstruction and overlay beside each other, as base64.
fn row(image: &Image, found: &Detection, calibration: &Calibration) -> Result<String, Failure> {
    let drawn = overlay(image, &found.map, &calibration.overlay_scale())?;
    let panels = [image, &found.reconstruction, &drawn];
    let panels = panels.map(|panel| small(panel, PICTURE_PX));
    let panels = panels.into_iter().collect::<Result<Vec<_>, _>>()?;
    let row = hstack(&panels.iter().collect::<Vec<_>>(), 4)?;
    Ok(base64::engine::general_purpose::STANDARD.encode(png(&row)?))
}

fn facts<R>(
    told: &Told<'_, R>,
    manifest: &Manifest,
    calibration: &Calibration,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let (train, data) = (&manifest.train, &manifest.preprocess);
    let plan = manifest.plan()?;
    let (secs, steps) = (told.run.training_secs, train.config.steps);
    let seen = match data.tile_overlap_px {
        None => "resized".to_owned(),
        Some(px) => format!("tiles of their own resolution, overlapping by {px} px or more"),
    };
    let roi = manifest.roi.as_ref();
    let facts = &manifest.provenance;
    Ok(vec![
        (
            "images",
            format!(
                "{} to train on, {} held out",
                train.n_train, train.n_validation
            ),
        ),
        (
            "seen at",
            format!("{} x {}, {seen}", data.height, data.width),
        ),
        (
            "counts",
            roi.map_or("every pixel".to_owned(), |roi| {
                format!(
                    "a region of interest, {:.1} % of the image",
                    roi.share() * 100.0
                )
            }),
        ),
        (
            "network",
            format!(
                "{}, {} parameters, {:.2} GMAC as computed",
                network_text(&manifest.network),
                plan.parameters(),
                plan.gmac_phase(data.height, data.width)
            ),
        ),
        ("clean images varied", augment_text(&train.config.augment)),
        (
            "validation",
            format!(
                "{:.2} dB PSNR at step {}",
                train.validation_psnr_db, train.kept_step
            ),
        ),
        (
            "threshold",
            format!(
                "{:.6}, the largest of {} clean scores",
                calibration.threshold, calibration.n_images
            ),
        ),
        (
            "cost",
            format!(
                "{} for {steps} steps of {} ({:.3} s a step), on {} with {} threads ({})",
                told_secs(secs),
                train.config.batch,
                secs / steps as f64,
                facts.device,
                facts.threads,
                facts.cpu
            ),
        ),
        (
            "made by",
            format!("aesc {} ({}), {}", facts.version, facts.commit, facts.ended),
        ),
    ])
}

fn curves(run: &TrainedRun) -> Vec<String> {
    let points = |value: &dyn Fn(usize) -> f64| -> Vec<[f64; 2]> {
        let rows = run.history.iter().enumerate();
        rows.map(|(i, row)| [row.step as f64, value(i)]).collect()
    };
    let loss = points(&|i| run.history[i].loss.max(f64::MIN_POSITIVE).log10());
    let psnr = points(&|i| run.history[i].validation_psnr_db);
    let charts = [
        ("loss, log10, mean over networks", loss),
        ("validation PSNR, dB", psnr),
    ];
    let charts = charts.into_iter().filter(|(_, points)| !points.is_empty());
    charts
        .map(|(title, points)| chart::curve(title, "steps", &points))
        .collect()
}

fn commands(model: &str) -> Vec<String> {
    vec![
        format!("aesc calibrate {model} --good CLEAN --max-false-reject 0.5%"),
        format!("aesc predict {model} NEW --out results"),
        format!("aesc advise {model} --data CLEAN"),
    ]
}
