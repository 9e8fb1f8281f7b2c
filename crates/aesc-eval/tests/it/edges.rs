//! The edges: what is undefined, what is tiny, what is large.

use aesc_eval::{
    Accumulator, EvalError, MapView, aupimo, aupro, auroc, average_precision, f1_max, fpr_at_tpr,
    pixel_metrics, pr_curve, pro_curve, roc_curve,
};

fn row<'a>(scores: &'a [f32], mask: &'a [bool]) -> MapView<'a> {
    MapView {
        height: 1,
        width: scores.len(),
        scores,
        mask,
    }
}

#[test]
fn lists_that_do_not_match_are_refused_everywhere() {
    let (scores, labels) = ([1.0, 2.0, 3.0], [true, false]);
    let error = EvalError::LengthMismatch {
        what: "labels",
        expected: 3,
        found: 2,
    };
    assert_eq!(auroc(&scores, &labels), Err(error.clone()));
    assert_eq!(average_precision(&scores, &labels), Err(error.clone()));
    assert_eq!(f1_max(&scores, &labels), Err(error.clone()));
    assert_eq!(fpr_at_tpr(&scores, &labels, 0.95), Err(error.clone()));
    assert_eq!(roc_curve(&scores, &labels), Err(error.clone()));
    assert_eq!(pr_curve(&scores, &labels), Err(error));
}

#[test]
fn empty_lists_are_refused() {
    assert_eq!(auroc(&[], &[]), Err(EvalError::Empty { what: "score" }));
    let error = EvalError::Empty { what: "image" };
    assert_eq!(pixel_metrics(&[], &[0.3]), Err(error.clone()));
    assert_eq!(aupimo(&[]), Err(error.clone()));
    assert_eq!(Accumulator::new().finish().map(|_| ()), Err(error));
    let error = EvalError::Empty {
        what: "pixel in each image",
    };
    assert_eq!(pixel_metrics(&[row(&[], &[])], &[0.3]), Err(error));
}

#[test]
fn a_score_that_is_not_finite_is_named_whatever_its_label() {
    let infinite = [0.5, f32::INFINITY, 0.1];
    for labels in [[false, true, false], [true, false, false], [true; 3]] {
        let error = EvalError::NotFinite {
            index: 1,
            value: f64::INFINITY,
        };
        assert_eq!(auroc(&infinite, &labels), Err(error));
    }
    let good = row(&[0.1, 0.2], &[true, false]);
    let images = [good, row(&[0.1, f32::NEG_INFINITY], &[false, false])];
    let error = EvalError::NotFiniteInMap {
        image: 1,
        index: 1,
        value: f32::NEG_INFINITY,
    };
    assert_eq!(pixel_metrics(&images, &[]), Err(error.clone()));
    let mut accumulator = Accumulator::new();
    accumulator.push(&images[0]).unwrap();
    assert_eq!(accumulator.push(&images[1]), Err(error));
    assert_eq!(accumulator.n_images(), 1);
}

#[test]
fn maps_and_masks_of_another_size_are_named() {
    let short_map = MapView {
        height: 2,
        width: 2,
        scores: &[0.0; 3],
        mask: &[false; 4],
    };
    let error = EvalError::Shape {
        what: "map",
        image: 0,
        expected: 4,
        found: 3,
    };
    assert_eq!(pixel_metrics(&[short_map], &[]), Err(error));
    let good = row(&[0.1, 0.2], &[true, false]);
    let short_mask = MapView {
        height: 2,
        width: 2,
        scores: &[0.0; 4],
        mask: &[false; 2],
    };
    let error = EvalError::Shape {
        what: "mask",
        image: 1,
        expected: 4,
        found: 2,
    };
    assert_eq!(pixel_metrics(&[good, short_mask], &[]), Err(error));
}

#[test]
fn images_of_one_class_are_refused() {
    let normal = row(&[0.1, 0.2], &[false, false]);
    assert_eq!(
        pixel_metrics(&[normal], &[]),
        Err(EvalError::NoRegion { images: 1 })
    );
    assert_eq!(pro_curve(&[normal]), Err(EvalError::NoRegion { images: 1 }));
    let defect = row(&[0.1, 0.2], &[true, true]);
    let error = EvalError::OneClass {
        what: "pixels",
        normal: 0,
        anomalous: 4,
    };
    assert_eq!(pixel_metrics(&[defect, defect], &[]), Err(error.clone()));
    assert_eq!(aupro(&[defect, defect], 0.3), Err(error));
}

