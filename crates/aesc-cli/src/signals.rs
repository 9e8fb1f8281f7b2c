//! Signals: the first asks to stop after the step in hand, a second Ctrl-C stops at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What has arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signals {
    /// Any of them: the flag long loops look at.
    pub(crate) stop: Arc<AtomicBool>,
    interrupt: Arc<AtomicBool>,
    /// SIGTERM.
    pub(crate) terminate: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on: to Ctrl-C and SIGTERM, and where `usr1` to SIGUSR1 too.
    ///
    /// A second Ctrl-C ends the process at once. A second SIGTERM does not: those who send it
    /// (a bench, `timeout`, a service manager) often reach a process twice.
    pub(crate) fn listen(usr1: bool) -> std::io::Result<Self> {
        let signals = Self::default();
        // Registered first, it sees the flag of an earlier Ctrl-C only.
        let interrupted = Arc::clone(&signals.interrupt);
        let code = ExitCode::Interrupted as i32;
        signal_hook::flag::register_conditional_shutdown(SIGINT, code, interrupted)?;
        for signal in [SIGINT, SIGTERM].into_iter().chain(usr1.then_some(SIGUSR1)) {
            signal_hook::flag::register(signal, Arc::clone(&signals.stop))?;
        }
        signal_hook::flag::register(SIGINT, Arc::clone(&signals.interrupt))?;
        signal_hook::flag::register(SIGTERM, Arc::clone(&signals.terminate))?;
        Ok(signals)
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Ends a command that was asked to stop.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.stopped() {
            return Err(Failure::silent(self.exit_code()));
        }
        Ok(())
    }

    /// The exit code of a command that stopped because it was asked to.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.interrupt.load(Ordering::Relaxed) {
            ExitCode::Interrupted
        } else if self.terminate.load(Ordering::Relaxed) {
            ExitCode::Terminated
        } else {
            ExitCode::Stopped
        }
    }
}
