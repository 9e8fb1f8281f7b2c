//! Thresholds set anew, and a region of interest, on a model trained for a second.

use std::path::{Path, PathBuf};

use crate::detect::{images, trained};
use crate::{TINY, json, ok, run, text};

/// A copy of the trained model to calibrate.
fn copy(folder: &Path) -> PathBuf {
    let path = folder.join("model.aesc.safetensors");
    std::fs::copy(&trained().model, &path).unwrap();
    path
}

fn tensors(path: &Path) -> Vec<aesc_artifact::NamedTensor> {
    aesc_artifact::ModelFile::read(path).unwrap().tensors
}

#[test]
fn calibrate_rewrites_the_metadata_alone() {
    let folder = tempfile::tempdir().unwrap();
    let model = copy(folder.path());
    let good = trained().bench.category.join("test/good");
    let args = [
        "calibrate",
        text(&model),
        "--good",
        text(&good),
        "--max-false-reject",
        "20%",
        "--json",
    ];
    let before = std::fs::read(&model).unwrap();
    let dry: Vec<&str> = args.iter().copied().chain(["--dry-run"]).collect();
    let told = json(&ok(&dry));
    assert_eq!(told["written"], false);
    assert_eq!(std::fs::read(&model).unwrap(), before);

    let told = json(&ok(&args));
    let fitted = &told["calibration"];
    // Three images cannot show one in five: 1 / 0.2 - 1 = 4 could.
    assert_eq!(
        (&fitted["n_images"], &fitted["method"]),
        (&3.into(), &"max-clean".into())
    );
    assert!(
        told["warnings"][0].as_str().unwrap().contains("(4 could)"),
        "{told}"
    );
    assert_eq!(tensors(&model), tensors(&trained().model));
    let inspected = json(&ok(&["inspect", text(&model), "--json"]));
    assert_eq!(inspected["calibration"]["threshold"], fitted["threshold"]);
    assert_eq!(inspected["model_id"], told["model_id"]);
}