#[test]
fn limits_outside_their_range_are_refused() {
    let image = row(&[0.1, 0.2], &[false, true]);
    for found in [0.0, -0.3, 1.5, f64::INFINITY] {
        let error = EvalError::Rate { found };
        assert_eq!(pixel_metrics(&[image], &[0.3, found]), Err(error));
    }
    assert!(matches!(
        aupro(&[image], f64::NAN),
        Err(EvalError::Rate { .. })
    ));
}

#[test]
fn denormals_are_told_apart() {
    let (tiny, tinier) = (f32::from_bits(2), f32::from_bits(1));
    assert_eq!(
        auroc(&[tinier, tiny, 0.0, -tinier], &[false, true, false, false]),
        Ok(1.0)
    );
    assert_eq!(auroc(&[-tiny, -tinier], &[true, false]), Ok(0.0));
}

#[test]
fn one_pixel_regions_on_every_border_count() {
    // Corners and edge centres of 3 x 3, each alone with the centre normal: they touch, so they
    // are one ring; without the edge centres they are four.
    let scores = [9.0, 1.0, 8.0, 1.0, 1.0, 1.0, 7.0, 1.0, 6.0];
    let corners = [true, false, true, false, false, false, true, false, true];
    let ring = [true, true, true, true, false, true, true, true, true];
    let regions = |mask: &[bool]| {
        let image = MapView {
            height: 3,
            width: 3,
            scores: &scores,
            mask,
        };
        pixel_metrics(&[image], &[1.0]).unwrap().regions
    };
    assert_eq!(regions(&corners), 4);
    assert_eq!(regions(&ring), 1);
}

#[test]
fn metrics_of_more_than_2_to_the_24_pixels_are_exact() {
    // Normal: 2^24 + 1 pixels of score 1, a count that f32 cannot hold, and one of score 3.
    // Anomalous: 2, which beats all normal pixels but one, and 4, which beats them all.
    let n = (1 << 24) + 1;
    let mut scores = vec![1.0; n];
    let mut labels = vec![false; n];
    scores.extend([3.0, 2.0, 4.0]);
    labels.extend([false, true, true]);
    let normal = n as f64 + 1.0;
    let expected = (2.0 * normal - 1.0) / (2.0 * normal);
    assert_eq!(auroc(&scores, &labels), Ok(expected));
    assert_eq!(fpr_at_tpr(&scores, &labels, 1.0), Ok(1.0 / normal));
    let best = f1_max(&scores, &labels).unwrap();
    assert_eq!((best.value, best.threshold), (0.8, 2.0)); // 2 * 2 / (2 + 3)
}

#[test]
fn many_anomalous_samples_follow_a_closed_form() {
    // Score i for i in 0..n, every third one anomalous: the ranks are known, and n is large
    // enough for the counting by groups. Anomalous i = 3k beats the 2k normal ones below it.
    let n = 900_000_usize;
    let scores: Vec<f32> = (0..n).map(|i| i as f32 * 0.25 - 1000.0).collect();
    let labels: Vec<bool> = (0..n).map(|i| i % 3 == 0).collect();
    let (anomalous, normal) = (n as f64 / 3.0, 2.0 * n as f64 / 3.0);
    let won = anomalous * (anomalous - 1.0); // the sum of 2k for k below `anomalous`
    let found = auroc(&scores, &labels).unwrap();
    assert!((found - won / (anomalous * normal)).abs() < 1e-12);
    // Shuffled by a stride prime to n, the answer is the same.
    let at = |i: usize| i * 7919 % n;
    let shuffled: Vec<f32> = (0..n).map(|i| scores[at(i)]).collect();
    let shuffled_labels: Vec<bool> = (0..n).map(|i| labels[at(i)]).collect();
    assert_eq!(auroc(&shuffled, &shuffled_labels), Ok(found));
    assert_eq!(
        average_precision(&shuffled, &shuffled_labels),
        average_precision(&scores, &labels)
    );
}
