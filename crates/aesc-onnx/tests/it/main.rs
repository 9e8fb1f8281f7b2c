//! Graphs against the network written out, and against other runtimes.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::panic,
    reason = "a helper that fails fails its test, and a test that is skipped says so"
)]

mod export;
mod models;
mod peers;
mod reconstruct;
mod written_out;
