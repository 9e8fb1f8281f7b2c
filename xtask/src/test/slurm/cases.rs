//! What must hold of a bench on Slurm, whatever befalls it.

use super::lab::{
    Lab, kill, must_be_same, n_epochs, parent_of, report, result, text, worker_pid, written,
};
use aesc_bench::{Plan, result_path};
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A case: what it shows, and how.
type Case = (&'static str, fn(&mut Lab) -> Result<()>);

/// All of them.
pub(super) const ALL: [Case; 6] = [
    (
        "12 cells over both nodes, 3 at a time, submitted twice: each is done once, and the report \
         is that of one machine",
        an_array_submitted_twice,
    ),
    (
        "the sample matrix at the size of the sample set: the report is that of one machine",
        the_sample_matrix,
    ),
    (
        "a truncated result is done again, and nothing else",
        a_truncated_result,
    ),
    (
        "cancelled, a cell stays out of the queue and keeps its checkpoint",
        a_cancelled_cell,
    ),
    (
        "a task out of time writes its checkpoint, goes back into the queue and ends",
        a_time_limit,
    ),
    (
        "a worker, the controller and a node are killed: the cells go on and end with the figures \
         of one machine",
        killings,
    ),
];

const MANY: [&str; 9] = [
    "--category",
    "cloth",
    "gear",
    "connector",
    "--networks",
    "ae",
    "aesc",
    "--corruptions",
    "none",
];

fn an_array_submitted_twice(lab: &mut Lab) -> Result<()> {
    let out = lab.plan("many", &[&MANY[..], &["stain"]].concat(), 200)?;
    let plan = Plan::read(&out)?;
    lab.submit(&out, &["--max-parallel", "3"])?;
    let (script, list) = (out.join("slurm/job.sbatch"), out.join("slurm/0001.cells"));
    let twice = [
        "--parsable",
        "--array=1-12",
        "--job-name=twice",
        text(&script)?,
        text(&list)?,
    ];
    lab.cluster.ask("sbatch", &twice)?;
    let (mut nodes, mut most) = (BTreeSet::new(), 0);
    let mut results = BTreeMap::new();
    lab.wait("both arrays", || {
        let tasks = lab.tasks(&out)?;
        let running: Vec<_> = tasks
            .iter()
            .filter(|task| task.state == "RUNNING")
            .collect();
        most = most.max(running.len());
        nodes.extend(running.iter().map(|task| task.node.clone()));
        for (id, time) in written(&out, &plan) {
            let first = *results.entry(id.clone()).or_insert(time);
            ensure!(first == time, "{id} was done twice");
        }
        let twice = lab
            .cluster
            .ask("squeue", &["--noheader", "--name", "twice"])?;
        Ok(tasks.is_empty() && twice.trim().is_empty())
    })?;
    ensure!(
        results.len() == 12,
        "{} of 12 cells have a result",
        results.len()
    );
    ensure!(nodes.len() == 2, "not over both nodes: {nodes:?}");
    ensure!(most <= 3, "{most} tasks at a time");
    must_be_same(&report(&out)?, &lab.local(&out)?)
}

/// What `bench-mvtec --sample` plans, each training an epoch long.
fn the_sample_matrix(lab: &mut Lab) -> Result<()> {
    let matrix = ["--matrix", "headline"];
    let out = lab.plan_with("sample", &matrix, &["train.steps=125"])?;
    lab.submit(&out, &[])?;
    lab.wait_for_end(&out)?;
    must_be_same(&report(&out)?, &lab.local(&out)?)
}

fn a_truncated_result(lab: &mut Lab) -> Result<()> {
    let out = lab.cluster.dir().join("runs of many");
    let plan = Plan::read(&out)?;
    let whole = report(&out)?;
    let before = written(&out, &plan);
    let path = result_path(&out, &plan.cells[0].id);
    let length = fs::metadata(&path)?.len();
    fs::File::options()
        .write(true)
        .open(&path)?
        .set_len(length / 2)?;
    let said = lab.submit(&out, &[])?;
    ensure!(said.contains(": 1 cells in 1 tasks"), "{said}");
    lab.wait_for_end(&out)?;
    ensure!(
        written(&out, &plan)[1..] == before[1..],
        "another cell was done again"
    );
    must_be_same(&report(&out)?, &whole)
}

/// One cell of some category that takes a while, `steps` long.
fn long(lab: &Lab, name: &str, corruptions: &[&str], steps: u32) -> Result<std::path::PathBuf> {
    let first = ["--category", "cloth", "--networks", "aesc", "--corruptions"];
    lab.plan(name, &[&first[..], corruptions].concat(), steps)
}

/// Waits until the training of a cell has so many epochs behind it.
fn wait_for_epochs(lab: &Lab, out: &Path, id: &str, n: usize) -> Result<()> {
    lab.wait(&format!("epoch {n}"), || Ok(n_epochs(out, id) >= n))
}

fn a_cancelled_cell(lab: &mut Lab) -> Result<()> {
    let out = long(lab, "cancelled", &["none"], 100_000)?;
    let id = Plan::read(&out)?.cells[0].id.clone();
    lab.submit(&out, &[])?;
    wait_for_epochs(lab, &out, &id, 2)?;
    let status = lab.aesc(&["bench", "status", "--out", text(&out)?])?;
    ensure!(status.contains("1 running"), "{status}");
    lab.aesc(&["bench", "cancel", "--out", text(&out)?])?;
    lab.wait_for_end(&out)?;
    let checkpoint = aesc_bench::cell_dir(&out, &id).join("run/checkpoint.safetensors");
    ensure!(checkpoint.is_file(), "no checkpoint");
    ensure!(!lease_is_there(&out, &id), "its lease is still there");
    let status = lab.aesc(&["bench", "status", "--out", text(&out)?])?;
    ensure!(status.contains("1 missing"), "{status}");
    Ok(())
}

fn lease_is_there(out: &Path, id: &str) -> bool {
    aesc_bench::cell_dir(out, id).join("lease.json").exists()
}

fn a_time_limit(lab: &mut Lab) -> Result<()> {
    let out = long(lab, "limit", &["none"], LONG)?;
    let id = Plan::read(&out)?.cells[0].id.clone();
    // Slurm gives no less than a minute and looks at limits every half of one.
    lab.submit(
        &out,
        &["--sbatch-arg=--time=1", "--sbatch-arg=--signal=B:USR1@55"],
    )?;
    let mut rounds = 0;
    lab.wait("a result", || {
        for task in lab.tasks(&out)? {
            if task.state == "PENDING" && n_epochs(&out, &id) > 0 && task.id.contains('_') {
                rounds += 1;
                // Slurm holds what was requeued for two minutes; another case waits for that.
                let job = format!("JobId={}", task.id);
                lab.cluster
                    .ask("scontrol", &["update", &job, "StartTime=now"])?;
            }
        }
        Ok(result(&out, &id).is_ok())
    })?;
    ensure!(
        rounds > 0,
        "it ended within its time: more steps are needed"
    );
    lab.wait_for_end(&out)?;
    let result = result(&out, &id)?;
    let steps: Vec<u64> = result.training.history.iter().map(|row| row.step).collect();
    let expected = (1..=u64::from(LONG) / 100).map(|epoch| epoch * 100);
    ensure!(
        steps.iter().copied().eq(expected),
        "the history has holes: {steps:?}"
    );
    Ok(())
}

/// Steps of a training of about half a minute.
const LONG: u32 = 6000;

fn killings(lab: &mut Lab) -> Result<()> {
    let out = long(lab, "killed", &["none", "stain", "scratch"], LONG)?;
    let plan = Plan::read(&out)?;
    let ids: Vec<&str> = plan.cells.iter().map(|cell| cell.id.as_str()).collect();
    lab.submit(&out, &[])?;
    for id in &ids {
        wait_for_epochs(lab, &out, id, 2)?;
    }
    let tasks = lab.tasks(&out)?;
    let on = |node: &str| {
        let task = tasks.iter().find(|task| task.node == node);
        let number = task.and_then(|task| task.id.split('_').nth(1)?.parse::<usize>().ok());
        number
            .map(|n| ids[n - 1])
            .with_context(|| format!("no task on {node}"))
    };
    let (first, second) = (on("n1")?, on("n2")?);

    // A worker: its task fails, and the same command gives that cell alone to Slurm again.
    kill(worker_pid(&out, first)?)?;
    lab.wait("the end of the killed task", || {
        Ok(lab.tasks(&out)?.len() < tasks.len())
    })?;
    let epochs = n_epochs(&out, first);
    let said = lab.submit(&out, &[])?;
    ensure!(said.contains(": 1 cells in 1 tasks"), "{said}");
    lab.wait("its second life", || Ok(n_epochs(&out, first) > epochs))?;

    // The controller: the tasks go on without it, and it takes them up again.
    lab.cluster.kill("slurmctld")?;
    let epochs = n_epochs(&out, second);
    lab.wait("an epoch without controller", || {
        Ok(n_epochs(&out, second) > epochs)
    })?;
    lab.cluster.start_controller()?;
    ensure!(
        !lab.tasks(&out)?.is_empty(),
        "the new controller knows no task"
    );

    // A node with all its processes: Slurm gives it up and runs its task elsewhere.
    let worker = worker_pid(&out, second)?;
    let step = parent_of(worker)?;
    lab.cluster.kill("n2")?;
    kill(step)?;
    kill(worker)?;
    lab.wait("the node is given up", || {
        // Not by its state, which may be told as mixed for minutes after it was set down.
        let node = lab.cluster.ask("scontrol", &["show", "node", "n2"])?;
        Ok(node.contains("Reason=Not responding"))
    })?;
    lab.wait_for_end(&out)?;
    lab.cluster.start_node("n2")?;
    must_be_same(&report(&out)?, &lab.local(&out)?)
}
