//! What reaches the user: data on stdout, everything else on stderr, progress that fits the place.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// How a command talks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// One JSON document on stdout instead of text.
    pub(crate) json: bool,
    /// Progress is shown.
    pub(crate) progress: bool,
}

/// Writes a line.
pub(crate) fn say(to: &mut impl Write, line: impl std::fmt::Display) -> std::io::Result<()> {
    writeln!(to, "{line}")
}

/// A path as JSON tells it: bytes that are no UTF-8 are replaced.
pub(crate) fn path_text(path: &std::path::Path) -> String {
    path.display().to_string()
}

impl Output {
    /// Puts the result of a command on stdout: `value` as JSON, or `text`.
    pub(crate) fn result(
        self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let line = if self.json {
            serde_json::to_string_pretty(value)
                .map_err(|error| Failure::new(ExitCode::Unexpected, error))?
        } else {
            text()
        };
        data(&line)
    }

    /// A phase of `total` parts, told on stderr: a bar on a terminal, else a line every tenth.
    pub(crate) fn phase(self, name: &str, total: u64) -> Phase {
        let terminal = std::io::stderr().is_terminal();
        let bar = (self.progress && terminal).then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            let template = "{msg:>12} [{bar:30}] {pos}/{len} {elapsed} left {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(name.to_owned());
            bar
        });
        Phase {
            name: name.to_owned(),
            total: total.max(1),
            bar,
            lines: self.progress && !terminal,
            state: std::sync::Mutex::new((0, 0)),
            start: Instant::now(),
        }
    }
}

/// Puts a text on stdout. A reader that has gone away is no failure.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    match say(&mut std::io::stdout().lock(), text.trim_end()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(ExitCode::Unexpected, error))
        }
        _ => Ok(()),
    }
}

/// A long phase in hand.
#[derive(Debug)]
pub(crate) struct Phase {
    name: String,
    total: u64,
    bar: Option<ProgressBar>,
    lines: bool,
    /// Parts done, tenths told.
    state: std::sync::Mutex<(u64, u64)>,
    start: Instant,
}

impl Phase {
    /// `done` parts are done; parts may be told out of order.
    pub(crate) fn at(&self, done: u64) {
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        state.0 = state.0.max(done);
        if let Some(bar) = &self.bar {
            bar.set_position(state.0);
        }
        let tenth = state.0 * 10 / self.total;
        if self.lines && tenth > state.1 && self.start.elapsed() > Duration::from_millis(500) {
            state.1 = tenth;
            let elapsed = self.start.elapsed().as_secs_f64();
            let left = elapsed / state.0 as f64 * self.total.saturating_sub(state.0) as f64;
            let line = format!(
                "{}: {}/{} after {elapsed:.0} s, {left:.0} s left",
                self.name, state.0, self.total
            );
            drop(say(&mut std::io::stderr().lock(), line));
        }
    }

    /// A line beside the bar.
    pub(crate) fn note(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None if self.lines => drop(say(&mut std::io::stderr().lock(), line)),
            None => {}
        }
    }
}

impl Drop for Phase {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
