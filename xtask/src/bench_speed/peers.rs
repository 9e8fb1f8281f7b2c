//! Other programs, in a Python environment of their own.

use super::ours::Ours;
use super::rows::Found;
use super::watched;
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// What the environment holds.
const PACKAGES: [&str; 10] = [
    "torch==2.11.0",
    "numpy==2.3.5",
    "onnx",
    "onnxscript",
    "openvino",
    "pillow",
    "scipy",
    "scikit-learn",
    "ADEval==1.1.0",
    "setuptools",
];

/// The environment, and the maps that metrics are timed on.
#[derive(Debug)]
pub(super) struct Peers {
    python: PathBuf,
    maps: Value,
}

impl Peers {
    /// Makes the environment where it is not there yet, and draws the maps.
    pub(super) fn prepare(ours: &Ours) -> Result<Self> {
        let python = environment()?;
        let mut peers = Self {
            python,
            maps: Value::Null,
        };
        peers.maps = peers.ask(&["maps".into(), ours.folder.clone()])?;
        Ok(peers)
    }

    /// One round.
    pub(super) fn measure(&self, ours: &Ours, found: &mut Found) -> Result<()> {
        let threads = ours.threads.to_string();
        let mut images: Vec<PathBuf> = vec!["images".into()];
        images.extend(ours.large.iter().cloned());
        for words in [vec!["networks".into(), threads.into()], images] {
            let programs = self.ask(&words)?;
            for (name, works) in programs.as_object().context("expected programs")? {
                found.add_all(name, works)?;
            }
        }
        ours.measure_metrics(&self.maps, found)?;
        let compare = workspace::root().join("crates/aesc-eval/peers/compare.py");
        for (side, work) in [("256", "metrics_5m"), ("900", "metrics_67m")] {
            let mut command = Command::new(&self.python);
            command.arg(&compare).args(["--child", "adeval"]);
            for path in self.maps[side]
                .as_array()
                .context("maps: expected two paths")?
            {
                command.arg(path.as_str().context("maps: expected a path")?);
            }
            let (text, _) = watched::run(command.arg("5"))?;
            let mut secs: Vec<f64> =
                serde_json::from_value(serde_json::from_str::<Value>(&text)?["secs"].take())?;
            secs.sort_unstable_by(f64::total_cmp);
            found.add("ADEval, binned", work, secs[secs.len() / 2]);
        }
        Ok(())
    }

    fn ask(&self, words: &[PathBuf]) -> Result<Value> {
        let script = workspace::root().join("xtask/peers/speed.py");
        let mut command = Command::new(&self.python);
        let (text, _) = watched::run(command.arg(script).args(words))?;
        let last = text.lines().last().unwrap_or_default();
        serde_json::from_str(last).context("speed.py: expected one line of JSON")
    }
}

/// The environment's Python; made in the user's cache, whole or not at all.
fn environment() -> Result<PathBuf> {
    let cache = workspace::user_dir("XDG_CACHE_HOME", ".cache").context("no home folder")?;
    let dir = cache.join("aesc/peers");
    let python = dir.join("bin/python");
    let whole = dir.join("whole");
    if whole.is_file() {
        return Ok(python);
    }
    eprintln!(
        "making a Python environment for the other programs: {}",
        dir.display()
    );
    succeed(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&dir),
    )?;
    let pip = ["-m", "pip", "install", "--quiet"];
    succeed(Command::new(&python).args(pip).args(PACKAGES))?;
    aesc_bench::write_atomic(&whole, PACKAGES.join("\n").as_bytes())?;
    Ok(python)
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?}: {status}");
    }
    Ok(())
}
