//! A cluster, the program and a small data set: how the cases make benches and look at them.

use super::cluster::Cluster;
use aesc_bench::report::ReportCell;
use aesc_bench::{CellResult, Metrics, Plan, Report, cell_dir, result_path};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Settings of a training of a second.
const TINY: [&str; 8] = [
    "data.height=32",
    "data.width=32",
    "network.depth=3",
    "network.width=4",
    "train.batch=4",
    "train.epoch_steps=100",
    "train.steps=100",
    "score.mc_dropout.samples=4",
];
/// What any case may take.
const PATIENCE: Duration = Duration::from_mins(6);

/// Where the cases work.
#[derive(Debug)]
pub(super) struct Lab {
    pub(super) cluster: Cluster,
    aesc: PathBuf,
    data: PathBuf,
}

/// A task in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    /// `17_3`.
    pub(super) id: String,
    pub(super) state: String,
    pub(super) node: String,
}

impl Lab {
    /// Draws the sample set small.
    pub(super) fn new(cluster: Cluster, aesc: PathBuf) -> Result<Self> {
        let data = cluster.dir().join("data");
        let lab = Self {
            cluster,
            aesc,
            data,
        };
        let counts = [
            "--size",
            "64",
            "--train",
            "12",
            "--test-good",
            "4",
            "--test-per-type",
            "2",
        ];
        let data = lab.data.to_string_lossy().into_owned();
        lab.aesc(&[&["data", "sample", "--out", &data], &counts[..]].concat())?;
        Ok(lab)
    }

