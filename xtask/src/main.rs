//! Repository chores: `cargo xtask setup|test|tidy|docs|data|bench-mvtec|bench-speed|dist`.
//!
//! Never names tch: it prepares what building tch needs, and builds and executes `aesc`.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stderr,
    reason = "a command that reports its progress on stderr"
)]

mod bench_mvtec;
mod bench_speed;
mod data;
mod dist;
mod docs;
mod fetch;
mod interrupt;
mod libtorch;
mod members;
mod progress;
mod stop;
mod test;
mod tidy;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about, version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find or fetch libtorch and link it at .libtorch
    Setup(libtorch::Args),
    /// Run every check and test
    Test(test::Args),
    /// Check the invariants of the source tree
    Tidy,
    /// Renew what the docs quote from stored results and from the program
    Docs(docs::Args),
    /// Fetch MVTec AD, or verify a folder of it
    #[command(subcommand)]
    Data(data::Command),
    /// Pack aesc as an archive that runs anywhere
    #[command(after_help = "Examples:
  cargo xtask dist
  cargo xtask dist --libtorch cpu --out releases")]
    Dist(dist::Args),
    /// Build aesc and run the benchmark
    #[command(after_help = "Examples:
  cargo xtask bench-mvtec --sample
  cargo xtask bench-mvtec
  cargo xtask bench-mvtec --category bottle --preset quick
  cargo xtask bench-mvtec --data mvtec --preset paper --device cuda
  cargo xtask bench-mvtec --matrix paper --engine slurm --partition gpu --gres gpu:1 --max-parallel 8

Without --data the dataset is looked for in `MVTEC_AD`, else in
`$XDG_DATA_HOME/aesc/mvtec_anomaly_detection`; where it is not there, it is offered to fetch it
(`cargo xtask data fetch mvtec`).")]
    BenchMvtec(Box<bench_mvtec::Args>),
    /// Time training, inference, corruption, decoding and metrics, beside other programs if asked
    BenchSpeed(bench_speed::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Setup(args) => libtorch::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Test(args) => test::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Tidy => tidy::run().map(|()| ExitCode::SUCCESS),
        Command::Docs(args) => docs::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Data(command) => data::run(&command).map(|()| ExitCode::SUCCESS),
        Command::Dist(args) => dist::run(&args).map(|()| ExitCode::SUCCESS),
        Command::BenchMvtec(args) => bench_mvtec::run(&args),
        Command::BenchSpeed(args) => bench_speed::run(&args).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        stop::exit_code(&error)
    })
}
