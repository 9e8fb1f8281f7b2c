//! Model files that lie.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its files has failed"
)]

mod hostile;
mod mutation;
mod peak;
