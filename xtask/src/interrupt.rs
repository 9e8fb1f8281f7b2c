//! Ctrl-C and SIGTERM as a value that long work looks at, so that it ends in good order.

use crate::stop::Stop;
use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How often one who waits looks whether to stop.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether the work is to stop. Nothing sets it before [`Interrupt::listen`]: until then a signal
/// ends the process, as it does a question that waits for its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Interrupt {
    /// Hears signals from now on; a second Ctrl-C ends the process at once.
    ///
    /// # Errors
    /// The operating system refuses.
    pub(crate) fn listen(&self) -> Result<()> {
        let register = || -> std::io::Result<()> {
            // Registered first, it sees the flag of an earlier Ctrl-C only.
            let earlier = Arc::clone(&self.interrupted);
            signal_hook::flag::register_conditional_shutdown(SIGINT, 128 + SIGINT, earlier)?;
            signal_hook::flag::register(SIGINT, Arc::clone(&self.interrupted))?;
            signal_hook::flag::register(SIGTERM, Arc::clone(&self.terminated))?;
            Ok(())
        };
        register().context("cannot listen for signals")
    }

    /// # Errors
    /// A [`Stop`] with exit code 130 or 143 once a signal has come.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        for (flag, signal, name) in [
            (&self.interrupted, SIGINT, "Ctrl-C"),
            (&self.terminated, SIGTERM, "SIGTERM"),
        ] {
            if flag.load(Ordering::Relaxed) {
                let code = u8::try_from(128 + signal).unwrap_or(1);
                return Err(Stop::new(code, format!("stopped by {name}")));
            }
        }
        Ok(())
    }

    /// Lets `work` run in a thread of its own and waits for its end or for a signal, whichever
    /// comes first: for work that may stand still in a call of the operating system. After a
    /// signal the thread is left to itself, until the process ends.
    ///
    /// # Errors
    /// A [`Stop`] after a signal; `work` itself died.
    pub(crate) fn wait_for<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Stop> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(work()));
        loop {
            match receiver.recv_timeout(PAUSE) {
                Ok(value) => return Ok(value),
                Err(RecvTimeoutError::Timeout) => self.check()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Stop::new(1, "the work's thread died"));
                }
            }
        }
    }

    /// As a Ctrl-C does.
    #[cfg(test)]
    pub(crate) fn set(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::ExitCode;

    #[test]
    fn a_signal_gives_its_exit_code() {
        let interrupt = Interrupt::default();
        assert!(interrupt.check().is_ok());
        interrupt.terminated.store(true, Ordering::Relaxed);
        let error = anyhow::Error::from(interrupt.check().unwrap_err());
        assert_eq!(crate::stop::exit_code(&error), ExitCode::from(143));
        interrupt.set();
        let error = anyhow::Error::from(interrupt.check().unwrap_err());
        assert_eq!(crate::stop::exit_code(&error), ExitCode::from(130));
    }

    #[test]
    fn work_that_stands_still_is_not_waited_for_after_a_signal() {
        let interrupt = Interrupt::default();
        assert_eq!(interrupt.wait_for(|| 7).unwrap(), 7);
        interrupt.set();
        let (_sender, never) = mpsc::channel::<()>();
        let stop = interrupt.wait_for(move || never.recv()).unwrap_err();
        assert_eq!(stop.to_string(), "stopped by Ctrl-C");
    }
}
