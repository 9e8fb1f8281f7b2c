//! The Slurm and print engines over fake commands: what is submitted, what is asked, what is said.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use aesc_bench::{
    ArrayTask, BenchError, CellSpec, Engine, Event, JobSettings, Outcome, Plan, PrintEngine,
    RunContext, Scheduler, SlurmEngine, Worker, job_name, queued_cells,
};

use crate::engine::write_program;
use crate::made;

/// Writes its words down, a call a line, and answers job 11, 12, ….
const SBATCH: &str = r#"#!/bin/sh
here=$(dirname "$0")
[ -e "$here/refuse" ] && { echo "sbatch: error: invalid partition specified" >&2; exit 1; }
echo "$*" >> "$here/sbatch.calls"
echo $((10 + $(wc -l < "$here/sbatch.calls")))
"#;
/// Answers what lies ready.
const SQUEUE: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/squeue.calls"
[ -e "$here/down" ] && { echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; }
cat "$here/queue"
"#;
/// `scontrol` and `scancel`: write their words down.
const NOTE: &str = r#"#!/bin/sh
echo "$*" >> "$0.calls"
"#;

struct Cluster {
    folder: tempfile::TempDir,
    /// The run folder.
    dir: PathBuf,
    plan: Plan,
    engine: SlurmEngine,
}

