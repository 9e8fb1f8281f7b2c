//! Each fast routine against its slow and plain twin, on maps and settings of any kind.

use aesc_detect::{ImageScore, Smoothing, image_score, resize_map, resize_mask_nearest, smooth};
use aesc_image::{Map, Mask};
use proptest::prelude::*;

fn maps() -> impl Strategy<Value = Map> {
    (1_usize..14, 1_usize..14).prop_flat_map(|(height, width)| {
        prop::collection::vec(0.0_f32..1.0, height * width)
            .prop_map(move |data| Map::new(height, width, data).unwrap())
    })
}

/// The value at any place, the frame mirrored about its edges as often as it takes.
fn mirrored(map: &Map, y: i64, x: i64) -> f64 {
    let inside = |mut i: i64, n: usize| {
        let n = n as i64;
        while !(0..n).contains(&i) {
            i = if i < 0 { -1 - i } else { 2 * n - 1 - i };
        }
        i as usize
    };
    f64::from(map.at(inside(y, map.height()), inside(x, map.width())))
}

/// Every pixel the weighted mean of the square around it, weights `weight(dy, dx)`.
fn weighted_mean(map: &Map, reach: i64, weight: impl Fn(i64, i64) -> f64) -> Vec<f64> {
    let mut means = Vec::new();
    for y in 0..map.height() as i64 {
        for x in 0..map.width() as i64 {
            let (mut sum, mut total) = (0.0, 0.0);
            for dy in -reach..=reach {
                for dx in -reach..=reach {
                    sum += weight(dy, dx) * mirrored(map, y + dy, x + dx);
                    total += weight(dy, dx);
                }
            }
            means.push(sum / total);
        }
    }
    means
}

fn largest_gap(found: &Map, expected: &[f64]) -> f64 {
    assert_eq!(found.data().len(), expected.len());
    let gaps = found.data().iter().zip(expected);
    gaps.map(|(&a, b)| (f64::from(a) - b).abs())
        .fold(0.0, f64::max)
}

/// Bilinear by its definition: the four source pixels around the place, each by its share.
fn bilinear(map: &Map, place_y: f64, place_x: f64) -> f64 {
    let mut value = 0.0;
    for y in 0..map.height() {
        for x in 0..map.width() {
            let tent = |place: f64, i: usize| (1.0 - (place - i as f64).abs()).max(0.0);
            value += tent(place_y, y) * tent(place_x, x) * f64::from(map.at(y, x));
        }
    }
    value
}

fn place(i: usize, n_source: usize, n_target: usize) -> f64 {
    let place = (i as f64 + 0.5) * n_source as f64 / n_target as f64 - 0.5;
    place.clamp(0.0, (n_source - 1) as f64)
}

proptest! {
    #[test]
    fn box_is_the_mean_of_its_window(map in maps(), reach in 0_usize..20) {
        let smoothed = smooth(&map, &Smoothing::Box { side_px: 2 * reach + 1 });
        let plain = weighted_mean(&map, reach as i64, |_, _| 1.0);
        prop_assert!(largest_gap(&smoothed, &plain) < 1e-7);
    }

    #[test]
    fn gaussian_is_the_weighted_mean_of_its_window(map in maps(), sigma_px in 0.2_f64..4.0) {
        let smoothed = smooth(&map, &Smoothing::Gaussian { sigma_px });
        let reach = (4.0 * sigma_px).round() as i64;
        let bell = |dy: i64, dx: i64| {
            (-((dy * dy + dx * dx) as f64) / (2.0 * sigma_px * sigma_px)).exp()
        };
        prop_assert!(largest_gap(&smoothed, &weighted_mean(&map, reach, bell)) < 1e-6);
    }

    #[test]
    fn smoothing_a_constant_leaves_it(height in 1_usize..9, width in 1_usize..9, value in 0.0_f32..1.0) {
        let map = Map::filled(height, width, value).unwrap();
        for smoothing in [Smoothing::Box { side_px: 21 }, Smoothing::Gaussian { sigma_px: 2.5 }] {
            let smoothed = smooth(&map, &smoothing);
            prop_assert!(smoothed.data().iter().all(|v| (v - value).abs() < 1e-6));
        }
    }

    #[test]
    fn resize_is_bilinear_by_its_definition(map in maps(), height in 1_usize..30, width in 1_usize..30) {
        let resized = resize_map(&map, height, width).unwrap();
        let mut plain = Vec::new();
        for y in 0..height {
            let place_y = place(y, map.height(), height);
            plain.extend((0..width).map(|x| bilinear(&map, place_y, place(x, map.width(), width))));
        }
        prop_assert!(largest_gap(&resized, &plain) < 1e-6);
    }

    #[test]
    fn resize_of_a_constant_is_that_constant(
        (height, width) in (1_usize..20, 1_usize..20),
        (to_height, to_width) in (1_usize..50, 1_usize..50),
        value in 0.0_f32..1.0,
    ) {
        let map = Map::filled(height, width, value).unwrap();
        let resized = resize_map(&map, to_height, to_width).unwrap();
        prop_assert!(resized.data().iter().all(|&v| v == value));
    }

    #[test]
    fn a_mask_enlarged_by_a_whole_factor_repeats_its_pixels(
        bits in prop::collection::vec(any::<bool>(), 12),
        factor in 1_usize..6,
    ) {
        let mask = Mask::new(3, 4, bits).unwrap();
        let large = resize_mask_nearest(&mask, 3 * factor, 4 * factor).unwrap();
        for y in 0..3 * factor {
            for x in 0..4 * factor {
                prop_assert_eq!(large.at(y, x), mask.at(y / factor, x / factor));
            }
        }
        prop_assert_eq!(resize_mask_nearest(&large, 3, 4).unwrap(), mask);
    }

    #[test]
    fn top_k_is_the_mean_of_the_head_of_the_sorted_map(map in maps(), k in 1_usize..9) {
        let n = map.data().len();
        let k = k.min(n);
        let mut sorted = map.data().to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let plain = sorted[..k].iter().map(|&v| f64::from(v)).sum::<f64>() / k as f64;
        let found = image_score(&map, &ImageScore::TopK { share: k as f64 / n as f64 });
        prop_assert!((found - plain).abs() < 1e-12);
    }

    #[test]
    fn top_k_runs_from_the_maximum_to_the_mean(map in maps()) {
        let mean = image_score(&map, &ImageScore::L1 {}) / map.data().len() as f64;
        let all = image_score(&map, &ImageScore::TopK { share: 1.0 });
        prop_assert!((all - mean).abs() < 1e-12);
        let one = image_score(&map, &ImageScore::TopK { share: 1e-12 });
        prop_assert_eq!(one, image_score(&map, &ImageScore::Max {}));
    }
}
