//! `aesc bench` from outside. Most needs no training: plans are made, results laid ready by hand.

mod engines;
mod gates;
mod join;
mod plan;
mod progress;
mod reproduce;
#[cfg(feature = "libtorch")]
mod runs;

use std::path::{Path, PathBuf};

use aesc_bench::{
    CellResult, CellSpec, Cost, FORMAT, Metrics, Plan, Reconstruction, Scored, Timing, Training,
};
use serde_json::Value;

use crate::{json, ok, text};

/// A data set and room for benches. Its images are never decoded: a plan looks at their bytes.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for category in ["cloth", "gear"] {
            for image in [
                "train/good/0.png",
                "test/good/0.png",
                "test/hole/0.png",
                "ground_truth/hole/0_mask.png",
            ] {
                let path = bench.at("data").join(category).join(image);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, format!("{category} {image}")).unwrap();
            }
        }
        bench
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and gives its path.
    fn file(&self, name: &str, content: &str) -> String {
        let path = self.at(name);
        std::fs::write(&path, content).unwrap();
        text(&path).to_owned()
    }

    /// `bench VERB --data … --out NAME` for the category `cloth`, and more.
    fn args(&self, verb: &str, out: &str, more: &[&str]) -> Vec<String> {
        let (data, out) = (self.at("data"), self.at(out));
        let first = ["bench", verb, "--data", text(&data), "--out", text(&out)];
        let words = first.iter().chain(&["--category", "cloth"]).chain(more);
        words.map(ToString::to_string).collect()
    }

    /// Plans the headline matrix of cloth with the preset `sample` in a folder of that name.
    fn planned(&self, out: &str) -> PathBuf {
        self.plan(out, &["--preset", "sample"]);
        self.at(out)
    }

    fn plan(&self, out: &str, more: &[&str]) -> Plan {
        ok(&words(&self.args("plan", out, more)));
        Plan::read(&self.at(out)).unwrap()
    }
}

/// For `run` and `ok`.
fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

/// What `ok` puts on stdout with `--json`.
fn told(args: &[&str]) -> Value {
    let mut args = args.to_vec();
    args.push("--json");
    json(&ok(&args))
}

/// A result for each cell of the plan in `out`, with the image AUROC that `auroc` gives it; none
/// for a cell without.
fn lay_ready(out: &Path, auroc: impl Fn(&CellSpec) -> Option<f64>) {
    let plan = Plan::read(out).unwrap();
    for cell in &plan.cells {
        let Some(auroc) = auroc(cell) else { continue };
        result(cell, &plan.strategies, auroc).write(out).unwrap();
    }
}

fn result(cell: &CellSpec, strategies: &[String], auroc: f64) -> CellResult {
    let scored = strategies.iter().map(|strategy| Scored {
        strategy: strategy.clone(),
        score: "max".to_owned(),
        eval_size: "full".to_owned(),
        metrics: Metrics {
            image_auroc: Some(auroc),
            pixel_auroc: Some(0.75),
            aupro_30: Some(0.5),
            ..Metrics::default()
        },
        ..Scored::default()
    });
    CellResult {
        format: FORMAT,
        cell: cell.clone(),
        scored: scored.collect(),
        training: Training::default(),
        timing: Timing {
            training_secs: 60.0,
            total_secs: 61.0,
            ..Timing::default()
        },
        cost: Cost::default(),
        reconstruction: Reconstruction::default(),
        figures: Vec::new(),
        provenance: serde_json::json!({ "commit": "c0ffee", "threads": 1, "device": "cpu" }),
    }
}

/// Network and corruption of a cell.
fn pair(cell: &CellSpec) -> (&str, &str) {
    (&cell.network, &cell.corruption)
}