impl Cluster {
    fn new(n_cells: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, script) in [
            ("sbatch", SBATCH),
            ("squeue", SQUEUE),
            ("scontrol", NOTE),
            ("scancel", NOTE),
        ] {
            write_program(&folder.path().join(name), script);
        }
        let cells = (0..n_cells).map(|seed| made::cell("cloth", "ae", "none", seed));
        let plan = made::plan(cells.collect());
        let dir = folder.path().join("my runs");
        plan.write_new(&dir).unwrap();
        let engine = SlurmEngine {
            worker: Worker {
                program: "/opt/it's/aesc".into(),
                threads: 4,
                extra_args: vec!["--device".to_owned(), "cuda".to_owned()],
            },
            settings: JobSettings::default(),
            scheduler: Scheduler::in_folder(folder.path()),
        };
        let cluster = Self {
            folder,
            dir,
            plan,
            engine,
        };
        cluster.put("queue", "");
        cluster
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn calls(&self, command: &str) -> Vec<String> {
        let calls = self.folder.path().join(format!("{command}.calls"));
        let text = std::fs::read_to_string(calls).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn list(&self, number: u32) -> Vec<String> {
        let list = self.dir.join(format!("slurm/{number:04}.cells"));
        let text = std::fs::read_to_string(list).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn run(&self) -> Result<Outcome, BenchError> {
        run(&self.engine, &self.plan, &self.dir).map(|(outcome, _)| outcome)
    }
}

fn run(engine: &dyn Engine, plan: &Plan, dir: &Path) -> Result<(Outcome, Vec<String>), BenchError> {
    let no = AtomicBool::new(false);
    let context = RunContext {
        dir,
        stop: &no,
        terminate: &no,
    };
    let mut told = Vec::new();
    let outcome = engine.run(&plan.missing(dir), &context, &mut |event| {
        told.push(match event {
            Event::Command { line, .. } => line.to_owned(),
            Event::Submitted {
                job,
                n_tasks,
                n_cells,
            } => format!("{job}: {n_tasks} tasks, {n_cells} cells"),
            Event::Collecting { job } => format!("{job}: report"),
            other => format!("{other:?}"),
        });
    })?;
    Ok((outcome, told))
}

fn ids(cells: &[CellSpec]) -> Vec<String> {
    cells.iter().map(|cell| cell.id.clone()).collect()
}

#[test]
fn a_cell_is_a_line_that_a_shell_reads_back() {
    let cluster = Cluster::new(2);
    let worker = cluster.engine.worker.clone();
    let (outcome, lines) = run(&PrintEngine { worker }, &cluster.plan, &cluster.dir).unwrap();
    assert_eq!(outcome.handed_over, ids(&cluster.plan.cells));
    for (line, cell) in lines.iter().zip(&cluster.plan.cells) {
        let script = format!("for w in {line}; do echo \"$w\"; done");
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .output();
        let read = String::from_utf8(output.unwrap().stdout).unwrap();
        let dir = cluster.dir.display();
        let words = format!(
            "/opt/it's/aesc|bench|run-cell|--out|{dir}|--cell|{}|--threads|4|--device|cuda|",
            cell.id
        );
        assert_eq!(read.replace('\n', "|"), words);
    }
}

#[test]
fn missing_cells_become_an_array_with_a_list_and_a_collector_after_it() {
    let cluster = Cluster::new(3);
    made_result(&cluster, 1);
    let (outcome, told) = run(&cluster.engine, &cluster.plan, &cluster.dir).unwrap();
    let missing = [&cluster.plan.cells[0], &cluster.plan.cells[2]].map(|cell| cell.id.clone());
    assert_eq!(outcome.handed_over, missing);
    assert_eq!(cluster.list(1), missing);
    assert_eq!(told, ["11: 2 tasks, 2 cells", "12: report"]);
    let (name, dir) = (job_name(&cluster.dir), cluster.dir.display());
    let expected = [
        format!(
            "--parsable --job-name={name} --comment=1 --array=1-2 {dir}/slurm/job.sbatch \
             {dir}/slurm/0001.cells"
        ),
        format!(
            "--parsable --job-name={name} --comment=collect --dependency=afterany:11 --output \
             {dir}/slurm/logs/collect-%j.txt {dir}/slurm/job.sbatch collect"
        ),
    ];
    assert_eq!(cluster.calls("sbatch"), expected);
    assert!(cluster.dir.join("slurm/logs").is_dir());
}

fn made_result(cluster: &Cluster, i: usize) {
    let result = made::result(&cluster.plan.cells[i], 0.9);
    result.write(&cluster.dir).unwrap();
}

#[test]
fn a_limit_on_tasks_chains_arrays_of_a_thousand() {
    let mut cluster = Cluster::new(2001);
    cluster.engine.settings.max_parallel = Some(8);
    cluster.run().unwrap();
    let calls = cluster.calls("sbatch");
    let [first, second, third, collector] = &calls[..] else {
        panic!("{calls:?}")
    };
    assert!(first.contains("--array=1-1000%8 ") && !first.contains("--dependency"));
    assert!(second.contains("--comment=2 --array=1-1000%8 --dependency=afterany:11 "));
    assert!(third.contains("--comment=3 --array=1-1%8 --dependency=afterany:12 "));
    assert!(collector.contains("--dependency=afterany:11:12:13 "));
    assert_eq!(cluster.list(3), [cluster.plan.cells[2000].id.clone()]);
}

#[test]
fn twenty_thousand_cells_are_planned_once_and_handed_over_in_twenty_arrays() {
    let cluster = Cluster::new(20_000);
    cluster.plan.write_new(&cluster.dir).unwrap();
    let (outcome, told) = run(&cluster.engine, &cluster.plan, &cluster.dir).unwrap();
    assert_eq!(outcome.handed_over.len(), 20_000);
    assert_eq!(told.len(), 21);
    assert_eq!(told[19], "30: 1000 tasks, 1000 cells");
    let last = cluster.plan.cells[19_999].id.clone();
    assert_eq!(cluster.list(20)[999], last);
    // A worker reads its own cell alone.
    let part = Plan::read_cells(&cluster.dir, &[last]).unwrap();
    assert_eq!(part.cells, cluster.plan.cells[19_999..]);
    made_result(&cluster, 7);
    let report = aesc_bench::collect(&cluster.plan, &cluster.dir);
    assert_eq!((report.cells.len(), report.missing.len()), (1, 19_999));
}

#[test]
fn without_a_limit_arrays_wait_for_nothing() {
    let cluster = Cluster::new(1001);
    cluster.run().unwrap();
    let calls = cluster.calls("sbatch");
    assert!(
        calls[..2]
            .iter()
            .all(|call| !call.contains("--dependency") && !call.contains('%'))
    );
}

#[test]
fn short_cells_are_bundled_a_line_a_task() {
    let mut cluster = Cluster::new(5);
    cluster.engine.settings.cells_per_task = 2;
    let (_, told) = run(&cluster.engine, &cluster.plan, &cluster.dir).unwrap();
    assert_eq!(told[0], "11: 3 tasks, 5 cells");
    let id = ids(&cluster.plan.cells);
    let lines = [
        format!("{} {}", id[0], id[1]),
        format!("{} {}", id[2], id[3]),
        id[4].clone(),
    ];
    assert_eq!(cluster.list(1), lines);
}

#[test]
fn what_slurm_has_already_is_not_submitted_again() {
    let mut cluster = Cluster::new(3);
    cluster.engine.settings.max_parallel = Some(1);
    cluster.run().unwrap();
    // Task 1 has ended without a result, 2 waits, 3 runs; the collector waits.
    cluster.put(
        "queue",
        "11|2|PENDING||1|JobArrayTaskLimit\n11|3|RUNNING|n1|1|None\n12|N/A|PENDING||collect|Dependency\n",
    );
    let queued = queued_cells(&cluster.dir, &cluster.engine.scheduler).unwrap();
    let tasks: Vec<_> = ids(&cluster.plan.cells)
        .iter()
        .map(|id| queued.get(id).map(aesc_bench::QueuedTask::id))
        .collect();
    let expected = [None, Some("11_2".to_owned()), Some("11_3".to_owned())];
    assert_eq!(tasks, expected);
    assert_eq!(cluster.run().unwrap().handed_over.len(), 3);
    assert_eq!(cluster.list(2), [cluster.plan.cells[0].id.clone()]);
    assert_eq!(
        cluster.list(1),
        ids(&cluster.plan.cells),
        "a list never changes"
    );
    let again = &cluster.calls("sbatch")[2];
    assert!(
        again.contains("--array=1-1%1 --dependency=afterany:11 "),
        "{again}"
    );
    // With all three in the queue nothing is submitted.
    cluster.put(
        "queue",
        "11|1|PENDING||1|x\n11|2|PENDING||1|x\n11|3|RUNNING|n1|1|None\n",
    );
    assert_eq!(cluster.run().unwrap().handed_over.len(), 3);
    assert_eq!(cluster.calls("sbatch").len(), 4);
}

#[test]
fn the_queue_is_asked_for_the_bench_by_name() {
    let cluster = Cluster::new(1);
    cluster.run().unwrap();
    let name = job_name(&cluster.dir);
    let asked = format!("--noheader --array --name {name} --format %F|%K|%T|%N|%k|%r");
    assert_eq!(cluster.calls("squeue"), [asked]);
    assert_ne!(name, job_name(cluster.folder.path()));
    cluster.engine.scheduler.cancel(&name).unwrap();
    assert_eq!(cluster.calls("scancel"), [format!("--name {name}")]);
}

#[test]
fn a_scheduler_that_fails_is_told_in_its_own_words() {
    let cluster = Cluster::new(1);
    cluster.put("refuse", "");
    let said = cluster.run().unwrap_err().to_string();
    assert!(
        said.contains("sbatch: error: invalid partition specified"),
        "{said}"
    );
    cluster.put("down", "");
    let said = cluster.run().unwrap_err().to_string();
    assert!(
        said.starts_with("squeue: ") && said.contains("Unable to contact"),
        "{said}"
    );
    assert!(cluster.calls("sbatch").is_empty());
    let nowhere = Scheduler::in_folder(Path::new("no/such/folder"));
    let said = nowhere.queue("x").unwrap_err().to_string();
    assert!(said.contains("--engine local"), "{said}");
}

#[test]
fn a_word_that_is_no_option_of_sbatch_is_refused_before_anything_is_asked() {
    let mut cluster = Cluster::new(1);
    for word in ["time=1", "--time=1\nrm -r x"] {
        cluster.engine.settings.sbatch_args = vec![word.to_owned()];
        assert!(matches!(cluster.run(), Err(BenchError::SbatchArg { .. })));
    }
    assert!(cluster.calls("squeue").is_empty());
}

#[test]
fn the_script_names_all_that_a_job_gets() {
    let mut cluster = Cluster::new(1);
    cluster.engine.settings = JobSettings {
        partition: Some("gpu".to_owned()),
        gres: Some("gpu:1".to_owned()),
        sbatch_args: vec!["--time=2:00:00".to_owned()],
        environment: vec![("PATH".to_owned(), "/opt/my bin:/bin".to_owned())],
        ..JobSettings::default()
    };
    cluster.run().unwrap();
    let script = std::fs::read_to_string(cluster.dir.join("slurm/job.sbatch")).unwrap();
    let plain = script.replace(&*cluster.dir.to_string_lossy(), "DIR");
    insta::assert_snapshot!(plain);
    let collector = &cluster.calls("sbatch")[1];
    assert!(
        collector.contains(" --gres=none "),
        "the report needs no GPU: {collector}"
    );
}

#[test]
fn the_script_runs_the_line_of_its_task_in_the_shells_place() {
    let mut cluster = Cluster::new(3);
    let program = cluster.folder.path().join("fake aesc");
    write_program(&program, "#!/bin/sh\necho \"$PPID: $*\"\n");
    cluster.engine.worker.program = program;
    cluster.engine.settings.cells_per_task = 2;
    cluster.run().unwrap();
    let job = |task: &str, what: &str| {
        let mut command = std::process::Command::new("bash");
        command.arg(cluster.dir.join("slurm/job.sbatch")).arg(what);
        let output = command.env("SLURM_ARRAY_TASK_ID", task).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let list = cluster.dir.join("slurm/0001.cells");
    let (me, dir) = (std::process::id(), cluster.dir.display());
    let id = ids(&cluster.plan.cells);
    let words = format!(
        "--cell {} {} --threads 4 --device cuda --requeue",
        id[0], id[1]
    );
    let expected = format!("{me}: bench run-cell --out {dir} {words}\n");
    assert_eq!(job("1", list.to_str().unwrap()), expected);
    assert!(job("2", list.to_str().unwrap()).contains(&format!("--cell {} --threads", id[2])));
    assert_eq!(
        job("1", "collect"),
        format!("{me}: bench collect --out {dir}\n")
    );
}

#[test]
fn a_task_goes_back_into_the_queue_while_it_runs_and_not_too_often() {
    let cluster = Cluster::new(1);
    let scheduler = &cluster.engine.scheduler;
    let task = |restarts| ArrayTask {
        id: "17_3".to_owned(),
        restarts,
    };
    cluster.put("queue", "RUNNING\n");
    assert!(task(1).requeue(2, scheduler).unwrap());
    assert_eq!(
        cluster.calls("squeue"),
        ["--noheader --jobs 17_3 --format %T"]
    );
    assert_eq!(cluster.calls("scontrol"), ["requeue 17_3"]);
    assert!(!task(2).requeue(2, scheduler).unwrap());
    cluster.put("queue", "SIGNALING\n");
    assert!(task(0).requeue(2, scheduler).unwrap());
    // Cancelled: to requeue it would bring it back.
    for state in ["COMPLETING\n", "CANCELLED\n", ""] {
        cluster.put("queue", state);
        assert!(!task(0).requeue(2, scheduler).unwrap());
    }
    assert_eq!(cluster.calls("scontrol").len(), 2);
}
