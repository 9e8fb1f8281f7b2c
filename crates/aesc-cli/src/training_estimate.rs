//! What a training will take, measured by a few steps on noise.

use aesc_artifact::RunConfig;
use aesc_model::Device;
use serde::Serialize;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::tiles::MAX_TILES;

/// What a run will take.
#[derive(Debug, Serialize)]
pub(crate) struct Estimate {
    pub(crate) steps: u64,
    /// Seconds a step, measured on this machine with these threads.
    pub(crate) secs_per_step: f64,
    pub(crate) secs: f64,
    /// Checkpoint and model together.
    pub(crate) disk_bytes: u64,
    /// The model alone.
    pub(crate) model_bytes: u64,
    /// The images in memory, all that the steps measured took, and what the checkpoint and the judging
    /// copy.
    pub(crate) memory_bytes: u64,
}

/// Estimates a training on `n_images` by a few steps on noise.
pub(crate) fn estimate(
    config: &RunConfig,
    n_images: usize,
    device: &str,
) -> Result<Estimate, Failure> {
    let plan = config.validate()?;
    let device = Device::open(device)?;
    let secs_per_step = aesc_model::train::probe_step_secs(config, device)?;
    if !secs_per_step.is_finite() {
        return Err(Failure::text(ExitCode::Unexpected, "the clock stood still"));
    }
    let weights_bytes = plan.parameters() * 4;
    let moments = config.train.optimiser.moments();
    // Weights, moments and perhaps the best weights in the checkpoint; weights in the model.
    let disk_bytes = weights_bytes * (3 + moments);
    let steps = config.train.steps;
    let tiles = config
        .data
        .tile_overlap_px
        .map(|_| MAX_TILES + MAX_TILES / 8);
    let (height, width) = plan.padded(config.data.height, config.data.width);
    let image_bytes = (height * width * plan.channels * size_of::<f32>()) as u64;
    // Weights and moments on their way to the checkpoint, and the weights that are judged; Muon's one
    // moment leaves room for what its products take.
    let copies_bytes = weights_bytes * 4;
    // Held-out images are there three times: clean, corrupted, and as they were loaded.
    let n_held = tiles.unwrap_or(n_images) as u64 * 3 / 2;
    Ok(Estimate {
        steps,
        secs_per_step,
        secs: steps as f64 * secs_per_step,
        disk_bytes,
        model_bytes: weights_bytes,
        memory_bytes: n_held * image_bytes + copies_bytes + peak_memory_bytes(),
    })
}

/// The most memory this process has held so far; 0 where the system does not tell.
fn peak_memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| {
        rest.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    kib.unwrap_or_default() * 1024
}

/// Seconds as a person says them.
pub(crate) fn told_secs(secs: f64) -> String {
    match secs {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
