//! Cells as child processes of this one, a few at a time.

use std::collections::VecDeque;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::log::{log_tail, open_log};
use super::{CellFailure, Engine, Event, Outcome, RunContext, Worker};
use crate::folder::{cell_dir, failure_path, log_path, result_path};
use crate::{BenchError, CellResult, CellSpec, FORMAT};

/// Starts after the first, granted to a cell that the machine killed.
const RETRIES: u32 = 2;
/// How often the children are looked at.
const POLL: Duration = Duration::from_millis(50);

/// Runs a [`Worker`] for each cell.
///
/// Output goes to `cells/<id>/log.txt`. The child gets no standard input.
#[derive(Debug, Clone)]
pub struct LocalEngine {
    /// What does a cell.
    pub worker: Worker,
    /// Cells running at once; 0 counts as 1.
    pub jobs: usize,
}

impl Engine for LocalEngine {
    fn run(
        &self,
        missing: &[CellSpec],
        context: &RunContext<'_>,
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<Outcome, BenchError> {
        let mut run = LocalRun {
            engine: self,
            context,
            progress,
            queue: missing.iter().map(|cell| (cell, 1)).collect(),
            running: Vec::new(),
            outcome: Outcome::default(),
            fatal: None,
            terminated: false,
        };
        run.drive();
        match run.fatal {
            Some(error) => Err(error),
            None => Ok(run.outcome),
        }
    }
}

/// A started cell.
struct Running<'a> {
    cell: &'a CellSpec,
    attempt: u32,
    child: Child,
    started: Instant,
    /// Length of the log before this attempt.
    log_start: u64,
}

/// The state of one [`LocalEngine::run`].
struct LocalRun<'a> {
    engine: &'a LocalEngine,
    context: &'a RunContext<'a>,
    progress: &'a mut dyn FnMut(Event<'_>),
    /// Cells to start, with the number of the attempt.
    queue: VecDeque<(&'a CellSpec, u32)>,
    running: Vec<Running<'a>>,
    outcome: Outcome,
    /// Ends the run once the running children have.
    fatal: Option<BenchError>,
    /// Whether SIGTERM was passed on.
    terminated: bool,
}

impl<'a> LocalRun<'a> {
    fn drive(&mut self) {
        loop {
            self.heed_stop();
            self.start_cells();
            if self.running.is_empty() && self.queue.is_empty() {
                return;
            }
            if !self.reap() {
                (self.progress)(Event::Waiting {
                    n_running: self.running.len(),
                    n_queued: self.queue.len(),
                });
                std::thread::sleep(POLL);
            }
        }
    }

    /// Drops the queue when told to stop or when nothing can be run, and passes SIGTERM on, once.
    fn heed_stop(&mut self) {
        let stopping = self.context.stopping();
        self.outcome.interrupted |= stopping;
        if stopping || self.fatal.is_some() {
            let unstarted = self.queue.drain(..).map(|(cell, _)| cell.id.clone());
            self.outcome.not_started.extend(unstarted);
        }
        if self.context.terminating() && !self.terminated {
            self.terminated = true;
            self.running.iter().for_each(|one| terminate(&one.child));
        }
    }

    fn start_cells(&mut self) {
        while self.fatal.is_none() && self.running.len() < self.engine.jobs.max(1) {
            let Some((cell, attempt)) = self.queue.pop_front() else {
                return;
            };
            match self.engine.start(self.context.dir, cell, attempt) {
                Ok(running) => {
                    self.running.push(running);
                    (self.progress)(Event::Started { cell, attempt });
                }
                Err(error) => {
                    self.outcome.not_started.push(cell.id.clone());
                    self.fatal = Some(error);
                }
            }
        }
    }

    /// Deals with every child that has ended; tells whether there was one.
    fn reap(&mut self) -> bool {
        let mut ended = Vec::new();
        let mut i = 0;
        while i < self.running.len() {
            match self.running[i].child.try_wait() {
                Ok(None) => i += 1,
                Ok(Some(status)) => ended.push((self.running.swap_remove(i), Some(status))),
                Err(_) => ended.push((self.running.swap_remove(i), None)),
            }
        }
        let any = !ended.is_empty();
        for (running, status) in ended {
            self.settle(&running, status);
        }
        any
    }

