//! Stored results run again. The new results are laid ready, so that nothing has to be trained.

use serde_json::{Value, json};

use super::{Bench, lay_ready, pair, told};
use crate::{run, text};

/// A stored report of image AUROC 0.9 everywhere.
fn stored(bench: &Bench) -> String {
    let out = bench.planned("first");
    lay_ready(&out, |_| Some(0.9));
    crate::ok(&["bench", "collect", "--out", text(&out)]);
    text(&out.join("report.json")).to_owned()
}

/// The stored report with something changed, as another file.
fn changed(bench: &Bench, stored: &str, change: impl Fn(&mut Value)) -> String {
    let mut report = crate::json(&std::fs::read_to_string(stored).unwrap());
    change(&mut report);
    bench.file("changed.json", &report.to_string())
}

fn args(bench: &Bench, result: &str, more: &[&str]) -> Vec<String> {
    let (data, out) = (bench.at("data"), bench.at("again"));
    let first = [
        "bench",
        "reproduce",
        result,
        "--data",
        text(&data),
        "--out",
        text(&out),
    ];
    first.iter().chain(more).map(ToString::to_string).collect()
}

fn reproduce(bench: &Bench, result: &str, more: &[&str]) -> (i32, String, String) {
    run(&super::words(&args(bench, result, more)))
}

/// Runs it until the plan is made (it has nothing to train with, or trains nothing).
fn lay_again(bench: &Bench, result: &str, more: &[&str], auroc: f64) {
    let plan = aesc_bench::Plan::read(&bench.at("first")).unwrap();
    let wanted = told(&super::words(&args(
        bench,
        result,
        &[more, &["--dry-run"]].concat(),
    )));
    let wanted: Vec<_> = wanted["cells"].as_array().unwrap().clone();
    for cell in plan
        .cells
        .iter()
        .filter(|cell| wanted.contains(&json!(cell.label())))
    {
        super::result(cell, &plan.strategies, auroc)
            .write(&bench.at("again"))
            .unwrap();
    }
}

#[test]
fn a_dry_run_names_the_cells_and_writes_nothing() {
    let bench = Bench::new();
    let result = stored(&bench);
    let more = ["--cell", "cloth/aesc", "--dry-run"];
    let plan = told(&super::words(&args(&bench, &result, &more)));
    let expected = [
        "cloth/aesc/none/sample/seed 0",
        "cloth/aesc/stain/sample/seed 0",
    ];
    assert_eq!(plan["cells"], json!(expected));
    assert_eq!(plan["strategies"], json!(["residual", "uncertainty"]));
    // Each stored cell had one thread, which decides its last bits.
    assert_eq!(plan["threads"], 1);
    assert!(!bench.at("again").exists());
}

#[test]
fn equal_figures_are_told_as_equal_to_the_bit() {
    let bench = Bench::new();
    let result = stored(&bench);
    let more = ["--cell", "cloth/aesc/stain", "--check-tolerance", "0"];
    lay_again(&bench, &result, &more[..2], 0.9);
    let (code, stdout, stderr) = reproduce(&bench, &result, &more);
    assert_eq!(code, 0, "{stderr}");
    // Two strategies, three metrics.
    assert!(
        stdout.contains("6 of 6 figures are equal to the bit"),
        "{stdout}"
    );
    assert!(
        stdout.contains("same bits") && !stdout.contains("ae/none"),
        "{stdout}"
    );
    assert!(bench.at("again/report.html").is_file());
}

#[test]
fn other_figures_are_told_and_are_a_failure_only_beyond_a_tolerance() {
    let bench = Bench::new();
    let result = stored(&bench);
    lay_again(&bench, &result, &[], 0.875);
    let (code, stdout, stderr) = reproduce(&bench, &result, &[]);
    assert_eq!(code, 0, "{stderr}");
    // Of 4 cells x 2 strategies x 3 metrics the image AUROCs differ, by 0.025.
    assert!(
        stdout.contains("16 of 24 figures are equal to the bit"),
        "{stdout}"
    );
    assert!(
        stdout.contains("the largest difference is 0.0250"),
        "{stdout}"
    );
    let told = told(&super::words(&args(
        &bench,
        &result,
        &["--check-tolerance", "0.03"],
    )));
    assert_eq!(
        (&told["n_figures"], &told["n_same_bits"]),
        (&json!(24), &json!(16))
    );
    assert_eq!(told["figures"][0]["metric"], "image_auroc");
    let (code, _, stderr) = reproduce(&bench, &result, &["--check-tolerance", "0.02"]);
    assert_eq!(code, 21);
    assert!(
        stderr.contains("8 figure(s) differ by more than 0.02"),
        "{stderr}"
    );
    let said =
        "cloth/ae/none/sample/seed 0 by residual: image_auroc: expected 0.9000, found 0.8750";
    assert!(stderr.contains(said), "{stderr}");
}

