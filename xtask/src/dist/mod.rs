//! `cargo xtask dist`: a relocatable archive of `aesc`, tried out before it gets its name.
//!
//! The archive holds one folder: `bin/aesc`, for libtorch's variants `lib/` (the program looks
//! beside its own folder), the licences of all that is in it, and `SHA256SUMS`. Nothing in it
//! points to the machine that built it.

mod archive;
mod licences;
mod stage;
#[cfg(test)]
mod tests;
mod trial;

use crate::libtorch::{self, Variant};
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// `cargo xtask dist`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The libtorch to put in: with none the program predicts by tract and trains nothing
    #[arg(long, value_enum, default_value_t, value_name = "VARIANT")]
    libtorch: Libtorch,
    /// The folder for the archive [default: dist in the target folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Which libtorch comes along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Libtorch {
    /// No libtorch, for lines that only predict
    #[default]
    None,
    /// The CPU's
    Cpu,
    /// NVIDIA's too
    Cuda,
}

impl Libtorch {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }

    /// The folder of libtorch to take, found or fetched.
    fn folder(self) -> Result<Option<PathBuf>> {
        match self {
            Self::None => Ok(None),
            Self::Cpu => libtorch::folder(Variant::Cpu).map(Some),
            Self::Cuda => libtorch::folder(Variant::Cuda).map(Some),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// libtorch cannot be had (exit code 5), the build fails, or the archive does not run elsewhere.
pub(crate) fn run(args: &Args) -> Result<()> {
    let libtorch = args.libtorch.folder()?;
    let target = workspace::target_dir().join("dist");
    let program = build(args.libtorch, libtorch.as_deref(), &target)?;
    let name = format!(
        "aesc-{}-{}-{}-libtorch-{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS,
        args.libtorch.name()
    );
    let out = args.out.clone().unwrap_or_else(|| target.clone());
    std::fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let staging = tempfile::tempdir_in(&target).context("no room for the staging folder")?;
    let folder = staging.path().join(&name);
    stage::fill(&folder, &program, libtorch.as_deref())?;
    let licences = licences::collect(args.libtorch == Libtorch::None)?;
    stage::add_licences(&folder, &licences, libtorch.as_deref())?;
    stage::add_checksums(&folder)?;
    let path = out.join(format!("{name}.tar.gz"));
    archive::pack(&folder, &path, trial::run)?;
    eprintln!(
        "{} ({:.1} MB)",
        path.display(),
        path.metadata()?.len() as f64 / 1e6
    );
    Ok(())
}

/// Builds the program without a path of this machine in it.
fn build(libtorch: Libtorch, folder: Option<&Path>, target: &Path) -> Result<PathBuf> {
    let mut cargo = workspace::cargo();
    cargo
        .args([
            "build",
            "--profile",
            "dist",
            "--package",
            "aesc-cli",
            "--target-dir",
        ])
        .arg(target);
    if libtorch == Libtorch::None {
        cargo.arg("--no-default-features");
    }
    if let Some(folder) = folder {
        cargo.env("LIBTORCH", folder);
    }
    let home = workspace::user_dir("CARGO_HOME", ".cargo").unwrap_or_default();
    let remapped = [(home, "cargo"), (workspace::root(), "aesc")];
    let flags = remapped.map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    // Separated as cargo wants it, so that a folder's name may hold spaces.
    cargo
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("AESC_RELOCATABLE", "1");
    let status = cargo.status().context("cargo cannot be started")?;
    if !status.success() {
        bail!("cargo build --profile dist --package aesc-cli: {status}");
    }
    Ok(target.join("dist").join("aesc"))
}
