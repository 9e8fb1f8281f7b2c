//! `aesc config`: what a command would run with, and whether a file is right.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::app::Context;
use crate::config;
use crate::failure::Failure;
use crate::output::path_text;

/// The parts of `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the configuration a command would run with
    #[command(after_help = "Examples:\n  aesc config show --preset paper\n  \
        aesc config show --set train.steps=500 --origin")]
    Show(ShowArgs),
    /// Check a configuration file
    #[command(after_help = "Example:\n  aesc config check aesc.toml")]
    Check(CheckArgs),
}

/// What `config show` takes.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The preset to start from: frontier, paper, paper-rgb, quick or sample
    #[arg(long, default_value = "frontier", value_name = "NAME")]
    preset: String,
    /// Say where each value came from
    #[arg(long)]
    origin: bool,
}

/// What `config check` takes.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The file
    file: PathBuf,
}

pub(crate) fn run(command: &ConfigCommand, context: &Context) -> Result<(), Failure> {
    match command {
        ConfigCommand::Show(args) => show(args, context),
        ConfigCommand::Check(args) => {
            let config = config::check_file(&args.file)?;
            let value = json!({ "file": path_text(&args.file), "valid": true, "config": config });
            context
                .output
                .result(&value, || format!("{}: valid", args.file.display()))
        }
    }
}

fn show(args: &ShowArgs, context: &Context) -> Result<(), Failure> {
    let resolved = config::resolve(&args.preset, &context.global)?;
    let text = config::to_toml(&resolved.config)?;
    let value = json!({ "config": resolved.config, "origins": resolved.origins });
    context.output.result(&value, || {
        if !args.origin {
            return text;
        }
        let origins = resolved
            .origins
            .iter()
            .map(|(key, from)| format!("# {key:<28}{from}\n"));
        format!(
            "{text}\n# Where values came from; all others are defaults.\n{}",
            origins.collect::<String>()
        )
    })
}
