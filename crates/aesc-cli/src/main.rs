//! The `aesc` binary: train, apply and measure repair autoencoders for visual anomaly detection.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(feature = "libtorch"),
    expect(
        dead_code,
        reason = "commands that train share code with those that do not"
    )
)]

mod advice;
mod app;
mod args;
mod backend;
mod clean_images;
mod commands;
mod config;
mod evaluation;
mod exit_code;
mod failure;
mod in_words;
mod output;
mod pictures;
mod provenance;
mod roi_file;
mod run_folder;
mod signals;
mod tiles;
#[cfg(feature = "libtorch")]
mod train_report;
#[cfg(feature = "libtorch")]
mod training;
#[cfg(feature = "libtorch")]
mod training_estimate;

fn main() -> std::process::ExitCode {
    app::run()
}
