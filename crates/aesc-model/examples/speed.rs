//! Times a training step, reconstruction, dropout passes, corruption and decoding, and prints one
//! JSON object: medians by name.
//!
//! `cargo run --release -p aesc-model --example speed -- [--threads N] [--device D] [PNG…]`; the
//! PNG files, where there are any, are decoded and resized to 256 x 256.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

mod parts;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use aesc_artifact::RunConfig;
use aesc_data::{Channels, Limits, decode_image, resize};
use aesc_detect::McDropout;
use aesc_image::Image;
use aesc_model::train::{TrainEvent, TrainJob, TrainOutcome, Trained, train};
use aesc_model::{Device, Reconstructor};
use aesc_noise::{CorruptionConfig, Presentation};

type Failure = Box<dyn Error>;

/// Steps that are timed, behind two to warm up.
const STEPS: u64 = 10;
/// Calls that are timed, behind one to warm up.
const CALLS: usize = 12;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read()?;
    aesc_model::keep_freed_memory();
    aesc_model::set_threads(arguments.threads);
    rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build_global()?;
    let device = Device::open(&arguments.device)?;
    let mut found = BTreeMap::new();
    let (trained, secs) = train_steps(&config()?, device)?;
    found.insert("train_b16_f32", 16.0 / secs);
    let model = parts::model(config()?, trained.tensors);
    let network = Reconstructor::new(&model, device)?;
    let images = images(16)?;
    found.insert("infer_b1_f32", 1.0 / calls(|| network.clean(&images[..1]))?);
    found.insert("infer_b16_f32", 16.0 / calls(|| network.clean(&images))?);
    let mc = McDropout::default();
    let secs = calls(|| network.sample(&images[..1], &mc))?;
    found.insert("mc30_f32", 1e3 * secs);
    found.insert("stain_blur", stains_a_second(&images[0])?);
    if !arguments.pngs.is_empty() {
        found.insert("decode_resize", decoded_a_second(&arguments.pngs)?);
    }
    let machine = BTreeMap::from([
        ("matrix_gflops", matrix_gflops()?),
        ("copy_gb_per_s", copy_gb_per_s()?),
    ]);
    let report = serde_json::json!({ "works": found, "machine": machine });
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

struct Arguments {
    threads: usize,
    device: String,
    pngs: Vec<String>,
}

impl Arguments {
    fn read() -> Result<Self, Failure> {
        let mut found = Self {
            threads: std::thread::available_parallelism()?.get(),
            device: "cpu".to_owned(),
            pngs: Vec::new(),
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--threads" => found.threads = words.next().ok_or("--threads N")?.parse()?,
                "--device" => found.device = words.next().ok_or("--device D")?,
                _ => found.pngs.push(word),
            }
        }
        Ok(found)
    }
}

/// The paper's network in RGB at 256 x 256, batch 16, stains.
fn config() -> Result<RunConfig, Failure> {
    let mut config = RunConfig {
        corruption: CorruptionConfig::named("stain-blur")?,
        ..RunConfig::default()
    };
    config.train.steps = STEPS + 2;
    config.train.epoch_steps = STEPS + 2;
    Ok(config)
}

/// Smooth colours with fine grain.
fn images(n: usize) -> Result<Vec<Image>, Failure> {
    let wave = |k: usize, y: usize, x: usize, c: usize| {
        let at = (y * (c + 2) + x * (k + 3)) as f32;
        0.5 + 0.3 * (at * 0.02).sin() + 0.05 * (at * 7.3).sin()
    };
    let image = |k| Image::from_fn(256, 256, 3, |y, x, c| wave(k, y, x, c));
    Ok((0..n).map(image).collect::<Result<_, _>>()?)
}

/// Trains as `aesc train` does, corruption and all; the median of a step.
fn train_steps(config: &RunConfig, device: Device) -> Result<(Trained, f64), Failure> {
    let folder = tempfile::tempdir()?;
    let (images, validation) = (images(32)?, images(2)?);
    let job = TrainJob {
        config,
        images: &images,
        validation: &validation,
        roi: None,
        dataset_digest: "",
        folder: folder.path(),
        device,
        stop: &AtomicBool::new(false),
        look_epochs: None,
    };
    let mut ends = Vec::new();
    let outcome = train(&job, |event| {
        if let TrainEvent::Step(_) = event {
            ends.push(Instant::now());
        }
    })?;
    let secs = ends
        .windows(2)
        .skip(1)
        .map(|pair| (pair[1] - pair[0]).as_secs_f64());
    match outcome {
        TrainOutcome::Finished(trained) => Ok((trained, median(secs.collect()))),
        TrainOutcome::Stopped(step) => Err(format!("stopped at step {step}").into()),
    }
}

/// Median seconds of a call.
fn calls<T>(
    mut call: impl FnMut() -> Result<T, aesc_model::ModelError>,
) -> Result<f64, aesc_model::ModelError> {
    call()?;
    let mut secs = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let start = Instant::now();
        call()?;
        secs.push(start.elapsed().as_secs_f64());
    }
    Ok(median(secs))
}

/// Corruptions a second on this thread alone.
fn stains_a_second(image: &Image) -> Result<f64, Failure> {
    let corruption = CorruptionConfig::named("stain-blur")?.validate()?;
    let round = |at: u64| {
        let start = Instant::now();
        for index in at * 500..(at + 1) * 500 {
            corruption.apply(image, Presentation { seed: 1, index });
        }
        start.elapsed().as_secs_f64()
    };
    Ok(500.0 / median((0..8).map(round).collect()))
}

/// Files decoded and resized a second on this thread alone.
fn decoded_a_second(paths: &[String]) -> Result<f64, Failure> {
    let limits = Limits::default();
    let mut secs = Vec::new();
    for path in paths {
        let bytes = std::fs::read(path)?;
        let start = Instant::now();
        let decoded = decode_image(&bytes, std::path::Path::new(path), Channels::Rgb, &limits)?;
        resize(&decoded.image, 256, 256)?;
        secs.push(start.elapsed().as_secs_f64());
    }
    Ok(1.0 / median(secs))
}

/// What libtorch's product of two 2048 x 2048 matrices reaches: the ceiling of a convolution.
fn matrix_gflops() -> Result<f64, Failure> {
    let a = tch::Tensor::f_rand([2048, 2048], (tch::Kind::Float, tch::Device::Cpu))?;
    let secs = calls(|| Ok(a.f_matmul(&a)?))?;
    Ok(2.0 * 2048_f64.powi(3) / secs / 1e9)
}

/// Bytes read and written a second in copying 256 MiB.
fn copy_gb_per_s() -> Result<f64, Failure> {
    let a = tch::Tensor::f_ones([1 << 26], (tch::Kind::Float, tch::Device::Cpu))?;
    let mut b = a.f_zeros_like()?;
    let secs = calls(|| Ok(b.f_copy_(&a)?))?;
    Ok(2.0 * 4.0 * f64::from(1 << 26) / secs / 1e9)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
