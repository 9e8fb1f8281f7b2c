//! The local engine over a fake program: a shell script that does what a cell may do.
#![cfg(unix)]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aesc_bench::{
    BenchError, CellFailure, CellSpec, CellState, Engine, Event, LocalEngine, Outcome, Plan,
    RunContext, Worker, cell_dir, failure_path, log_path,
};

use crate::made;

/// Given to every fake: $dir is the cell's folder, $id its id, `n` the number of this attempt.
const PREAMBLE: &str = r#"#!/bin/sh
[ "$1 $2 $3 $5 $7" = "bench run-cell --out --cell --threads" ] || { echo "odd arguments: $*"; exit 2; }
out=$4 id=$6 dir=$4/cells/$6
echo x >> "$dir/attempts"
n=$(wc -l < "$dir/attempts")
finish() { cp "$out/ready/$id.json" "$dir/result.json"; }
"#;

/// A plan of two cells with their results laid ready, and a fake program.
struct Bench {
    dir: tempfile::TempDir,
    plan: Plan,
    engine: LocalEngine,
    stop: AtomicBool,
    terminate: AtomicBool,
}

impl Bench {
    fn new(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cells = vec![
            made::cell("cloth", "ae", "none", 0),
            made::cell("cloth", "ae", "stain", 0),
        ];
        let plan = made::plan(cells);
        plan.write_new(dir.path()).unwrap();
        std::fs::create_dir(dir.path().join("ready")).unwrap();
        for cell in &plan.cells {
            let json = serde_json::to_vec(&made::result(cell, 0.9)).unwrap();
            std::fs::write(dir.path().join(format!("ready/{}.json", cell.id)), json).unwrap();
        }
        let program = dir.path().join("fake");
        write_program(&program, &format!("{PREAMBLE}{script}"));
        let worker = Worker {
            program,
            threads: 2,
            extra_args: vec!["--device".to_owned(), "cpu".to_owned()],
        };
        let engine = LocalEngine { worker, jobs: 1 };
        Self {
            dir,
            plan,
            engine,
            stop: AtomicBool::new(false),
            terminate: AtomicBool::new(false),
        }
    }

