//! How long one corruption takes on one core, the copy of the clean image excluded.

use std::cell::Cell;
use std::hint::black_box;

use aesc_image::Image;
use aesc_noise::{CorruptionConfig, Presentation};
use criterion::{BenchmarkId, Criterion};

const CASES: [(&str, usize, usize); 6] = [
    ("stain-blur", 256, 3),
    ("stain-blur", 256, 1),
    ("stain-blur", 512, 3),
    ("stain", 256, 3),
    ("scratch", 256, 3),
    ("drops", 256, 3),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("corrupt");
    for (name, side, channels) in CASES {
        let corruption = CorruptionConfig::named(name)?.validate()?;
        let mut image = Image::filled(side, side, channels, 0.5)?;
        let index = Cell::new(0);
        let id = BenchmarkId::new(name, format!("{side}x{side}x{channels}"));
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                let presentation = Presentation {
                    seed: 1,
                    index: index.replace(index.get() + 1),
                };
                black_box(corruption.apply_in_place(black_box(&mut image), presentation));
            });
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
