//! Every metric against the brute force of its definition, and what must not change it.

use aesc_eval::{
    Accumulator, CurvePoint, MapView, Ranking, aupro, auroc, average_precision, f1_max, fpr_at_tpr,
    label_regions, pixel_metrics, pr_curve, pro_curve, roc_curve,
};
use proptest::prelude::*;

use crate::oracle;

const TOLERANCE: f64 = 1e-12;

/// Scores with many ties and awkward values, or with hardly any.
fn score() -> impl Strategy<Value = f32> {
    let awkward = [
        -0.0,
        0.0,
        1e-45,
        -1e-45,
        f32::MIN,
        f32::MAX,
        f32::MIN_POSITIVE,
        1.0,
        -1.0,
    ];
    prop_oneof![
        3 => (-4_i8..4).prop_map(f32::from),
        1 => proptest::sample::select(awkward.to_vec()),
        3 => -1e3_f32..1e3,
    ]
}

/// Scores and labels of both classes.
fn labelled() -> impl Strategy<Value = (Vec<f32>, Vec<bool>)> {
    proptest::collection::vec((score(), any::<bool>()), 2..60)
        .prop_map(|pairs| pairs.into_iter().unzip())
        .prop_filter("both classes", |(_, labels): &(Vec<f32>, Vec<bool>)| {
            labels.contains(&true) && labels.contains(&false)
        })
}

#[derive(Debug, Clone)]
struct Image {
    height: usize,
    width: usize,
    scores: Vec<f32>,
    mask: Vec<bool>,
}

impl Image {
    fn view(&self) -> MapView<'_> {
        let Self {
            height,
            width,
            scores,
            mask,
        } = self;
        MapView {
            height: *height,
            width: *width,
            scores,
            mask,
        }
    }
}

fn image() -> impl Strategy<Value = Image> {
    let sides = (1_usize..9, 1_usize..9, prop_oneof![Just(0.0), 0.05..0.95]);
    sides.prop_flat_map(|(height, width, density)| {
        let pixels = height * width;
        let scores = proptest::collection::vec(score(), pixels);
        let mask = proptest::collection::vec(proptest::bool::weighted(density), pixels);
        let image = move |(scores, mask)| Image {
            height,
            width,
            scores,
            mask,
        };
        (scores, mask).prop_map(image)
    })
}

/// Images that hold both classes.
fn images() -> impl Strategy<Value = Vec<Image>> {
    proptest::collection::vec(image(), 1..5).prop_filter("both classes", |images| {
        let mut pixels = images.iter().flat_map(|image| &image.mask);
        pixels.clone().any(|&inside| inside) && pixels.any(|&inside| !inside)
    })
}

fn views(images: &[Image]) -> Vec<MapView<'_>> {
    images.iter().map(Image::view).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE
}

/// Sends the smallest of `scores` to -5, the next to -4, then 3, 22 and so on by cubes.
fn rising_map(scores: &[f32]) -> impl Fn(f32) -> f32 {
    let mut distinct = scores.to_vec();
    distinct.sort_by(|a, b| a.partial_cmp(b).unwrap());
    distinct.dedup();
    move |score| (distinct.partition_point(|&other| other < score) as f32).powi(3) - 5.0
}

/// Whether a thinned curve passes through `point`: between two neighbours, on their line.
fn passes_through(curve: &[CurvePoint], (x, y): (f64, f64)) -> bool {
    curve.windows(2).any(|pair| {
        let (a, b) = (pair[0], pair[1]);
        let between =
            |p: f64, q: f64, v: f64| p.min(q) - TOLERANCE <= v && v <= p.max(q) + TOLERANCE;
        let cross = (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x);
        between(a.x, b.x, x) && between(a.y, b.y, y) && cross.abs() <= TOLERANCE
    })
}

