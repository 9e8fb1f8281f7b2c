//! `cargo xtask test --slurm`: benches on a real Slurm of two nodes, all of it on this machine, and
//! what a cluster does to them: nodes, controllers and workers that die, time that runs out.

mod cases;
mod cluster;
mod lab;

use crate::stop::{Stop, USAGE};
use crate::workspace;
use anyhow::Result;
use cluster::Cluster;
use lab::Lab;
use std::time::Instant;

/// Runs the cases one after the other, as far as they do not share their waiting.
///
/// # Errors
/// A [`Stop`] with exit code 2 where Slurm is not installed; a case that fails, by its name.
pub(super) fn run() -> Result<()> {
    let missing = cluster::missing_packages();
    if !missing.is_empty() {
        let message = format!(
            "Slurm is not installed here: apt-get install {} (nothing needs to be configured or \
             started)",
            missing.join(" ")
        );
        return Err(Stop::new(USAGE, message).into());
    }
    let mut lab = Lab::new(
        Cluster::start()?,
        workspace::target_dir().join("debug/aesc"),
    )?;
    let start = Instant::now();
    for (name, case) in cases::ALL {
        eprintln!("case: {name}");
        case(&mut lab).map_err(|error| error.context(format!("case: {name}")))?;
        eprintln!("      ok after {:.0} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}
