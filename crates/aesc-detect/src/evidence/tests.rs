//! Evidence by hand, on images of a few pixels.

use proptest::prelude::*;

use super::*;
use crate::Observation;

fn seen(reconstruction: &Image) -> Observation {
    Observation::of(reconstruction.clone())
}

fn fitted(config: &EvidenceConfig, pairs: &[(Image, Image)], roi: Option<&Roi>) -> EvidenceLevels {
    let mut fit = EvidenceFit::new(config, roi);
    for (image, made) in pairs {
        fit.add(image, &seen(made)).unwrap();
    }
    for (image, made) in pairs {
        fit.peak(image, &seen(made)).unwrap();
    }
    fit.levels().unwrap()
}

fn absolute(side_px: usize) -> EvidenceConfig {
    EvidenceConfig {
        maps: vec![EvidenceMap::Absolute],
        windows_px: vec![side_px],
    }
}

/// Black, and what differs from it by `level` at every pixel.
fn off_by(level: impl Fn(usize) -> f32) -> (Image, Image) {
    let black = Image::filled(4, 64, 1, 0.0).unwrap();
    (black, Image::from_fn(4, 64, 1, |_, x, _| level(x)).unwrap())
}

#[test]
fn residuals_weigh_by_what_clean_images_have_there() {
    // Left and right halves differ by eight times. Levels are 0.01 and 0.08, lifted by their mean
    // 0.045: of its level the left has 0.01 / 0.055, the right 0.08 / 0.125.
    let clean = off_by(|x| if x < 32 { 0.01 } else { 0.08 });
    let config = absolute(1);
    let levels = fitted(&config, std::slice::from_ref(&clean), None);
    let map = levels
        .map(&config, (&clean.0, &seen(&clean.1)), None)
        .unwrap();
    let (left, right) = (map.at(2, 8), map.at(2, 56));
    assert!((left / right - (0.01 / 0.055) / (0.08 / 0.125)).abs() < 0.01);
    // The largest value of all is 1; it lies where the levels run from the one to the other.
    let most = map.data().iter().copied().fold(0.0, f32::max);
    assert!((most - 1.0).abs() < 1e-5 && right > 0.7, "{most} {right}");
    // The same 0.05 more adds 0.05 / 0.055 on the left and 0.05 / 0.125 on the right.
    let added = |at: usize| {
        let (image, made) = off_by(|x| {
            let usual = if x < 32 { 0.01 } else { 0.08 };
            if x == at { usual + 0.05 } else { usual }
        });
        let spot = levels.map(&config, (&image, &seen(&made)), None).unwrap();
        spot.at(2, at) - map.at(2, at)
    };
    assert!((added(8) / added(56) - 0.125 / 0.055).abs() < 0.02);
}

#[test]
fn windows_are_averaged_each_by_its_peak() {
    let config = EvidenceConfig {
        windows_px: vec![1, 3],
        ..absolute(1)
    };
    let levels = EvidenceLevels {
        levels: vec![EvidenceLevel {
            height: 1,
            width: 1,
            values: vec![0.5],
        }],
        peaks: vec![2.0, 1.0],
    };
    let image = Image::filled(3, 5, 1, 0.0).unwrap();
    let mut made = image.clone();
    made.data_mut()[7] = 0.75; // the middle
    let map = levels.map(&config, (&image, &seen(&made)), None).unwrap();
    // There, 0.75 / 0.5 by the first window's 2 is 0.75, and (1.5 / 9) / 1 by the second's.
    assert!((map.at(1, 2) - f32::midpoint(0.75, 1.5 / 9.0)).abs() < 1e-6);
    assert!((map.at(0, 1) - 0.5 * 1.5 / 9.0).abs() < 1e-6);
    assert!(map.at(1, 0).abs() < 1e-6);
}

#[test]
fn levels_without_an_image_are_those_of_the_others() {
    let spot = |x: usize| if x == 9 { 0.5 } else { 0.02 };
    let clean = [off_by(|_| 0.01), off_by(spot), off_by(|_| 0.04)];
    let config = absolute(1);
    let mut fit = EvidenceFit::new(&config, None);
    for (image, made) in &clean {
        fit.add(image, &seen(made)).unwrap();
    }
    for (image, made) in &clean {
        fit.peak(image, &seen(made)).unwrap();
    }
    let (all, without) = (fit.levels().unwrap(), fit.without(1).unwrap());
    let others = fitted(&config, &[clean[0].clone(), clean[2].clone()], None);
    let pairs = without.levels[0]
        .values
        .iter()
        .zip(&others.levels[0].values);
    assert!(pairs.into_iter().all(|(a, b)| (a / b - 1.0).abs() < 1e-5));
    // Its own peak, by the levels of all, is what the mean of three has beside that of two.
    let own = 3.0 * all.peaks[0] - 2.0 * without.peaks[0];
    let (image, made) = &clean[1];
    let map = all.map(&config, (image, &seen(made)), None).unwrap();
    let most = f64::from(map.data().iter().copied().fold(0.0, f32::max));
    assert!((own / (most * all.peaks[0]) - 1.0).abs() < 1e-5);
    assert!(fit.without(3).is_none());
    let mut lone = EvidenceFit::new(&config, None);
    lone.add(image, &seen(made)).unwrap();
    lone.peak(image, &seen(made)).unwrap();
    assert!(lone.without(0).is_none());
}

