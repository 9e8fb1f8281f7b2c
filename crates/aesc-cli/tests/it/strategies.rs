//! Residual, uncertainty, fusion: trained, predicted, measured, and advised on.

use std::path::{Path, PathBuf};

use crate::{TINY, Workbench, json, ok, run, text};

/// Trains on the bench's category with further settings, and gives the model.
fn train(bench: &Workbench, name: &str, settings: &[&str]) -> PathBuf {
    let out = bench.at(name);
    let mut args = vec!["train", text(&bench.category), "--out", text(&out)];
    args.extend(TINY);
    args.extend(settings.iter().flat_map(|setting| ["--set", *setting]));
    ok(&args);
    out.join("model.aesc.safetensors")
}

fn predicted(model: &Path, bench: &Workbench, out: &str, more: &[&str]) -> (Vec<u8>, String) {
    let image = bench.category.join("test/good/000.png");
    let out = bench.at(out);
    let mut args = vec!["predict", text(model), text(&image), "--out", text(&out)];
    args.extend(more);
    let (code, stdout, stderr) = run(&args);
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    (std::fs::read(out.join("maps/000.tiff")).unwrap(), stderr)
}

#[test]
fn a_unet_scored_by_uncertainty_gives_the_same_map_for_the_same_seed() {
    let bench = Workbench::new();
    let settings = [
        "network.kind=\"unet\"",
        "score.strategy=\"uncertainty\"",
        "score.mc_dropout.samples=4",
    ];
    let model = train(&bench, "run", &settings);
    let (first, warning) = predicted(&model, &bench, "one", &[]);
    assert_eq!(warning, "");
    assert_eq!(first, predicted(&model, &bench, "two", &[]).0);
    let (other, warning) = predicted(&model, &bench, "three", &["--mc-samples", "9"]);
    assert_ne!(first, other);
    assert!(
        warning.contains("fitted with 4 dropout passes, not 9"),
        "{warning}"
    );
}

#[test]
fn eval_scores_one_model_by_several_strategies() {
    let bench = Workbench::new();
    let model = train(&bench, "run", &["score.strategy=\"fusion\""]);
    let data = text(&bench.category);
    let mut args = vec!["eval", text(&model), "--data", data, "--json", "--strategy"];
    args.extend(["residual", "uncertainty", "fusion", "--mc-samples", "4"]);
    let found = json(&ok(&args));
    let auroc = |strategy: &str| found[strategy]["metrics"]["pixel_auroc"].as_f64().unwrap();
    assert!((auroc("residual") - auroc("uncertainty")).abs() > 1e-9);
    assert!(auroc("fusion") > 0.0);
    // Only the strategy it was calibrated for has a threshold, and so a false-positive rate.
    assert!(found["fusion"]["fpr_on_good"].is_number());
    assert!(found["residual"]["fpr_on_good"].is_null());
    assert!(found["sampling_ms_per_image"].as_f64().unwrap() > 0.0);
}

#[test]
fn fusion_without_scales_and_rates_that_do_not_fit_are_exit_2() {
    let bench = Workbench::new();
    let model = train(&bench, "run", &[]);
    let data = text(&bench.category);
    let args = ["eval", text(&model), "--data", data, "--strategy", "fusion"];
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(stderr.contains("no scales for fusion"), "{stderr}");

    let out = bench.at("other");
    let mut args = vec!["train", data, "--out", text(&out)];
    args.extend(TINY);
    args.extend(["--set", "score.mc_dropout.rates=[0.5]"]);
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(stderr.contains("expected 3 rates"), "{stderr}");
}

#[test]
fn advice_is_measured_on_held_out_images_and_can_be_taken() {
    let bench = Workbench::new();
    let model = train(&bench, "run", &["score.mc_dropout.samples=3"]);
    let (data, out) = (text(&bench.category), bench.at("advice"));
    let mut args = vec!["advise", text(&model), "--data", data, "--out", text(&out)];
    args.extend(["--contrasts", "8", "64", "--write", "--json"]);
    let found = json(&ok(&args));
    let advice = &found["advice"];
    // 10 training images, a fifth of them held out; stain was trained on and is not planted.
    assert_eq!(advice["n_clean"], 2);
    assert_eq!(
        advice["families"],
        serde_json::json!(["scratch", "drops", "shade"])
    );
    assert_eq!(advice["rows"].as_array().unwrap().len(), 2 * 3);
    for file in ["advice.json", "advice.csv", "advice.svg"] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let after = json(&ok(&["inspect", text(&model), "--json"]));
    assert_eq!(after["score"]["strategy"], "auto");
    assert_eq!(after["score"]["advised"], advice["recommended"]);
    assert_eq!(after["calibration"]["n_images"], 2);
    predicted(&model, &bench, "results", &[]);
}

#[test]
fn a_stronger_defect_is_easier_to_tell() {
    let bench = Workbench::new();
    let model = train(&bench, "run", &["score.mc_dropout.samples=2"]);
    let mut args = vec!["advise", text(&model), "--data", text(&bench.category)];
    args.extend([
        "--contrasts",
        "1",
        "128",
        "--families",
        "scratch,warp,hairline",
        "--json",
    ]);
    let found = json(&ok(&args));
    let families = serde_json::json!(["scratch", "warp", "hairline"]);
    assert_eq!(found["advice"]["families"], families);
    let rows = found["advice"]["rows"].as_array().unwrap().clone();
    let residual = |contrast: f64, figure: &str| {
        let row = rows.iter().find(|row| {
            row["strategy"] == "residual"
                && (row["contrast"].as_f64().unwrap() - contrast).abs() < 0.5
        });
        row.unwrap()[figure].as_f64().unwrap()
    };
    for figure in ["pixel_auroc", "aupro_30"] {
        assert!(residual(128.0, figure) > residual(1.0, figure) + 0.1);
    }
}
