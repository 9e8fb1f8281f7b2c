//! Corruptions are distributed as those of the authors' public code.
//!
//! Mean and quartiles of each statistic lie within 5 % of the golden ones, or within one pixel
//! where the statistic is a number of pixels. A golden file leaves out the quartiles that lie on a
//! jump of a distribution of few values, where they are a matter of luck.

use std::collections::BTreeMap;
use std::thread;

use aesc_noise::{Corruption, CorruptionConfig};
use serde::Deserialize;

use crate::statistics::{Statistics, measure_image, measure_shape};

#[derive(Deserialize)]
struct Golden {
    corruption: CorruptionConfig,
    n_draws: u64,
    channels: usize,
    statistics: BTreeMap<String, Summary>,
}

#[derive(Deserialize, Debug, Clone, Copy)]
struct Summary {
    mean: f64,
    q25: Option<f64>,
    q50: Option<f64>,
    q75: Option<f64>,
}

impl Summary {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let last = values.len() - 1;
        let quantile = |q: f64| {
            let at = q * last as f64;
            let (low, high) = (values[at as usize], values[(at as usize + 1).min(last)]);
            Some(low + (high - low) * at.fract())
        };
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Self {
            mean,
            q25: quantile(0.25),
            q50: quantile(0.5),
            q75: quantile(0.75),
        }
    }

    fn numbers(self) -> [Option<f64>; 4] {
        [Some(self.mean), self.q25, self.q50, self.q75]
    }
}

type Measure = fn(&Corruption, usize, u64) -> Statistics;

fn draw(golden: &Golden, measure: Measure) -> Vec<Statistics> {
    let corruption = golden.corruption.validate().unwrap();
    let n_threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    thread::scope(|scope| {
        let corruption = &corruption;
        let workers: Vec<_> = (0..n_threads)
            .map(|first| {
                let indices = (first..golden.n_draws).step_by(n_threads as usize);
                scope.spawn(move || {
                    indices
                        .map(|i| measure(corruption, golden.channels, i))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    })
}

fn check(golden: &str, measure: Measure) {
    let golden: Golden = serde_json::from_str(golden).unwrap();
    let draws = draw(&golden, measure);
    for (name, &expected) in &golden.statistics {
        let values: Vec<f64> = draws
            .iter()
            .filter_map(|draw| draw.get(name.as_str()))
            .copied()
            .collect();
        let found = Summary::of(values);
        let is_pixels = ["core_area_px", "bbox_w", "bbox_h"].contains(&name.as_str());
        let least = if is_pixels { 1.0 } else { 0.0 };
        let pairs = expected.numbers().into_iter().zip(found.numbers());
        for (golden, ours) in pairs.filter_map(|(golden, ours)| golden.zip(ours)) {
            let tolerance = (0.05 * golden).max(least);
            assert!(
                (ours - golden).abs() <= tolerance,
                "{name}: {expected:?}, found {found:?}"
            );
        }
    }
}

macro_rules! golden {
    ($($test:ident: $file:literal, $measure:ident;)*) => {$(
        #[test]
        fn $test() {
            check(include_str!(concat!("../golden/", $file, ".json")), $measure);
        }
    )*};
}

golden! {
    stains_are_distributed_as_the_authors: "stain", measure_shape;
    stains_in_colour_are_distributed_as_the_authors: "stain-rgb", measure_shape;
    blurred_stains_are_distributed_as_the_authors: "stain-blur", measure_shape;
    drops_are_distributed_as_the_authors: "drops", measure_shape;
    drops_of_the_paper_are_distributed_as_the_authors: "drops-paper", measure_shape;
    scratches_are_distributed_as_the_authors: "scratch", measure_shape;
    scratches_of_any_grey_are_distributed_as_the_authors: "scratch-mixture", measure_shape;
    gaussian_noise_is_distributed_as_the_authors: "gaussian", measure_image;
    gaussian_noise_of_the_mixture_is_distributed_as_the_authors: "gaussian-mixture", measure_image;
}