#[test]
fn the_data_it_was_trained_on_gives_its_held_out_images() {
    let category = text(&trained().bench.category);
    let model = text(&trained().model);
    let told = json(&ok(&[
        "calibrate",
        model,
        "--good",
        category,
        "--dry-run",
        "--json",
    ]));
    // Of the ten training images a fifth was held out.
    assert_eq!(
        (
            &told["own_validation_split"],
            &told["calibration"]["n_images"]
        ),
        (&true.into(), &2.into())
    );
    // Its training images are the same when another one is tested.
    let folder = tempfile::tempdir().unwrap();
    let copied = folder.path().join("data");
    copy_tree(&trained().bench.category, &copied);
    let more = copied.join("test/good/one-more.png");
    std::fs::copy(&images(&copied)[0], more).unwrap();
    let args = [
        "calibrate",
        model,
        "--good",
        text(&copied),
        "--dry-run",
        "--json",
    ];
    assert_eq!(json(&ok(&args))["own_validation_split"], true);
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = (
            entry.as_ref().unwrap().path(),
            to.join(entry.unwrap().file_name()),
        );
        if from.is_dir() {
            copy_tree(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

#[test]
fn one_clean_image_sets_a_threshold_it_passes_itself() {
    let folder = tempfile::tempdir().unwrap();
    let model = copy(folder.path());
    let good = folder.path().join("good");
    std::fs::create_dir(&good).unwrap();
    let first = &images(&trained().bench.category)[0];
    std::fs::copy(first, good.join("only.png")).unwrap();
    let (code, stdout, stderr) = run(&["calibrate", text(&model), "--good", text(&good)]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("all 1 clean scores are equal"), "{stderr}");
    let strangers = "fitted on     1 clean images taken for ones it was not trained on";
    assert!(stdout.contains(strangers), "{stdout}");
    assert!(stdout.contains("a tenth above equal scores"), "{stdout}");
    let out = folder.path().join("out");
    let args = [
        "predict",
        text(&model),
        text(&good),
        "--out",
        text(&out),
        "--fail-on",
        "nok",
    ];
    assert_eq!(run(&args).0, 0);
}

#[test]
fn a_review_band_is_seen_by_fail_on() {
    let folder = tempfile::tempdir().unwrap();
    let model = copy(folder.path());
    let out = folder.path().join("out");
    let image = &images(&trained().bench.category)[0];
    let args = [
        "predict",
        text(&model),
        text(image),
        "--out",
        text(&out),
        "--fail-on",
        "review",
    ];
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(stderr.contains("aesc calibrate --review-band"), "{stderr}");
    // A band that begins below every score: whatever is not NOK is REVIEW.
    let mut file = aesc_artifact::ModelFile::read(&model).unwrap();
    let scores: Vec<f64> = (1..=9).map(f64::from).collect();
    let target = aesc_detect::RateTarget {
        max_false_reject: 0.1,
        review: Some(0.2),
    };
    let mut fitted = aesc_detect::Calibration::to_rate(&scores, &scores, &target).unwrap();
    fitted.review.as_mut().unwrap().threshold = -1.0;
    file.manifest.calibration = Some(fitted);
    file.write(&model).unwrap();
    let args = [
        "predict",
        text(&model),
        text(image),
        "--out",
        text(&out),
        "--fail-on",
        "review",
        "--json",
    ];
    let (code, stdout, _) = run(&args);
    assert_eq!((code, &json(&stdout)["n_review"]), (10, &1.into()));
    let nok: Vec<&str> = args
        .iter()
        .map(|a| if *a == "review" { "nok" } else { *a })
        .collect();
    let forced: Vec<&str> = nok.into_iter().chain(["--force"]).collect();
    assert_eq!(run(&forced).0, 0);
}

#[test]
fn bad_requests_are_told_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let model = copy(folder.path());
    let before = std::fs::read(&model).unwrap();
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let good = trained().bench.category.join("test/good");
    let calibrate = |args: &[&str]| {
        let mut all = vec!["calibrate", text(&model), "--good"];
        all.extend(args);
        run(&all)
    };
    assert_eq!(calibrate(&[text(&good), "--max-false-reject", "0.5"]).0, 2);
    assert_eq!(
        calibrate(&[
            text(&good),
            "--max-false-reject",
            "5%",
            "--review-band",
            "1%"
        ])
        .0,
        2
    );
    assert_eq!(calibrate(&[text(&empty)]).0, 3);
    assert_eq!(calibrate(&[text(&good), "--roi", "no-such.png"]).0, 3);
    let black = folder.path().join("black.png");
    image::GrayImage::new(8, 8).save(&black).unwrap();
    let (code, _, stderr) = calibrate(&[text(&good), "--roi", text(&black)]);
    assert_eq!(code, 3);
    assert!(
        stderr.contains("black.png") && stderr.contains("found none"),
        "{stderr}"
    );
    assert_eq!(std::fs::read(&model).unwrap(), before);
}

#[test]
fn a_region_of_interest_is_trained_stored_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let roi = folder.path().join("roi.toml");
    let corners = "height = 64\nwidth = 64\npolygons = [[[0, 0], [32, 0], [32, 64], [0, 64]]]\n";
    std::fs::write(&roi, corners).unwrap();
    let out = folder.path().join("run");
    let category = &trained().bench.category;
    let mut args = vec![
        "train",
        text(category),
        "--out",
        text(&out),
        "--roi",
        text(&roi),
    ];
    args.extend(["--device", "cpu", "--json"]);
    args.extend(TINY);
    ok(&args);
    let model = out.join("model.aesc.safetensors");
    let inspected = json(&ok(&["inspect", text(&model), "--json"]));
    assert_eq!(
        inspected["roi"]["runs"][1], 32,
        "the first row's run inside"
    );
    // Nothing outside is marked, in any image.
    let results = folder.path().join("results");
    let test = category.join("test");
    ok(&[
        "predict",
        text(&model),
        text(&test),
        "--out",
        text(&results),
    ]);
    for entry in std::fs::read_dir(results.join("masks/good")).unwrap() {
        let mask = image::open(entry.unwrap().path()).unwrap().into_luma8();
        assert!(
            mask.enumerate_pixels()
                .all(|(x, _, pixel)| x < 32 || pixel.0[0] == 0)
        );
    }
    let whole = [
        "calibrate",
        text(&model),
        "--good",
        text(category),
        "--no-roi",
        "--json",
    ];
    assert!(json(&ok(&whole))["roi_share"].is_null());
    // The run cannot go on without the region it was begun with.
    let mut args = vec![
        "train",
        text(category),
        "--out",
        text(&out),
        "--resume",
        "--device",
        "cpu",
    ];
    args.extend(TINY);
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(stderr.contains("region of interest"), "{stderr}");
}

#[test]
fn a_model_is_scored_anew_without_training() {
    let folder = tempfile::tempdir().unwrap();
    let model = copy(folder.path());
    let category = text(&trained().bench.category);
    let sets = [
        "--set",
        r#"score.evidence.maps=["absolute", "gradient", "chroma", { energy = 5 }]"#,
        "--set",
        "score.evidence.windows_px=[3, 9]",
        "--set",
        "score.smoothing.kind=none",
        "--set",
        r#"score.image={kind = "top-k", share = 0.01}"#,
    ];
    let mut args = vec!["calibrate", text(&model), "--good", category];
    args.extend(sets);
    ok(&args);
    assert_eq!(tensors(&model), tensors(&trained().model));
    let inspected = json(&ok(&["inspect", text(&model), "--json"]));
    assert_eq!(inspected["score"]["evidence"]["windows_px"][1], 9);
    assert_eq!(
        inspected["calibration"]["evidence"]["peaks"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    // What it was calibrated by is what it is judged by: its own held-out images pass.
    let told = json(&ok(&[
        "calibrate",
        text(&model),
        "--good",
        category,
        "--dry-run",
        "--json",
    ]));
    assert_eq!(
        told["calibration"]["threshold"],
        inspected["calibration"]["threshold"]
    );
    let told = json(&ok(&["eval", text(&model), "--data", category, "--json"]));
    assert!(
        told["residual"]["metrics"]["image_auroc"].is_number(),
        "{told}"
    );
    let out = folder.path().join("out");
    ok(&["predict", text(&model), category, "--out", text(&out)]);
    assert!(out.join("results.csv").is_file());
}

#[test]
fn of_a_trained_model_nothing_but_the_score_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let model = copy(folder.path());
    let before = std::fs::read(&model).unwrap();
    let category = text(&trained().bench.category);
    for (set, said) in [
        ("train.steps=5", "only score.* can be set"),
        ("score.evidence.maps=[]", "at least one map"),
        (
            "score.evidence.windows_px=[4]",
            "evidence.windows_px: expected odd",
        ),
        (
            "score.evidence.maps=[{ energy = 4 }]",
            "evidence.maps: expected odd",
        ),
        ("score.evidences=3", "evidences"),
    ] {
        let (code, _, stderr) = run(&["calibrate", text(&model), "--good", category, "--set", set]);
        assert_eq!(code, 2, "{set}: {stderr}");
        assert!(stderr.contains(said), "{set}: {stderr}");
    }
    assert_eq!(std::fs::read(&model).unwrap(), before);
}
