//! The exit codes, an interface as much as the output is.

/// What the process tells its caller by its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// All went well.
    Success = 0,
    /// Something nobody foresaw.
    Unexpected = 1,
    /// Usage or configuration.
    Usage = 2,
    /// Data: layout, unreadable files, an empty split.
    Data = 3,
    /// The model file.
    Model = 4,
    /// The device, libtorch or tract.
    Device = 5,
    /// The loss became NaN or infinite.
    Numerical = 6,
    /// `--fail-on` found what it looks for.
    FoundDefect = 10,
    /// Finished, but some inputs failed (`--keep-going`).
    SomeFailed = 11,
    /// Cells of a benchmark failed.
    CellsFailed = 20,
    /// A regression gate fell.
    GateFailed = 21,
    /// An exported graph differs from its model.
    ParityFailed = 22,
    /// Stopped with a checkpoint: run the same command again.
    Stopped = 75,
    /// Ctrl-C.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// Below `-h`.
pub(crate) const EXAMPLES: &str = "Examples:
  aesc train photos/clean --out runs/cap
  aesc predict runs/cap/model.aesc.safetensors photos/new --out results
  aesc data check photos";

/// Below `--help`.
pub(crate) const AFTER_HELP: &str = "Examples:
  aesc train photos/clean --out runs/cap
  aesc predict runs/cap/model.aesc.safetensors photos/new --out results
  aesc data check photos

Exit codes:
    0  success
    1  unexpected
    2  usage or configuration
    3  data: layout, unreadable files, an empty split
    4  model file
    5  device or libtorch
    6  numerical: the loss became NaN or infinite
   10  --fail-on found what it looks for
   11  finished, but some inputs failed (--keep-going)
   20  cells of a benchmark failed
   21  a regression gate fell
   22  the exported graph differs from the model; nothing was written
   75  stopped with a checkpoint: run the same command again (train: with --resume)
  130  Ctrl-C
  143  SIGTERM";
