//! `job.sbatch`: the one script of a bench's jobs, to be read before it is trusted.

use std::path::Path;

use super::slurm_dir;
use crate::BenchError;
use crate::engine::{Worker, quoted};

/// How long before its time limit a task is told to write its checkpoint, in seconds.
const NOTICE_SECS: u32 = 120;

/// What a user asks of Slurm.
#[derive(Debug, Clone, Default)]
pub struct JobSettings {
    /// Partition; the cluster's default where none is named.
    pub partition: Option<String>,
    /// Generic resources of a task: `gpu:1`.
    pub gres: Option<String>,
    /// Tasks running at once; unlimited where none is named.
    pub max_parallel: Option<usize>,
    /// Cells a task does one after the other; 0 counts as 1.
    pub cells_per_task: usize,
    /// Further options of sbatch, each one word: `--time=2:00:00`.
    pub sbatch_args: Vec<String>,
    /// Variables of the jobs; nothing else of the submitter's environment reaches them.
    pub environment: Vec<(String, String)>,
}

impl JobSettings {
    /// Refuses what would not be an option in the script.
    ///
    /// # Errors
    /// [`BenchError::SbatchArg`].
    pub(crate) fn validate(&self) -> Result<(), BenchError> {
        let is_option = |arg: &&String| arg.starts_with('-') && !arg.contains(['\n', '\r']);
        match self.sbatch_args.iter().find(|arg| !is_option(arg)) {
            None => Ok(()),
            Some(arg) => Err(BenchError::SbatchArg { found: arg.clone() }),
        }
    }

    /// Options as the script's `#SBATCH` lines; later ones win.
    fn directives(&self, dir: &Path, threads: usize) -> Vec<String> {
        let logs = slurm_dir(dir).join("logs/%A_%a.txt");
        let mut lines = vec![
            "--requeue".to_owned(),
            "--open-mode=append".to_owned(),
            format!("--signal=B:USR1@{NOTICE_SECS}"),
            "--export=NIL".to_owned(),
            format!("--output={}", quoted(&logs.to_string_lossy())),
            "--ntasks=1".to_owned(),
            format!("--cpus-per-task={}", threads.max(1)),
        ];
        let partition = self.partition.iter();
        lines.extend(partition.map(|name| format!("--partition={}", quoted(name))));
        lines.extend(
            self.gres
                .iter()
                .map(|gres| format!("--gres={}", quoted(gres))),
        );
        lines.extend(self.sbatch_args.iter().cloned());
        lines
    }
}

/// The script for run folder `dir`.
pub(crate) fn script(dir: &Path, worker: &Worker, settings: &JobSettings) -> String {
    let folder = quoted(&dir.to_string_lossy());
    let directives = settings.directives(dir, worker.threads);
    let directives: String = directives
        .iter()
        .map(|d| format!("#SBATCH {d}\n"))
        .collect();
    let variables = settings.environment.iter();
    let variables: String = variables
        .map(|(name, value)| format!("export {name}={}\n", quoted(value)))
        .collect();
    let program = quoted(&worker.program.to_string_lossy());
    let cells = worker.line(dir, "$cells");
    format!(
        r#"#!/bin/bash
# The jobs of the bench in {folder}, written by `aesc bench run --engine slurm`.
#
#   sbatch --array=1-N job.sbatch LIST   task I does the cells on line I of LIST
#   sbatch job.sbatch collect            writes the report of what is there
{directives}
set -eu
{variables}
if [ "$1" = collect ]; then
    exec {program} bench collect --out {folder}
fi
cells=$(sed -n "${{SLURM_ARRAY_TASK_ID}}p" "$1")
# The worker takes the shell's place, so that Slurm's signals reach it. $cells is a list of words.
exec {cells} --requeue
"#
    )
}