#[test]
fn other_images_are_exit_3_naming_the_category() {
    let bench = Bench::new();
    let result = stored(&bench);
    let result = changed(&bench, &result, |report| {
        for cell in report["cells"].as_array_mut().unwrap() {
            cell["dataset_digest"] = json!("0123456789abcdef");
        }
    });
    let (code, _, stderr) = reproduce(&bench, &result, &["--dry-run"]);
    assert_eq!(code, 3, "{stderr}");
    assert!(
        stderr.contains("not the images of the stored results"),
        "{stderr}"
    );
    assert!(
        stderr.contains("cloth: expected digest 0123456789ab…, found "),
        "{stderr}"
    );
}

#[test]
fn results_that_cannot_be_compared_are_exit_2_saying_why() {
    let bench = Bench::new();
    let good = stored(&bench);
    let refused = |change: &dyn Fn(&mut Value), said: &[&str]| {
        let result = changed(&bench, &good, change);
        let (code, _, stderr) = reproduce(&bench, &result, &["--dry-run"]);
        assert_eq!(code, 2, "{stderr}");
        for said in said {
            assert!(stderr.contains(said), "{said}\n{stderr}");
        }
    };
    refused(
        &|report| report["results_version"] = json!(99),
        &["found 99", "changed on purpose", "commit c0ffee"],
    );
    refused(
        &|report| report["cells"][0]["config"]["network"]["wings"] = json!(2),
        &[
            "cloth/ae/none/sample/seed 0",
            "wings",
            "use the release that made it",
        ],
    );
    refused(
        &|report| report["cells"][0]["config"]["seed"] = json!(5),
        &["the file was edited"],
    );
    refused(
        &|report| report["plan"]["strategies"] = json!(["premonition"]),
        &["strategy premonition is unknown here"],
    );
    refused(&|report| report["format"] = json!(99), &["format", "99"]);
    let (code, _, stderr) = reproduce(&bench, &good, &["--cell", "cloth/none"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("no stored cell cloth/none"), "{stderr}");
    assert_eq!(reproduce(&bench, "absent.json", &[]).0, 2);
}

#[test]
fn settings_younger_than_the_results_keep_their_defaults_and_are_named() {
    let bench = Bench::new();
    let out = bench.planned("first");
    // As if `train.keep` had come after these results: they were stored without it.
    let mut plan = aesc_bench::Plan::read(&out).unwrap();
    for cell in &mut plan.cells {
        let mut config = cell.config.value();
        let train = config["train"].as_object_mut().unwrap();
        train.remove("keep");
        cell.config = config.into();
        *cell = cell.clone().identified();
    }
    std::fs::remove_file(out.join("plan.json")).unwrap();
    plan.write_new(&out).unwrap();
    lay_ready(&out, |cell| (pair(cell) == ("ae", "none")).then_some(0.9));
    run(&["bench", "collect", "--out", text(&out)]);
    let result = text(&out.join("report.json")).to_owned();
    let (code, stdout, stderr) = reproduce(&bench, &result, &["--dry-run"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("1 cells to run"), "{stdout}");
    assert!(stderr.contains("younger than these results") && stderr.contains("train.keep"));
}

#[test]
fn the_stored_results_are_not_compared_with_themselves() {
    let bench = Bench::new();
    let result = stored(&bench);
    let (data, out) = (bench.at("data"), bench.at("first"));
    let place = ["--data", text(&data), "--out", text(&out)];
    let (code, _, stderr) = run(&[&["bench", "reproduce", &result][..], &place].concat());
    assert_eq!(code, 2, "{stderr}");
    assert!(
        stderr.contains("found that of the stored results"),
        "{stderr}"
    );
}
