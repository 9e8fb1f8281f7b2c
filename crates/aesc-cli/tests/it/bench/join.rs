//! Benches run apart, joined by their folders or stored reports.

use super::{Bench, lay_ready, told};
use crate::{json, ok, run, text};

/// Two finished benches of one seed each: image AUROC 0.8 and 0.9.
fn two_seeds(bench: &Bench) -> [std::path::PathBuf; 2] {
    ["0", "1"].map(|seed| {
        bench.plan(seed, &["--preset", "sample", "--seed", seed]);
        let out = bench.at(seed);
        lay_ready(&out, |cell| Some(if cell.seed == 0 { 0.8 } else { 0.9 }));
        ok(&["bench", "collect", "--out", text(&out)]);
        out
    })
}

#[test]
fn a_folder_and_a_stored_report_are_one_report() {
    let bench = Bench::new();
    let [zero, one] = two_seeds(&bench);
    let (stored, both) = (one.join("report.json"), bench.at("both"));
    let args = [
        "bench",
        "join",
        text(&zero),
        text(&stored),
        "--out",
        text(&both),
    ];
    let told = told(&args);
    let metrics = &told["means"][0]["metrics"];
    let mean = metrics["image_auroc"].as_f64().unwrap();
    assert!((mean - 0.85).abs() < 1e-12, "{mean}");
    assert_eq!(told["n_missing"], json("0"));
    for file in ["report.md", "report.csv", "report.json", "report.html"] {
        assert!(both.join(file).is_file(), "{file}");
    }
    // What was joined is joined again: all there already.
    let again = bench.at("again");
    let (both, again) = (text(&both), text(&again));
    assert!(ok(&["bench", "join", both, text(&zero), "--out", again]).contains("0.850 ± 0.071"));
}

#[test]
fn no_report_is_written_over() {
    let bench = Bench::new();
    let [zero, one] = two_seeds(&bench);
    let planned = bench.planned("planned");
    let home = bench.at("home");
    std::fs::create_dir(&home).unwrap();
    let kept = bench.file("home/report.json", "another");
    for out in [&one, &planned, &home] {
        let (code, _, stderr) =
            run(&["bench", "join", text(&zero), text(&one), "--out", text(out)]);
        assert_eq!(code, 2);
        assert!(
            stderr.contains("choose another folder with --out"),
            "{stderr}"
        );
    }
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "another");
}

#[test]
fn what_cannot_be_joined_is_named() {
    let bench = Bench::new();
    let [zero, _] = two_seeds(&bench);
    let other = bench.planned("other");
    lay_ready(&other, |_| Some(0.5));
    let (out, gone) = (bench.at("out"), bench.at("gone.json"));
    let join = |part| run(&["bench", "join", text(&zero), part, "--out", text(&out)]);
    let (code, _, stderr) = join(text(&other));
    assert_eq!(code, 2);
    assert!(stderr.contains("another result for cloth/"), "{stderr}");
    let (code, _, stderr) = join(text(&gone));
    assert_eq!(code, 2);
    assert!(stderr.contains("gone.json"), "{stderr}");
    let (code, _, stderr) = run(&["bench", "join", text(&zero), "--out", text(&out)]);
    assert_eq!(code, 2);
    assert!(stderr.contains("at least two reports"), "{stderr}");
    assert!(!out.exists());
}
