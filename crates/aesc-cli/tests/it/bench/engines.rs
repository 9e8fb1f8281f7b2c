//! Engines from outside: lines for a shell, job arrays over fake commands, workers and leases.

use std::path::{Path, PathBuf};

use aesc_bench::{CellFailure, Plan, cell_dir, failure_path, job_name};
use serde_json::Value;

use super::{Bench, lay_ready, pair};
use crate::{aesc, json, ok, run, text};

/// A folder of fake commands; each writes its words down and prints what lies ready.
struct Slurm {
    folder: PathBuf,
}

impl Slurm {
    fn new(bench: &Bench) -> Self {
        let folder = bench.at("slurm-bin");
        std::fs::create_dir(&folder).unwrap();
        let script = "#!/bin/sh\necho \"$*\" >> \"$0.calls\"\n[ ! -e \"$0.down\" ] || { echo down >&2; exit 1; }\n\
                      cat \"$0.says\" 2>/dev/null || true\n";
        for name in ["sbatch", "squeue", "scontrol", "scancel"] {
            let source = folder.join("source");
            std::fs::write(&source, script).unwrap();
            let mut install = std::process::Command::new("install");
            install
                .args(["-m", "755"])
                .arg(source)
                .arg(folder.join(name));
            assert!(install.status().unwrap().success());
        }
        let slurm = Self { folder };
        slurm.says("sbatch", "17\n");
        slurm
    }

    fn says(&self, command: &str, text: &str) {
        std::fs::write(self.folder.join(format!("{command}.says")), text).unwrap();
    }

    fn calls(&self, command: &str) -> Vec<String> {
        let calls = self.folder.join(format!("{command}.calls"));
        let text = std::fs::read_to_string(calls).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Exit code, stdout and stderr of the program with these commands in its path.
    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
        let path = format!("{}:{}", text(&self.folder), std::env::var("PATH").unwrap());
        let mut command = aesc(args);
        command.env("PATH", path).envs(variables.iter().copied());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        (code, text(output.stdout), text(output.stderr))
    }

    fn told(&self, args: &[&str]) -> Value {
        let (code, stdout, stderr) = self.run(&[args, &["--json"]].concat(), &[]);
        assert_eq!(code, 0, "{stderr}");
        json(&stdout)
    }
}

#[test]
fn print_gives_a_line_a_missing_cell_and_nothing_for_none() {
    let bench = Bench::new();
    let out = bench.planned("my bench");
    lay_ready_of_this_build(&out, &[0, 1]);
    let args = [
        "bench",
        "run",
        "--out",
        text(&out),
        "--engine",
        "print",
        "--threads",
        "3",
    ];
    let lines = ok(&args);
    let plan = Plan::read(&out).unwrap();
    assert_eq!(lines.lines().count(), 2);
    for (line, cell) in lines.lines().zip(&plan.cells[2..]) {
        let words = format!(
            "'{}' --cell {} --threads 3 --device auto",
            text(&out),
            cell.id
        );
        assert!(line.contains(&words), "{line}");
    }
    // Whoever runs the lines elsewhere is told where weights are, by full names.
    let from = [&args[..], &["--weights-from", text(&out)]].concat();
    let words = format!("--weights-from '{}'", text(&out));
    assert!(ok(&from).lines().all(|line| line.contains(&words)));
    lay_ready_of_this_build(&out, &[0, 1, 2, 3]);
    assert_eq!(ok(&args), "");
}

/// Results of some cells, made by the program under test.
fn lay_ready_of_this_build(out: &Path, cells: &[usize]) {
    let plan = Plan::read(out).unwrap();
    let wanted: Vec<&str> = cells.iter().map(|&i| plan.cells[i].id.as_str()).collect();
    lay_ready(out, |cell| {
        wanted.contains(&cell.id.as_str()).then_some(0.9)
    });
    let version = ok(&["--version"]);
    let (_, build) = version.trim().split_once("commit ").unwrap();
    let (commit, libtorch) = build.trim_end_matches(')').split_once(", ").unwrap();
    for id in wanted {
        let path = aesc_bench::result_path(out, id);
        let mut result = aesc_bench::CellResult::read(&path).unwrap();
        result.provenance["commit"] = commit.trim_end_matches("-dirty").into();
        result.provenance["dirty"] = commit.ends_with("-dirty").into();
        result.provenance["libtorch"] = libtorch.into();
        result.write(out).unwrap();
    }
}

#[test]
fn results_of_another_build_are_not_added_to() {
    let bench = Bench::new();
    let slurm = Slurm::new(&bench);
    let out = bench.planned("bench");
    lay_ready_of_this_build(&out, &[0]);
    let path = aesc_bench::result_path(&out, &Plan::read(&out).unwrap().cells[0].id);
    let mut result = aesc_bench::CellResult::read(&path).unwrap();
    result.provenance["libtorch"] = "libtorch 1.0".into();
    result.write(&out).unwrap();
    let args = ["bench", "run", "--out", text(&out), "--engine", "slurm"];
    let (code, _, stderr) = slurm.run(&args, &[]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("with libtorch 1.0, this program is"),
        "{stderr}"
    );
    assert!(slurm.calls("sbatch").is_empty());
}

