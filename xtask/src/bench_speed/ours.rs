//! Our programs: built once, run in every round.

use super::rows::{Found, OURS};
use super::watched;
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is built, and what it works on.
#[derive(Debug)]
pub(super) struct Ours {
    aesc: PathBuf,
    speed: PathBuf,
    time_metrics: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) threads: usize,
    /// Images of 1024 x 1024.
    pub(super) large: Vec<PathBuf>,
}

impl Ours {
    /// Builds everything, draws images and trains a model for two steps.
    pub(super) fn build(folder: &Path, threads: usize) -> Result<Self> {
        for target in [
            &["-p", "aesc-cli"][..],
            &["-p", "aesc-model", "--example", "speed"],
            &["-p", "aesc-eval", "--example", "time_metrics"],
        ] {
            let mut cargo = workspace::cargo();
            let status = cargo.args(["build", "--release"]).args(target).status()?;
            if !status.success() {
                bail!("cargo build --release {}: {status}", target.join(" "));
            }
        }
        let release = workspace::target_dir().join("release");
        let mut ours = Self {
            aesc: release.join("aesc"),
            speed: release.join("examples/speed"),
            time_metrics: release.join("examples/time_metrics"),
            folder: folder.to_owned(),
            threads,
            large: Vec::new(),
        };
        let few = ["--train", "12", "--test-good", "1", "--test-per-type", "1"];
        let large = ["data", "sample", "--size", "1024", "--out", "large"];
        ours.aesc(&[&large[..], &few].concat())?;
        ours.aesc(&["data", "sample", "--size", "256", "--out", "small"])?;
        ours.large = entries(&folder.join("large/cloth/train/good"))?;
        // Masks are no queries.
        for category in entries(&folder.join("small"))? {
            let masks = category.join("ground_truth");
            if masks.is_dir() {
                std::fs::remove_dir_all(&masks).with_context(|| masks.display().to_string())?;
            }
        }
        Ok(ours)
    }

    fn aesc(&self, words: &[&str]) -> Result<(String, Option<f64>)> {
        let mut command = Command::new(&self.aesc);
        command
            .current_dir(&self.folder)
            .args(words)
            .args(["--no-progress", "--quiet"]);
        command.args(["--device", "cpu", "--threads", &self.threads.to_string()]);
        watched::run(&mut command)
    }

    /// One round.
    pub(super) fn measure(&self, found: &mut Found) -> Result<()> {
        let mut speed = Command::new(&self.speed);
        speed
            .args(["--threads", &self.threads.to_string()])
            .args(&self.large);
        let (text, _) = watched::run(&mut speed)?;
        let figures: Value = serde_json::from_str(&text)?;
        found.add_all(OURS, &figures["works"])?;
        found.add_all("machine", &figures["machine"])?;
        let alone = figures["works"]["infer_b16_f32"].as_f64();
        self.measure_predict(found, alone.context("infer_b16_f32: no figure")?)
    }

    /// Training and prediction by the program itself: memory, and images a second beside those of
    /// reconstruction alone.
    fn measure_predict(&self, found: &mut Found, alone: f64) -> Result<()> {
        let train = [
            "train",
            "small/cloth",
            "--preset",
            "quick",
            "--set",
            "train.steps=4",
        ];
        let (_, peak) = self.aesc(&[&train[..], &["--out", "run", "--force"]].concat())?;
        if let Some(peak) = peak {
            found.add(OURS, "memory_train_quick", peak);
        }
        let predict = [
            "predict",
            "run/model.aesc.safetensors",
            "small",
            "--out",
            "found",
        ];
        let (text, peak) = self.aesc(&[&predict[..], &["--force", "--json"]].concat())?;
        if let Some(peak) = peak {
            found.add(OURS, "memory_predict", peak);
        }
        let summary: Value = serde_json::from_str(&text).context("aesc predict --json")?;
        let rate = summary["images_per_sec"].as_f64();
        found.add(
            OURS,
            "predict_end_to_end",
            rate.context("summary: no images_per_sec")?,
        );
        found.add(
            "reconstruction alone, batch 16",
            "predict_end_to_end",
            alone,
        );
        Ok(())
    }

    /// The metrics on the maps of `folder`, by side.
    pub(super) fn measure_metrics(&self, maps: &Value, found: &mut Found) -> Result<()> {
        for (side, work) in [("256", "metrics_5m"), ("900", "metrics_67m")] {
            let mut command = Command::new(&self.time_metrics);
            for path in maps[side].as_array().context("maps: expected two paths")? {
                command.arg(path.as_str().context("maps: expected a path")?);
            }
            command.env("RAYON_NUM_THREADS", self.threads.to_string());
            let (text, _) = watched::run(&mut command)?;
            let report: Value = serde_json::from_str(&text)?;
            let secs = report["median_secs"].as_f64();
            found.add(OURS, work, secs.context("time_metrics: no median_secs")?);
        }
        Ok(())
    }
}

/// What is in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}
