//! The memory bound, in a process of its own: the test starts this binary again and lets it look.
#![cfg(target_os = "linux")]

use std::process::Command;

use aesc_eval::{MapView, pixel_metrics};

const SIDE: usize = 900;
const N_IMAGES: usize = 83;
const LIMIT_KIB: u64 = 1536 * 1024;

#[test]
fn sixty_seven_million_pixels_fit_into_1536_mib() {
    let binary = std::env::current_exe().unwrap();
    let arguments = ["--exact", "--ignored", "memory::child", "--nocapture"];
    let output = Command::new(binary).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

/// A quarter of all pixels anomalous, far more than any data set has, and all scores distinct
/// for long stretches.
#[test]
#[ignore = "started by the test above, alone in its process"]
fn child() {
    let pixels = SIDE * SIDE;
    let score = |i: usize| ((i * 7919) % 16_777_213) as f32;
    let scores: Vec<f32> = (0..N_IMAGES * pixels).map(score).collect();
    let mask: Vec<bool> = (0..N_IMAGES * pixels).map(|i| i / SIDE % 4 == 3).collect();
    let images: Vec<_> = scores
        .chunks_exact(pixels)
        .zip(mask.chunks_exact(pixels))
        .map(|(scores, mask)| MapView {
            height: SIDE,
            width: SIDE,
            scores,
            mask,
        })
        .collect();
    let metrics = pixel_metrics(&images, &[0.3, 0.05]).unwrap();
    assert_eq!(metrics.regions, 225 * 83); // one stripe in four rows
    assert_eq!(metrics.anomalous_pixels, 225 * 83 * 900);
    assert_eq!(metrics.normal_pixels, 675 * 83 * 900);

    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let peak_kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    println!("peak {} MiB", peak_kib / 1024);
    assert!(peak_kib < LIMIT_KIB, "peak {peak_kib} KiB");
}
