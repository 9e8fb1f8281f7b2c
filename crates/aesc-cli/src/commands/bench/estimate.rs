//! How many cells run at once, and what the missing ones will take.

use aesc_bench::CellSpec;
use serde::Serialize;

use crate::app::Context;
use crate::failure::Failure;

/// Cells at a time, and threads of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) jobs: usize,
    pub(super) threads: usize,
}

/// A thread a cell makes the most of a processor. Memory may lower the cells at a time but not the
/// threads, and what is left to do has no say in either: the number of threads decides the last
/// bits of a result.
pub(super) fn share(jobs: Option<u16>, context: &Context, n_cells: usize) -> Share {
    let cores = context.global.threads();
    let on_cpu = context.global.device == "cpu" || !has_cuda();
    let wanted = match jobs {
        Some(jobs) => usize::from(jobs),
        None if on_cpu => cores,
        None => 1,
    };
    let all = wanted.clamp(1, n_cells.max(1));
    let fit = if jobs.is_none() && on_cpu {
        memory_jobs()
    } else {
        all
    };
    Share {
        jobs: all.min(fit),
        threads: (cores / all).max(1),
    }
}

/// Cells of so many threads each, as many as there are cores and memory for.
pub(super) fn share_of(threads: usize, context: &Context, n_cells: usize) -> Share {
    let cores = context.global.threads();
    let jobs = (cores / threads.max(1)).clamp(1, n_cells.max(1));
    Share {
        jobs: jobs.min(memory_jobs()),
        threads,
    }
}

/// Cells that fit into half of the memory that is free, at 3 GiB each.
fn memory_jobs() -> usize {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find_map(|l| l.strip_prefix("MemAvailable:"));
    let kb = line.and_then(|l| l.split_whitespace().next()?.parse::<usize>().ok());
    kb.map_or(1, |kb| (kb / (6 << 20)).max(1))
}

#[cfg(feature = "libtorch")]
fn has_cuda() -> bool {
    aesc_model::Device::open("cuda").is_ok()
}

#[cfg(not(feature = "libtorch"))]
fn has_cuda() -> bool {
    false
}

/// What the missing cells will take.
#[derive(Debug, Serialize)]
pub(super) struct BenchEstimate {
    n_cells: usize,
    steps_a_cell: u64,
    secs_per_step: f64,
    secs: f64,
    disk_bytes: u64,
}

impl BenchEstimate {
    pub(super) fn told(&self) -> String {
        let minutes = self.secs / 60.0;
        let time = if minutes < 90.0 {
            format!("{minutes:.0} min")
        } else {
            format!("{:.1} h", minutes / 60.0)
        };
        let (n, steps) = (self.n_cells, self.steps_a_cell);
        let disk = self.disk_bytes as f64 / 1e6;
        let step = self.secs_per_step;
        format!(
            "about {time} for {n} cells of {steps} steps ({step:.2} s a step), {disk:.0} MB on disk"
        )
    }
}

/// Measures a few steps; the cells of a plan differ in skips and corruption only, which cost little.
#[cfg(feature = "libtorch")]
pub(super) fn estimate(
    cell: &CellSpec,
    n_cells: usize,
    Share { jobs, threads }: Share,
    device: &str,
    context: &Context,
) -> Result<BenchEstimate, Failure> {
    let config = super::board::config(cell)?;
    aesc_model::set_threads(threads);
    let one = crate::training_estimate::estimate(&config, 0, device)?;
    aesc_model::set_threads(context.global.threads());
    Ok(BenchEstimate {
        n_cells,
        steps_a_cell: one.steps,
        secs_per_step: one.secs_per_step,
        secs: n_cells.div_ceil(jobs) as f64 * one.secs,
        // A finished cell keeps its model alone, a fifth of what a running one holds.
        disk_bytes: one.disk_bytes * (jobs * 4 + n_cells) as u64 / 5,
    })
}

#[cfg(not(feature = "libtorch"))]
pub(super) fn estimate(
    _: &CellSpec,
    _: usize,
    _: Share,
    _: &str,
    _: &Context,
) -> Result<BenchEstimate, Failure> {
    Err(crate::backend::without_libtorch())
}
