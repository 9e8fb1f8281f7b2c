//! Training runs: stopped, resumed, refused.

use std::time::{Duration, Instant};

use crate::{TINY, Workbench, json, ok, run, text};

fn train_args<'a>(data: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut args = vec![
        "train",
        data,
        "--out",
        out,
        "--device",
        "cpu",
        "--threads",
        "1",
    ];
    args.extend(TINY);
    args
}

#[test]
fn a_run_folder_holds_all_that_is_promised_and_is_not_overwritten() {
    let bench = Workbench::new();
    let out = bench.at("run");
    let args = train_args(text(&bench.category), text(&out));
    ok(&args);
    let promised = [
        "config.resolved.toml",
        "provenance.json",
        "split.json",
        "metrics.jsonl",
        "checkpoint.safetensors",
        "model.aesc.safetensors",
    ];
    for name in promised {
        assert!(out.join(name).is_file(), "{name}");
    }
    ok(&["config", "check", text(&out.join("config.resolved.toml"))]);
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    let choices = ["--resume goes on", "--force trains anew", "another --out"];
    assert!(
        choices.iter().all(|choice| stderr.contains(choice)),
        "{stderr}"
    );
    // Without its checkpoint there is nothing to go on from, and the model stays.
    std::fs::remove_file(out.join("checkpoint.safetensors")).unwrap();
    let model = std::fs::read(out.join("model.aesc.safetensors")).unwrap();
    let (code, _, stderr) = run(&[&args[..], &["--resume"]].concat());
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("found a model without one"), "{stderr}");
    assert_eq!(
        std::fs::read(out.join("model.aesc.safetensors")).unwrap(),
        model
    );
    // Nor does it begin in a folder of something else.
    let other = bench.at("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("report.html"), b"mine").unwrap();
    let args = train_args(text(&bench.category), text(&other));
    let (code, _, stderr) = run(&[&args[..], &["--resume"]].concat());
    assert_eq!(code, 2, "{stderr}");
    assert_eq!(std::fs::read(other.join("report.html")).unwrap(), b"mine");
}

#[test]
fn a_held_out_image_that_alone_makes_the_threshold_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    // Greys, and among those held out a chessboard.
    let odd = aesc_data::split_validation(10, 0.4, 0).unwrap().validation[1];
    for i in 0..10 {
        let grey = |x: u32, y: u32| match (i == odd, (x / 8 + y / 8) % 2) {
            (true, 0) => 0,
            (true, _) => 255,
            _ => 124 + i as u8,
        };
        let image = image::GrayImage::from_fn(64, 64, |x, y| image::Luma([grey(x, y)]));
        image.save(photos.join(format!("{i}.png"))).unwrap();
    }
    let out = folder.path().join("out");
    let args = train_args(text(&photos), text(&out));
    let args = [&args[..], &["--set", "train.validation_share=0.4"]].concat();
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 0, "{stderr}");
    let told = format!(
        "more than 2 times any other's: {}",
        photos.join(format!("{odd}.png")).display()
    );
    assert!(stderr.contains(&told), "{stderr}");
}

#[test]
fn a_killed_run_resumes_to_the_same_weights() {
    let bench = Workbench::new();
    let longer = ["--set", "train.steps=600"];
    let (whole, pieces) = (bench.at("whole"), bench.at("pieces"));
    let mut args = train_args(text(&bench.category), text(&whole));
    args.extend(longer);
    ok(&args);

    let mut args = train_args(text(&bench.category), text(&pieces));
    args.extend(longer);
    let model = pieces.join("model.aesc.safetensors");
    let epochs = || {
        let log = std::fs::read_to_string(pieces.join("metrics.jsonl")).unwrap_or_default();
        log.lines().count()
    };
    let mut child = spawn(&args);
    wait_until(|| epochs() >= 3);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!model.exists(), "it was killed on the way");
    args.push("--resume");
    let before = epochs();
    let child = spawn(&args);
    wait_until(|| epochs() > before);
    let (code, stderr) = terminate(child);
    assert_eq!(code, Some(143), "{stderr}");
    assert!(stderr.contains("stopped at step"), "{stderr}");
    assert!(stderr.contains("--resume goes on from it"), "{stderr}");
    assert!(!model.exists(), "it was stopped on the way");
    ok(&args);
    let tensors = |folder: &std::path::Path| {
        let path = folder.join("model.aesc.safetensors");
        aesc_artifact::ModelFile::read(path).unwrap().tensors
    };
    assert_eq!(tensors(&whole), tensors(&pieces));
}

