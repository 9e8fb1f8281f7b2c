//! Golden cases, properties against brute force, and edges of `aesc-eval`.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its case must fail"
)]

mod golden;
