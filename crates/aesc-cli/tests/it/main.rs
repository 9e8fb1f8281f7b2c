//! The program as its users run it: commands, files, exit codes.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

mod bench;
#[cfg(feature = "libtorch")]
mod calibrate;
mod data;
mod deploy;
mod detect;
#[cfg(feature = "libtorch")]
mod guide;
mod kept;
#[cfg(feature = "libtorch")]
mod real;
mod refused;
mod score_maps;
mod settings;
#[cfg(feature = "libtorch")]
mod strategies;
#[cfg(feature = "libtorch")]
mod tiles;
#[cfg(feature = "libtorch")]
mod train;

use std::path::Path;

use assert_cmd::Command;

/// The program, in an empty environment for settings, quiet about progress.
fn aesc(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aesc"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AESC_")) {
        command.env_remove(name);
    }
    command.args(args).env("NO_COLOR", "1").arg("--no-progress");
    command
}

/// Runs it and gives exit code, stdout and stderr.
fn run(args: &[&str]) -> (i32, String, String) {
    let output = aesc(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Runs it and expects success.
fn ok(args: &[&str]) -> String {
    let (code, stdout, stderr) = run(args);
    assert_eq!(code, 0, "{args:?}\n{stdout}\n{stderr}");
    stdout
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A tiny sample set: every category, a few images of 64 x 64.
fn sample(folder: &Path) {
    let counts = [
        "--size",
        "64",
        "--train",
        "10",
        "--test-good",
        "3",
        "--test-per-type",
        "2",
    ];
    let mut args = vec!["data", "sample", "--out", text(folder)];
    args.extend(counts);
    ok(&args);
}

/// A temporary folder with a tiny sample set in it.
struct Workbench {
    folder: tempfile::TempDir,
    #[cfg(feature = "libtorch")]
    data: std::path::PathBuf,
    /// The sample set's first category, by name.
    category: std::path::PathBuf,
}

impl Workbench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("sample");
        sample(&data);
        let entries = std::fs::read_dir(&data)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let category = entries.filter(|path| path.is_dir()).min().unwrap();
        Self {
            folder,
            #[cfg(feature = "libtorch")]
            data,
            category,
        }
    }

    /// A place in the folder.
    fn at(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

/// Settings that train in a second.
#[cfg(feature = "libtorch")]
const TINY: [&str; 16] = [
    "--preset",
    "sample",
    "--set",
    "data.height=32",
    "--set",
    "data.width=32",
    "--set",
    "network.depth=3",
    "--set",
    "network.width=4",
    "--set",
    "train.steps=20",
    "--set",
    "train.epoch_steps=10",
    "--set",
    "train.batch=4",
];