#[test]
fn of_two_looks_each_on_its_own_measure_the_larger_counts() {
    // Clean images differ by 0.01 at the first look and by 0.04 at the second: levels of 0.02 and
    // 0.08, peaks of a half each.
    let config = absolute(1);
    let (black, first) = off_by(|_| 0.01);
    let (_, second) = off_by(|_| 0.04);
    let twice = |first: &Image, second: &Image| Observation {
        second: Some(second.clone()),
        ..seen(first)
    };
    let mut fit = EvidenceFit::new(&config, None);
    fit.add(&black, &twice(&first, &second)).unwrap();
    fit.peak(&black, &twice(&first, &second)).unwrap();
    let levels = fit.levels().unwrap();
    assert_eq!((levels.levels.len(), levels.peaks.len()), (2, 2));
    // At 8, only the first look has more, three times as much; at 40, only the second, twice.
    let (_, first) = off_by(|x| if x == 8 { 0.03 } else { 0.01 });
    let (_, second) = off_by(|x| if x == 40 { 0.08 } else { 0.04 });
    let found = twice(&first, &second);
    let map = levels.map(&config, (&black, &found), None).unwrap();
    for (at, expected) in [(8, 3.0), (40, 2.0), (20, 1.0)] {
        assert!(
            (map.at(2, at) - expected).abs() < 1e-4,
            "{at}: {}",
            map.at(2, at)
        );
    }
    // Levels of two looks are no measure of one.
    let once = levels.map(&config, (&black, &seen(&first)), None);
    assert!(once.unwrap_err().to_string().contains("looks"));
}

#[test]
fn a_segmentation_weighs_as_much_as_each_reconstruction() {
    let config = EvidenceConfig {
        maps: vec![EvidenceMap::Absolute, EvidenceMap::Gradient],
        ..absolute(1)
    };
    let (black, made) = off_by(|_| 0.01);
    let sure = |p: &dyn Fn(usize) -> f32| {
        let values = (0..4 * 64).map(|i| p(i % 64));
        Map::new(4, 64, values.collect()).unwrap()
    };
    let with = |made: &Image, p: Map| Observation {
        segmentation: Some(p),
        ..seen(made)
    };
    let clean = with(&made, sure(&|_| 2e-5));
    let mut fit = EvidenceFit::new(&config, None);
    fit.add(&black, &clean).unwrap();
    fit.peak(&black, &clean).unwrap();
    let levels = fit.levels().unwrap();
    // Two maps of the residual and one of the segmentation; a window of each.
    assert_eq!((levels.levels.len(), levels.peaks.len()), (3, 2));
    // At 8 the segmentation is ten thousand times as sure, the fourth root of which is ten; at 40
    // nothing is different.
    let surer = |x| if x == 8 { 0.2 } else { 2e-5 };
    let found = with(&made, sure(&surer));
    let map = levels.map(&config, (&black, &found), None).unwrap();
    for (at, expected) in [(8, f32::midpoint(1.0, 10.0)), (40, 1.0)] {
        let value = map.at(2, at);
        assert!((value / expected - 1.0).abs() < 1e-4, "{at}: {value}");
    }
    // Beside two reconstructions it is a third, and their larger evidence the rest.
    let twice = |second: &Image, seen| Observation {
        second: Some(second.clone()),
        ..seen
    };
    let mut fit = EvidenceFit::new(&config, None);
    fit.add(&black, &twice(&made, clean.clone())).unwrap();
    fit.peak(&black, &twice(&made, clean)).unwrap();
    let levels = fit.levels().unwrap();
    let (_, second) = off_by(|x| if x == 8 { 0.03 } else { 0.01 });
    let larger = levels.map(
        &config,
        (&black, &twice(&second, with(&made, sure(&|_| 2e-5)))),
        None,
    );
    let larger = larger.unwrap().at(2, 8);
    let both = levels
        .map(&config, (&black, &twice(&second, found)), None)
        .unwrap();
    assert!(larger > 1.5, "{larger}");
    // Where the segmentation finds nothing it has 1.
    let reconstructions = (3.0 * larger - 1.0) / 2.0;
    let expected = (2.0 * reconstructions + 10.0) / 3.0;
    assert!((both.at(2, 8) / expected - 1.0).abs() < 1e-4);
    let small = Map::new(2, 64, vec![0.0; 128]).unwrap();
    let told = levels.map(&config, (&black, &with(&made, small)), None);
    assert!(told.unwrap_err().to_string().contains("segmentation"));
    let nan = levels.map(&config, (&black, &with(&made, sure(&|_| f32::NAN))), None);
    assert!(nan.is_err());
}

