//! Thresholds of plain scores, degenerate ones among them.

use super::*;

#[test]
fn the_overlay_scale_ends_at_twice_the_largest_clean_value() {
    let calibration = Calibration::max_clean(&[1.0, 2.0], &[0.25, 0.125]).unwrap();
    let scale = calibration.overlay_scale();
    assert_eq!((scale.threshold, scale.max), (0.25, 0.5));
}

#[test]
fn no_clean_image_rejects_its_own_kind() {
    for scores in [&[2.0][..], &[2.0, 2.0, 2.0], &[0.0], &[1.0, 5.0, 3.0]] {
        let maxima = vec![0.5; scores.len()];
        let calibration = Calibration::max_clean(scores, &maxima).unwrap();
        assert!(
            scores
                .iter()
                .all(|&s| calibration.decide(s) == Decision::Ok)
        );
    }
}

#[test]
fn a_lone_outlier_is_named_by_its_place() {
    let of = |scores: &[f64]| {
        let calibration = Calibration::max_clean(scores, &vec![0.5; scores.len()]).unwrap();
        calibration.lone_outlier()
    };
    assert_eq!(of(&[1.0, 7.0, 3.0]), Some(1)); // 7 > 2 * 3
    assert_eq!(of(&[1.0, 6.0, 3.0]), None);
    assert_eq!(of(&[7.0, 1.0, 7.0]), None); // there are two of them
    assert_eq!(of(&[1.0, 7.0]), None); // which of two is the strange one?
    assert_eq!(of(&[0.0, 0.0, 1.0]), None);
}

#[test]
fn equal_scores_get_a_tenth_of_margin() {
    let lone = Calibration::max_clean(&[20.0], &[0.5]).unwrap();
    assert_eq!(lone.threshold, 22.0);
    assert_eq!(lone.decide(21.0), Decision::Ok);
    assert_eq!(lone.decide(23.0), Decision::Nok);
}

#[test]
fn a_perfect_reconstruction_still_has_a_scale() {
    let calibration = Calibration::max_clean(&[0.0, 0.0], &[0.0, 0.0]).unwrap();
    assert_eq!(calibration.overlay_max, 1.0);
    assert!(calibration.validate().is_ok());
}

#[test]
fn sets_without_meaning_are_errors() {
    assert!(matches!(
        Calibration::max_clean(&[], &[]),
        Err(DetectError::NoCleanImages)
    ));
    assert!(Calibration::max_clean(&[1.0, f64::NAN], &[0.5, 0.5]).is_err());
    assert!(Calibration::max_clean(&[1.0], &[f64::INFINITY]).is_err());
    assert!(Calibration::max_clean(&[1.0, 2.0], &[0.5]).is_err());
}

#[test]
fn a_band_between_two_thresholds_is_for_review() {
    // 99 scores 1..=99: 1 % is the largest, 10 % the 90th (100 * 0.9).
    let scores: Vec<f64> = (1..=99).map(f64::from).collect();
    let target = RateTarget {
        max_false_reject: 0.01,
        review: Some(0.1),
    };
    let calibration = Calibration::to_rate(&scores, &scores, &target).unwrap();
    assert!(calibration.validate().is_ok());
    let decisions = [90.0, 90.5, 99.0, 99.5].map(|score| calibration.decide(score));
    let expected = [
        Decision::Ok,
        Decision::Review,
        Decision::Review,
        Decision::Nok,
    ];
    assert_eq!(decisions, expected);
    assert_eq!(
        (calibration.map_threshold, calibration.overlay_max),
        (99.0, 198.0)
    );
    let mut upside_down = calibration;
    upside_down.threshold = 80.0;
    assert!(upside_down.validate().is_err());
}

#[test]
fn many_scores_are_kept_by_their_ranks() {
    let scores: Vec<f64> = (0..8191).rev().map(f64::from).collect();
    let target = RateTarget {
        max_false_reject: 0.01,
        review: None,
    };
    let calibration = Calibration::to_rate(&scores, &scores, &target).unwrap();
    let kept = &calibration.clean_scores;
    // 8190 = 2 * 4095: every second rank.
    assert_eq!((kept.len(), kept[1], kept[4095]), (4096, 2.0, 8190.0));
    assert_eq!(calibration.n_images, 8191);
    assert!(calibration.validate().is_ok());
}

#[test]
fn nan_is_not_ok() {
    let calibration = Calibration::max_clean(&[1.0, 2.0], &[0.5, 0.5]).unwrap();
    assert_eq!(calibration.decide(f64::NAN), Decision::Nok);
}

#[test]
fn a_stored_calibration_that_contradicts_itself_is_refused() {
    let good = Calibration::max_clean(&[1.0, 2.0], &[0.5, 0.5]).unwrap();
    let broken = [
        Calibration {
            n_images: 3,
            ..good.clone()
        },
        Calibration {
            overlay_max: 0.0,
            ..good.clone()
        },
        Calibration {
            threshold: f64::NAN,
            ..good.clone()
        },
        Calibration {
            clean_scores: vec![],
            ..good.clone()
        },
    ];
    assert!(good.validate().is_ok());
    assert!(
        broken
            .iter()
            .all(|calibration| calibration.validate().is_err())
    );
}
