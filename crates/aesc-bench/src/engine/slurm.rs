//! Cells as job arrays of Slurm, and a last job that writes the report.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use super::{Engine, Event, Outcome, RunContext, Worker};
use crate::folder::write_atomic;
use crate::slurm::{
    JobSettings, MAX_TASKS, Scheduler, Submission, job_name, list_path, next_number, queued_cells,
    script, slurm_dir,
};
use crate::{BenchError, CellSpec};

/// Hands cells to Slurm and does not wait for them.
///
/// Only cells that Slurm does not have yet are submitted, in arrays of at most 1,000 tasks. A limit
/// on tasks at a time holds within an array alone, so under one each array waits for the one
/// before it. The run folder must be named in full and lie where the nodes see it.
#[derive(Debug, Clone)]
pub struct SlurmEngine {
    /// What does the cells of a task.
    pub worker: Worker,
    /// What is asked of Slurm.
    pub settings: JobSettings,
    /// Slurm.
    pub scheduler: Scheduler,
}

impl Engine for SlurmEngine {
    fn run(
        &self,
        missing: &[CellSpec],
        context: &RunContext<'_>,
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<Outcome, BenchError> {
        self.settings.validate()?;
        let queued = queued_cells(context.dir, &self.scheduler)?;
        let (there, new): (Vec<_>, Vec<_>) = missing
            .iter()
            .cloned()
            .partition(|cell| queued.contains_key(&cell.id));
        let mut outcome = Outcome {
            handed_over: ids(&there),
            ..Outcome::default()
        };
        if new.is_empty() {
            return Ok(outcome);
        }
        self.prepare(context.dir)?;
        let mut jobs: Vec<String> = Vec::new();
        // What is queued already counts under the limit too.
        let before: BTreeSet<String> = queued.into_values().map(|task| task.job).collect();
        let mut before: Vec<String> = before.into_iter().collect();
        for cells in new.chunks(MAX_TASKS * self.settings.cells_per_task.max(1)) {
            if context.stopping() {
                outcome.interrupted = true;
                outcome.not_started.extend(ids(cells));
                continue;
            }
            let (job, n_tasks) = self.submit(context.dir, cells, &before)?;
            progress(Event::Submitted {
                job: &job,
                n_tasks,
                n_cells: cells.len(),
            });
            outcome.handed_over.extend(ids(cells));
            before = vec![job.clone()];
            jobs.push(job);
        }
        if !jobs.is_empty() {
            let job = self.submit_collector(context.dir, &jobs)?;
            progress(Event::Collecting { job: &job });
        }
        Ok(outcome)
    }
}

impl SlurmEngine {
    /// The script, and the folder for logs, which Slurm does not make.
    fn prepare(&self, dir: &Path) -> Result<(), BenchError> {
        let folder = slurm_dir(dir);
        let logs = folder.join("logs");
        std::fs::create_dir_all(&logs).map_err(BenchError::io("create", &logs))?;
        let text = script(dir, &self.worker, &self.settings);
        write_atomic(&folder.join("job.sbatch"), text.as_bytes())
    }

    /// One array after the jobs `before`; gives its id and how many tasks it has.
    fn submit(
        &self,
        dir: &Path,
        cells: &[CellSpec],
        before: &[String],
    ) -> Result<(String, usize), BenchError> {
        let number = next_number(dir)?;
        let submission = Submission::new(number, cells, self.settings.cells_per_task);
        submission.write(dir)?;
        let n_tasks = submission.tasks.len();
        let mut args = common(dir, &number.to_string());
        match self.settings.max_parallel {
            None => args.push(format!("--array=1-{n_tasks}").into()),
            Some(limit) => {
                args.push(format!("--array=1-{n_tasks}%{limit}").into());
                args.extend(after(before));
            }
        }
        args.push(slurm_dir(dir).join("job.sbatch").into());
        args.push(list_path(dir, number).into());
        Ok((self.scheduler.submit(&args)?, n_tasks))
    }

    /// The job that writes the report once the arrays have ended, however they ended.
    fn submit_collector(&self, dir: &Path, jobs: &[String]) -> Result<String, BenchError> {
        let mut args = common(dir, "collect");
        args.extend(after(jobs));
        if self.settings.gres.is_some() {
            args.push("--gres=none".into());
        }
        let log = slurm_dir(dir).join("logs/collect-%j.txt");
        args.push("--output".into());
        args.push(log.into());
        args.push(slurm_dir(dir).join("job.sbatch").into());
        args.push("collect".into());
        self.scheduler.submit(&args)
    }
}

/// What every job of a bench is submitted with.
fn common(dir: &Path, comment: &str) -> Vec<OsString> {
    let words = [
        "--parsable".to_owned(),
        format!("--job-name={}", job_name(dir)),
        format!("--comment={comment}"),
    ];
    words.map(OsString::from).into()
}

fn after(jobs: &[String]) -> Option<OsString> {
    (!jobs.is_empty()).then(|| format!("--dependency=afterany:{}", jobs.join(":")).into())
}

fn ids(cells: &[CellSpec]) -> Vec<String> {
    cells.iter().map(|cell| cell.id.clone()).collect()
}
