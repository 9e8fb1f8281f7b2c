//! The benchmark matrix: plan, cells, collection and report.
