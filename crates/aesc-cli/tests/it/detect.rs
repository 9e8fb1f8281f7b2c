//! Prediction and evaluation with a model trained for a second.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::{Workbench, aesc, json, ok, run, text};

/// A data set and a model, made once for all tests here.
pub(crate) struct Trained {
    pub(crate) bench: Workbench,
    pub(crate) model: PathBuf,
}

pub(crate) fn trained() -> &'static Trained {
    static TRAINED: OnceLock<Trained> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let bench = Workbench::new();
        Trained {
            model: model(&bench),
            bench,
        }
    })
}

#[cfg(feature = "libtorch")]
fn model(bench: &Workbench) -> PathBuf {
    let out = bench.at("run");
    let (category, out_text) = (text(&bench.category), text(&out));
    let mut args = vec!["train", category, "--out", out_text, "--device", "cpu"];
    args.extend(crate::TINY);
    ok(&args);
    out.join("model.aesc.safetensors")
}

/// What was trained alike where libtorch was there.
#[cfg(not(feature = "libtorch"))]
fn model(bench: &Workbench) -> PathBuf {
    crate::deploy::tiny(bench)
}

pub(crate) fn images(category: &std::path::Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for defect in std::fs::read_dir(category.join("test")).unwrap() {
        for image in std::fs::read_dir(defect.unwrap().path()).unwrap() {
            all.push(image.unwrap().path());
        }
    }
    all.sort();
    all
}

#[test]
fn predict_writes_a_row_a_map_and_an_overlay_for_every_image() {
    let trained = trained();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let test = trained.bench.category.join("test");
    let args = [
        "predict",
        text(&trained.model),
        text(&test),
        "--out",
        text(&out),
        "--json",
    ];
    let summary = json(&ok(&args));
    let n = images(&trained.bench.category).len();
    assert_eq!(summary["n_scored"], n);
    let mut table = csv::Reader::from_path(out.join("results.csv")).unwrap();
    let headers = table.headers().unwrap().clone();
    assert_eq!(&headers[0], "path");
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), n);
    let lines = std::fs::read_to_string(out.join("results.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), n);
    for image in images(&trained.bench.category) {
        let relative = image.strip_prefix(&test).unwrap();
        let map = out.join("maps").join(relative).with_extension("tiff");
        let limits = aesc_data::Limits::default();
        let map = aesc_data::read_map_tiff(&map, &limits).unwrap();
        assert_eq!(
            (map.height(), map.width()),
            (64, 64),
            "the image's own resolution"
        );
        let overlay = image::open(out.join("overlays").join(relative)).unwrap();
        assert_eq!(overlay.height(), 64);
        assert!(out.join("masks").join(relative).is_file());
    }
}

#[test]
fn the_same_image_has_the_same_score_alone_and_in_a_batch() {
    let trained = trained();
    let folder = tempfile::tempdir().unwrap();
    let all = images(&trained.bench.category);
    let scores = |inputs: &[&str], name: &str| -> Vec<f64> {
        let out = folder.path().join(name);
        let mut args = vec!["predict", text(&trained.model), "--out", text(&out)];
        args.extend(inputs);
        ok(&args);
        let lines = std::fs::read_to_string(out.join("results.jsonl")).unwrap();
        lines
            .lines()
            .map(|line| json(line)["score"].as_f64().unwrap())
            .collect()
    };
    let paths: Vec<&str> = all.iter().map(|path| text(path)).collect();
    let together = scores(&paths, "all");
    let alone = scores(&paths[..1], "one");
    assert!(
        (together[0] - alone[0]).abs() <= 1e-5 * alone[0].abs(),
        "{together:?} {alone:?}"
    );
}

#[test]
fn a_bad_image_costs_itself_alone_with_keep_going() {
    let trained = trained();
    let folder = tempfile::tempdir().unwrap();
    let good = &images(&trained.bench.category)[0];
    let bad = folder.path().join("bad.png");
    let bytes = std::fs::read(good).unwrap();
    std::fs::write(&bad, &bytes[..bytes.len() / 2]).unwrap();
    let out = folder.path().join("out");
    let mut args = vec![
        "predict",
        text(&trained.model),
        text(good),
        text(&bad),
        "--out",
        text(&out),
    ];
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 3);
    assert!(stderr.contains("bad.png"), "{stderr}");
    let lines = std::fs::read_to_string(out.join("results.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 1, "the image before it is kept");
    args.extend(["--keep-going", "--force"]);
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 11, "{stderr}");
    let lines = std::fs::read_to_string(out.join("results.jsonl")).unwrap();
    let rows: Vec<_> = lines.lines().map(json).collect();
    assert!(rows[0]["score"].is_f64() && rows[0]["error"] == "");
    assert!(rows[1]["score"].is_null() && rows[1]["error"].as_str().unwrap().contains("bad.png"));
}

#[test]
fn a_list_comes_from_stdin() {
    let trained = trained();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let all = images(&trained.bench.category);
    let list = [text(&all[0]), text(&all[1]), text(&all[2])].join("\n");
    let args = [
        "predict",
        text(&trained.model),
        "-",
        "--out",
        text(&out),
        "--json",
    ];
    let output = aesc(&args).write_stdin(list).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        json(&String::from_utf8(output.stdout).unwrap())["n_scored"],
        3
    );
}

