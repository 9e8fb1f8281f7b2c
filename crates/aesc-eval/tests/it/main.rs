//! Golden cases, properties against brute force, and edges of `aesc-eval`.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its case must fail"
)]
#![expect(clippy::float_cmp, reason = "exact metrics are compared exactly")]

mod edges;
mod golden;
mod memory;
mod oracle;
mod pixel_properties;
mod properties;
