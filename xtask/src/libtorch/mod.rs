//! Finds or fetches the libtorch that tch is made for and links it at `.libtorch`.
//!
//! The order: the folder named by `--libtorch` or `LIBTORCH`; what `.libtorch` already is; the
//! user's shared cache; the official archive; PyPI by pip. See `docs/libtorch.md`.

mod archive;
mod cache;
mod check;
mod compiler;
mod install;
mod pypi;
#[cfg(test)]
mod tests;
mod unpack;

use crate::stop::{LIBTORCH, Stop};
use crate::workspace;
use anyhow::{Context, Result};
use cache::Cache;
use install::Install;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version tch 0.24 accepts.
pub(crate) const VERSION: &str = "2.11.0";

/// With or without the libraries for NVIDIA devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    Cpu,
    Cuda,
}

impl Variant {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

/// `cargo xtask setup`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Fetch the libtorch with CUDA 13.0 (it serves the CPU too)
    #[arg(long)]
    cuda: bool,
    /// Use this unpacked libtorch, or the torch folder of a Python PyTorch
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    libtorch: Option<PathBuf>,
    /// Change nothing: say what is missing and how to mend it (exit code 5)
    #[arg(long)]
    check: bool,
}

/// Where libtorch may come from; tests put their own in.
#[derive(Debug)]
struct Sources {
    archive_url: String,
    stall_timeout: Duration,
    python: PathBuf,
    wheels: Vec<pypi::Wheel>,
}

/// One set-up: for which checkout, which variant, out of which cache and sources.
#[derive(Debug)]
pub(crate) struct Setup {
    root: PathBuf,
    variant: Variant,
    /// `LIBTORCH` where the user set it.
    libtorch_env: Option<PathBuf>,
    cache: Cache,
    sources: Sources,
}

/// Runs the command.
///
/// # Errors
/// A [`Stop`] with exit code 5 that names the remedy.
pub(crate) fn run(args: &Args) -> Result<()> {
    let variant = if args.cuda {
        Variant::Cuda
    } else {
        Variant::Cpu
    };
    let setup = Setup::of_user(variant)?;
    if args.check {
        return check::run(&setup);
    }
    let before = fs::read_link(setup.link()).ok();
    let install = setup.ensure(args.libtorch.as_deref())?;
    if before.is_some_and(|old| fs::read_link(setup.link()).ok() != Some(old)) {
        forget_links();
    }
    eprintln!(
        "libtorch {} is ready: {}",
        install.version,
        install.dir.display()
    );
    compiler::fault().map_or(Ok(()), |fault| Err(Stop::new(LIBTORCH, fault).into()))
}

/// Lets cargo link anew what carries the path of another libtorch: the variable that it watches
/// still names the same link.
fn forget_links() {
    eprintln!("libtorch moved: what was built with the other one is built again");
    for profile in ["dev", "release"] {
        let mut cargo = workspace::cargo();
        cargo.args(["clean", "--quiet", "--profile", profile]);
        cargo.args([
            "--package",
            "torch-sys",
            "--package",
            "aesc-model",
            "--package",
            "aesc-cli",
        ]);
        if !cargo.status().is_ok_and(|status| status.success()) {
            eprintln!("warning: run `cargo clean` before the next build");
        }
    }
}

/// Makes sure that a build finds a libtorch, for the commands that build.
///
/// # Errors
/// As [`run`].
pub(crate) fn ensure() -> Result<()> {
    run(&Args::default())
}

/// The folder of a libtorch of this variant, found or fetched, links resolved.
///
/// # Errors
/// As [`run`].
pub(crate) fn folder(variant: Variant) -> Result<PathBuf> {
    Ok(Setup::of_user(variant)?.ensure(None)?.dir)
}

impl Setup {
    fn of_user(variant: Variant) -> Result<Self> {
        let root = workspace::root();
        let link = root.join(".libtorch");
        // `.cargo/config.toml` sets LIBTORCH to the link for every `cargo run`.
        let given = std::env::var_os("LIBTORCH").map(PathBuf::from);
        let libtorch_env = given.filter(|dir| !dir.as_os_str().is_empty() && *dir != link);
        let sources = Sources {
            archive_url: archive::url(variant),
            stall_timeout: Duration::from_mins(1),
            python: "python3".into(),
            wheels: pypi::wheels(),
        };
        Ok(Self {
            root,
            variant,
            libtorch_env,
            cache: Cache::of_user(variant)?,
            sources,
        })
    }

    fn link(&self) -> PathBuf {
        self.root.join(".libtorch")
    }

