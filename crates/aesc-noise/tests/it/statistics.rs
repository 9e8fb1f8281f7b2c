//! What is measured on one corruption of a grey 128 image, defined as in the golden files.

use std::collections::BTreeMap;

use aesc_image::Image;
use aesc_noise::{Corrupted, Corruption, Presentation};

/// Side of the measured images, px.
const SIDE: usize = 256;

/// One number a statistic; a statistic that is undefined for this draw is left out.
pub(crate) type Statistics = BTreeMap<&'static str, f64>;

/// Statistics of the core, the pixels the mask is true on, grey levels 0..=255.
pub(crate) fn measure_shape(corruption: &Corruption, channels: usize, index: u64) -> Statistics {
    let [on_black, on_white] = [0.0, 1.0].map(|v| corrupt(corruption, channels, v, index));
    let core: Vec<[usize; 2]> = (0..SIDE * SIDE)
        .filter(|&i| on_black.mask.data()[i])
        .map(|i| [i / SIDE, i % SIDE])
        .collect();
    let mut statistics = Statistics::from([("core_area_px", core.len() as f64)]);
    if core.is_empty() {
        return statistics;
    }
    let extent = |axis: usize| {
        let values = || core.iter().map(|p| p[axis]);
        (values().max().unwrap() - values().min().unwrap() + 1) as f64
    };
    let (h, w) = (extent(0), extent(1));
    statistics.extend([("bbox_w", w), ("bbox_h", h)]);
    statistics.insert("bbox_aspect_max_over_min", h.max(w) / h.min(w));
    statistics.insert("n_components", n_components(&on_black, &core) as f64);

    // out = clean (1 - weight) + texture weight, so black and white tell the weight apart.
    let weight =
        |p: &[usize; 2]| 1.0 - on_white.image.at(p[0], p[1], 0) + on_black.image.at(p[0], p[1], 0);
    let grey = |p: &[usize; 2]| {
        let rest = 128.0 / 255.0 * (1.0 - weight(p));
        on_black
            .image
            .pixel(p[0], p[1])
            .iter()
            .map(move |v| f64::from(255.0 * (v + rest)))
    };
    let colours: Vec<f64> = core.iter().flat_map(grey).collect();
    statistics.insert("mean_colour_core", moments(&colours).0);
    let solid: Vec<_> = core.iter().filter(|p| weight(p) > 0.95).collect();
    if solid.len() >= 8 {
        let colours: Vec<f64> = solid.into_iter().flat_map(grey).collect();
        statistics.insert("texture_std", moments(&colours).1);
    }
    statistics
}

/// Mean and standard deviation of the whole image, grey levels 0..=255.
pub(crate) fn measure_image(corruption: &Corruption, channels: usize, index: u64) -> Statistics {
    let corrupted = corrupt(corruption, channels, 128.0 / 255.0, index);
    let grey: Vec<f64> = corrupted
        .image
        .data()
        .iter()
        .map(|v| f64::from(255.0 * v))
        .collect();
    let (mean, std) = moments(&grey);
    Statistics::from([("image_mean", mean), ("image_std", std)])
}

fn corrupt(corruption: &Corruption, channels: usize, value: f32, index: u64) -> Corrupted {
    let mut image = Image::filled(SIDE, SIDE, channels, value).unwrap();
    let mask = corruption.apply_in_place(&mut image, Presentation { seed: 2020, index });
    Corrupted { image, mask }
}

/// Mean and population standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// 8-connected components of the core.
fn n_components(corrupted: &Corrupted, core: &[[usize; 2]]) -> usize {
    let mut left = corrupted.mask.clone();
    let mut count = 0;
    for &start in core {
        let mut queue = vec![start];
        let mut fresh = false;
        while let Some([y, x]) = queue.pop() {
            if !std::mem::take(&mut left.data_mut()[y * SIDE + x]) {
                continue;
            }
            fresh = true;
            for y in y.saturating_sub(1)..=(y + 1).min(SIDE - 1) {
                queue.extend((x.saturating_sub(1)..=(x + 1).min(SIDE - 1)).map(|x| [y, x]));
            }
        }
        count += usize::from(fresh);
    }
    count
}