#[test]
fn fail_on_nok_is_exit_10_when_the_threshold_is_passed() {
    let trained = trained();
    let folder = tempfile::tempdir().unwrap();
    // The same model with a threshold no image stays under.
    let mut model = aesc_artifact::ModelFile::read(&trained.model).unwrap();
    model.manifest.calibration.as_mut().unwrap().threshold = 0.0;
    let strict = folder.path().join("strict.aesc.safetensors");
    model.write(&strict).unwrap();
    let image = &images(&trained.bench.category)[0];
    let out = folder.path().join("out");
    let args = [
        "predict",
        text(&strict),
        text(image),
        "--out",
        text(&out),
        "--fail-on",
        "nok",
    ];
    assert_eq!(run(&args).0, 10);
}

#[test]
fn eval_prints_every_metric_of_the_contract() {
    let trained = trained();
    let args = [
        "eval",
        text(&trained.model),
        "--data",
        text(&trained.bench.category),
        "--json",
    ];
    let found = json(&ok(&args));
    let metrics = &found["residual"]["metrics"];
    for key in [
        "image_auroc",
        "image_ap",
        "image_f1max",
        "pixel_auroc",
        "pixel_ap",
        "pixel_f1max",
        "pixel_fpr_at_95tpr",
        "aupro_30",
        "aupro_05",
    ] {
        let value = metrics[key].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&value), "{key} {value}");
    }
    // So few normal pixels cannot show a rate of 1e-5.
    assert!(metrics["aupimo_mean"].is_null());
    let reason = found["residual"]["undefined"]["aupimo_mean"].as_str();
    assert!(reason.unwrap().contains("100000"), "{reason:?}");
}

#[test]
fn inspect_tells_the_network_and_its_cost() {
    let trained = trained();
    let found = json(&ok(&["inspect", text(&trained.model), "--json"]));
    assert_eq!(found["network"]["kind"], "aesc");
    assert_eq!(found["train"]["config"]["steps"], 20);
    // enc1 3>4, enc2 4>8, enc3 8>16, dec1 16>8, dec2 8>4, out 4>3; 25 taps each, biases
    // 4+8+16+8+4+3 and two norm values a channel but for the output.
    let kernels = 25 * (12 + 32 + 128 + 128 + 32 + 12);
    assert_eq!(found["cost"]["parameters"], kernels + 43 + 2 * 40);
}

#[test]
fn a_model_cut_short_with_a_nan_or_from_the_future_is_exit_4() {
    let trained = trained();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.aesc.safetensors");
    let image = &images(&trained.bench.category)[0];
    let out = folder.path().join("out");
    let predict = || run(&["predict", text(&path), text(image), "--out", text(&out)]);
    let bytes = std::fs::read(&trained.model).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
    assert_eq!(predict().0, 4);
    assert_eq!(
        run(&["inspect", text(&path)]).0,
        4,
        "a cut file is no model to inspect either"
    );

    let mut spoilt = bytes.clone();
    let last = spoilt.len() - 4;
    spoilt[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, spoilt).unwrap();
    let (code, _, stderr) = predict();
    assert_eq!(code, 4);
    assert!(stderr.contains("expected finite values"), "{stderr}");

    let mut file = aesc_artifact::TensorFile::read(&trained.model).unwrap();
    file.metadata.insert("aesc.format".into(), "99".into());
    file.write(&path).unwrap();
    let (code, _, stderr) = predict();
    assert_eq!(code, 4);
    assert!(stderr.contains("newer than 1: update aesc"), "{stderr}");
    assert!(!out.exists(), "nothing was written");
}