#[test]
fn slurm_gets_the_missing_cells_and_the_user_is_told_where_they_are() {
    let bench = Bench::new();
    let slurm = Slurm::new(&bench);
    let out = bench.planned("bench");
    lay_ready_of_this_build(&out, &[0]);
    let mut args = vec!["bench", "run", "--out", text(&out), "--engine", "slurm"];
    args.extend([
        "--partition",
        "gpu",
        "--gres",
        "gpu:1",
        "--max-parallel",
        "2",
    ]);
    args.extend(["--sbatch-arg=--time=60", "--cells-per-task", "2"]);
    let told = slurm.told(&args);
    assert_eq!(
        told["jobs"][0],
        serde_json::json!({ "job": "17", "n_tasks": 2, "n_cells": 3 })
    );
    assert_eq!(
        (&told["collector"], &told["n_missing"]),
        (&"17".into(), &3.into())
    );
    let script = std::fs::read_to_string(out.join("slurm/job.sbatch")).unwrap();
    for line in [
        "#SBATCH --partition=gpu",
        "#SBATCH --gres=gpu:1",
        "#SBATCH --time=60",
    ] {
        assert!(script.contains(line), "{script}");
    }
    assert!(slurm.calls("sbatch")[0].contains("--array=1-2%2"));

    // The first task runs, the second waits: status tells so, and the same command adds nothing.
    slurm.says(
        "squeue",
        "17|1|RUNNING|n1|1|None\n17|2|PENDING||1|JobArrayTaskLimit\n",
    );
    let status = slurm.told(&["bench", "status", "--out", text(&out)]);
    let counts = ["done", "running", "queued", "missing"].map(|state| status[state].clone());
    assert_eq!(counts, [1, 2, 1, 0].map(Value::from));
    assert_eq!(status["cells"][3]["job"], "17_2");
    let (code, stdout, _) = slurm.run(&["bench", "status", "--out", text(&out)], &[]);
    assert_eq!(code, 0);
    assert!(
        stdout.contains("job 17_1 on n1") && stdout.contains("1 queued"),
        "{stdout}"
    );
    let (_, stdout, _) = slurm.run(&args, &[]);
    assert!(
        stdout.contains("3 cells were in the queue before"),
        "{stdout}"
    );
    assert_eq!(slurm.calls("sbatch").len(), 2);

    // A result is believed before the queue; a queue that is silent costs only what it would say.
    lay_ready_of_this_build(&out, &[0, 1]);
    assert_eq!(
        slurm.told(&["bench", "status", "--out", text(&out)])["done"],
        2
    );
    std::fs::write(slurm.folder.join("squeue.down"), "").unwrap();
    let (code, stdout, stderr) = slurm.run(&["bench", "status", "--out", text(&out)], &[]);
    assert!(code == 0 && stdout.contains("2 done"), "{stdout}");
    assert!(
        stderr.contains("which cells are queued is unknown"),
        "{stderr}"
    );
}

#[test]
fn with_every_result_there_slurms_command_prints_the_table_as_local_does() {
    let bench = Bench::new();
    let slurm = Slurm::new(&bench);
    let out = bench.planned("bench");
    lay_ready_of_this_build(&out, &[0, 1, 2, 3]);
    let local = ok(&["bench", "run", "--out", text(&out)]);
    let args = ["bench", "run", "--out", text(&out), "--engine", "slurm"];
    assert_eq!(slurm.run(&args, &[]).1, local);
    assert!(slurm.calls("sbatch").is_empty() && out.join("report.html").is_file());
}

#[test]
fn cancel_takes_a_benchs_jobs_and_no_other() {
    let bench = Bench::new();
    let slurm = Slurm::new(&bench);
    let out = bench.planned("bench");
    let cancel = ["bench", "cancel", "--out", text(&out)];
    let (code, _, stderr) = slurm.run(&cancel, &[]);
    assert!(
        code == 2 && stderr.contains("expected a bench given to Slurm"),
        "{stderr}"
    );
    slurm.told(&["bench", "run", "--out", text(&out), "--engine", "slurm"]);
    slurm.says(
        "squeue",
        "17|1|RUNNING|n1|1|None\n17|2|PENDING||1|x\n18|N/A|PENDING||collect|x\n",
    );
    let told = slurm.told(&cancel);
    assert_eq!(
        (&told["n_waiting"], &told["n_running"]),
        (&2.into(), &1.into())
    );
    let name = job_name(&out.canonicalize().unwrap());
    assert_eq!(slurm.calls("scancel"), [format!("--name {name}")]);
    slurm.says("squeue", "");
    slurm.told(&cancel);
    assert_eq!(
        slurm.calls("scancel").len(),
        1,
        "nothing is there to cancel"
    );
}

