//! Regression gates: made from results, held, fallen.

use std::path::PathBuf;

use super::{Bench, lay_ready, pair, told, words};
use crate::{json, ok, run, text};

/// A finished bench with image AUROC 0.9 everywhere, and the baseline made of it.
fn gated() -> (Bench, PathBuf, String) {
    let bench = Bench::new();
    let out = bench.planned("bench");
    lay_ready(&out, |_| Some(0.9));
    let made = ok(&[
        "bench",
        "baseline",
        "--out",
        text(&out),
        "--tolerance",
        "0.05",
    ]);
    let file = bench.file("baseline.toml", &made);
    (bench, out, file)
}

fn check<'a>(out: &'a str, baseline: &'a str) -> Vec<&'a str> {
    vec!["bench", "check", "--out", out, "--baseline", baseline]
}

#[test]
fn a_baseline_has_a_line_a_gate_and_is_passed_by_its_own_results() {
    let (_bench, out, file) = gated();
    let made = std::fs::read_to_string(&file).unwrap();
    let line = r#"{ network = "aesc", corruption = "stain", strategy = "uncertainty", metric = "image_auroc", value = 0.9, tolerance = 0.05 },"#;
    assert!(made.contains(line), "{made}");
    assert!(made.contains("from bench of c0ffee") && made.contains("preset = \"sample\""));
    let checked = told(&check(text(&out), &file));
    // Four cells, two strategies, three metrics.
    assert_eq!(
        (&checked["n_gates"], &checked["n_failed"]),
        (&json("24"), &json("0"))
    );
}

#[test]
fn a_baseline_may_gate_some_columns_and_strategies_only() {
    let (_bench, out, _) = gated();
    let mut args = vec!["bench", "baseline", "--out", text(&out), "--metric"];
    args.extend(["aupro_30", "--column", "aesc/stain", "ae/none"]);
    args.extend(["--strategy", "residual"]);
    let made = ok(&args);
    assert_eq!(made.matches("strategy = \"residual\"").count(), 2, "{made}");
    assert!(!made.contains("uncertainty"), "{made}");
    args.push("fusion");
    args.retain(|word| *word != "residual");
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(stderr.contains("no cell is of the columns"), "{stderr}");
}

#[test]
fn a_figure_that_fell_is_exit_21_named_with_what_was_expected() {
    let (_bench, out, file) = gated();
    lay_ready(&out, |cell| {
        Some(if pair(cell) == ("aesc", "stain") {
            0.8
        } else {
            0.9
        })
    });
    let expected = "cloth/aesc/stain by residual: image AUROC fell by 0.1000: expected at least \
                    0.8500, found 0.8000";
    let (code, stdout, stderr) = run(&check(text(&out), &file));
    assert_eq!(code, 21, "{stderr}");
    assert!(
        stderr.contains(expected) && stderr.contains("2 gate(s)"),
        "{stderr}"
    );
    assert!(
        stdout.contains("cloth/ae/none by residual: image AUROC holds"),
        "{stdout}"
    );
    let args = ["bench", "run", "--out", text(&out), "--check", &file];
    let (code, stdout, stderr) = run(&args);
    assert_eq!(code, 21, "{stderr}");
    assert!(stderr.contains(expected), "{stderr}");
    assert!(stdout.contains("22 of 24 gates hold"), "{stdout}");
    let (_, stdout, _) = run(&[&args[..], &["--json"]].concat());
    assert_eq!(json(&stdout)["check"]["n_failed"], 2);
}

#[test]
fn a_gated_cell_without_result_is_exit_21_and_an_ungated_one_exit_20() {
    let (bench, out, file) = gated();
    let part = bench.planned("part");
    lay_ready(&part, |cell| (pair(cell) != ("ae", "none")).then_some(0.9));
    let (code, _, stderr) = run(&check(text(&part), &file));
    assert_eq!(code, 21);
    assert!(
        stderr.contains("cloth/ae/none by residual: image AUROC is missing"),
        "{stderr}"
    );
    let whole = std::fs::read_to_string(&file).unwrap();
    let without: String = whole
        .lines()
        .filter(|l| !l.contains("\"none\""))
        .map(|l| format!("{l}\n"))
        .collect();
    let file = bench.file("without.toml", &without);
    ok(&check(text(&part), &file));
    ok(&check(text(&out), &file));
    let args = [
        "bench",
        "run",
        "--out",
        text(&part),
        "--only-missing",
        "--dry-run",
    ];
    assert_eq!(
        told(&[&args[..], &["--check", &file]].concat())["n_to_run"],
        1
    );
}

#[test]
fn what_cannot_pass_is_refused_before_anything_is_trained() {
    let (bench, _, file) = gated();
    let args = bench.args("run", "other", &["--preset", "quick", "--check", &file]);
    let (code, _, stderr) = run(&words(&args));
    assert_eq!(code, 21, "{stderr}");
    assert!(stderr.contains("no such cell was planned"), "{stderr}");
    assert!(
        stderr.contains("the baseline is of preset sample"),
        "{stderr}"
    );
    assert!(!bench.at("other").exists());
    let args = bench.args("run", "other", &["--check", "absent.toml"]);
    assert_eq!(run(&words(&args)).0, 2);
}

#[test]
fn a_stored_report_serves_as_well_as_a_folder() {
    let (_bench, out, file) = gated();
    ok(&["bench", "collect", "--out", text(&out)]);
    let report = out.join("report.json");
    let stored = ["--report", text(&report)];
    ok(&[&["bench", "check", "--baseline", &file], &stored[..]].concat());
    let made = ok(&[&["bench", "baseline"], &stored[..]].concat());
    assert_eq!(made.trim(), std::fs::read_to_string(&file).unwrap().trim());
    assert_eq!(run(&["bench", "baseline"]).0, 2, "results must be named");
}

#[test]
fn a_baseline_that_is_wrong_is_exit_2_with_line_and_suggestion() {
    let (bench, out, file) = gated();
    let good = std::fs::read_to_string(&file).unwrap();
    for (from, to, said) in [
        ("image_auroc", "image_aurok", "did you mean `image_auroc`?"),
        ("tolerance =", "tolerence =", "did you mean `tolerance`?"),
        (
            "results_version = 1",
            "results_version = 99",
            "make it anew",
        ),
        ("value = 0.9", "value = 9.0", "expected 0..=1, found 9"),
    ] {
        let wrong = bench.file("wrong.toml", &good.replacen(from, to, 1));
        let (code, _, stderr) = run(&check(text(&out), &wrong));
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
        let is_shown = said.contains("anew") || stderr.contains("wrong.toml:");
        assert!(is_shown, "{stderr}");
    }
    let args = [&check(text(&out), &file)[..], &["--category", "teapot"]].concat();
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("no gate for teapot; it has gates for cloth"),
        "{stderr}"
    );
}

#[test]
fn no_baseline_is_made_of_part_of_the_results_or_of_an_unknown_metric() {
    let (bench, out, _) = gated();
    let part = bench.planned("part");
    let (code, _, stderr) = run(&["bench", "baseline", "--out", text(&part)]);
    assert_eq!(code, 2);
    assert!(stderr.contains("4 cells have no result"), "{stderr}");
    let args = [
        "bench",
        "baseline",
        "--out",
        text(&out),
        "--metric",
        "auroc",
    ];
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(stderr.contains("image_auroc"), "{stderr}");
}
