//! `cargo xtask test`: every check of the repository, one after the other, stopping at the first
//! that fails and naming the command that repeats it alone.

mod slurm;
mod steps;

use crate::{libtorch, workspace};
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use steps::{Action, Step};

/// `cargo xtask test`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of a command line, one a choice"
)]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only what builds without libtorch, with none in reach
    #[arg(long)]
    pure: bool,
    /// Also the checks on real images
    #[arg(long, conflicts_with = "pure")]
    real: bool,
    /// Instead of all these: benches on a real Slurm of two nodes, started here for the purpose
    #[arg(long, conflicts_with_all = ["pure", "real", "quick"])]
    slurm: bool,
    /// Leave out the examples and the documentation build
    #[arg(long)]
    quick: bool,
    /// Folder of real images for --real; without it `AESC_REAL_DATA`, then ../shared/data
    #[arg(long, value_name = "DIR", requires = "real")]
    data: Option<PathBuf>,
}

/// Runs the steps that the arguments ask for.
///
/// # Errors
/// A step failed; libtorch cannot be set up.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !args.pure {
        libtorch::ensure()?;
    }
    let mut steps = if args.slurm {
        steps::slurm()
    } else if args.pure {
        steps::pure(args.quick)?
    } else {
        steps::full(args.quick)?
    };
    if args.real {
        steps.extend(real(args.data.clone()));
    }
    let mut done = Vec::new();
    for step in &steps {
        eprintln!("\n==== {} ====", step.title);
        let start = Instant::now();
        let result = step.run();
        let outcome = if result.is_ok() { "ok" } else { "FAILED" };
        done.push((step.title.as_str(), outcome, start.elapsed()));
        if let Err(error) = result {
            summarise(&done);
            bail!(
                "{}: {error:#}\nrepeat it alone: {}",
                step.title,
                step.repeat()
            );
        }
    }
    summarise(&done);
    Ok(())
}

fn summarise(done: &[(&str, &str, Duration)]) {
    eprintln!("\n==== summary ====");
    for (title, outcome, time) in done {
        eprintln!("{outcome:<7} {:>7.1} s  {title}", time.as_secs_f64());
    }
}

/// The tests marked `#[ignore]` need real images; without any the step says so and is left out.
fn real(given: Option<PathBuf>) -> Option<Step> {
    let from_env = || std::env::var_os("AESC_REAL_DATA").map(PathBuf::from);
    let beside = workspace::root().join("../shared/data");
    let data = given.or_else(from_env).unwrap_or(beside);
    let Ok(data) = data.canonicalize() else {
        eprintln!(
            "skipped: checks on real images, since {} is not there",
            data.display()
        );
        return None;
    };
    let action = Action::cargo("test --workspace --tests -- --ignored")
        .env("AESC_REAL_DATA", &data.to_string_lossy());
    Some(Step::new("checks on real images", action))
}
