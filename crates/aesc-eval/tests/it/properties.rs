//! The metrics of plain lists against the brute force of their definitions, and what must not
//! change them.

use aesc_eval::{CurvePoint, MapView, Ranking, auroc, pixel_metrics, pr_curve, roc_curve};
use proptest::prelude::*;

use crate::oracle;

const TOLERANCE: f64 = 1e-12;

/// Scores with many ties and awkward values, or with hardly any.
pub(crate) fn score() -> impl Strategy<Value = f32> {
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

pub(crate) fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE
}

/// Sends the smallest of `scores` to -5, the next to -4, then 3, 22 and so on by cubes.
pub(crate) fn rising_map(scores: &[f32]) -> impl Fn(f32) -> f32 {
    let mut distinct = scores.to_vec();
    distinct.sort_by(|a, b| a.partial_cmp(b).unwrap());
    distinct.dedup();
    move |score| (distinct.partition_point(|&other| other < score) as f32).powi(3) - 5.0
}

/// Whether a thinned curve passes through `point`: between two neighbours, on their line.
pub(crate) fn passes_through(curve: &[CurvePoint], (x, y): (f64, f64)) -> bool {
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
