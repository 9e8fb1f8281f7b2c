//! `cargo xtask data fetch mvtec`: consent, archive, sum, unpacking, counts; a category gets its
//! name when it is whole.

use super::archive::{SHA256, Source, Wanted};
use super::extract::{Bounds, Extract};
use super::work::{Work, rename, replace};
use super::{category, room};
use crate::interrupt::Interrupt;
use crate::stop::{DATA, Stop, with_code};
use aesc_data::MvtecCategory;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to fetch, from where, to where.
#[derive(Debug)]
pub(super) struct Fetch {
    /// The dataset's folder, in which the categories lie.
    pub(super) dir: PathBuf,
    /// Every category of the dataset with its counts.
    pub(super) categories: Vec<MvtecCategory>,
    /// The names of those to fetch.
    pub(super) wanted: Vec<String>,
    pub(super) source: Source,
    pub(super) sha256: String,
    /// Replace categories that are there.
    pub(super) force: bool,
    pub(super) stall_timeout: Duration,
    pub(super) bounds: Bounds,
    pub(super) interrupt: Interrupt,
}

impl Fetch {
    /// Fetches what is not there yet; `consent` is asked before anything is changed.
    ///
    /// # Errors
    /// A [`Stop`]: exit code 3 with the remedy, or what `consent` says. Partial downloads are
    /// kept, and the dataset's folder is as it was.
    pub(super) fn run(&self, consent: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.missing()?.is_empty() {
            eprintln!("nothing to fetch");
            self.say_complete();
            return Ok(());
        }
        self.warn_of_room();
        consent()?;
        let work =
            Work::take(&self.dir, &self.interrupt).map_err(|error| with_code(DATA, error))?;
        // Another process may have brought it while this one waited.
        let missing = self.missing()?;
        let done = if missing.is_empty() {
            Ok(())
        } else {
            self.fill(&work, &missing)
        };
        work.clear();
        if let Err(error) = done {
            work.remove_unless_needed();
            return Err(with_code(DATA, error));
        }
        self.say_complete();
        self.leave(work)
    }

    fn fill(&self, work: &Work, missing: &[&MvtecCategory]) -> Result<()> {
        let archive = self.wanted_archive().obtain(work.dir())?;
        let all: Vec<&str> = self.categories.iter().map(|c| c.name).collect();
        let names: Vec<&str> = missing.iter().map(|c| c.name).collect();
        let extract = Extract {
            categories: &all,
            wanted: &names,
            bounds: self.bounds,
            interrupt: &self.interrupt,
        };
        let staging = work.staging();
        fs::create_dir(&staging).with_context(|| format!("cannot make {}", staging.display()))?;
        if let Err(error) = extract.unpack(&archive, &staging) {
            let note = "the archive is kept, and the same command unpacks it again";
            self.interrupt.check().map_err(|stop| stop.and(note))?;
            return Err(error);
        }
        let faults: Vec<String> = missing
            .iter()
            .flat_map(|expected| unpacked_faults(&staging, expected))
            .collect();
        if !faults.is_empty() {
            let head = format!("{} is not MVTec AD as it was published", archive.display());
            return Err(Stop::new(DATA, listed(&head, &faults)).into());
        }
        self.place(work, &names)
    }

    fn wanted_archive(&self) -> Wanted<'_> {
        Wanted {
            source: &self.source,
            sha256: &self.sha256,
            stall_timeout: self.stall_timeout,
            interrupt: &self.interrupt,
        }
    }

    /// Gives what was unpacked its name: the whole folder where there is none yet, else each
    /// category.
    fn place(&self, work: &Work, names: &[&str]) -> Result<()> {
        let staging = work.staging();
        if !self.dir.exists() {
            return rename(&staging, &self.dir);
        }
        for name in names {
            replace(&staging.join(name), &self.dir.join(name), &work.replaced()?)?;
        }
        // The notices beside the categories, where there are none yet.
        for entry in fs::read_dir(&staging)? {
            let entry = entry?;
            let target = self.dir.join(entry.file_name());
            if !target.exists() {
                rename(&entry.path(), &target)?;
            }
        }
        Ok(())
    }

    /// The wanted categories that must be fetched.
    ///
    /// # Errors
    /// Some are there and not whole, and nobody said to replace them.
    fn missing(&self) -> Result<Vec<&MvtecCategory>> {
        let mut wanted = self.wanted();
        if self.force {
            return Ok(wanted);
        }
        let path = |expected: &MvtecCategory| self.dir.join(expected.name);
        let present = |expected: &MvtecCategory| path(expected).symlink_metadata().is_ok();
        let there = wanted.iter().filter(|expected| present(expected));
        let faults: Vec<String> = there
            .flat_map(|expected| category::faults(&path(expected), expected))
            .collect();
        if faults.is_empty() {
            wanted.retain(|expected| !present(expected));
            return Ok(wanted);
        }
        let head = format!("{} has categories that are not whole", self.dir.display());
        let text = listed(&head, &faults)
            + "\nadd --force to fetch the wanted categories anew and replace them, or name another \
               folder by --dir DIR";
        Err(Stop::new(DATA, text).into())
    }

    fn wanted(&self) -> Vec<&MvtecCategory> {
        let named =
            |category: &&MvtecCategory| self.wanted.iter().any(|name| name == category.name);
        self.categories.iter().filter(named).collect()
    }

    /// Of other archives than the published one the size is not known.
    fn warn_of_room(&self) {
        if self.sha256 != SHA256 {
            return;
        }
        let share = self.wanted.len() as f64 / self.categories.len().max(1) as f64;
        let to_fetch = match self.source {
            Source::Url(_) => {
                let arrived = self.wanted_archive().arrived(&Work::folder(&self.dir));
                room::ARCHIVE.saturating_sub(arrived)
            }
            Source::File(_) => 0,
        };
        room::warn(&self.dir, to_fetch + (room::UNPACKED as f64 * share) as u64);
    }

    fn say_complete(&self) {
        let dir = self.dir.display();
        let wanted = self.wanted();
        let names: Vec<&str> = wanted.iter().map(|category| category.name).collect();
        eprintln!(
            "{dir} holds {}: {} training and {} test images, as published\n\
             `cargo xtask data verify {dir}` reads every one",
            names.join(", "),
            wanted.iter().map(|category| category.train).sum::<usize>(),
            wanted.iter().map(|category| category.test).sum::<usize>(),
        );
    }

    /// A downloaded archive goes when nothing more can be taken from it.
    fn leave(&self, work: Work) -> Result<()> {
        let has = |category: &MvtecCategory| self.dir.join(category.name).is_dir();
        if self.categories.iter().all(has) {
            return work.remove().map_err(|error| with_code(DATA, error));
        }
        let archive = self.wanted_archive().downloaded(work.dir());
        if archive.exists() {
            eprintln!(
                "the archive stays in {} for the categories that are not unpacked; delete it if \
                 you want none of them",
                archive.display()
            );
        } else {
            work.remove_unless_needed();
        }
        Ok(())
    }
}

/// What the unpacked category lacks.
fn unpacked_faults(staging: &Path, expected: &MvtecCategory) -> Vec<String> {
    let dir = staging.join(expected.name);
    if dir.exists() {
        return category::faults(&dir, expected);
    }
    vec![format!("{}: it is not in the archive", expected.name)]
}

/// Problems, one a line.
fn listed(head: &str, faults: &[String]) -> String {
    format!("{head}:\n  {}", faults.join("\n  "))
}
