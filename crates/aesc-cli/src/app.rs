//! From the command line to an exit code: parse, set up, dispatch, tell a failure once.

use clap::Parser;
use tracing::Level;

use crate::args::{Cli, Command, GlobalArgs};
use crate::commands;
use crate::commands::bench::BenchCommand;
use crate::commands::config::ConfigCommand;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::signals::Signals;

/// What every command gets.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) global: GlobalArgs,
    pub(crate) output: Output,
    pub(crate) signals: Signals,
}

/// Runs the program.
pub(crate) fn run() -> std::process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are printed by the same way and are no failure.
            drop(error.print());
            return if error.use_stderr() {
                ExitCode::Usage
            } else {
                ExitCode::Success
            }
            .into();
        }
    };
    match start(cli) {
        Ok(()) => ExitCode::Success.into(),
        Err(failure) => {
            failure.print();
            failure.code.into()
        }
    }
}

fn start(cli: Cli) -> Result<(), Failure> {
    let global = cli.global;
    if global.has_settings() && !takes_settings(&cli.command) {
        let message = "--config and --set have no say here: a model file carries its settings";
        return Err(Failure::usage(message));
    }
    log_to_stderr(&global);
    let threads = global.threads();
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
    #[cfg(feature = "libtorch")]
    aesc_model::set_threads(threads);
    aesc_artifact::keep_freed_memory();
    let usr1 = matches!(cli.command, Command::Bench(BenchCommand::RunCell(_)));
    let signals =
        Signals::listen(usr1).map_err(|error| Failure::new(ExitCode::Unexpected, error))?;
    let output = Output {
        json: global.json,
        progress: !global.no_progress && !global.quiet,
    };
    dispatch(
        cli.command,
        &Context {
            global,
            output,
            signals,
        },
    )
}

/// Whether a command resolves a configuration.
fn takes_settings(command: &Command) -> bool {
    matches!(
        command,
        Command::Train(_)
            | Command::Calibrate(_)
            | Command::Corrupt(_)
            | Command::Config(ConfigCommand::Show(_))
            | Command::Bench(BenchCommand::Plan(_) | BenchCommand::Run(_))
    )
}

fn dispatch(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Train(args) => commands::train::run(&args, context),
        Command::Calibrate(args) => commands::calibrate::run(&args, context),
        Command::Predict(args) => commands::predict::run(&args, context),
        Command::Eval(args) => commands::eval::run(&args, context),
        Command::Advise(args) => commands::advise::run(&args, context),
        Command::ScoreMaps(args) => commands::score_maps::run(&args, context),
        Command::Corrupt(args) => commands::corrupt::run(&args, context),
        Command::Export(args) => commands::export::run(&args, context),
        Command::Inspect(args) => commands::inspect::run(&args, context),
        Command::Data(command) => commands::data::run(&command, context),
        Command::Config(command) => commands::config::run(&command, context),
        Command::Bench(command) => commands::bench::run(&command, context),
        Command::Doctor(args) => commands::doctor::run(&args, context),
        Command::Completions(args) => commands::completions::run(&args),
    }
}

fn log_to_stderr(global: &GlobalArgs) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => Level::ERROR,
        (_, 0) => Level::WARN,
        (_, 1) => Level::INFO,
        _ => Level::DEBUG,
    };
    let colour = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        && std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .without_time()
        .with_target(false)
        .init();
}
