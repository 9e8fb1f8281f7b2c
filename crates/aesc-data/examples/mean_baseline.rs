//! The untrained baseline on the sample set: how far is an image from the mean training image?
//!
//! Prints the image AUROC per category for three scores of |x - mean|: its maximum, its mean, and
//! the maximum after a 21 x 21 box filter. A sample set worth training on keeps all of them low.
//! Run with `cargo run --release -p aesc-data --example mean_baseline [SEED]`.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::error::Error;

use aesc_data::{SAMPLE_CATEGORIES, SampleItem, SampleSetConfig, SampleSpec, Split, sample_items};
use rayon::prelude::*;

const BOX: usize = 21;

fn main() -> Result<(), Box<dyn Error>> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let config = SampleSetConfig {
        seed,
        ..SampleSetConfig::default()
    };
    let specs = sample_items(&config)?;
    let items = specs
        .par_iter()
        .map(SampleSpec::draw)
        .collect::<Result<Vec<_>, _>>()?;
    println!("category,max,mean,box21+max");
    for category in SAMPLE_CATEGORIES {
        let of_category: Vec<_> = items
            .iter()
            .filter(|item| item.spec.category == category)
            .collect();
        let [max, mean, smooth] = aurocs(&of_category);
        println!("{category},{max:.3},{mean:.3},{smooth:.3}");
    }
    Ok(())
}

fn aurocs(items: &[&SampleItem]) -> [f64; 3] {
    let (train, test): (Vec<&SampleItem>, Vec<&SampleItem>) = items
        .iter()
        .partition(|item| item.spec.split == Split::Train);
    let mut mean = vec![0.0; train[0].image.data().len()];
    for item in &train {
        for (sum, v) in mean.iter_mut().zip(item.image.data()) {
            *sum += v / train.len() as f32;
        }
    }
    let scored: Vec<([f64; 3], bool)> = test
        .par_iter()
        .map(|item| (scores(item, &mean), item.spec.is_anomalous()))
        .collect();
    std::array::from_fn(|k| {
        let of = |wanted| {
            scored
                .iter()
                .filter(move |(_, bad)| *bad == wanted)
                .map(move |(s, _)| s[k])
        };
        rank_auroc(
            &of(false).collect::<Vec<_>>(),
            &of(true).collect::<Vec<_>>(),
        )
    })
}

/// Maximum, mean, and maximum after the box filter, of the channel mean of |x - mean|.
fn scores(item: &SampleItem, mean: &[f32]) -> [f64; 3] {
    let (height, width) = (item.image.height(), item.image.width());
    let distance: Vec<f64> = item
        .image
        .data()
        .chunks_exact(3)
        .zip(mean.chunks_exact(3))
        .map(|(x, m)| {
            x.iter()
                .zip(m)
                .map(|(x, m)| f64::from((x - m).abs()))
                .sum::<f64>()
                / 3.0
        })
        .collect();
    let max = distance.iter().copied().fold(0.0, f64::max);
    let average = distance.iter().sum::<f64>() / distance.len() as f64;
    let mut smooth = 0.0_f64;
    for y in 0..=height - BOX {
        for x in 0..=width - BOX {
            let rows = (y..y + BOX).map(|row| &distance[row * width + x..][..BOX]);
            let sum: f64 = rows.flatten().sum();
            smooth = smooth.max(sum / (BOX * BOX) as f64);
        }
    }
    [max, average, smooth]
}

/// The share of (clean, anomalous) pairs in the right order, ties counting one half.
#[expect(clippy::float_cmp, reason = "ties are exact by definition")]
fn rank_auroc(clean: &[f64], anomalous: &[f64]) -> f64 {
    let pairs = clean
        .iter()
        .flat_map(|c| anomalous.iter().map(move |a| (c, a)));
    let won: f64 = pairs
        .map(|(c, a)| {
            if a > c {
                1.0
            } else {
                f64::from(u8::from(a == c)) / 2.0
            }
        })
        .sum();
    won / (clean.len() * anomalous.len()) as f64
}