    /// Makes sure that a build finds libtorch; `given` is linked where it is named.
    pub(crate) fn ensure(&self, given: Option<&Path>) -> Result<Install> {
        if let Some(dir) = given {
            let install = self.inspect_named(dir, "--libtorch")?;
            self.point_at(&install.dir)?;
            return Ok(install);
        }
        if let Some(dir) = &self.libtorch_env {
            // The build script of torch-sys runs in another folder.
            if dir.is_relative() {
                let text = format!("LIBTORCH: {} is no absolute path", dir.display());
                return Err(Stop::new(LIBTORCH, text).into());
            }
            let install = self.inspect_named(dir, "LIBTORCH")?;
            eprintln!("LIBTORCH is set: builds use {}", install.dir.display());
            return Ok(install);
        }
        if let Ok(install) = Install::inspect_for(&self.link(), self.variant) {
            return Ok(install);
        }
        let install = self.cached_or_fetched()?;
        self.point_at(&install.dir)?;
        Ok(install)
    }

    fn inspect_named(&self, dir: &Path, named_by: &str) -> Result<Install, Stop> {
        Install::inspect_for(dir, self.variant).map_err(|fault| {
            Stop::new(
                LIBTORCH,
                format!("{named_by}: {fault}; name a libtorch {VERSION}"),
            )
        })
    }

    fn cached_or_fetched(&self) -> Result<Install> {
        let _lock = self.cache.lock()?;
        if let Ok(install) = Install::inspect_for(&self.cache.dir(), self.variant) {
            return Ok(install);
        }
        let install = self.fetch()?;
        self.cache.drop_downloads()?;
        Ok(install)
    }

    /// Tries every source; fails with the reason of each.
    fn fetch(&self) -> Result<Install> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err(Stop::new(LIBTORCH, OTHER_PLATFORM).into());
        }
        let mut reasons = Vec::new();
        for (name, attempt) in self.attempts() {
            eprintln!(
                "libtorch {VERSION} ({}): trying {name}",
                self.variant.name()
            );
            match self.cache.build(attempt) {
                Ok(install) => return Ok(install),
                Err(error) => {
                    eprintln!("  no: {error:#}");
                    reasons.push(format!("  - {name}: {error:#}"));
                }
            }
        }
        Err(Stop::new(LIBTORCH, self.nothing_worked(&reasons)).into())
    }

    fn attempts(&self) -> Vec<(String, Attempt<'_>)> {
        let Sources {
            archive_url,
            stall_timeout,
            python,
            wheels,
        } = &self.sources;
        let downloads = self.cache.downloads();
        let wheel_dir = downloads.clone();
        let official: Attempt<'_> =
            Box::new(move |into| archive::install(archive_url, *stall_timeout, &downloads, into));
        let pypi: Attempt<'_> = match self.variant {
            Variant::Cpu => Box::new(move |into| pypi::install(python, wheels, &wheel_dir, into)),
            Variant::Cuda => Box::new(|_| anyhow::bail!(NO_CUDA_BY_PIP)),
        };
        vec![
            (archive_url.clone(), official),
            ("PyPI by pip".to_owned(), pypi),
        ]
    }

    fn nothing_worked(&self, reasons: &[String]) -> String {
        let python = match self.variant {
            Variant::Cpu => PYTHON_REMEDY,
            Variant::Cuda => "",
        };
        format!(
            "libtorch {VERSION} ({}) could not be set up:\n{}\n\
             what helps:\n\
             \x20 - check the network and HTTPS_PROXY, then run set-up again: finished and \
             half-finished downloads are kept\n{python}\
             \x20 - unpack libtorch {VERSION} yourself, or install PyTorch {VERSION} by pip, and run \
             `cargo xtask setup --libtorch DIR` with that folder (PyTorch's is the one named torch)",
            self.variant.name(),
            reasons.join("\n"),
        )
    }

    /// Lets `.libtorch` point to `dir`; a real folder of that name is never touched.
    fn point_at(&self, dir: &Path) -> Result<()> {
        let link = self.link();
        if link
            .symlink_metadata()
            .is_ok_and(|metadata| !metadata.is_symlink())
        {
            if link.canonicalize()? == dir {
                return Ok(());
            }
            let text = format!("{} is a folder and no link: move it away", link.display());
            return Err(Stop::new(LIBTORCH, text).into());
        }
        // Made in a folder of its own, whatever else runs or was killed here before, then moved.
        let made = tempfile::Builder::new()
            .prefix(".libtorch.")
            .suffix(".partial")
            .tempdir_in(&self.root)
            .and_then(|folder| {
                let fresh = folder.path().join("link");
                make_link(dir, &fresh)?;
                fs::rename(&fresh, &link)
            });
        made.with_context(|| format!("cannot link {}", link.display()))
    }
}

/// Fills the folder it is given.
type Attempt<'a> = Box<dyn FnOnce(&Path) -> Result<()> + 'a>;

const OTHER_PLATFORM: &str = "libtorch is fetched for x86-64 Linux only; elsewhere name one by \
     `cargo xtask setup --libtorch DIR`";

const NO_CUDA_BY_PIP: &str = "what it brings is the CPU half only";

const PYTHON_REMEDY: &str =
    "  - give the fallback a Python with pip: apt-get install python3-pip\n";

#[cfg(unix)]
fn make_link(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn make_link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::Error::other(
        "links are made on Unix only; set LIBTORCH instead",
    ))
}