proptest! {
    #[test]
    fn image_metrics_follow_their_definitions((scores, labels) in labelled(), tpr in 0.01..1.0) {
        let ranking = Ranking::of_scores(&scores, &labels).unwrap();
        prop_assert!(close(ranking.auroc(), oracle::auroc(&scores, &labels)));
        let ap = oracle::average_precision(&scores, &labels);
        prop_assert!(close(ranking.average_precision(), ap));
        let (value, threshold) = oracle::f1_max(&scores, &labels);
        prop_assert_eq!(ranking.f1_max().value, value);
        prop_assert_eq!(ranking.f1_max().threshold, threshold);
        let fpr = oracle::fpr_at_tpr(&scores, &labels, tpr);
        prop_assert_eq!(ranking.fpr_at_tpr(tpr).unwrap(), fpr);
    }

    #[test]
    fn regions_follow_a_flood_fill(image in image()) {
        let found = label_regions(&image.mask, image.height, image.width).unwrap();
        let mut expected = vec![0; image.mask.len()];
        let regions = oracle::regions(&image.mask, image.height, image.width);
        for (number, region) in (1..).zip(&regions) {
            for &pixel in region {
                expected[pixel] = number;
            }
        }
        prop_assert_eq!(found.labels, expected);
        let areas: Vec<u64> = regions.iter().map(|region| region.len() as u64).collect();
        prop_assert_eq!(found.areas, areas);
    }

    #[test]
    fn pixel_metrics_follow_their_definitions(images in images(), limit in 0.01..1.0) {
        let views = views(&images);
        let metrics = pixel_metrics(&views, &[limit, 1.0]).unwrap();
        prop_assert!(close(metrics.aupro[0].1, oracle::aupro(&views, limit)));
        prop_assert!(close(metrics.aupro[1].1, oracle::aupro(&views, 1.0)));
        let scores: Vec<f32> = images.iter().flat_map(|image| image.scores.clone()).collect();
        let mask: Vec<bool> = images.iter().flat_map(|image| image.mask.clone()).collect();
        prop_assert_eq!(metrics.auroc, auroc(&scores, &mask).unwrap());
        prop_assert_eq!(metrics.ap, average_precision(&scores, &mask).unwrap());
        prop_assert_eq!(metrics.f1_max, f1_max(&scores, &mask).unwrap());
        prop_assert_eq!(metrics.fpr_at_95tpr, fpr_at_tpr(&scores, &mask, 0.95).unwrap());
        let n_anomalous = mask.iter().filter(|&&inside| inside).count() as u64;
        prop_assert_eq!(metrics.anomalous_pixels, n_anomalous);
        prop_assert_eq!(metrics.normal_pixels, mask.len() as u64 - n_anomalous);
    }

    #[test]
    fn maps_one_at_a_time_and_all_at_once_agree(images in images()) {
        let mut accumulator = Accumulator::new();
        for image in &images {
            accumulator.push(&image.view()).unwrap();
        }
        let streamed = accumulator.finish().unwrap().metrics(&[0.3]).unwrap();
        prop_assert_eq!(streamed, pixel_metrics(&views(&images), &[0.3]).unwrap());
    }

    #[test]
    fn a_rising_map_of_the_scores_changes_nothing((scores, labels) in labelled()) {
        let map = rising_map(&scores);
        let mapped: Vec<f32> = scores.iter().map(|&score| map(score)).collect();
        let before = Ranking::of_scores(&scores, &labels).unwrap();
        let after = Ranking::of_scores(&mapped, &labels).unwrap();
        prop_assert_eq!(after.auroc(), before.auroc());
        prop_assert_eq!(after.average_precision(), before.average_precision());
        prop_assert_eq!(after.f1_max().value, before.f1_max().value);
        prop_assert_eq!(after.f1_max().threshold, map(before.f1_max().threshold));
        prop_assert_eq!(after.fpr_at_tpr(0.95), before.fpr_at_tpr(0.95));
    }

    #[test]
    fn a_rising_map_of_the_maps_changes_nothing(images in images()) {
        let scores: Vec<f32> = images.iter().flat_map(|image| image.scores.clone()).collect();
        let map = rising_map(&scores);
        let mut mapped = images.clone();
        for score in mapped.iter_mut().flat_map(|image| &mut image.scores) {
            *score = map(*score);
        }
        let before = Ranking::of_images(&views(&images)).unwrap();
        let after = Ranking::of_images(&views(&mapped)).unwrap();
        prop_assert_eq!(after.auroc(), before.auroc());
        prop_assert_eq!(after.aupro(0.3), before.aupro(0.3));
    }

    #[test]
    fn the_order_of_samples_does_not_matter((scores, labels) in labelled(), shift in 0_usize..60) {
        let shift = shift % scores.len();
        let turn = |list: &mut Vec<_>| list.rotate_left(shift);
        let mut pairs: Vec<(f32, bool)> = scores.iter().copied().zip(labels.iter().copied()).collect();
        turn(&mut pairs);
        pairs.swap(0, shift);
        let (turned, turned_labels): (Vec<f32>, Vec<bool>) = pairs.into_iter().unzip();
        let before = Ranking::of_scores(&scores, &labels).unwrap();
        let after = Ranking::of_scores(&turned, &turned_labels).unwrap();
        prop_assert_eq!(after.auroc(), before.auroc());
        prop_assert_eq!(after.average_precision(), before.average_precision());
        prop_assert_eq!(after.f1_max(), before.f1_max());
    }

    #[test]
    fn the_order_of_images_does_not_matter(images in images()) {
        let mut turned = images.clone();
        turned.reverse();
        let before = pixel_metrics(&views(&images), &[0.3]).unwrap();
        let after = pixel_metrics(&views(&turned), &[0.3]).unwrap();
        prop_assert_eq!(after.auroc, before.auroc);
        prop_assert!(close(after.aupro[0].1, before.aupro[0].1));
    }

    #[test]
    fn flipped_labels_give_the_complement((scores, labels) in labelled()) {
        let flipped: Vec<bool> = labels.iter().map(|label| !label).collect();
        let sum = auroc(&scores, &labels).unwrap() + auroc(&scores, &flipped).unwrap();
        prop_assert!(close(sum, 1.0));
        let negated: Vec<f32> = scores.iter().map(|score| -score).collect();
        let (a, b) = (auroc(&scores, &labels).unwrap(), auroc(&negated, &flipped).unwrap());
        prop_assert_eq!(a, b);
    }

    #[test]
    fn thinned_roc_and_pr_curves_lose_no_point((scores, labels) in labelled()) {
        let roc = roc_curve(&scores, &labels).unwrap();
        let pr = pr_curve(&scores, &labels).unwrap();
        let n_anomalous = labels.iter().filter(|&&label| label).count() as f64;
        let n_normal = labels.len() as f64 - n_anomalous;
        for &threshold in &scores {
            let hits = |wanted| scores.iter().zip(&labels)
                .filter(|&(&score, &label)| label == wanted && score >= threshold).count() as f64;
            let (tp, fp) = (hits(true), hits(false));
            prop_assert!(passes_through(&roc, (fp / n_normal, tp / n_anomalous)));
            let point = (tp / n_anomalous, tp / (tp + fp));
            let alone = pr.len() == 1 && close(pr[0].x, point.0) && close(pr[0].y, point.1);
            prop_assert!(alone || passes_through(&pr, point));
        }
    }

    #[test]
    fn each_point_of_a_curve_is_what_its_threshold_gives((scores, labels) in labelled()) {
        let n_anomalous = labels.iter().filter(|&&label| label).count() as f64;
        let n_normal = labels.len() as f64 - n_anomalous;
        for point in roc_curve(&scores, &labels).unwrap() {
            let hits = |wanted| scores.iter().zip(&labels)
                .filter(|&(&score, &label)| label == wanted && score >= point.threshold).count();
            prop_assert_eq!(point.x, hits(false) as f64 / n_normal);
            prop_assert_eq!(point.y, hits(true) as f64 / n_anomalous);
        }
    }

    #[test]
    fn the_roc_curve_encloses_the_auroc((scores, labels) in labelled()) {
        let curve = roc_curve(&scores, &labels).unwrap();
        let area: f64 = curve.windows(2)
            .map(|pair| (pair[1].x - pair[0].x) * (pair[0].y + pair[1].y) / 2.0).sum();
        prop_assert!(close(area, auroc(&scores, &labels).unwrap()));
    }

    #[test]
    fn the_pro_curve_passes_through_all_points_and_encloses_the_aupro(images in images()) {
        let views = views(&images);
        let curve = pro_curve(&views).unwrap();
        for point in oracle::pro_points(&views) {
            prop_assert!(passes_through(&curve, point), "{point:?} in {curve:?}");
        }
        let area: f64 = curve.windows(2)
            .map(|pair| (pair[1].x - pair[0].x) * (pair[0].y + pair[1].y) / 2.0).sum();
        prop_assert!(close(area, aupro(&views, 1.0).unwrap()));
    }
}

