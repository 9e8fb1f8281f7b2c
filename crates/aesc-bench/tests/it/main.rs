//! Plans, cells, engine and reports, from outside and through real files and processes.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may end a test as the tests themselves do"
)]

mod claims;
mod engine;
mod gate;
mod join;
mod made;
mod page;
mod plan;
mod report;
mod slurm;
