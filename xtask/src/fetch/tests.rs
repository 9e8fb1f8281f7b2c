//! Downloads against a host of our own: nothing here leaves the machine.

pub(crate) mod host;
mod transfer;

use std::time::Duration;

/// How long the tests let a host be silent.
pub(crate) const STALL_TIMEOUT: Duration = Duration::from_millis(500);