    fn settle(&mut self, ended: &Running<'a>, status: Option<ExitStatus>) {
        let cell = ended.cell;
        let (code, signal) = (status.and_then(|s| s.code()), status.and_then(signal_of));
        match verdict(code, signal) {
            Verdict::Finished => self.check_result(ended),
            Verdict::Stopped => self.stopped(cell),
            Verdict::Killed if self.context.stopping() => self.stopped(cell),
            Verdict::Killed if ended.attempt <= RETRIES => {
                let how = match (code, signal) {
                    (Some(code), _) => format!("exit code {code}"),
                    (None, signal) => format!("signal {}", signal.unwrap_or_default()),
                };
                (self.progress)(Event::Killed { cell, how: &how });
                self.queue.push_front((cell, ended.attempt + 1));
            }
            Verdict::Killed | Verdict::Failed => {
                let reason = log_tail(&log_path(self.context.dir, &cell.id), ended.log_start);
                self.failed(ended, (code, signal), reason);
            }
        }
    }

    fn stopped(&mut self, cell: &CellSpec) {
        self.outcome.stopped.push(cell.id.clone());
        (self.progress)(Event::Stopped { cell });
    }

    /// Exit code 0 counts only with a result that answers the cell.
    fn check_result(&mut self, ended: &Running<'a>) {
        let cell = ended.cell;
        let why = match CellResult::read(&result_path(self.context.dir, &cell.id)) {
            Ok(result) => result.mismatch(cell, &[]),
            Err(why) => Some(why),
        };
        if let Some(why) = why {
            let reason = format!("the process ended well, but its result is not there: {why}");
            return self.failed(ended, (Some(0), None), reason);
        }
        self.outcome.done.push(cell.id.clone());
        let secs = ended.started.elapsed().as_secs_f64();
        (self.progress)(Event::Finished { cell, secs });
    }

    fn failed(
        &mut self,
        ended: &Running<'a>,
        (exit_code, signal): (Option<i32>, Option<i32>),
        reason: String,
    ) {
        let cell = ended.cell;
        let failure = CellFailure {
            format: FORMAT,
            exit_code,
            signal,
            reason,
            attempts: ended.attempt,
        };
        // On a full disk the reason still reaches the caller through the outcome.
        drop(failure.write(&failure_path(self.context.dir, &cell.id)));
        (self.progress)(Event::Failed {
            cell,
            failure: &failure,
        });
        self.outcome.failed.push((cell.id.clone(), failure));
    }
}

impl LocalEngine {
    /// Starts one cell, its output appended to its log, an old failure forgotten.
    fn start<'a>(
        &self,
        dir: &Path,
        cell: &'a CellSpec,
        attempt: u32,
    ) -> Result<Running<'a>, BenchError> {
        let folder = cell_dir(dir, &cell.id);
        std::fs::create_dir_all(&folder).map_err(BenchError::io("create", &folder))?;
        CellFailure::forget(&failure_path(dir, &cell.id))?;
        let path = log_path(dir, &cell.id);
        let (log, log_again, log_start) =
            open_log(&path, cell, attempt).map_err(BenchError::io("write", &path))?;
        let child = Command::new(&self.worker.program)
            .args(["bench", "run-cell", "--out"])
            .arg(dir)
            .args(["--cell", &cell.id])
            .args(self.worker.tail())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(log_again)
            .spawn()
            .map_err(|source| BenchError::Spawn {
                program: self.worker.program.clone(),
                source,
            })?;
        Ok(Running {
            cell,
            attempt,
            child,
            started: Instant::now(),
            log_start,
        })
    }
}

/// What an ending says about a cell.
enum Verdict {
    Finished,
    Stopped,
    Killed,
    Failed,
}

/// 75, 130, 143 and the signals of the latter two stop a cell with a checkpoint; any other signal
/// (and 137, a shell's word for SIGKILL) is the machine's doing; the rest is the cell's own fault.
fn verdict(code: Option<i32>, signal: Option<i32>) -> Verdict {
    match (code, signal) {
        (Some(0), _) => Verdict::Finished,
        (Some(75 | 130 | 143), _) | (None, Some(2 | 15)) => Verdict::Stopped,
        (Some(137), _) | (None, Some(_)) => Verdict::Killed,
        _ => Verdict::Failed,
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

/// Asks a child to write its checkpoint and end; one that has ended already does not mind.
#[cfg(unix)]
fn terminate(child: &Child) {
    if let Some(pid) = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    {
        let _gone = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

#[cfg(not(unix))]
fn terminate(_: &Child) {}
