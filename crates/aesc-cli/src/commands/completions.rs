//! `aesc completions`: a completion script on stdout.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::data;

/// What `completions` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  aesc completions bash > ~/.local/share/bash-completion/completions/aesc"
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "aesc", &mut script);
    data(&String::from_utf8_lossy(&script))
}
