//! An error that knows its exit code, so that `main` is the only place that ends the process.

use std::fmt;
use std::process::ExitCode;

/// The command line asks for what cannot be done.
pub(crate) const USAGE: u8 = 2;
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

    /// The same with `note` after its words.
    pub(crate) fn and(mut self, note: &str) -> Self {
        self.message = format!("{}; {note}", self.message);
        self
    }
}

/// The error as it is where it knows its exit code, else one with `code` and the same words.
pub(crate) fn with_code(code: u8, error: anyhow::Error) -> anyhow::Error {
    if error.is::<Stop>() {
        return error;
    }
    Stop::new(code, format!("{error:#}")).into()
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

    #[test]
    fn only_an_error_without_a_code_is_given_one() {
        let known = with_code(DATA, Stop::new(USAGE, "a").into());
        assert_eq!(exit_code(&known), ExitCode::from(2));
        let other = with_code(DATA, anyhow::anyhow!("b").context("c"));
        assert_eq!(exit_code(&other), ExitCode::from(3));
        assert_eq!(other.to_string(), "c: b");
    }
}
