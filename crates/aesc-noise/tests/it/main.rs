//! Facts about corruptions seen from outside the crate.
#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "tests stop at surprises; bits are meant"
)]

mod corruption;
mod golden;
mod repair;
mod statistics;
mod written;