    fn run(&self, mut on: impl FnMut(&Event<'_>)) -> (Result<Outcome, BenchError>, Vec<String>) {
        let context = RunContext {
            dir: self.dir.path(),
            stop: &self.stop,
            terminate: &self.terminate,
        };
        let mut told = Vec::new();
        let missing = self.plan.missing(self.dir.path());
        let outcome = self.engine.run(&missing, &context, &mut |event| {
            on(&event);
            told.extend(short(&event));
        });
        (outcome, told)
    }

    fn id(&self, i: usize) -> String {
        self.plan.cells[i].id.clone()
    }

    fn attempts(&self, i: usize) -> usize {
        let path = cell_dir(self.dir.path(), &self.id(i)).join("attempts");
        std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
    }
}

/// Written by a child process: a thread that forks while this one holds the file open for writing
/// would make it "text file busy".
pub(crate) fn write_program(path: &Path, script: &str) {
    let source = path.with_extension("sh");
    std::fs::write(&source, script).unwrap();
    let copied = std::process::Command::new("install")
        .args(["-m", "755"])
        .args([&source, &path.to_owned()])
        .status();
    assert!(copied.unwrap().success());
}

fn short(event: &Event<'_>) -> Option<String> {
    let name = |cell: &CellSpec| cell.corruption.clone();
    Some(match event {
        Event::Started { cell, attempt } => format!("start {} {attempt}", name(cell)),
        Event::Finished { cell, .. } => format!("finish {}", name(cell)),
        Event::Killed { cell, how } => format!("kill {} {how}", name(cell)),
        Event::Failed { cell, .. } => format!("fail {}", name(cell)),
        Event::Stopped { cell } => format!("stop {}", name(cell)),
        _ => return None,
    })
}

#[test]
fn cells_run_in_order_with_their_arguments_and_logs() {
    let bench = Bench::new("echo \"args: $*\"; echo to stderr >&2; finish");
    let (outcome, told) = bench.run(|_| ());
    let outcome = outcome.unwrap();
    assert_eq!(outcome.done, [bench.id(0), bench.id(1)]);
    assert_eq!(
        told,
        [
            "start none 1",
            "finish none",
            "start stain 1",
            "finish stain"
        ]
    );
    let log = std::fs::read_to_string(log_path(bench.dir.path(), &bench.id(0))).unwrap();
    assert!(
        log.contains("--threads 2 --device cpu") && log.contains("to stderr"),
        "{log}"
    );
    assert!(bench.plan.missing(bench.dir.path()).is_empty());
    assert!(!outcome.interrupted);
}

#[test]
fn two_jobs_run_at_once() {
    // Each waits until both have started; one after the other, the first would give up.
    let script = r#"i=0; while [ "$(cat "$out"/cells/*/attempts | wc -l)" -lt 2 ]; do
        i=$((i+1)); [ $i -gt 200 ] && { echo alone; exit 1; }; sleep 0.05; done; finish"#;
    let mut bench = Bench::new(script);
    bench.engine.jobs = 2;
    let (outcome, _) = bench.run(|_| ());
    assert_eq!(outcome.unwrap().done.len(), 2);
}

#[test]
fn a_cell_that_fails_by_its_own_fault_is_recorded_once_and_the_other_goes_on() {
    for code in [1, 2, 3, 4, 5, 6] {
        let script = format!(
            "case $n$id in 1{{ID}}) echo first; echo no such folder: x >&2; exit {code};; esac; finish"
        );
        let id = made::cell("cloth", "ae", "none", 0).id;
        let bench = Bench::new(&script.replace("{ID}", &id));
        let outcome = bench.run(|_| ()).0.unwrap();
        assert_eq!(outcome.done, [bench.id(1)]);
        let failure = CellFailure::read(&failure_path(bench.dir.path(), &bench.id(0))).unwrap();
        assert_eq!(outcome.failed, [(bench.id(0), failure.clone())]);
        assert_eq!(
            (failure.exit_code, failure.signal, failure.attempts),
            (Some(code), None, 1)
        );
        assert_eq!(failure.reason, "first\nno such folder: x");
        assert_eq!(bench.attempts(0), 1);
        let state = bench.plan.state(bench.dir.path(), &bench.plan.cells[0]);
        assert!(matches!(state, CellState::Failed(f) if f == failure));
        // Asked again, it runs again, and its failure is forgotten.
        assert_eq!(bench.run(|_| ()).0.unwrap().done, [bench.id(0)]);
        assert!(!failure_path(bench.dir.path(), &bench.id(0)).exists());
    }
}

#[test]
fn only_what_failed_by_its_own_fault_is_not_tried_again() {
    for (ending, is_tried) in [
        ("exit 3", false),
        ("exit 4", false),
        ("exit 5", false),
        ("echo no result", false),
        ("exit 137", true),
        ("kill -9 $$", true),
        ("exit 75", true),
    ] {
        let bench = Bench::new(ending);
        bench.run(|_| ()).0.unwrap();
        assert_eq!(bench.plan.missing(bench.dir.path()).len(), 2);
        let untried = bench.plan.untried(bench.dir.path()).len();
        assert_eq!(untried, if is_tried { 2 } else { 0 }, "{ending}");
    }
}

#[test]
fn a_killed_cell_is_started_again() {
    let bench = Bench::new("[ $n = 1 ] && kill -9 $$; [ $n = 2 ] && exit 137; finish");
    let (outcome, told) = bench.run(|_| ());
    assert_eq!(outcome.unwrap().done.len(), 2);
    let first = [
        "start none 1",
        "kill none signal 9",
        "start none 2",
        "kill none exit code 137",
    ];
    assert_eq!(told[..4], first);
    assert_eq!(told[4..6], ["start none 3", "finish none"]);
}

#[test]
fn a_cell_killed_three_times_has_failed() {
    let bench = Bench::new("echo try $n; kill -9 $$");
    let outcome = bench.run(|_| ()).0.unwrap();
    assert_eq!(outcome.failed.len(), 2);
    let failure = &outcome.failed[0].1;
    assert_eq!((failure.signal, failure.attempts), (Some(9), 3));
    assert_eq!(failure.reason, "try 3", "the reason is the last attempt's");
    assert_eq!(failure.summary(), "signal 9 (3 attempts): try 3");
    assert_eq!(bench.attempts(0), 3);
}

#[test]
fn a_cell_stopped_with_a_checkpoint_has_not_failed() {
    for ending in [
        "exit 75",
        "exit 130",
        "exit 143",
        "kill -15 $$",
        // Whoever runs the tests in the background has made them deaf to Ctrl-C.
        "exec env --default-signal=INT sh -c 'kill -2 $$'",
    ] {
        let bench = Bench::new(ending);
        let outcome = bench.run(|_| ()).0.unwrap();
        assert_eq!(outcome.stopped, [bench.id(0), bench.id(1)], "{ending}");
        assert!(outcome.failed.is_empty() && !outcome.interrupted);
        assert!(!failure_path(bench.dir.path(), &bench.id(0)).exists());
        assert_eq!(bench.attempts(0), 1);
    }
}

#[test]
fn success_without_a_result_is_a_failure() {
    let bench = Bench::new("echo all fine");
    let outcome = bench.run(|_| ()).0.unwrap();
    assert_eq!(outcome.failed[0].1.exit_code, Some(0));
    assert!(outcome.failed[0].1.reason.ends_with("not run yet"));
}

#[test]
fn told_to_stop_it_waits_for_the_running_cell_and_starts_no_other() {
    let bench = Bench::new("sleep 0.3; finish");
    let (outcome, told) = bench.run(|event| {
        if matches!(event, Event::Started { .. }) {
            bench.stop.store(true, Ordering::Relaxed);
        }
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.done, [bench.id(0)]);
    assert_eq!(outcome.not_started, [bench.id(1)]);
    assert!(outcome.interrupted);
    assert_eq!(told, ["start none 1", "finish none"]);
}

#[test]
fn a_cell_killed_while_stopping_is_not_started_again() {
    let bench = Bench::new("sleep 0.3; kill -9 $$");
    let (outcome, _) = bench.run(|_| bench.stop.store(true, Ordering::Relaxed));
    assert_eq!(outcome.unwrap().stopped, [bench.id(0)]);
    assert_eq!(bench.attempts(0), 1);
}

#[test]
fn a_termination_is_passed_on_to_the_cells() {
    let script = "trap 'echo checkpoint; exit 75' TERM; touch \"$dir/up\"; i=0; \
                  while [ $i -lt 400 ]; do i=$((i+1)); sleep 0.05; done";
    let bench = Bench::new(script);
    let up = cell_dir(bench.dir.path(), &bench.id(0)).join("up");
    let start = std::time::Instant::now();
    let (outcome, _) = bench.run(|_| bench.terminate.store(up.exists(), Ordering::Relaxed));
    let outcome = outcome.unwrap();
    assert!(outcome.interrupted);
    assert_eq!(
        (outcome.stopped, outcome.not_started),
        (vec![bench.id(0)], vec![bench.id(1)])
    );
    assert!(
        start.elapsed() < Duration::from_secs(15),
        "the signal did not arrive"
    );
}

#[test]
fn a_program_that_cannot_start_is_an_error() {
    let mut bench = Bench::new("");
    bench.engine.worker.program = bench.dir.path().join("absent");
    let (outcome, told) = bench.run(|_| ());
    assert!(
        matches!(outcome, Err(BenchError::Spawn { .. })),
        "{outcome:?}"
    );
    assert!(told.is_empty());
}
