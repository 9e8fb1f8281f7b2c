//! `--engine`: who runs the cells of `bench run`, and what Slurm is asked for.

use std::path::{Path, PathBuf};

use aesc_bench::{Engine, JobSettings, PrintEngine, Scheduler, SlurmEngine, Worker};
use clap::{Args, ValueEnum};

use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::provenance;

/// Variables that Slurm's jobs get as they are here, where they are set.
const ENVIRONMENT: [&str; 8] = [
    "PATH",
    "HOME",
    "LANG",
    "LD_LIBRARY_PATH",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "SLURM_CONF",
    "NO_COLOR",
];

/// Who runs the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum EngineName {
    /// Processes of this machine
    #[default]
    Local,
    /// Job arrays of Slurm; does not wait for them
    Slurm,
    /// Nobody: a line for a shell for each cell
    Print,
}

/// What `bench run` takes about engines.
#[derive(Debug, Args)]
pub(crate) struct EngineArgs {
    /// Who runs the cells
    #[arg(long, value_enum, default_value_t, value_name = "NAME")]
    pub(super) engine: EngineName,
    /// The partition [default: the cluster's]
    #[arg(long, value_name = "NAME", help_heading = SLURM)]
    partition: Option<String>,
    /// Tasks at a time [default: as many as there is room for]
    #[arg(long, value_name = "N", help_heading = SLURM, value_parser = clap::value_parser!(u32).range(1..))]
    max_parallel: Option<u32>,
    /// Generic resources of a task, such as gpu:1
    #[arg(long, value_name = "LIST", help_heading = SLURM)]
    gres: Option<String>,
    /// Cells a task does one after the other, for short ones [default: 1]
    #[arg(long, value_name = "N", help_heading = SLURM, value_parser = clap::value_parser!(u32).range(1..))]
    cells_per_task: Option<u32>,
    /// One more option of sbatch, such as --sbatch-arg=--time=2:00:00
    #[arg(long, value_name = "OPTION", help_heading = SLURM, allow_hyphen_values = true)]
    sbatch_arg: Vec<String>,
}

const SLURM: &str = "Slurm";

impl EngineArgs {
    /// Refuses options of Slurm where another engine runs the cells, and the reverse.
    pub(super) fn validate(&self, jobs: Option<u16>) -> Result<(), Failure> {
        let slurm_only = [
            ("--partition", self.partition.is_some()),
            ("--max-parallel", self.max_parallel.is_some()),
            ("--gres", self.gres.is_some()),
            ("--cells-per-task", self.cells_per_task.is_some()),
            ("--sbatch-arg", !self.sbatch_arg.is_empty()),
        ];
        let stray = slurm_only.iter().find(|(_, is_given)| *is_given);
        match (self.engine, stray) {
            (EngineName::Local | EngineName::Print, Some((option, _))) => {
                Err(Failure::usage(format!("{option} goes with --engine slurm")))
            }
            (EngineName::Slurm | EngineName::Print, _) if jobs.is_some() => {
                let message = "--jobs is for this machine; --max-parallel limits tasks of Slurm";
                Err(Failure::usage(message))
            }
            _ => Ok(()),
        }
    }

    /// The engine that gives the cells away; `None` where this machine runs them.
    pub(super) fn elsewhere(
        &self,
        weights_from: &[PathBuf],
        context: &Context,
    ) -> Result<Option<Box<dyn Engine>>, Failure> {
        if self.engine == EngineName::Local {
            return Ok(None);
        }
        // Other machines have other numbers of cores: a thread a cell, as on this one.
        let threads = context.global.threads.map_or(1, usize::from);
        let mut worker = worker(threads, &context.global.device, weights_from)?;
        worker
            .extra_args
            .extend(["--built-from".to_owned(), provenance::build()]);
        if self.engine == EngineName::Print {
            return Ok(Some(Box::new(PrintEngine { worker })));
        }
        Ok(Some(Box::new(SlurmEngine {
            worker,
            settings: self.settings(),
            scheduler: Scheduler::installed(),
        })))
    }

    fn settings(&self) -> JobSettings {
        let variable = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
        JobSettings {
            partition: self.partition.clone(),
            gres: self.gres.clone(),
            max_parallel: self.max_parallel.map(|n| n as usize),
            cells_per_task: self.cells_per_task.unwrap_or(1) as usize,
            sbatch_args: self.sbatch_arg.clone(),
            environment: ENVIRONMENT.into_iter().filter_map(variable).collect(),
        }
    }
}

/// This program doing cells, on so many threads each, with weights of earlier benches where they fit.
pub(super) fn worker(
    threads: usize,
    device: &str,
    weights_from: &[PathBuf],
) -> Result<Worker, Failure> {
    let program = std::env::current_exe().map_err(|e| Failure::new(ExitCode::Unexpected, e))?;
    let mut extra_args = ["--device", device, "--no-progress"]
        .map(str::to_owned)
        .to_vec();
    for dir in weights_from {
        extra_args.push("--weights-from".to_owned());
        extra_args.push(full_path(dir)?.display().to_string());
    }
    Ok(Worker {
        program,
        threads,
        extra_args,
    })
}

/// A folder by its full name, as other machines must be told it.
pub(super) fn full_path(dir: &Path) -> Result<PathBuf, Failure> {
    std::fs::canonicalize(dir).map_err(|e| Failure::io("open", dir, e))
}
