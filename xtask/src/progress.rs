//! Progress of long transfers on stderr: one line that renews itself on a terminal, else a plain
//! line every tenth.

use std::io::{IsTerminal, Write};

const MIB: f64 = 1024.0 * 1024.0;

/// Counts bytes towards a total that may be unknown.
#[derive(Debug)]
pub(crate) struct Progress {
    what: String,
    total: Option<u64>,
    done: u64,
    shown: u64,
    terminal: bool,
}

impl Progress {
    pub(crate) fn new(what: impl Into<String>, total: Option<u64>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self {
            what: what.into(),
            total,
            done: 0,
            shown: 0,
            terminal,
        }
    }

    /// Sets the bytes done so far and shows them when enough is new.
    pub(crate) fn set(&mut self, done: u64) {
        self.done = done;
        let step = self.step();
        if done / step > self.shown / step {
            self.shown = done;
            self.show();
        }
    }

    /// A hundredth of the total on a terminal; elsewhere a tenth, but no less than 16 MiB.
    fn step(&self) -> u64 {
        match (self.total, self.terminal) {
            (None, _) => 64 << 20,
            (Some(total), true) => total.div_ceil(100).max(1),
            (Some(total), false) => total.div_ceil(10).max(16 << 20),
        }
    }

    fn show(&self) {
        let mib = |bytes: u64| bytes as f64 / MIB;
        let mut line = format!("{}: {:.0} MiB", self.what, mib(self.done));
        if let Some(total) = self.total.filter(|&total| total > 0) {
            let percent = 100 * self.done / total;
            line = format!("{line} of {:.0} MiB ({percent} %)", mib(total));
        }
        let mut stderr = std::io::stderr();
        // A closed stderr is no reason to give up the transfer.
        let _ = if self.terminal {
            write!(stderr, "\r{line}\x1b[K")
        } else {
            writeln!(stderr, "{line}")
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal && self.shown > 0 {
            let _ = writeln!(std::io::stderr());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_gets_ten_lines_of_a_large_file_and_none_of_a_small_one() {
        let mut progress = Progress::new("x", Some(1 << 30));
        progress.terminal = false;
        // 1 GiB / 10 = 107,374,182.4
        assert_eq!(progress.step(), 107_374_183);
        progress.total = Some(1000);
        assert_eq!(progress.step(), 16 << 20);
        progress.terminal = true;
        assert_eq!(progress.step(), 10);
    }
}
