//! Slurm's commands, each called once and read strictly.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::QueuedTask;
use crate::BenchError;

/// Slurm as its commands offer it.
#[derive(Debug, Clone, Default)]
pub struct Scheduler {
    folder: Option<PathBuf>,
}

impl Scheduler {
    /// The commands found through `PATH`.
    pub fn installed() -> Self {
        Self::default()
    }

    /// The commands in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            folder: Some(folder.to_owned()),
        }
    }

    /// Submits by `sbatch --parsable` and gives the job's id.
    ///
    /// # Errors
    /// [`BenchError::Scheduler`] when sbatch refuses or answers no number.
    pub(crate) fn submit<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<String, BenchError> {
        let said = self.call("sbatch", args)?;
        // "17", or "17;cluster" where there are several.
        let id = said.trim().split(';').next().unwrap_or_default();
        if !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(id.to_owned());
        }
        Err(failed(
            "sbatch",
            format!("expected a job's id, found {said:?}"),
        ))
    }

    /// The tasks of this name that wait or run, those that are about to end among them.
    ///
    /// # Errors
    /// [`BenchError::Scheduler`] when squeue fails or says something else.
    pub fn queue(&self, name: &str) -> Result<Vec<QueuedTask>, BenchError> {
        let format = ["--format", QueuedTask::FORMAT];
        let args = ["--noheader", "--array", "--name", name];
        let said = self.call("squeue", &[&args[..], &format].concat())?;
        let lines = said.lines().filter(|line| !line.trim().is_empty());
        let task = |line| {
            let odd = || failed("squeue", format!("expected a task, found {line:?}"));
            QueuedTask::parse(line).ok_or_else(odd)
        };
        lines.map(task).collect()
    }

    /// Cancels every job of this name.
    ///
    /// # Errors
    /// [`BenchError::Scheduler`] when scancel fails.
    pub fn cancel(&self, name: &str) -> Result<(), BenchError> {
        self.call("scancel", &["--name", name]).map(drop)
    }

    /// The state of one job or array task, "" when it is no longer known.
    pub(crate) fn state(&self, job: &str) -> Result<String, BenchError> {
        let args = ["--noheader", "--jobs", job, "--format", "%T"];
        Ok(self.call("squeue", &args)?.trim().to_owned())
    }

    /// Puts a job or array task back into the queue; who runs in it gets SIGTERM.
    pub(crate) fn requeue(&self, job: &str) -> Result<(), BenchError> {
        self.call("scontrol", &["requeue", job]).map(drop)
    }

    fn call<S: AsRef<OsStr>>(
        &self,
        program: &'static str,
        args: &[S],
    ) -> Result<String, BenchError> {
        let path = match &self.folder {
            Some(folder) => folder.join(program),
            None => PathBuf::from(program),
        };
        let output = Command::new(path).args(args).stdin(Stdio::null()).output();
        let output = output.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                let remedy = "it is not on this machine: go where jobs are submitted, or take \
                              --engine local or print";
                failed(program, remedy)
            }
            _ => failed(program, error.to_string()),
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let status = output.status;
        Err(failed(program, format!("{status}: {}", said.trim())))
    }
}

fn failed(command: &'static str, found: impl Into<String>) -> BenchError {
    BenchError::Scheduler {
        command,
        found: found.into(),
    }
}
