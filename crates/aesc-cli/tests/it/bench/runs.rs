//! Whole benchmarks on a tiny sample: plan, cells, report; interrupted, gone on with, repeated.

use std::path::Path;

use super::told;
use crate::{TINY, Workbench, json, ok, run, text};

fn bench_args<'a>(data: &'a str, category: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut args = vec![
        "bench",
        "run",
        "--data",
        data,
        "--category",
        category,
        "--out",
        out,
    ];
    args.extend(["--device", "cpu", "--threads", "2"]);
    args.extend(TINY);
    args
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn from_data_to_report_and_again_from_where_it_was() {
    let bench = Workbench::new();
    let out = bench.at("bench");
    let args = bench_args(text(&bench.data), name(&bench.category), text(&out));
    ok(&args);

    let report = json(&std::fs::read_to_string(out.join("report.json")).unwrap());
    let cells = report["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 8, "four cells by two strategies");
    for (i, cell) in cells.iter().enumerate() {
        assert_eq!(cell["category"], name(&bench.category));
        assert_eq!(cell["strategy"], ["residual", "uncertainty"][i % 2]);
        assert_eq!(cell["preset"], "sample");
        let auroc = cell["metrics"]["image_auroc"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&auroc));
        assert!(cell["metrics"]["aupro_30"].is_f64());
    }
    for file in ["plan.json", "report.md", "report.csv", "report.html"] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let html = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(
        html.contains("data:image/png;base64,"),
        "pictures are inside"
    );
    assert!(!html.contains("src=\"http"), "nothing comes from elsewhere");

    // One cell's result cut short, as a crash would: that cell alone is done again.
    let cell = std::fs::read_dir(out.join("cells"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let result = cell.join("result.json");
    let whole = std::fs::read_to_string(&result).unwrap();
    std::fs::write(&result, &whole[..whole.len() / 2]).unwrap();
    let status = json(&ok(&["bench", "status", "--out", text(&out), "--json"]));
    assert_eq!(
        (status["done"].as_u64(), status["missing"].as_u64()),
        (Some(3), Some(1))
    );
    ok(&args);
    let metrics = |text: &str| json(text)["scored"][0]["metrics"].clone();
    let again = std::fs::read_to_string(&result).unwrap();
    assert_eq!(
        metrics(&again),
        metrics(&whole),
        "the same cell has the same figures"
    );
}

#[test]
fn a_cell_that_fails_is_exit_20_named_and_its_mean_missing() {
    let bench = Workbench::new();
    let out = bench.at("bench");
    let mut args = bench_args(text(&bench.data), name(&bench.category), text(&out));
    args.extend(["--networks", "aesc", "--corruptions", "none", "stain"]);
    let mut planned = args.clone();
    planned[1] = "plan";
    ok(&planned);
    // The plan is made; a folder where the cell's model must go makes one cell fail.
    let plan = json(&std::fs::read_to_string(out.join("plan.json")).unwrap());
    let id = plan["cells"][0]["id"].as_str().unwrap();
    let blocked = out
        .join("cells")
        .join(id)
        .join("run")
        .join("model.aesc.safetensors");
    std::fs::create_dir_all(blocked.join("in the way")).unwrap();
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 20, "{stderr}");
    assert!(stderr.contains("aesc/none"), "{stderr}");
    let report = std::fs::read_to_string(out.join("report.md")).unwrap();
    assert!(report.contains("missing"), "{report}");
}

#[test]
fn every_network_is_trained_and_scored_by_every_strategy() {
    let bench = Workbench::new();
    let out = bench.at("bench");
    let mut args = bench_args(text(&bench.data), name(&bench.category), text(&out));
    args.extend(["--matrix", "sample", "--corruptions", "mix-structural"]);
    args.extend(["--strategies", "residual", "uncertainty", "fusion"]);
    ok(&args);
    let report = json(&std::fs::read_to_string(out.join("report.json")).unwrap());
    let cells = report["cells"].as_array().unwrap();
    let found: Vec<_> = cells
        .iter()
        .map(|cell| {
            (
                cell["network"].as_str().unwrap(),
                cell["strategy"].as_str().unwrap(),
            )
        })
        .collect();
    let strategies = ["residual", "uncertainty", "fusion"];
    let expected = ["ae", "aesc", "unet"].map(|network| strategies.map(|s| (network, s)));
    assert_eq!(found, expected.as_flattened());
}

#[test]
fn a_stored_cell_run_again_has_the_same_figures_to_the_bit() {
    let bench = Workbench::new();
    let (out, again) = (bench.at("bench"), bench.at("again"));
    let mut args = bench_args(text(&bench.data), name(&bench.category), text(&out));
    args.extend(["--networks", "aesc", "--corruptions", "none", "stain"]);
    ok(&args);
    let result = out.join("report.json");
    let cell = format!("{}/aesc/stain", name(&bench.category));
    let args = [
        "bench",
        "reproduce",
        text(&result),
        "--data",
        text(&bench.data),
    ];
    let more = [
        "--out",
        text(&again),
        "--cell",
        &cell,
        "--check-tolerance",
        "0",
    ];
    let told = told(&[&args[..], &more, &["--device", "cpu"]].concat());
    assert_eq!(told["n_same_bits"], told["n_figures"]);
    assert_eq!(told["n_figures"], 18, "nine metrics by two strategies");
    assert_eq!(told["made_otherwise"], serde_json::json!([]));
}

#[test]
fn weights_of_an_earlier_bench_are_scored_anew_as_if_trained_so() {
    let bench = Workbench::new();
    let (first, anew, fresh) = (bench.at("first"), bench.at("anew"), bench.at("fresh"));
    let run_in = |out: &Path, more: &[&str]| {
        let mut args = bench_args(text(&bench.data), name(&bench.category), text(out));
        args.extend(["--networks", "aesc", "--corruptions", "stain"]);
        args.extend(["--strategies", "residual"]);
        args.extend(more);
        ok(&args);
        let cells = std::fs::read_dir(out.join("cells")).unwrap();
        let cell = cells.map(|cell| cell.unwrap().path()).next().unwrap();
        json(&std::fs::read_to_string(cell.join("result.json")).unwrap())
    };
    let other_score = ["--set", "score.image.kind=l2"];
    let trained = run_in(&first, &[]);
    let adopted = run_in(
        &anew,
        &[&other_score[..], &["--weights-from", text(&first)]].concat(),
    );
    let expected = run_in(&fresh, &other_score);
    assert_eq!(
        adopted["scored"][0]["metrics"],
        expected["scored"][0]["metrics"]
    );
    assert_eq!(
        adopted["scored"][0]["threshold"],
        expected["scored"][0]["threshold"]
    );
    assert_ne!(
        adopted["scored"][0]["metrics"],
        trained["scored"][0]["metrics"]
    );
    // Nothing was trained: the very history is the other's, to the second.
    assert_eq!(adopted["training"], trained["training"]);
    assert_eq!(adopted["provenance"]["weights_of"], trained["cell"]["id"]);
    assert!(adopted["provenance"]["weights_commit"].is_string());
    assert_eq!(expected["provenance"].get("weights_of"), None);

    // Another training is nobody's: it is trained.
    let longer = bench.at("longer");
    let more = [
        "--set",
        "train.adam.beta1=0.8",
        "--weights-from",
        text(&first),
    ];
    let own = run_in(&longer, &more);
    assert_eq!(own["provenance"].get("weights_of"), None);
    let (code, _, stderr) = run(&[
        "bench",
        "run",
        "--data",
        text(&bench.data),
        "--out",
        text(&bench.at("none")),
        "--weights-from",
        text(&bench.data),
    ]);
    assert_eq!(code, 2, "{stderr}");
}
