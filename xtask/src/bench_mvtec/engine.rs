//! The options about who runs the cells, passed on to `aesc bench run` as they are.

/// What `aesc bench run` takes about engines; it checks them.
#[derive(Debug, clap::Args)]
pub(super) struct EngineArgs {
    /// Who runs the cells: local, slurm or print [default: local]
    #[arg(long, value_name = "NAME")]
    engine: Option<String>,
    /// Slurm: the partition
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// Slurm: tasks at a time
    #[arg(long, value_name = "N")]
    max_parallel: Option<String>,
    /// Slurm: generic resources of a task, such as gpu:1
    #[arg(long, value_name = "LIST")]
    gres: Option<String>,
    /// Slurm: cells a task does one after the other
    #[arg(long, value_name = "N")]
    cells_per_task: Option<String>,
    /// Slurm: one more option of sbatch, such as --sbatch-arg=--time=2:00:00
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    sbatch_arg: Vec<String>,
}

impl EngineArgs {
    pub(super) fn options(&self) -> Vec<String> {
        let pairs = [
            ("--engine", &self.engine),
            ("--partition", &self.partition),
            ("--max-parallel", &self.max_parallel),
            ("--gres", &self.gres),
            ("--cells-per-task", &self.cells_per_task),
        ];
        let given = pairs
            .into_iter()
            .filter_map(|(flag, value)| Some((flag, value.as_ref()?)));
        let mut options: Vec<String> = given
            .flat_map(|(flag, value)| [flag.to_owned(), value.clone()])
            .collect();
        options.extend(
            self.sbatch_arg
                .iter()
                .map(|arg| format!("--sbatch-arg={arg}")),
        );
        options
    }
}
