//! The lease on a cell: who is doing it, with a heartbeat, so that no two machines do it twice.
//!
//! A lock ([`FolderLock`](crate::FolderLock)) holds on one machine, and on many shared file
//! systems, but not on all. The lease is an ordinary file, `cells/<id>/lease.json`. Who finds one
//! that is alive leaves the cell alone. One that is not (no heartbeat for five minutes; its process
//! gone from this machine; an earlier life of the same Slurm task) is written over, and after a
//! moment read again: of several who tried, the last writer has it. Clocks may differ by minutes:
//! Slurm's own authentication allows no more. Should a worker that slept through its lease wake
//! up beside its successor, both do the same steps and write whole files, so that nothing but
//! time is lost; it stops when its next heartbeat finds another's name.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::BenchError;
use crate::folder::json_sibling;

/// Time between heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Without a heartbeat for so long, a holder is taken for dead.
const STALE_SECS: u64 = 300;
/// How often one who waits looks again.
const POLL: Duration = Duration::from_millis(100);
/// How long the writers over a dead lease wait before they look who was last.
const SETTLE: Duration = Duration::from_millis(500);

/// What a lease says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    host: String,
    pid: u32,
    /// The Slurm task, `17_3`.
    job: Option<String>,
    /// When it was taken, in nanoseconds since 1970; tells two lives of one process id apart.
    since_nanos: u64,
    /// When its holder was last alive, in seconds since 1970.
    heartbeat_secs: u64,
}