/// Long lists in the shapes that maps have: smooth, of few levels, over many octaves, with a
/// spike of equal scores.
fn long_list() -> impl Strategy<Value = (Vec<f32>, Vec<bool>)> {
    (any::<u64>(), 0_usize..4, 0.02..0.9).prop_map(|(seed, shape, share)| {
        let mut state = seed;
        let mut uniform = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1_u64 << 24) as f32
        };
        let sample = |_| {
            let anomalous = uniform() < share as f32;
            let value = uniform() + if anomalous { 0.3 } else { 0.0 };
            let score = match shape {
                0 => value,
                1 => (value * 40.0).floor(),
                2 => (value * 80.0 - 60.0).exp2(),
                _ if uniform() < 0.5 => 0.0,
                _ => value - 0.5,
            };
            (score, anomalous)
        };
        (0..40_000).map(sample).unzip()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn long_lists_follow_a_full_sort((scores, labels) in long_list()) {
        let ranking = Ranking::of_scores(&scores, &labels).unwrap();
        prop_assert_eq!(ranking.auroc(), oracle::auroc_by_full_sort(&scores, &labels));
        let expected = oracle::average_precision_by_full_sort(&scores, &labels);
        prop_assert!(close(ranking.average_precision(), expected));
    }

    #[test]
    fn the_number_of_threads_changes_nothing((scores, labels) in long_list()) {
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| {
                let image = MapView { height: 200, width: 200, scores: &scores, mask: &labels };
                pixel_metrics(&[image], &[0.3]).unwrap()
            })
        };
        prop_assert_eq!(run(1), run(3));
    }
}
