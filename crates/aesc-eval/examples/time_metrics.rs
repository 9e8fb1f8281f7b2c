//! Times all pixel metrics on stored or synthetic maps and prints one JSON object.
//!
//! `cargo run --release -p aesc-eval --example time_metrics -- MAPS.npy MASKS.npy [REPEATS]`, with
//! float32 and uint8 arrays [n, h, w], or `-- N_IMAGES SIDE [REPEATS]` for synthetic maps.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::time::Instant;

use aesc_eval::{MapView, PixelMetrics, pixel_metrics};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, second, rest @ ..] = &arguments[..] else {
        return Err("expected MAPS.npy MASKS.npy [REPEATS] or N_IMAGES SIDE [REPEATS]".into());
    };
    let repeats = rest.first().map_or(Ok(5), |text| text.parse())?;
    let maps = match first.parse() {
        Ok(n_images) => Maps::synthetic(n_images, second.parse()?),
        Err(_) => Maps::read(first, second)?,
    };
    let views = maps.views();
    let mut secs = Vec::new();
    let mut metrics = None;
    for _ in 0..repeats {
        let start = Instant::now();
        metrics = Some(pixel_metrics(&views, &[0.3, 0.05])?);
        secs.push(start.elapsed().as_secs_f64());
    }
    secs.sort_unstable_by(f64::total_cmp);
    report(&metrics.ok_or("expected at least one repeat")?, &secs)
}

fn report(metrics: &PixelMetrics, secs: &[f64]) -> Result<(), Failure> {
    let report = serde_json::json!({
        "pixels": metrics.normal_pixels + metrics.anomalous_pixels,
        "median_secs": secs[secs.len() / 2],
        "fastest_secs": secs[0],
        "repeats": secs.len(),
        "peak_memory_mib": peak_memory_kib().map(|kib| kib / 1024),
        "metrics": metrics,
    });
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

/// Largest resident size of this process so far, maps included, where the system tells it.
fn peak_memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

struct Maps {
    height: usize,
    width: usize,
    scores: Vec<f32>,
    mask: Vec<bool>,
}

impl Maps {
    fn views(&self) -> Vec<MapView<'_>> {
        let (height, width) = (self.height, self.width);
        let pixels = height * width;
        let pairs = self
            .scores
            .chunks_exact(pixels)
            .zip(self.mask.chunks_exact(pixels));
        pairs
            .map(|(scores, mask)| MapView {
                height,
                width,
                scores,
                mask,
            })
            .collect()
    }

    fn read(maps: &str, masks: &str) -> Result<Self, Failure> {
        let (shape, bytes) = read_npy(maps, "<f4")?;
        let float = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        let scores = bytes.chunks_exact(4).map(float).collect();
        let (mask_shape, bytes) = read_npy(masks, "|u1")?;
        if mask_shape != shape {
            return Err(format!("expected masks of shape {shape:?}, found {mask_shape:?}").into());
        }
        let mask = bytes.iter().map(|&value| value > 0).collect();
        Ok(Self {
            height: shape[1],
            width: shape[2],
            scores,
            mask,
        })
    }

    /// Waves with a little noise; three images in four have a raised square of one pixel in 25.
    fn synthetic(n_images: usize, side: usize) -> Self {
        let mut noise = 1_u32;
        let mut maps = Self {
            height: side,
            width: side,
            scores: Vec::new(),
            mask: Vec::new(),
        };
        for pixel in 0..n_images * side * side {
            let (image, y, x) = (pixel / (side * side), pixel / side % side, pixel % side);
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let inside = image % 4 != 0 && y / (side / 5) == 2 && x / (side / 5) == image % 5;
            let wave = (x as f32 * 0.02).sin() * (y as f32 * 0.03 + image as f32).cos();
            let raised = if inside { 1.0 } else { 0.0 };
            maps.scores
                .push(2.0 + wave + raised + 0.2 * (noise >> 8) as f32 / 16_777_216.0);
            maps.mask.push(inside);
        }
        maps
    }
}

/// Shape and data of a version 1 `.npy` file with three axes.
fn read_npy(path: &str, kind: &str) -> Result<([usize; 3], Vec<u8>), Failure> {
    let mut bytes = std::fs::read(path)?;
    let length = bytes.get(8..10).ok_or("file too short")?;
    let end = 10 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    let header = std::str::from_utf8(bytes.get(10..end).ok_or("file too short")?)?.to_owned();
    if !header.contains(kind) || header.contains("True") {
        return Err(format!("expected {kind} in C order, found {header}").into());
    }
    let inside = header.split(['(', ')']).nth(1).ok_or("no shape")?;
    let sides: Vec<usize> = inside
        .split(',')
        .map(str::trim)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    bytes.drain(..end);
    Ok((sides.try_into().map_err(|_| "expected three axes")?, bytes))
}
