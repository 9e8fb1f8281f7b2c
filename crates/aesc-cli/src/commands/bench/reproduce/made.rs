//! By what results were made, and how a reproduction comes near to it.

use std::collections::{BTreeMap, BTreeSet};

use aesc_bench::report::ReportCell;

use super::super::estimate::{self, Share, share_of};
use crate::app::Context;

/// By what results were made: for each fact the values it took.
pub(super) struct Made(BTreeMap<&'static str, BTreeSet<String>>);

impl Made {
    pub(super) fn of(cells: &[&ReportCell]) -> Self {
        let keys = ["commit", "libtorch", "device", "cpu", "threads"];
        let values = |key: &'static str| {
            let found = cells.iter().filter_map(|cell| cell.provenance.get(key));
            let plain = found.map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
            (key, plain.collect())
        };
        Self(keys.map(values).into())
    }

    /// The value of a fact that is the same for all.
    fn one(&self, key: &str) -> Option<&str> {
        let values = self.0.get(key)?;
        let one = values.first().filter(|_| values.len() == 1);
        one.map(String::as_str)
    }

    /// The device asked for; left open, the processor when the results came from one.
    pub(super) fn device<'a>(&self, context: &'a Context) -> &'a str {
        match context.global.device.as_str() {
            "auto" if self.one("device") == Some("cpu") => "cpu",
            asked => asked,
        }
    }

    /// The threads a cell had, which decide its last bits, unless others are asked for.
    pub(super) fn share(
        &self,
        jobs: Option<u16>,
        device: &str,
        n_cells: usize,
        context: &Context,
    ) -> Share {
        let open = jobs.is_none() && context.global.threads.is_none() && device == "cpu";
        let threads = self.one("threads").and_then(|n| n.parse().ok());
        match threads.filter(|_| open) {
            Some(threads) => share_of(threads, context, n_cells),
            None => estimate::share(jobs, context, n_cells),
        }
    }

    /// `cpu: A, now B`, for each fact that differs.
    pub(super) fn unlike(&self, new: &Self) -> Vec<String> {
        let listed = |values: &BTreeSet<String>| {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            values.join(", ")
        };
        let pairs = self.0.iter().zip(&new.0);
        let unlike = pairs.filter(|((_, old), (_, new))| !new.is_empty() && old != new);
        unlike
            .map(|((key, old), (_, new))| format!("{key}: {}, now {}", listed(old), listed(new)))
            .collect()
    }
}
