//! `cargo xtask data`: fetches MVTec AD, licence first, and verifies a folder of it.

mod archive;
mod category;
mod entry;
mod extract;
mod fetch;
mod licence;
mod place;
mod room;
mod terminal;
#[cfg(test)]
mod tests;
mod verify;
mod work;

pub(crate) use licence::PAGE;
pub(crate) use terminal::{Ask, ask};

use crate::interrupt::Interrupt;
use crate::stop::{Stop, USAGE};
use crate::workspace;
use aesc_data::MVTEC_CATEGORIES;
use anyhow::{Context, Result};
use archive::Source;
use clap::builder::PossibleValuesParser;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `cargo xtask data`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Download a dataset, once its licence is accepted
    #[command(after_help = "Examples:
  cargo xtask data fetch mvtec
  cargo xtask data fetch mvtec --category bottle pill --dir mvtec --accept-license
  cargo xtask data fetch mvtec --archive mvtec_anomaly_detection.tar.xz    # offline

A transfer that breaks off, or is stopped by Ctrl-C, goes on with the same command. All categories
come in one archive: it is fetched whole (about 5 GB) even where one is wanted, and kept until all
are unpacked.

Exit codes: 2 usage, or the licence is not accepted; 3 the data cannot be had or is not as
published; 130 Ctrl-C.")]
    Fetch(FetchArgs),
    /// Hold a folder of MVTec AD against the published counts and read every image and mask
    #[command(after_help = "Examples:
  cargo xtask data verify
  cargo xtask data verify mvtec_anomaly_detection

Exit code 3 where anything is off; every problem is listed at once.")]
    Verify(VerifyArgs),
}

/// `cargo xtask data fetch`.
#[derive(Debug, clap::Args)]
pub(crate) struct FetchArgs {
    /// The dataset
    #[arg(value_enum)]
    dataset: DatasetName,
    /// Unpack only these categories
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = PossibleValuesParser::new(names()))]
    category: Vec<String>,
    /// The dataset's folder [default: `MVTEC_AD`, else `$XDG_DATA_HOME/aesc/mvtec_anomaly_detection`]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Accept the licence, CC BY-NC-SA 4.0, without being asked
    #[arg(long, alias = "accept-licence")]
    accept_license: bool,
    /// Another address of the archive
    #[arg(long, value_name = "URL", conflicts_with = "archive")]
    url: Option<String>,
    /// The archive, fetched by other means
    #[arg(long, value_name = "FILE")]
    archive: Option<PathBuf>,
    /// SHA-256 of the archive, where it is packed anew [default: that of the published one]
    #[arg(long, value_name = "HEX", value_parser = sha256_hex)]
    sha256: Option<String>,
    /// Fetch again and replace categories that are there
    #[arg(long)]
    force: bool,
}

/// `cargo xtask data verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// The dataset's folder, or that of one category [default: as for fetch]
    dir: Option<PathBuf>,
}

/// The datasets that can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DatasetName {
    /// MVTec AD: 15 categories, CC BY-NC-SA 4.0
    Mvtec,
}

/// Runs the command.
///
/// # Errors
/// A [`Stop`] that names the remedy; see the commands' help for the exit codes.
pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Fetch(args) => args.run(&mut ask),
        Command::Verify(args) => {
            let dir = args.dir.clone().map_or_else(default_dir, Ok)?;
            verify::run(&dir, &MVTEC_CATEGORIES)
        }
    }
}

/// Fetches MVTec AD to its default folder, for the commands that need it; `category` empty means
/// all of them.
///
/// # Errors
/// As [`run`].
pub(crate) fn fetch_mvtec(category: &[String], ask: &mut Ask<'_>) -> Result<()> {
    let args = FetchArgs {
        dataset: DatasetName::Mvtec,
        category: category.to_vec(),
        dir: None,
        accept_license: false,
        url: None,
        archive: None,
        sha256: None,
        force: false,
    };
    args.run(ask)
}

impl FetchArgs {
    fn run(&self, ask: &mut Ask<'_>) -> Result<()> {
        let DatasetName::Mvtec = self.dataset;
        let fetch = self.fetch()?;
        fetch.run(|| {
            licence::consent(self.accept_license, ask)?;
            fetch.interrupt.listen()
        })
    }

    fn fetch(&self) -> Result<fetch::Fetch> {
        let url = || self.url.clone().unwrap_or_else(|| archive::URL.to_owned());
        let source = self
            .archive
            .clone()
            .map_or_else(|| Source::Url(url()), Source::File);
        let wanted = match &self.category[..] {
            [] => names().map(str::to_owned).to_vec(),
            some => some.to_vec(),
        };
        Ok(fetch::Fetch {
            dir: resolved(&self.dir.clone().map_or_else(default_dir, Ok)?)?,
            categories: MVTEC_CATEGORIES.to_vec(),
            wanted,
            source,
            sha256: self
                .sha256
                .clone()
                .unwrap_or_else(|| archive::SHA256.to_owned()),
            force: self.force,
            stall_timeout: Duration::from_mins(1),
            bounds: extract::Bounds::default(),
            interrupt: Interrupt::default(),
        })
    }
}

/// The categories' names, sorted.
pub(crate) fn names() -> [&'static str; 15] {
    MVTEC_CATEGORIES.map(|category| category.name)
}

/// `MVTEC_AD` where it is set, else the folder for MVTec AD among the user's data.
pub(crate) fn default_dir() -> Result<PathBuf> {
    let named = std::env::var_os("MVTEC_AD").filter(|name| !name.is_empty());
    named.map_or_else(
        || Ok(home()?.join("mvtec_anomaly_detection")),
        |name| Ok(name.into()),
    )
}

/// Where datasets lie: `$XDG_DATA_HOME/aesc`.
pub(crate) fn home() -> Result<PathBuf> {
    let base = workspace::user_dir("XDG_DATA_HOME", ".local/share");
    Ok(base
        .context("there is no folder for data: set HOME or XDG_DATA_HOME")?
        .join("aesc"))
}

/// An absolute path that names a folder, or nothing yet.
fn resolved(dir: &Path) -> Result<PathBuf> {
    if dir.exists() {
        if !dir.is_dir() {
            let text = format!("--dir: {} is a file and no folder", dir.display());
            return Err(Stop::new(USAGE, text).into());
        }
        let resolved = dir.canonicalize();
        return resolved.with_context(|| format!("cannot open {}", dir.display()));
    }
    let named = dir.file_name().is_some() && dir.symlink_metadata().is_err();
    let absolute = std::path::absolute(dir).ok().filter(|_| named);
    // By its components, so that a slash at the end falls away.
    absolute
        .map(|dir| dir.components().collect())
        .ok_or_else(|| {
            let text = format!("--dir: {} cannot become a folder", dir.display());
            Stop::new(USAGE, text).into()
        })
}

/// 64 hexadecimal digits, in lower case.
fn sha256_hex(text: &str) -> Result<String, String> {
    let is_sum = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sum
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| "expected the 64 hexadecimal digits of a SHA-256".to_owned())
}