#[test]
fn a_resume_with_other_settings_is_refused_and_changes_nothing() {
    let bench = Workbench::new();
    let out = bench.at("run");
    let args = train_args(text(&bench.category), text(&out));
    ok(&args);
    let written = std::fs::read(out.join("config.resolved.toml")).unwrap();
    let mut other = args.clone();
    other.extend(["--resume", "--seed", "9"]);
    let (code, _, stderr) = run(&other);
    assert_eq!(code, 2);
    assert!(stderr.contains("another configuration"), "{stderr}");
    assert_eq!(
        std::fs::read(out.join("config.resolved.toml")).unwrap(),
        written
    );
}

fn spawn(args: &[&str]) -> std::process::Child {
    std::process::Command::new(env!("CARGO_BIN_EXE_aesc"))
        .args(args)
        .arg("--no-progress")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap()
}

/// Ends the child by SIGTERM; gives its exit code and what it said.
fn terminate(child: std::process::Child) -> (Option<i32>, String) {
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn wait_until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_mins(3), "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_dry_run_tells_the_plan_and_writes_nothing() {
    let bench = Workbench::new();
    let out = bench.at("run");
    let mut args = train_args(text(&bench.category), text(&out));
    args.extend(["--dry-run", "--json"]);
    let plan = json(&ok(&args));
    assert_eq!(plan["n_images"], 10);
    assert!(plan["estimate"]["secs"].as_f64().unwrap() > 0.0);
    assert!(!out.exists());
}

#[test]
fn wrong_data_is_exit_3_with_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let (code, _, stderr) = run(&train_args("no/such/folder", text(&out)));
    assert_eq!(code, 3);
    assert!(stderr.contains("no/such/folder"), "{stderr}");
    let empty = folder.path().join("empty");
    std::fs::create_dir_all(empty.join("train/good")).unwrap();
    let (code, _, stderr) = run(&train_args(text(&empty), text(&out)));
    assert_eq!(code, 3);
    assert!(stderr.contains("train/good"), "{stderr}");
}

#[test]
fn an_absent_device_is_exit_5_with_a_reason() {
    let (code, _, stderr) = run(&["doctor", "--device", "cuda:77"]);
    assert_eq!(code, 5);
    assert!(
        stderr.contains("device cuda:77 is not available: "),
        "{stderr}"
    );
}

#[test]
fn a_rate_that_diverges_is_exit_6_and_keeps_the_checkpoint() {
    let bench = Workbench::new();
    let out = bench.at("run");
    let args = train_args(text(&bench.category), text(&out));
    ok(&args);
    // The same run, its weights spoilt so that the next loss is infinite.
    let path = out.join("checkpoint.safetensors");
    let mut file = aesc_artifact::TensorFile::read(&path).unwrap();
    let state = file.metadata.get_mut("aesc.state").unwrap();
    *state = state.replacen("\"step\":20", "\"step\":10", 1);
    let spoilt = file
        .tensors
        .iter_mut()
        .find(|t| t.name == "network/out.conv.weight")
        .unwrap();
    spoilt.data.fill(f32::MAX);
    file.write(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let mut again = args.clone();
    again.push("--resume");
    let (code, _, stderr) = run(&again);
    assert_eq!(code, 6, "{stderr}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