#[test]
fn options_of_one_engine_are_refused_with_another() {
    let bench = Bench::new();
    let out = bench.planned("bench");
    for (more, said) in [
        (
            &["--partition", "gpu"][..],
            "--partition goes with --engine slurm",
        ),
        (
            &["--engine", "print", "--gres", "gpu:1"],
            "--gres goes with --engine slurm",
        ),
        (&["--engine", "slurm", "--jobs", "2"], "--max-parallel"),
        (
            &["--engine", "slurm", "--max-parallel", "0"],
            "--max-parallel",
        ),
        (
            &["--engine", "slurm", "--sbatch-arg", "time=1"],
            "found \"time=1\"",
        ),
    ] {
        let (code, _, stderr) = run(&[&["bench", "run", "--out", text(&out)], more].concat());
        assert!(
            code == 2 && stderr.contains(said),
            "{more:?}: {code} {stderr}"
        );
    }
    assert!(!out.join("slurm").exists());
}

#[test]
fn a_worker_passes_by_what_is_done_and_refuses_another_build() {
    let bench = Bench::new();
    let out = bench.planned("bench");
    lay_ready(&out, |cell| (pair(cell).0 == "ae").then_some(0.9));
    let plan = Plan::read(&out).unwrap();
    let mut args = vec!["bench", "run-cell", "--out", text(&out), "--cell"];
    args.extend([plan.cells[0].id.as_str(), plan.cells[1].id.as_str()]);
    ok(&args);
    args.extend(["--built-from", "commit c0ffee with libtorch 1.0"]);
    let (code, _, stderr) = run(&args);
    assert!(code == 2 && stderr.contains("built anew"), "{stderr}");
}

#[test]
fn a_cell_that_another_machine_is_doing_is_left_to_it_with_code_75() {
    let bench = Bench::new();
    let out = bench.planned("bench");
    let id = &Plan::read(&out).unwrap().cells[0].id;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.unwrap().as_secs();
    let lease = |heartbeat: u64| {
        format!(
            "{{\"host\": \"elsewhere\", \"pid\": 7, \"job\": \"17_3\", \"since_nanos\": 1, \
             \"heartbeat_secs\": {heartbeat}}}"
        )
    };
    let folder = cell_dir(&out, id);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("lease.json"), lease(now)).unwrap();
    let (code, _, stderr) = run(&["bench", "run-cell", "--out", text(&out), "--cell", id]);
    assert_eq!(code, 75, "{stderr}");
    assert!(
        stderr.contains("process 7 on elsewhere (job 17_3)"),
        "{stderr}"
    );
    assert!(!failure_path(&out, id).exists());
    let status = crate::json(&ok(&["bench", "status", "--out", text(&out), "--json"]));
    assert_eq!(status["running"], 1);
    // Ten minutes without a heartbeat: it is dead.
    std::fs::write(folder.join("lease.json"), lease(now - 600)).unwrap();
    let status = crate::json(&ok(&["bench", "status", "--out", text(&out), "--json"]));
    assert_eq!(status["running"], 0);
    run(&["bench", "run-cell", "--out", text(&out), "--cell", id]);
    assert!(
        !folder.join("lease.json").exists(),
        "taken over and given back"
    );
}

/// A device that is not there fails in every binary: in one without libtorch before it is opened.
#[test]
fn a_device_that_fails_is_tried_elsewhere_twice_and_then_recorded() {
    let bench = Bench::new();
    let slurm = Slurm::new(&bench);
    slurm.says("squeue", "RUNNING\n");
    let out = trainable(&bench);
    let id = &Plan::read(&out).unwrap().cells[0].id;
    let worker = |restarts: &str, more: &[&str]| {
        let task = [
            ("SLURM_ARRAY_JOB_ID", "17"),
            ("SLURM_ARRAY_TASK_ID", "3"),
            ("SLURM_RESTART_COUNT", restarts),
        ];
        let args = [
            "bench",
            "run-cell",
            "--out",
            text(&out),
            "--cell",
            id,
            "--device",
            "cuda:99",
        ];
        slurm.run(&[&args, more].concat(), &task)
    };
    assert_eq!(
        worker("0", &[]).0,
        5,
        "it is not told that the task is its own"
    );
    assert!(slurm.calls("scontrol").is_empty());
    assert_eq!(worker("1", &["--requeue"]).0, 75);
    assert_eq!(slurm.calls("scontrol"), ["requeue 17_3"]);
    assert!(!failure_path(&out, id).exists());
    let (code, _, stderr) = worker("2", &["--requeue"]);
    assert_eq!(code, 5, "{stderr}");
    assert_eq!(slurm.calls("scontrol").len(), 1);
    let failure = CellFailure::read(&failure_path(&out, id)).unwrap();
    assert_eq!((failure.exit_code, failure.attempts), (Some(5), 3));
}

#[cfg(not(feature = "libtorch"))]
fn trainable(bench: &Bench) -> PathBuf {
    bench.planned("bench")
}

/// A plan on images that can be read: with libtorch they are, before the device is opened.
#[cfg(feature = "libtorch")]
fn trainable(bench: &Bench) -> PathBuf {
    let (data, out) = (bench.at("sample"), bench.at("bench"));
    crate::sample(&data);
    let place = [
        "--data",
        text(&data),
        "--out",
        text(&out),
        "--category",
        "cloth",
    ];
    ok(&[&["bench", "plan"], &place[..], &crate::TINY].concat());
    out
}
