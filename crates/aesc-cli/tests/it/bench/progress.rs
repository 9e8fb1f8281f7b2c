//! Benches in the middle of their work: status, collect, and going on.

use aesc_bench::{CellFailure, FORMAT, FolderLock, Plan, cell_dir, failure_path};

use super::{Bench, lay_ready, pair, told};
use crate::{json, ok, run, text};

/// ae/none done, ae/stain failed by exit code 3, aesc/none running with two epochs, aesc/stain
/// stopped after one; the lock is that of the running cell.
fn in_the_middle(bench: &Bench) -> FolderLock {
    let out = bench.planned("bench");
    let plan = Plan::read(&out).unwrap();
    lay_ready(&out, |cell| (pair(cell) == ("ae", "none")).then_some(0.9));
    let id = |i: usize| plan.cells[i].id.as_str();
    let failure = CellFailure {
        format: FORMAT,
        exit_code: Some(3),
        signal: None,
        reason: "no such image".to_owned(),
        attempts: 1,
    };
    for i in 1..4 {
        std::fs::create_dir_all(cell_dir(&out, id(i)).join("run")).unwrap();
    }
    let failure = serde_json::to_string(&failure).unwrap();
    std::fs::write(failure_path(&out, id(1)), failure).unwrap();
    let row = r#"{"epoch":1,"step":125,"loss":0.1,"validation_psnr_db":20.0,"secs":30.0}"#;
    for (i, rows) in [(2, [row, row].join("\n")), (3, row.to_owned())] {
        std::fs::write(cell_dir(&out, id(i)).join("run/metrics.jsonl"), rows).unwrap();
    }
    FolderLock::acquire(&cell_dir(&out, id(2))).unwrap()
}

#[test]
fn status_counts_cells_epochs_and_times() {
    let bench = Bench::new();
    let _lock = in_the_middle(&bench);
    let out = bench.at("bench");
    let status = told(&["bench", "status", "--out", text(&out)]);
    for (state, n) in [("done", 1), ("failed", 1), ("running", 1), ("missing", 1)] {
        assert_eq!(status[state], n, "{state}");
    }
    // A minute of the finished cell, and three epochs of half a minute each.
    assert_eq!(status["training_secs"], 60.0 + 3.0 * 30.0);
    let states: Vec<_> = (0..4)
        .map(|i| status["cells"][i]["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["done", "failed", "running", "missing"]);
    let epochs: Vec<_> = (1..4)
        .map(|i| status["cells"][i]["epochs"].as_u64().unwrap())
        .collect();
    assert_eq!(epochs, [0, 2, 1]);
    // The preset `sample` has 500 steps, an epoch 125.
    assert_eq!(status["cells"][2]["epochs_planned"], 4);
    assert_eq!(status["epochs_planned"], 16);
    let text = ok(&["bench", "status", "--out", text(&out)]);
    for said in [
        "exit code 3: no such image",
        "running  cloth/aesc/none/sample/seed 0  2 of 4 epochs, 60 s",
        "1 done, 1 failed, 1 running, 1 missing",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn what_is_there_is_collected_beside_a_running_bench_and_exit_20_names_the_rest() {
    let bench = Bench::new();
    let _cell = in_the_middle(&bench);
    let out = bench.at("bench");
    let _bench = FolderLock::acquire(&out).unwrap();
    let (code, stdout, stderr) = run(&["bench", "collect", "--out", text(&out)]);
    assert_eq!(code, 20, "{stderr}");
    assert!(stdout.contains("report.html"), "{stdout}");
    assert!(stderr.contains("3 cell(s) have no result") && stderr.contains("cloth/ae/stain"));
    let report = json(&std::fs::read_to_string(out.join("report.json")).unwrap());
    assert_eq!(report["missing"].as_array().unwrap().len(), 3);
    assert_eq!(
        report["cells"].as_array().unwrap().len(),
        2,
        "one cell, two strategies"
    );
}

#[test]
fn only_missing_leaves_a_failed_cell_alone() {
    let bench = Bench::new();
    drop(in_the_middle(&bench));
    let out = bench.at("bench");
    let to_run = |more: &[&str]| {
        let args = ["bench", "run", "--out", text(&out), "--dry-run"];
        let plan = told(&[&args[..], more].concat());
        let cells = plan["cells"].as_array().unwrap().clone();
        let told = cells.iter().map(|cell| cell.as_str().unwrap().to_owned());
        told.collect::<Vec<_>>()
    };
    let missing = [
        "cloth/aesc/none/sample/seed 0",
        "cloth/aesc/stain/sample/seed 0",
    ];
    assert_eq!(to_run(&["--only-missing"]), missing);
    assert_eq!(to_run(&[])[..1], ["cloth/ae/stain/sample/seed 0"]);
    assert_eq!(to_run(&[])[1..], missing);
    // With the other two done, there is nothing to run, and the failed one is still told.
    lay_ready(&out, |cell| (pair(cell) != ("ae", "stain")).then_some(0.9));
    let (code, _, stderr) = run(&["bench", "run", "--out", text(&out), "--only-missing"]);
    assert_eq!(code, 20, "{stderr}");
    assert!(
        stderr.contains("1 cell(s)") && stderr.contains("no such image"),
        "{stderr}"
    );
}

#[test]
fn run_goes_on_with_the_plan_in_its_folder() {
    let bench = Bench::new();
    let out = bench.planned("bench");
    lay_ready(&out, |_| Some(0.9));
    let plan = std::fs::read(out.join("plan.json")).unwrap();
    ok(&["bench", "run", "--out", text(&out)]);
    assert!(out.join("report.html").is_file());
    assert_eq!(std::fs::read(out.join("plan.json")).unwrap(), plan);
}

#[test]
fn without_data_only_a_plan_that_is_there_can_be_run() {
    let bench = Bench::new();
    let absent = bench.at("absent");
    let (code, _, stderr) = run(&["bench", "run", "--out", text(&absent)]);
    assert_eq!(code, 2);
    assert!(stderr.contains("no plan at"), "{stderr}");
    let out = bench.planned("bench");
    for more in [
        ["--preset", "quick"],
        ["--seeds", "3"],
        ["--category", "cloth"],
        ["--set", "train.steps=5"],
        ["--seed", "3"],
    ] {
        let (code, _, stderr) = run(&[&["bench", "run", "--out", text(&out)], &more[..]].concat());
        assert_eq!(code, 2, "{more:?}");
        assert!(stderr.contains("--data DIR"), "{stderr}");
    }
}
