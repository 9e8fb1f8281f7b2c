//! All pixel metrics of a category, at network resolution and at full resolution.

use std::hint::black_box;

use aesc_eval::{MapView, pixel_metrics};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Waves with a little noise; three images in four have a raised square of one pixel in 25.
fn synthetic(n_images: usize, side: usize) -> (Vec<f32>, Vec<bool>) {
    let mut noise = 1_u32;
    let pixel = |pixel: usize| {
        let (image, y, x) = (pixel / (side * side), pixel / side % side, pixel % side);
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let inside = image % 4 != 0 && y / (side / 5) == 2 && x / (side / 5) == image % 5;
        let wave = (x as f32 * 0.02).sin() * (y as f32 * 0.03 + image as f32).cos();
        let raised = if inside { 1.0 } else { 0.0 };
        (
            2.0 + wave + raised + 0.2 * (noise >> 8) as f32 / 16_777_216.0,
            inside,
        )
    };
    (0..n_images * side * side).map(pixel).unzip()
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pixel_metrics");
    group.sample_size(10);
    for (n_images, side) in [(4, 256), (83, 256), (83, 900)] {
        let (scores, mask) = synthetic(n_images, side);
        let pixels = side * side;
        let images: Vec<_> = scores
            .chunks_exact(pixels)
            .zip(mask.chunks_exact(pixels))
            .map(|(scores, mask)| MapView {
                height: side,
                width: side,
                scores,
                mask,
            })
            .collect();
        group.throughput(Throughput::Elements(scores.len() as u64));
        let id = BenchmarkId::from_parameter(format!("{n_images}x{side}x{side}"));
        group.bench_with_input(id, &images, |bencher, images| {
            bencher.iter(|| pixel_metrics(black_box(images), &[0.3, 0.05]));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
