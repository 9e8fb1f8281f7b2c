//! `cargo xtask bench-speed`: ours and, where asked, other programs on the same work in turns; one
//! table for `docs/performance.md`.

mod ours;
mod peers;
mod rows;
mod watched;

use crate::{libtorch, workspace};
use anyhow::{Context, Result};
use std::path::PathBuf;

/// `cargo xtask bench-speed`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Measure other programs beside ours, in a Python environment made for them (6 GB, once)
    #[arg(long)]
    peers: bool,
    /// Threads for every program [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Rounds; in each every program has its turn
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Put the rows on stdout as JSON
    #[arg(long)]
    json: bool,
    /// Store the rows, for example as data/results/speed-cpu.json
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Something cannot be built or started, or ends with an error.
pub(crate) fn run(args: &Args) -> Result<()> {
    libtorch::ensure()?;
    let threads = match args.threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism()?.get(),
    };
    let folder = tempfile::tempdir()?;
    let ours = ours::Ours::build(folder.path(), threads)?;
    let peers = args
        .peers
        .then(|| peers::Peers::prepare(&ours))
        .transpose()?;
    let mut found = rows::Found::default();
    for round in 1..=args.rounds.max(1) {
        eprintln!("round {round} of {}", args.rounds.max(1));
        ours.measure(&mut found)?;
        if let Some(peers) = &peers {
            peers.measure(&ours, &mut found)?;
        }
    }
    let report = rows::report(&found, threads)?;
    eprint!("{}", rows::table(&report)?);
    let text = serde_json::to_string_pretty(&report)?;
    if args.json {
        #[expect(clippy::print_stdout, reason = "the data asked for")]
        {
            println!("{}", serde_json::to_string_pretty(&report["rows"])?);
        }
    }
    if let Some(out) = &args.out {
        let out = workspace::root().join(out);
        aesc_bench::write_atomic(&out, format!("{text}\n").as_bytes())
            .with_context(|| out.display().to_string())?;
    }
    Ok(())
}

/// The table of a stored report, for the docs.
///
/// # Errors
/// The report is not one of this command.
pub(crate) fn stored_table(text: &str) -> Result<String> {
    let report = serde_json::from_str(text).context("not a report of bench-speed")?;
    rows::table(&report)
}
