//! What cannot be used is refused at once, with what was expected, and never waited for.

use std::path::Path;
use std::time::Duration;

use crate::detect::{images, trained};
use crate::{aesc, run, text};

/// An image of the test set as `to`.
fn photo(to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(&images(&trained().bench.category)[0], to).unwrap();
}

#[test]
fn a_file_is_no_folder_to_write_into() {
    let folder = tempfile::tempdir().unwrap();
    let (out, image) = (folder.path().join("out"), folder.path().join("a.png"));
    photo(&image);
    std::fs::write(&out, b"mine").unwrap();
    let model = text(&trained().model);
    let (code, _, stderr) = run(&[
        "predict",
        model,
        text(&image),
        "--out",
        text(&out),
        "--force",
    ]);
    assert_eq!(code, 2, "{stderr}");
    assert!(
        stderr.contains("expected a folder to write into"),
        "{stderr}"
    );
    assert_eq!(std::fs::read(&out).unwrap(), b"mine");
}

#[test]
fn eval_needs_defects_and_masks_as_large_as_their_images() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join("part").join(name);
    photo(&at("train/good/0.png"));
    photo(&at("test/good/0.png"));
    let part = folder.path().join("part");
    let eval = || run(&["eval", text(&trained().model), "--data", text(&part)]);
    let (code, _, stderr) = eval();
    assert_eq!(code, 3, "{stderr}");
    assert!(
        stderr.contains("aesc predict scores images without"),
        "{stderr}"
    );
    photo(&at("test/crack/0.png"));
    let mask = at("ground_truth/crack/0_mask.png");
    std::fs::create_dir_all(mask.parent().unwrap()).unwrap();
    image::GrayImage::from_pixel(5, 4, image::Luma([255]))
        .save(&mask)
        .unwrap();
    let (code, _, stderr) = eval();
    assert_eq!(code, 3, "{stderr}");
    let told = "expected 64 x 64 pixels like its image, found 4 x 5";
    assert!(stderr.contains(told), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let mut inspect = aesc(&["inspect", text(&pipe)]);
    let output = inspect.timeout(Duration::from_secs(45)).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_completions_is_told() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_aesc"))
        .args(["completions", "bash"])
        .stdout(full)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
}

#[test]
fn a_setting_out_of_range_is_a_matter_of_usage_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let (code, _, stderr) = run(&["data", "sample", "--size", "1", "--out", text(&out)]);
    assert_eq!(code, 2, "{stderr}");
    assert!(
        stderr.contains("expected 32..=2048 pixels, found 1"),
        "{stderr}"
    );
    let mut show = aesc(&["config", "show"]);
    let show = show.env("AESC_SEED", "7").env("AESC_TRAIN__STEPS", "many");
    let output = show.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("environment AESC_TRAIN__STEPS: "),
        "{stderr}"
    );
    let (code, _, stderr) = run(&["config", "show", "--set", "train.steps=5\ntrain.batch=2"]);
    assert_eq!(code, 2, "{stderr}");
}

#[test]
fn a_model_whose_calibration_is_gone_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let bare = folder.path().join("bare");
    std::fs::copy(&trained().model, &bare).unwrap();
    let mut model = aesc_artifact::ModelFile::read(&bare).unwrap();
    model.manifest.calibration = None;
    model.manifest.score.evidence = Some(aesc_detect::EvidenceConfig::default());
    model.write(&bare).unwrap();
    let image = folder.path().join("a.png");
    photo(&image);
    let out = folder.path().join("out");
    let (code, _, stderr) = run(&["predict", text(&bare), text(&image), "--out", text(&out)]);
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("needs a calibration"), "{stderr}");
}
