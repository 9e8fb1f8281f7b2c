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
mod commands;
mod config;
mod evaluation;
mod exit_code;
mod failure;
mod output;
mod pictures;
mod provenance;
mod run_folder;
mod signals;
#[cfg(feature = "libtorch")]
mod training;

fn main() -> std::process::ExitCode {
    app::run()
}