/// A cell taken by this process; given back when dropped.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    mine: Record,
    lost: Arc<AtomicBool>,
    heart: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Lease {
    /// Takes the cell in folder `dir` for this process, run by Slurm task `job` if any, and keeps
    /// it. A holder on this machine may be about to end: it is waited for up to `patience`. `stop`
    /// is set when another is found to have taken the cell.
    ///
    /// # Errors
    /// [`BenchError::Leased`] when another is doing the cell; [`BenchError::Io`] when the lease
    /// cannot be written.
    pub fn acquire(
        dir: &Path,
        job: Option<&str>,
        patience: Duration,
        stop: &Arc<AtomicBool>,
    ) -> Result<Self, BenchError> {
        let path = dir.join("lease.json");
        let mine = Record::new(job);
        let start = Instant::now();
        let is_here = || Record::read(&path).is_none_or(|other| other.host == mine.host);
        loop {
            match take(&path, &mine) {
                Ok(()) => break,
                Err(BenchError::Leased { .. }) if start.elapsed() < patience && is_here() => {
                    std::thread::sleep(POLL);
                }
                Err(error) => return Err(error),
            }
        }
        let lost = Arc::new(AtomicBool::new(false));
        let heart = beat(&path, &mine, [Arc::clone(&lost), Arc::clone(stop)]);
        Ok(Self {
            path,
            mine,
            lost,
            heart: Some(heart),
        })
    }

    /// Whether another has taken the cell.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Whether somebody holds the cell in folder `dir` and was heard of lately.
    pub fn is_held(dir: &Path) -> bool {
        Record::read(&dir.join("lease.json")).is_some_and(|record| record.is_alive(now_secs()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((stop, heart)) = self.heart.take() {
            drop(stop);
            // A heart that died has nothing more to say.
            drop(heart.join());
        }
        if self.mine.is_on(&self.path) {
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// Renews the lease until told to stop; sets the flags when it is another's.
fn beat(path: &Path, mine: &Record, flags: [Arc<AtomicBool>; 2]) -> (Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = channel();
    let (path, mine) = (path.to_owned(), mine.clone());
    let renew = move || {
        while stopped.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
            if !mine.renew(&path) {
                return flags
                    .iter()
                    .for_each(|flag| flag.store(true, Ordering::Relaxed));
            }
        }
    };
    (stop, std::thread::spawn(renew))
}

/// Makes the lease, or writes over one that nobody keeps alive.
fn take(path: &Path, mine: &Record) -> Result<(), BenchError> {
    let refused = |error: tempfile::PersistError| BenchError::io("write", path)(error.error);
    let file = match json_sibling(path, mine)?.persist_noclobber(path) {
        Ok(_) => return Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => error.file,
        Err(error) => return Err(refused(error)),
    };
    // All is written and flushed: from the look to the rename there is no time to speak of.
    mine.must_outlive(Record::read(path), path)?;
    file.persist(path).map_err(refused)?;
    std::thread::sleep(SETTLE);
    match Record::read(path) {
        Some(found) if found.is_same(mine) => Ok(()),
        found => mine.must_outlive(found, path),
    }
}

impl Record {
    fn new(job: Option<&str>) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            pid: std::process::id(),
            job: job.map(str::to_owned),
            since_nanos: since.map_or(0, |since| since.as_nanos() as u64),
            heartbeat_secs: now_secs(),
        }
    }

    /// What the file says; `None` where there is none or it is broken.
    fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    fn is_same(&self, other: &Self) -> bool {
        let who = |r: &Self| (r.host.clone(), r.pid, r.since_nanos);
        who(self) == who(other)
    }

    fn is_on(&self, path: &Path) -> bool {
        Self::read(path).is_some_and(|found| found.is_same(self))
    }

    fn is_alive(&self, now_secs: u64) -> bool {
        now_secs.saturating_sub(self.heartbeat_secs) < STALE_SECS
    }

    /// Whether this new holder need not mind `other`.
    fn outlives(&self, other: &Self) -> bool {
        let same_task = self.job.is_some() && self.job == other.job;
        let gone = self.host == other.host && !is_running(other.pid);
        same_task || gone || !other.is_alive(self.heartbeat_secs)
    }

    fn must_outlive(&self, other: Option<Self>, path: &Path) -> Result<(), BenchError> {
        match other {
            Some(other) if !self.outlives(&other) => Err(BenchError::Leased {
                path: path.to_owned(),
                holder: other.told(),
                age_secs: now_secs().saturating_sub(other.heartbeat_secs),
            }),
            _ => Ok(()),
        }
    }

    /// A new heartbeat; false when the lease is another's now. A disk that refuses is asked again
    /// at the next.
    fn renew(&self, path: &Path) -> bool {
        if Self::read(path).is_some_and(|found| !found.is_same(self)) {
            return false;
        }
        let renewed = Self {
            heartbeat_secs: now_secs(),
            ..self.clone()
        };
        drop(json_sibling(path, &renewed).map(|file| file.persist(path)));
        true
    }

    fn told(&self) -> String {
        let job = self.job.as_ref().map(|job| format!(" (job {job})"));
        format!(
            "process {} on {}{}",
            self.pid,
            self.host,
            job.unwrap_or_default()
        )
    }
}

fn now_secs() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}

/// Whether this machine has a process of that id.
fn is_running(pid: u32) -> bool {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    let answer = pid.map(rustix::process::test_kill_process);
    // One that may not be asked is there.
    !matches!(answer, None | Some(Err(rustix::io::Errno::SRCH)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, record: &Record) {
        std::fs::write(dir.join("lease.json"), serde_json::to_vec(record).unwrap()).unwrap();
    }

    type Change<'a> = &'a dyn Fn(&mut Record);

    fn acquire(dir: &Path) -> Result<Lease, BenchError> {
        Lease::acquire(dir, None, Duration::ZERO, &Arc::default())
    }

    fn taken(dir: &Path, change: impl Fn(&mut Record)) -> Result<Lease, BenchError> {
        let mut other = Record::new(Some("17_3"));
        (other.host, other.pid) = ("elsewhere".to_owned(), 1);
        change(&mut other);
        write(dir, &other);
        Lease::acquire(dir, Some("18_1"), Duration::ZERO, &Arc::default())
    }

    #[test]
    fn a_living_holder_is_left_alone_and_named() {
        let dir = tempfile::tempdir().unwrap();
        let refused = taken(dir.path(), |_| ()).unwrap_err().to_string();
        assert!(
            refused.contains("process 1 on elsewhere (job 17_3)"),
            "{refused}"
        );
        assert!(Lease::is_held(dir.path()));
        // Four minutes are within the five.
        assert!(taken(dir.path(), |other| other.heartbeat_secs -= 240).is_err());
    }

    #[test]
    fn a_dead_holders_lease_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        // No process has the highest id there is.
        let gone = i32::MAX as u32;
        let host = Record::new(None).host;
        let dead: [Change<'_>; 3] = [
            &|other| other.heartbeat_secs -= 301,
            &|other| other.job = Some("18_1".to_owned()),
            &|other| (other.host, other.pid) = (host.clone(), gone),
        ];
        for change in dead {
            let lease = taken(dir.path(), change).unwrap();
            assert!(lease.mine.is_on(&lease.path));
        }
    }

    #[test]
    fn a_broken_lease_is_nobodys() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("lease.json"), "{\"host\":").unwrap();
        assert!(!Lease::is_held(dir.path()));
        acquire(dir.path()).unwrap();
    }

    #[test]
    fn a_lease_is_given_back_unless_another_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lease.json");
        let lease = acquire(dir.path()).unwrap();
        assert!(acquire(dir.path()).is_err());
        drop(lease);
        assert!(!path.exists());
        let lease = acquire(dir.path()).unwrap();
        let other = Record {
            host: "elsewhere".to_owned(),
            ..Record::new(None)
        };
        write(dir.path(), &other);
        assert!(!lease.mine.renew(&path), "a heartbeat finds the other");
        drop(lease);
        assert!(other.is_on(&path));
    }

    #[test]
    fn of_many_who_find_a_dead_lease_one_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut dead = Record::new(None);
        dead.heartbeat_secs -= 301;
        (dead.host, dead.pid) = ("elsewhere".to_owned(), 1);
        write(dir.path(), &dead);
        let tries = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| acquire(dir.path())))
                .collect();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap());
            ended.collect::<Vec<_>>()
        });
        assert_eq!(tries.iter().filter(|lease| lease.is_ok()).count(), 1);
    }
}
