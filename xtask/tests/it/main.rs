//! The program itself against a host of our own: exit codes, signals, what is printed where.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../../src/fetch/tests/host.rs"]
mod host;
#[path = "../../src/data/tests/packed.rs"]
mod packed;

use host::{Behaviour, Host};
use packed::Packed;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The smallest category with its published counts: 60 images to train on, 12 + 30 to test.
fn toothbrush() -> Vec<u8> {
    let mut packed = Packed::new();
    packed.category("toothbrush", 60, &[("good", 12), ("defective", 30)]);
    packed.finish()
}

/// `cargo xtask WORDS` with nobody at a terminal, all of its files below `root`.
fn xtask(root: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .args(words)
        .env("XDG_DATA_HOME", root)
        .env_remove("MVTEC_AD");
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(Stdio::piped());
    command
}

/// The fetch of one category from `url`, where the archive is `bytes`.
fn fetch(root: &Path, url: &str, bytes: &[u8]) -> Command {
    let sum: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let words = ["data", "fetch", "mvtec", "--accept-license", "--url", url];
    let mut command = xtask(root, &words);
    command.args(["--category", "toothbrush", "--sha256", &sum]);
    command
}

fn said(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

/// Waits until the fetch has a partial file of at least one byte.
fn partial(root: &Path, child: &mut Child) -> PathBuf {
    let dir = root.join("aesc/mvtec_anomaly_detection.fetch");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) && child.try_wait().unwrap().is_none() {
        let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        let mut paths = entries.map(|entry| entry.path());
        let begun = |path: &PathBuf| {
            path.extension().is_some_and(|e| e == "partial") && path.metadata().unwrap().len() > 0
        };
        if let Some(path) = paths.find(begun) {
            return path;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("no partial file in {}", dir.display());
}

#[test]
fn without_a_terminal_the_licence_must_be_accepted_by_the_flag() {
    let root = tempfile::tempdir().unwrap();
    let output = xtask(root.path(), &["data", "fetch", "mvtec"]).output();
    let text = said(&output.unwrap(), 2);
    for part in ["CC BY-NC-SA 4.0", "Bergmann", "add --accept-license"] {
        assert!(
            text.replace("Creative Commons", "CC").contains(part),
            "{text}"
        );
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_benchmark_without_data_names_the_fetch() {
    let root = tempfile::tempdir().unwrap();
    let output = xtask(root.path(), &["bench-mvtec", "--category", "pill"]).output();
    let text = said(&output.unwrap(), 3);
    assert!(
        text.contains("cargo xtask data fetch mvtec --category pill"),
        "{text}"
    );
}

#[test]
fn ctrl_c_keeps_what_arrived_and_the_same_command_goes_on_to_a_whole_folder() {
    let (root, bytes) = (tempfile::tempdir().unwrap(), toothbrush());
    let stalling = Behaviour {
        stall_after: Some(1000),
        ..Behaviour::default()
    };
    let host = Host::start(bytes.clone(), stalling);
    let mut child = fetch(root.path(), &host.url, &bytes).spawn().unwrap();
    let partial = partial(root.path(), &mut child);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let text = said(&child.wait_with_output().unwrap(), 130);
    assert!(text.contains("stopped by Ctrl-C"), "{text}");
    assert!(
        text.contains("the same command goes on from there"),
        "{text}"
    );
    let arrived = usize::try_from(partial.metadata().unwrap().len()).unwrap();
    assert!(arrived > 0 && arrived < bytes.len());

    let host = Host::start(bytes.clone(), Behaviour::default());
    let output = fetch(root.path(), &host.url, &bytes).output().unwrap();
    said(&output, 0);
    assert_eq!(host.ranges(), [Some(arrived)]);

    let output = xtask(root.path(), &["data", "verify"]).output().unwrap();
    said(&output, 0);
    let table = String::from_utf8(output.stdout).unwrap();
    let row: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..5], ["toothbrush", "60", "42", "60/42", "30/30"]);
    assert_eq!(row.last(), Some(&"yes"));

    let category = root.path().join("aesc/mvtec_anomaly_detection/toothbrush");
    fs::remove_file(category.join("ground_truth/defective/007_mask.png")).unwrap();
    let output = xtask(root.path(), &["data", "verify"]).output().unwrap();
    said(&output, 3);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.contains("29/30") && table.contains("007_mask.png"),
        "{table}"
    );
}