#[test]
fn equal_gradients_do_not_deviate_and_a_lost_edge_does() {
    let edge = Image::from_fn(8, 8, 3, |_, x, _| if x < 4 { 0.0 } else { 1.0 }).unwrap();
    let map = gradient::deviation(&edge, &edge).unwrap();
    assert!(map.data().iter().all(|v| v.abs() < 1e-6));
    // More of the same light keeps every gradient.
    let flat = Image::filled(8, 8, 3, 0.5).unwrap();
    let lost = gradient::deviation(&edge, &flat).unwrap();
    // At the edge the gradient is 1 against 0, at both scales: 1 - 0.0026 / 1.0026.
    assert!((lost.at(4, 3) - 0.9974).abs() < 0.01, "{}", lost.at(4, 3));
    assert!(lost.at(4, 0) < 0.05);
}

#[test]
fn outside_a_region_of_interest_there_is_no_evidence() {
    let mask = Mask::new(1, 2, vec![true, false]).unwrap();
    let roi = Roi::new(mask).unwrap();
    let clean = off_by(|x| if x < 32 { 0.01 } else { 0.5 });
    let config = absolute(3);
    let levels = fitted(&config, std::slice::from_ref(&clean), Some(&roi));
    let map = levels
        .map(&config, (&clean.0, &seen(&clean.1)), Some(&roi))
        .unwrap();
    assert!(map.at(1, 40).abs() <= 0.0);
    // What lies outside has not raised the level inside.
    assert!((map.at(1, 8) - 1.0).abs() < 0.05, "{}", map.at(1, 8));
}

#[test]
fn settings_and_levels_that_do_not_fit_are_refused() {
    let twice = EvidenceConfig {
        maps: vec![EvidenceMap::Chroma; 2],
        ..EvidenceConfig::default()
    };
    assert!(
        twice
            .validate()
            .unwrap_err()
            .to_string()
            .contains("each once")
    );
    let told = |config: &EvidenceConfig| config.validate().unwrap_err().to_string();
    let expected = "expected odd sides of 1..=8193 px, found 4";
    assert_eq!(
        told(&absolute(4)),
        format!("evidence.windows_px: {expected}")
    );
    let even = EvidenceConfig {
        maps: vec![EvidenceMap::Energy(4)],
        ..absolute(1)
    };
    assert_eq!(told(&even), format!("evidence.maps: {expected}"));
    let none = EvidenceConfig {
        windows_px: vec![],
        ..EvidenceConfig::default()
    };
    assert!(none.validate().is_err());
    let level = EvidenceLevel {
        height: 1,
        width: 2,
        values: vec![1.0, 0.0],
    };
    let levels = EvidenceLevels {
        levels: vec![level],
        peaks: vec![1.0],
    };
    assert!(levels.validate().is_err());
    let (image, made) = off_by(|_| 0.1);
    let error = levels.map(&EvidenceConfig::default(), (&image, &seen(&made)), None);
    assert!(error.unwrap_err().to_string().contains("same maps"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn clean_images_peak_at_about_one(seed in 0..1000_u64, width in 20..80_usize) {
        use EvidenceMap::{Absolute, Chroma, Energy, Gradient};
        use rand::{RngExt, SeedableRng};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut pair = || {
            let image = Image::filled(24, width, 3, 0.5).unwrap();
            let made = Image::from_fn(24, width, 3, |_, _, _| rng.random()).unwrap();
            (image, made)
        };
        let pairs: Vec<_> = (0..12).map(|_| pair()).collect();
        let config = EvidenceConfig {
            maps: vec![Absolute, Gradient, Chroma, Energy(1), Energy(5)],
            windows_px: vec![3, 7],
        };
        let levels = fitted(&config, &pairs, None);
        prop_assert!(levels.validate().is_ok());
        let peak = |(image, made): &(Image, Image)| {
            let map = levels.map(&config, (image, &seen(made)), None).unwrap();
            f64::from(map.data().iter().copied().fold(0.0, f32::max))
        };
        // The mean of two windows whose peaks are 1 on average, not always in one place.
        let mean = pairs.iter().map(peak).sum::<f64>() / 12.0;
        prop_assert!((0.7..=1.0 + 1e-6).contains(&mean), "{}", mean);
    }
}
