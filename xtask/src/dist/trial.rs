//! The unpacked archive is used as a stranger would: checksums, then a prediction, with an empty
//! environment and far from the repository.

use super::stage;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A model trained for a second, from the program's own tests.
const MODEL: &str = "crates/aesc-cli/tests/it/fixtures/tiny.aesc.safetensors";

/// Tries what lies in `folder`.
pub(super) fn run(folder: &Path) -> Result<()> {
    check_sums(folder)?;
    let place = tempfile::tempdir().context("no temporary folder")?;
    let model = place.path().join("tiny.aesc.safetensors");
    fs::copy(crate::workspace::root().join(MODEL), &model).context("the trial's model")?;
    let program = folder.join("bin/aesc");
    let commands: [&[&str]; 4] = [
        &["--version"],
        &["inspect", "tiny.aesc.safetensors"],
        &[
            "data",
            "sample",
            "--out",
            "sample",
            "--size",
            "64",
            "--train",
            "2",
            "--test-good",
            "1",
            "--test-per-type",
            "1",
        ],
        &[
            "predict",
            "tiny.aesc.safetensors",
            "sample",
            "--out",
            "results",
            "--device",
            "cpu",
        ],
    ];
    for words in commands {
        runs(
            Command::new(&program)
                .args(words)
                .env_clear()
                .current_dir(place.path()),
        )?;
    }
    Ok(())
}

fn check_sums(folder: &Path) -> Result<()> {
    let list = fs::read_to_string(folder.join(stage::CHECKSUMS)).context("the checksums")?;
    for line in list.lines() {
        let (sum, name) = line.split_once("  ").context("a line of the checksums")?;
        if stage::sha256(&folder.join(name))? != sum {
            bail!("{name} is not what was packed");
        }
    }
    Ok(())
}

fn runs(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("{command:?} cannot be started"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "unpacked elsewhere, {command:?} ends with {}: {}",
            output.status,
            said.trim()
        );
    }
    Ok(())
}
