//! How reconstruction grows with the image's side, the batch and the threads, as CSV; each row is
//! measured in a process of its own.
//!
//! `cargo run --release -p aesc-model --example growth > data/results/speed-growth.csv`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

mod parts;

use std::error::Error;
use std::process::Command;
use std::time::Instant;

use aesc_artifact::{ModelFile, NamedTensor, RunConfig};
use aesc_image::Image;
use aesc_model::{Device, Reconstructor};

type Failure = Box<dyn Error>;

/// Sides (px) and batches.
const CASES: [(usize, usize); 6] = [
    (256, 1),
    (256, 4),
    (256, 16),
    (256, 64),
    (512, 4),
    (1024, 1),
];
/// Calls that are timed, behind one to warm up.
const CALLS: usize = 9;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [side, batch, threads] = &words[..] {
        return one(side.parse()?, batch.parse()?, threads.parse()?);
    }
    println!("side,batch,threads,ms an image,ns a pixel,images a second,peak MiB");
    for threads in [1, 2] {
        for (side, batch) in CASES {
            let words = [side, batch, threads].map(|number| number.to_string());
            let told = Command::new(std::env::current_exe()?)
                .args(words)
                .output()?;
            if !told.status.success() {
                return Err(String::from_utf8_lossy(&told.stderr).into());
            }
            print!("{}", String::from_utf8_lossy(&told.stdout));
        }
    }
    Ok(())
}

fn one(side: usize, batch: usize, threads: usize) -> Result<(), Failure> {
    aesc_model::keep_freed_memory();
    aesc_model::set_threads(threads);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()?;
    let network = Reconstructor::new(&model(side)?, Device::Cpu)?;
    let wave =
        |k: usize, y: usize, x: usize| 0.5 + 0.3 * ((y * 3 + x * (k + 2)) as f32 * 0.02).sin();
    let image = |k| Image::from_fn(side, side, 3, |y, x, _| wave(k, y, x));
    let images = (0..batch).map(image).collect::<Result<Vec<_>, _>>()?;
    network.clean(&images)?;
    let mut secs = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let start = Instant::now();
        network.clean(&images)?;
        secs.push(start.elapsed().as_secs_f64() / batch as f64);
    }
    secs.sort_unstable_by(f64::total_cmp);
    let image = secs[CALLS / 2];
    let (ms, ns) = (image * 1e3, image * 1e9 / (side * side) as f64);
    let peak = peak_mib();
    println!(
        "{side},{batch},{threads},{ms:.1},{ns:.0},{:.1},{peak}",
        1.0 / image
    );
    Ok(())
}

/// The paper's network in RGB with weights that mean nothing.
fn model(side: usize) -> Result<ModelFile, Failure> {
    let mut config = RunConfig::default();
    (config.data.height, config.data.width) = (side, side);
    let plan = config.network.plan(3)?;
    let filled = plan.tensors().into_iter().map(|spec| NamedTensor {
        data: vec![0.01; spec.shape.iter().product()],
        name: spec.name,
        shape: spec.shape,
    });
    let tensors = filled.collect();
    Ok(parts::model(config, tensors))
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
