//! The array task a worker runs in, and how it puts itself back into the queue.

use super::Scheduler;
use crate::BenchError;

/// States of a task that may go on; it is SIGNALING while the controller sees to a signal.
const ALIVE: [&str; 2] = ["RUNNING", "SIGNALING"];

/// A worker's own place in Slurm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayTask {
    /// `17_3`.
    pub id: String,
    /// How often Slurm has started it again.
    pub restarts: u32,
}

impl ArrayTask {
    /// From the variables that Slurm gives to a job; `None` outside an array.
    ///
    /// ```
    /// # use aesc_bench::ArrayTask;
    /// let variable = |name: &str| match name {
    ///     "SLURM_ARRAY_JOB_ID" => Some("17".to_owned()),
    ///     "SLURM_ARRAY_TASK_ID" => Some("3".to_owned()),
    ///     _ => None,
    /// };
    /// let task = ArrayTask::from_variables(variable).unwrap();
    /// assert_eq!((task.id.as_str(), task.restarts), ("17_3", 0));
    /// assert_eq!(ArrayTask::from_variables(|_| None), None);
    /// ```
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let (job, task) = (
            variable("SLURM_ARRAY_JOB_ID")?,
            variable("SLURM_ARRAY_TASK_ID")?,
        );
        let restarts = variable("SLURM_RESTART_COUNT").and_then(|n| n.parse().ok());
        Some(Self {
            id: format!("{job}_{task}"),
            restarts: restarts.unwrap_or(0),
        })
    }

    /// Asks Slurm to run the task again, unless it was started again `limit` times already or is
    /// about to end by another's will; tells whether it did.
    ///
    /// The last thing a worker does: Slurm answers with SIGTERM, soon followed by SIGKILL. A task
    /// that `scancel` ended is COMPLETING when its worker hears of it; to requeue it would undo
    /// the cancellation.
    ///
    /// # Errors
    /// [`BenchError::Scheduler`] when Slurm does not answer.
    pub fn requeue(&self, limit: u32, scheduler: &Scheduler) -> Result<bool, BenchError> {
        if self.restarts >= limit || !ALIVE.contains(&scheduler.state(&self.id)?.as_str()) {
            return Ok(false);
        }
        scheduler.requeue(&self.id).map(|()| true)
    }
}