    /// Runs the program, which must succeed, and gives what it prints.
    pub(super) fn aesc(&self, args: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.aesc);
        let output = self
            .cluster
            .reach(command.args(args))
            .arg("--no-progress")
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("aesc {}: {}: {said}", args.join(" "), output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Plans a bench of this name; a blank in the folder's name must do no harm.
    pub(super) fn plan(&self, name: &str, matrix: &[&str], steps: u32) -> Result<PathBuf> {
        let steps = format!("train.steps={steps}");
        self.plan_with(name, matrix, &[&TINY[..], &[&steps]].concat())
    }

    /// Plans cells of the sample set by preset `sample` and these settings.
    pub(super) fn plan_with(
        &self,
        name: &str,
        matrix: &[&str],
        settings: &[&str],
    ) -> Result<PathBuf> {
        let out = self.cluster.dir().join(format!("runs of {name}"));
        let mut args = vec!["bench", "plan", "--preset", "sample", "--device", "cpu"];
        let (data, place) = (text(&self.data)?, text(&out)?);
        args.extend(["--data", data, "--out", place]);
        args.extend(matrix);
        for setting in settings {
            args.extend(["--set", setting]);
        }
        self.aesc(&args)?;
        Ok(out)
    }

    /// Gives the missing cells to Slurm; gives what is said.
    pub(super) fn submit(&self, out: &Path, more: &[&str]) -> Result<String> {
        let first = [
            "bench",
            "run",
            "--out",
            text(out)?,
            "--engine",
            "slurm",
            "--device",
            "cpu",
        ];
        self.aesc(&[&first[..], more].concat())
    }

    /// The same plan done by this machine in a folder of its own: its report.
    pub(super) fn local(&self, out: &Path) -> Result<Report> {
        let local = out.with_extension("local");
        fs::create_dir(&local)?;
        fs::copy(out.join("plan.json"), local.join("plan.json"))?;
        let first = ["bench", "run", "--out", text(&local)?, "--device", "cpu"];
        self.aesc(&[&first[..], &["--threads", "2", "--jobs", "2"]].concat())?;
        report(&local)
    }

    /// The tasks of a bench that wait or run.
    pub(super) fn tasks(&self, out: &Path) -> Result<Vec<Task>> {
        let name = aesc_bench::job_name(&out.canonicalize()?);
        let args = [
            "--noheader",
            "--array",
            "--name",
            &name,
            "--format",
            "%i|%T|%N",
        ];
        let said = self.cluster.ask("squeue", &args)?;
        let task = |line: &str| {
            let mut fields = line.trim().splitn(3, '|').map(str::to_owned);
            let mut field = || fields.next().context("squeue: an odd line");
            Ok(Task {
                id: field()?,
                state: field()?,
                node: field()?,
            })
        };
        said.lines()
            .filter(|line| !line.trim().is_empty())
            .map(task)
            .collect()
    }

    pub(super) fn wait(&self, what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
        self.cluster.wait(what, PATIENCE, |_| holds())
    }

    /// Waits until Slurm has nothing more of a bench, its report included.
    pub(super) fn wait_for_end(&self, out: &Path) -> Result<()> {
        let what = format!("the end of {}", out.display());
        self.wait(&what, || Ok(self.tasks(out)?.is_empty()))
    }
}

pub(super) fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

/// The report that lies in a run folder.
pub(super) fn report(out: &Path) -> Result<Report> {
    let path = out.join("report.json");
    let json = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(aesc_bench::report::parse(&json, &path)?)
}

/// Fails naming the first cell whose figures differ.
pub(super) fn must_be_same(report: &Report, expected: &Report) -> Result<()> {
    let figures = |cell: &ReportCell| -> (String, String, Metrics, f64) {
        let (id, strategy) = (cell.id.clone(), cell.strategy.clone());
        (id, strategy, cell.metrics, cell.threshold)
    };
    ensure!(
        report.missing.is_empty(),
        "{} cells are missing",
        report.missing.len()
    );
    ensure!(
        report.cells.len() == expected.cells.len(),
        "another number of cells"
    );
    for (cell, other) in report.cells.iter().zip(&expected.cells) {
        let (found, wanted) = (figures(cell), figures(other));
        ensure!(
            found == wanted,
            "{}: {found:?} is not {wanted:?}",
            cell.label()
        );
    }
    ensure!(report.means == expected.means, "the means differ");
    Ok(())
}

/// Epochs in the log of a cell's training.
pub(super) fn n_epochs(out: &Path, id: &str) -> usize {
    let log = fs::read_to_string(cell_dir(out, id).join("run/metrics.jsonl"));
    log.map_or(0, |text| text.lines().count())
}

/// The process that holds a cell's lease.
pub(super) fn worker_pid(out: &Path, id: &str) -> Result<i32> {
    let lease = fs::read_to_string(cell_dir(out, id).join("lease.json"))?;
    let (_, rest) = lease
        .split_once("\"pid\":")
        .context("a lease without a process")?;
    let digits = rest
        .trim_start()
        .split(|c: char| !c.is_ascii_digit())
        .next();
    Ok(digits.context("no number")?.parse()?)
}

/// The process that started another.
pub(super) fn parent_of(pid: i32) -> Result<i32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    Ok(line.context("no parent")?.trim().parse()?)
}

/// SIGKILL.
pub(super) fn kill(pid: i32) -> Result<()> {
    let pid = rustix::process::Pid::from_raw(pid).context("no process")?;
    Ok(rustix::process::kill_process(
        pid,
        rustix::process::Signal::KILL,
    )?)
}

/// When each cell's result was written, for cells that have one.
pub(super) fn written(out: &Path, plan: &Plan) -> Vec<(String, std::time::SystemTime)> {
    let of = |id: &String| {
        fs::metadata(result_path(out, id))
            .and_then(|m| m.modified())
            .ok()
    };
    let ids = plan.cells.iter().map(|cell| cell.id.clone());
    ids.filter_map(|id| of(&id).map(|time| (id, time)))
        .collect()
}

/// The result of a cell.
pub(super) fn result(out: &Path, id: &str) -> Result<CellResult> {
    CellResult::read(&result_path(out, id)).map_err(|why| anyhow::anyhow!("{id}: {why}"))
}
