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
    /// The cells by preset.
    kinds: Vec<Kind>,
    secs: f64,
    disk_bytes: u64,
}

/// Cells of one preset, which differ in skips and corruption only: that costs little.
#[derive(Debug, Serialize)]
struct Kind {
    preset: String,
    n_cells: usize,
    steps_a_cell: u64,
    secs_per_step: f64,
}

impl BenchEstimate {
    pub(super) fn told(&self) -> String {
        let minutes = self.secs / 60.0;
        let time = if minutes < 90.0 {
            format!("{minutes:.0} min")
        } else {
            format!("{:.1} h", minutes / 60.0)
        };
        let each = |kind: &Kind| {
            let (steps, secs) = (kind.steps_a_cell, kind.secs_per_step);
            let steps = format!("{steps} steps ({secs:.2} s a step)");
            match &self.kinds[..] {
                [_] => steps,
                _ => format!("{} by {}: {steps}", kind.n_cells, kind.preset),
            }
        };
        let steps: Vec<String> = self.kinds.iter().map(each).collect();
        let (n, steps) = (self.n_cells, steps.join(", "));
        let of = if self.kinds.len() == 1 { " of " } else { ", " };
        let disk = self.disk_bytes as f64 / 1e6;
        format!("about {time} for {n} cells{of}{steps}, {disk:.0} MB on disk")
    }
}

/// Measures a few steps of a cell of each preset.
#[cfg(feature = "libtorch")]
pub(super) fn estimate(
    cells: &[CellSpec],
    Share { jobs, threads }: Share,
    device: &str,
    context: &Context,
) -> Result<BenchEstimate, Failure> {
    let mut all = BenchEstimate {
        n_cells: cells.len(),
        kinds: Vec::new(),
        secs: 0.0,
        disk_bytes: 0,
    };
    aesc_model::set_threads(threads);
    for (preset, cells) in by_preset(cells) {
        let config = super::board::config(cells[0])?;
        let one = crate::training_estimate::estimate(&config, 0, device)?;
        all.secs += cells.len().div_ceil(jobs) as f64 * one.secs;
        // A finished cell keeps its model alone.
        let checkpoints = jobs.min(cells.len()) as u64 * (one.disk_bytes - one.model_bytes);
        all.disk_bytes += checkpoints + cells.len() as u64 * one.model_bytes;
        all.kinds.push(Kind {
            preset: preset.to_owned(),
            n_cells: cells.len(),
            steps_a_cell: one.steps,
            secs_per_step: one.secs_per_step,
        });
    }
    aesc_model::set_threads(context.global.threads());
    Ok(all)
}

/// The cells of each preset, in the order in which presets first come.
#[cfg(feature = "libtorch")]
fn by_preset(cells: &[CellSpec]) -> Vec<(&str, Vec<&CellSpec>)> {
    let mut kinds: Vec<(&str, Vec<&CellSpec>)> = Vec::new();
    for cell in cells {
        match kinds.iter_mut().find(|(preset, _)| *preset == cell.preset) {
            Some((_, cells)) => cells.push(cell),
            None => kinds.push((&cell.preset, vec![cell])),
        }
    }
    kinds
}

#[cfg(not(feature = "libtorch"))]
pub(super) fn estimate(
    _: &[CellSpec],
    _: Share,
    _: &str,
    _: &Context,
) -> Result<BenchEstimate, Failure> {
    Err(crate::backend::without_libtorch())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(preset: &str, n_cells: usize, secs_per_step: f64) -> Kind {
        Kind {
            preset: preset.to_owned(),
            n_cells,
            steps_a_cell: 1200,
            secs_per_step,
        }
    }

    #[cfg(feature = "libtorch")]
    #[test]
    fn cells_are_told_apart_by_their_preset() {
        let cell = |preset, seed| -> CellSpec {
            let cell = serde_json::json!({
                "id": "", "category": "pill", "network": "aesc", "corruption": "stain",
                "preset": preset, "seed": seed, "data": "pill", "dataset_digest": "",
                "config": {},
            });
            serde_json::from_value(cell).unwrap()
        };
        let cells = [("quick", 0), ("frontier", 1), ("quick", 2)].map(|(p, seed)| cell(p, seed));
        let found = by_preset(&cells).into_iter().map(|(preset, cells)| {
            let seeds = cells.iter().map(|cell| cell.seed);
            (preset, seeds.collect::<Vec<_>>())
        });
        let expected = [("quick", vec![0, 2]), ("frontier", vec![1])];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        assert!(by_preset(&[]).is_empty());
    }

    #[test]
    fn the_steps_of_each_preset_are_told() {
        let mut all = BenchEstimate {
            n_cells: 6,
            kinds: vec![kind("frontier", 6, 2.4)],
            secs: 17_280.0,
            disk_bytes: 2_500_000,
        };
        let told = all.told();
        assert_eq!(
            told,
            "about 4.8 h for 6 cells of 1200 steps (2.40 s a step), 2 MB on disk"
        );
        all.kinds.push(kind("quick", 2, 0.6));
        all.n_cells = 8;
        let told = all.told();
        let (_, kinds) = told.split_once("for ").unwrap();
        assert_eq!(
            kinds,
            "8 cells, 6 by frontier: 1200 steps (2.40 s a step), 2 by quick: 1200 steps (0.60 s a step), 2 MB on disk"
        );
    }
}
