//! Slurm: its commands, the script of a bench's jobs, the lists of their cells, its queue.
//!
//! ```text
//! DIR/slurm/job.sbatch        what every job runs; written anew by each submission, for Slurm keeps its copy
//! DIR/slurm/0001.cells        the first submission's cells, a line a task; never changed
//! DIR/slurm/logs/17_3.txt     what task 3 of job 17 said
//! ```
//!
//! Nothing about jobs is stored: a bench's jobs share a name made from its folder, each carries
//! the number of its list as comment, and the scheduler's own queue is the only record of them.
//! So no crash between submitting and writing down can lose one. Accounting (sacct) is not asked:
//! many clusters have none, and what is finished stands in the result files.

mod array_task;
mod queue;
mod scheduler;
mod script;
mod submission;

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub use array_task::ArrayTask;
pub use queue::{QueuedTask, queued_cells};
pub use scheduler::Scheduler;
pub use script::JobSettings;

pub(crate) use script::script;
pub(crate) use submission::{Submission, list_path, next_number};

/// Most tasks of one array: by default task ids end at 1000 (`MaxArraySize` is 1001).
pub(crate) const MAX_TASKS: usize = 1000;

/// Where a bench's files for Slurm lie.
pub(crate) fn slurm_dir(dir: &Path) -> PathBuf {
    dir.join("slurm")
}

/// Whether cells of the run folder were ever given to Slurm.
pub fn was_submitted(dir: &Path) -> bool {
    slurm_dir(dir).is_dir()
}

/// The name of every job of the bench in run folder `dir`, which is there and named in full.
pub fn job_name(dir: &Path) -> String {
    let digest = Sha256::digest(dir.to_string_lossy().as_bytes());
    let hex: String = digest.iter().take(4).map(|b| format!("{b:02x}")).collect();
    format!("aesc-{hex}")
}
