//! Connected regions of one mask: hardly any defect, and as many runs as fit.

use std::hint::black_box;

use aesc_eval::label_regions;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

type Inside = fn(usize, usize) -> bool;

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("label_regions");
    let masks: [(&str, Inside); 2] = [
        ("disc", |y, x| {
            y.abs_diff(400).pow(2) + x.abs_diff(300).pow(2) < 60 * 60
        }),
        ("checkerboard", |y, x| (y + x) % 2 == 0),
    ];
    for (name, inside) in masks {
        for side in [256, 900] {
            let mask: Vec<bool> = (0..side * side)
                .map(|i| inside(i / side, i % side))
                .collect();
            group.throughput(Throughput::Elements(mask.len() as u64));
            let id = BenchmarkId::new(name, format!("{side}x{side}"));
            group.bench_with_input(id, &mask, |bencher, mask| {
                bencher.iter(|| label_regions(black_box(mask), side, side));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
