//! An error that knows its exit code, so that `main` is the only place that ends the process.

use std::fmt;
use std::process::ExitCode;

/// Dataset missing or unreadable.
pub(crate) const DATA: u8 = 3;
/// libtorch or the compiler it needs is missing or wrong.
pub(crate) const LIBTORCH: u8 = 5;

/// A failure with its own exit code (see the table of exit codes in `docs/cli.md`).
#[derive(Debug)]
pub(crate) struct Stop {
    code: u8,
    message: String,
}

impl Stop {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Stop {}

/// The code a [`Stop`] anywhere in the chain asks for, else 1.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(error.downcast_ref::<Stop>().map_or(1, |stop| stop.code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_stop_keeps_its_code_under_context() {
        let error = Err::<(), _>(Stop::new(LIBTORCH, "no libtorch"))
            .context("set-up")
            .unwrap_err();
        assert_eq!(exit_code(&error), ExitCode::from(5));
        assert_eq!(exit_code(&anyhow::anyhow!("other")), ExitCode::from(1));
    }
}
