//! `aesc bench cancel`: the jobs of a bench, out of Slurm's queue.

use std::path::Path;

use aesc_bench::{Plan, QueuedTask, Scheduler, job_name, was_submitted};
use serde_json::json;

use super::engine::full_path;
use crate::app::Context;
use crate::failure::Failure;

pub(super) fn run(out: &Path, context: &Context) -> Result<(), Failure> {
    Plan::read(out)?;
    if !was_submitted(out) {
        let place = out.display();
        return Err(Failure::usage(format!(
            "{place}: expected a bench given to Slurm; one of this machine is stopped by Ctrl-C or \
             SIGTERM"
        )));
    }
    let name = job_name(&full_path(out)?);
    let scheduler = Scheduler::installed();
    let (waiting, running): (Vec<_>, Vec<_>) = scheduler
        .queue(&name)?
        .into_iter()
        .partition(QueuedTask::is_waiting);
    if !(waiting.is_empty() && running.is_empty()) {
        scheduler.cancel(&name)?;
    }
    let (n_waiting, n_running) = (waiting.len(), running.len());
    let value = json!({ "name": name, "n_waiting": n_waiting, "n_running": n_running });
    context.output.result(&value, || {
        format!("{n_waiting} waiting and {n_running} running tasks cancelled; their results and checkpoints stay")
    })
}
