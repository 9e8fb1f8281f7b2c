//! What Slurm has in its queue of a bench, and which cells these are.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use super::{Scheduler, Submission, job_name};
use crate::BenchError;

/// A task that waits or runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedTask {
    /// Id of its array, or of the job that is none.
    pub job: String,
    /// Its number in the array, from 1: the line of its cells.
    pub task: Option<usize>,
    /// "PENDING", "RUNNING", "COMPLETING", …
    pub state: String,
    /// Where it runs, or "".
    pub node: String,
    /// Number of the submission whose list it works on; `None` for the one that collects.
    pub submission: Option<u32>,
    /// Why it waits: `JobArrayTaskLimit`, `Resources`, …
    pub reason: String,
}

impl QueuedTask {
    /// Array, task, state, node, comment, reason.
    pub(crate) const FORMAT: &str = "%F|%K|%T|%N|%k|%r";

    pub(crate) fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.trim().splitn(6, '|').collect();
        let [job, task, state, node, comment, reason] = fields[..] else {
            return None;
        };
        job.parse::<u64>().ok()?;
        Some(Self {
            job: job.to_owned(),
            task: task.parse().ok(),
            state: state.to_owned(),
            node: node.to_owned(),
            submission: comment.parse().ok(),
            reason: reason.to_owned(),
        })
    }

    /// `17_3`, or `18` for a job that is no array.
    pub fn id(&self) -> String {
        match self.task {
            Some(task) => format!("{}_{task}", self.job),
            None => self.job.clone(),
        }
    }

    /// Whether it has not begun.
    pub fn is_waiting(&self) -> bool {
        self.state == "PENDING"
    }
}

/// The cells of the bench in run folder `dir` (named in full) that Slurm will do or is doing, by
/// id, each with its task.
///
/// # Errors
/// [`BenchError::Scheduler`] when Slurm does not answer, [`BenchError::Io`] when the list of a
/// queued submission cannot be read.
pub fn queued_cells(
    dir: &Path,
    scheduler: &Scheduler,
) -> Result<BTreeMap<String, QueuedTask>, BenchError> {
    let mut lists: BTreeMap<u32, Submission> = BTreeMap::new();
    let mut cells = BTreeMap::new();
    for task in scheduler.queue(&job_name(dir))? {
        let (Some(number), Some(line)) = (task.submission, task.task) else {
            continue;
        };
        let list = match lists.entry(number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Submission::read(dir, number)?),
        };
        let ids = line.checked_sub(1).and_then(|at| list.tasks.get(at));
        for id in ids.into_iter().flatten() {
            cells.insert(id.clone(), task.clone());
        }
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_squeue_is_a_task_with_its_submission() {
        let task = QueuedTask::parse("17|3|RUNNING|n1|2|None").unwrap();
        assert_eq!((task.id(), task.submission), ("17_3".to_owned(), Some(2)));
        assert!(!task.is_waiting());
        let collector = QueuedTask::parse("18|N/A|PENDING||collect|Dependency").unwrap();
        assert_eq!(
            (collector.id(), collector.submission),
            ("18".to_owned(), None)
        );
        assert!(collector.is_waiting());
    }

    #[test]
    fn a_reason_with_a_bar_stays_whole_and_less_is_no_task() {
        let task = QueuedTask::parse("17|3|PENDING||1|a|b").unwrap();
        assert_eq!(task.reason, "a|b");
        assert_eq!(QueuedTask::parse("slurm_load_jobs error"), None);
        assert_eq!(QueuedTask::parse("x|3|PENDING||1|None"), None);
    }
}
