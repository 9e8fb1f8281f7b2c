//! The command line: global options and verbs. What a verb takes stands in its own file.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::commands;

/// Visual anomaly detection with repair autoencoders trained on clean images.
#[derive(Debug, Parser)]
#[command(
    name = "aesc",
    version = crate::provenance::long_version(),
    after_help = crate::exit_code::EXAMPLES,
    after_long_help = crate::exit_code::AFTER_HELP,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options every verb understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Say more on stderr (-vv: all)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Put one JSON document on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Configuration file (TOML) over the preset, for commands that train and corrupt
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set one value, for example train.steps=500, for commands that train, corruption.* for corrupt
    /// and score.* for calibrate
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, global = true, default_value = "auto", value_name = "DEVICE")]
    pub(crate) device: String,
    /// Threads for everything together [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Seed of all randomness [default: the configuration's]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Show no progress
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

impl GlobalArgs {
    /// Whether a file or a value of the configuration is given.
    pub(crate) fn has_settings(&self) -> bool {
        self.config.is_some() || !self.sets.is_empty()
    }

    pub(crate) fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or(cores, usize::from)
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a detector on a folder of clean images
    Train(commands::train::TrainArgs),
    /// Set a model's thresholds by clean images, without training
    Calibrate(commands::calibrate::CalibrateArgs),
    /// Find defects in images: scores, maps, overlays
    Predict(commands::predict::PredictArgs),
    /// Measure a model on the test images of a data set
    Eval(commands::eval::EvalArgs),
    /// Measure anybody's anomaly maps against masks
    ScoreMaps(commands::score_maps::ScoreMapsArgs),
    /// Find out which strategy suits a model, without a defect image
    Advise(commands::advise::AdviseArgs),
    /// Show what a corruption does to an image
    Corrupt(commands::corrupt::CorruptArgs),
    /// Write a model as an ONNX graph, checked against the model
    Export(commands::export::ExportArgs),
    /// Print what a model file says of itself
    Inspect(commands::inspect::InspectArgs),
    /// Check a data set, or make the built-in sample set
    #[command(subcommand)]
    Data(commands::data::DataCommand),
    /// Show or check a configuration
    #[command(subcommand)]
    Config(commands::config::ConfigCommand),
    /// Run a benchmark matrix and write its report
    #[command(subcommand)]
    Bench(commands::bench::BenchCommand),
    /// Tell what this machine offers and how to mend what is off
    Doctor(commands::doctor::DoctorArgs),
    /// Print a completion script for a shell
    Completions(commands::completions::CompletionsArgs),
}
