//! Plans, cells, engine and reports, from outside and through real files and processes.

mod engine;
mod made;
mod plan;
mod report;
