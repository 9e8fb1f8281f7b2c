//! The folder all checkouts of a user share, so that a fresh clone does not download again.
//!
//! A libtorch is put together in a sibling folder and renamed when it is whole; a lock file
//! keeps two set-ups apart, and the operating system frees it when a process dies.

use super::install::Install;
use super::{VERSION, Variant};
use crate::fetch;
use crate::interrupt::Interrupt;
use crate::workspace::user_dir;
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// One variant's place in the shared cache.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    root: PathBuf,
    variant: Variant,
}

impl Cache {
    pub(crate) fn new(root: PathBuf, variant: Variant) -> Self {
        Self { root, variant }
    }

    /// `$XDG_CACHE_HOME/aesc`, `~/.cache/aesc` without it.
    pub(crate) fn of_user(variant: Variant) -> Result<Self> {
        let base = user_dir("XDG_CACHE_HOME", ".cache")
            .context("there is no folder for the cache: set HOME or XDG_CACHE_HOME")?;
        Ok(Self::new(base.join("aesc"), variant))
    }

    /// Where the finished libtorch lies, for instance `libtorch-2.11.0-cpu`.
    pub(crate) fn dir(&self) -> PathBuf {
        self.root
            .join(format!("libtorch-{VERSION}-{}", self.variant.name()))
    }

    /// Where downloads lie until the libtorch made of them is whole.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.sibling("downloads")
    }

    fn sibling(&self, suffix: &str) -> PathBuf {
        self.root.join(format!(
            "libtorch-{VERSION}-{}.{suffix}",
            self.variant.name()
        ))
    }

    /// Waits for the sole right to change this variant; held until the file is dropped.
    pub(crate) fn lock(&self) -> Result<File> {
        fs::create_dir_all(&self.root)
            .with_context(|| format!("cannot make the cache {}", self.root.display()))?;
        fetch::lock(&self.sibling("lock"), "set-up", &Interrupt::default())?
            .with_context(|| format!("{} was removed: run set-up again", self.root.display()))
    }

    /// Lets `fill` make the libtorch in an empty folder, checks it and moves it to its place.
    pub(crate) fn build(&self, fill: impl FnOnce(&Path) -> Result<()>) -> Result<Install> {
        let building = self.sibling("building");
        remove_dir(&building)?;
        fs::create_dir_all(&building)
            .with_context(|| format!("cannot make {}", building.display()))?;
        let made = fill(&building).and_then(|()| {
            Install::inspect_for(&building, self.variant).context("what was downloaded is unusable")
        });
        if let Err(error) = made {
            remove_dir(&building)?;
            return Err(error);
        }
        remove_dir(&self.dir())?;
        fs::rename(&building, self.dir())
            .with_context(|| format!("cannot move {} into place", building.display()))?;
        Ok(Install::inspect(&self.dir())?)
    }

    /// Frees the room of the downloads once they are unpacked.
    pub(crate) fn drop_downloads(&self) -> Result<()> {
        remove_dir(&self.downloads())
    }
}

fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::install::fixture;
    use super::*;

    #[test]
    fn a_failed_build_leaves_nothing_in_place() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path().to_path_buf(), Variant::Cpu);
        assert!(cache.build(|_| anyhow::bail!("cut off")).is_err());
        let error = cache.build(|_| Ok(())).unwrap_err();
        assert!(
            format!("{error:#}").contains("is no complete libtorch"),
            "{error:#}"
        );
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_build_replaces_remains_of_an_earlier_one() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path().to_path_buf(), Variant::Cpu);
        fs::create_dir_all(cache.dir().join("half")).unwrap();
        fs::create_dir_all(cache.sibling("building").join("old")).unwrap();
        let fill = |dir: &Path| {
            fixture::libtorch(dir, "2.11.0+cpu");
            Ok(())
        };
        let install = cache.build(fill).unwrap();
        assert!(install.dir.ends_with("libtorch-2.11.0-cpu"));
        assert!(!install.dir.join("half").exists() && !install.dir.join("old").exists());
    }

    #[test]
    fn a_second_set_up_waits_for_the_first() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path().to_path_buf(), Variant::Cpu);
        let held = cache.lock().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let second = cache.clone();
        let waiter = std::thread::spawn(move || {
            let lock = second.lock().unwrap();
            sender.send(()).unwrap();
            drop(lock);
        });
        let early = receiver.recv_timeout(std::time::Duration::from_millis(200));
        assert!(
            early.is_err(),
            "the second lock was given while the first was held"
        );
        drop(held);
        waiter.join().unwrap();
    }
}
