//! Uncertainty and fusion over a backend whose passes can be worked out by hand.

use aesc_detect::{
    BackendError, DetectError, Detector, EvidenceConfig, EvidenceMap, ImageScore, MapScales,
    MapTerms, McDropout, Reconstruct, Sampled, ScoreConfig, Strategy, calibrate_each,
    measure_clean,
};
use aesc_image::{Image, Map};

/// Reconstructs black; the variance is the square of the image.
struct Squares;

impl Reconstruct for Squares {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        let black = |image: &Image| Image::filled(image.height(), image.width(), 1, 0.0);
        Ok(images.iter().map(black).collect::<Result<_, _>>()?)
    }

    fn sample(&self, images: &[Image], _: &McDropout) -> Result<Vec<Sampled>, BackendError> {
        let made = self.reconstruct(images)?;
        let pairs = images.iter().zip(made);
        let sampled = pairs.map(|(image, reconstruction)| {
            let squares = image.data().iter().map(|x| x * x).collect();
            let variance = Map::new(image.height(), image.width(), squares)?;
            Ok(Sampled {
                reconstruction,
                variance,
            })
        });
        sampled.collect()
    }
}

/// A backend without dropout.
struct Plain;

impl Reconstruct for Plain {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        Ok(images.to_vec())
    }
}

fn by(strategy: Strategy) -> ScoreConfig {
    ScoreConfig::default().by(strategy)
}

fn row(values: &[f32]) -> Image {
    Image::new(1, values.len(), 1, values.to_vec()).unwrap()
}

fn map_of(strategy: Strategy, image: &Image, clean: &[Image]) -> Vec<f32> {
    let detector = Detector::new(Squares, by(strategy)).unwrap();
    let calibration = detector.calibrate(clean, 2, |_| ()).unwrap();
    let detector = detector.with_calibration(calibration).unwrap();
    let found = detector.detect(std::slice::from_ref(image)).unwrap();
    found[0].map.data().to_vec()
}

#[test]
fn each_strategy_makes_its_own_map() {
    // Clean means: residual (0.5 + 0.5) / 2 = 0.5, variance (0.25 + 0.25) / 2 = 0.25.
    let clean = [row(&[0.5, 0.5])];
    let image = row(&[0.5, 0.25]);
    assert_eq!(map_of(Strategy::Residual, &image, &clean), [0.5, 0.25]);
    assert_eq!(
        map_of(Strategy::Uncertainty, &image, &clean),
        [0.25, 0.0625]
    );
    // (0.5 / 0.5 + 0.25 / 0.25) / 2 = 1; (0.25 / 0.5 + 0.0625 / 0.25) / 2 = 0.375.
    assert_eq!(map_of(Strategy::Fusion, &image, &clean), [1.0, 0.375]);
}

#[test]
fn auto_is_what_was_advised_and_residual_before() {
    let auto = by(Strategy::Auto);
    assert_eq!(auto.resolved_strategy(), Strategy::Residual);
    let advised = ScoreConfig {
        advised: Some(Strategy::Uncertainty),
        ..auto.clone()
    };
    let found = Detector::new(Squares, advised)
        .unwrap()
        .detect(&[row(&[0.5])]);
    assert_eq!(found.unwrap()[0].map.data(), [0.25]);
    let circular = ScoreConfig {
        advised: Some(Strategy::Auto),
        ..auto
    };
    assert!(circular.validate().is_err());
}

#[test]
fn calibrations_of_one_go_are_those_of_one_each() {
    let clean = [row(&[0.5, 0.25]), row(&[0.125, 0.75]), row(&[0.375, 0.0])];
    let configs = Strategy::ALL.map(by);
    let mut told = Vec::new();
    let together = calibrate_each(&Squares, &configs, (&clean, 2), None, |n| told.push(n)).unwrap();
    assert_eq!(told, [2, 3]);
    for (config, fitted) in configs.into_iter().zip(together) {
        let is_fusion = config.strategy == Strategy::Fusion;
        assert_eq!(fitted.scales.is_some(), is_fusion);
        let alone = Detector::new(Squares, config).unwrap();
        assert_eq!(alone.calibrate(&clean, 1, |_| ()).unwrap(), fitted);
    }
}

#[test]
fn a_clean_image_scores_as_a_new_one_of_its_kind() {
    // Grey of 0.01 with a bright spot, on each image elsewhere.
    let spotted = |at: usize| {
        let value = |_, x: usize, _| if x / 2 == at { 0.5 } else { 0.01 };
        Image::from_fn(4, 64, 1, value).unwrap()
    };
    let clean = [4, 12, 20, 28].map(spotted);
    let config = ScoreConfig {
        evidence: Some(EvidenceConfig {
            maps: vec![EvidenceMap::Absolute],
            windows_px: vec![1],
        }),
        image: ImageScore::Max {},
        ..ScoreConfig::default()
    };
    let configs = std::slice::from_ref(&config);
    let batches = || {
        clean
            .chunks(3)
            .map(|images| Ok::<_, DetectError>(images.to_vec()))
    };
    let found = measure_clean(&Squares, configs, (MapTerms::default(), |_| ()), batches);
    let found = found.unwrap().remove(0);
    let detector = Detector::new(Squares, config).unwrap();
    let detector = detector
        .with_calibration(found.max_clean().unwrap())
        .unwrap();
    let new = detector.detect(&[spotted(8)]).unwrap()[0].score;
    for (as_new, fitted) in found.scores.iter().zip(&found.fitted_scores) {
        // Levels of three images for those of four; one that knows the spot has a level there.
        assert!((as_new / new - 1.0).abs() < 0.15, "{as_new} {new}");
        assert!(*fitted < 0.5 * new, "{fitted} {new}");
    }
    let scored = detector.detect(&clean).unwrap();
    let scored: Vec<f64> = scored.iter().map(|one| one.score).collect();
    assert_eq!(scored, found.fitted_scores);
}

#[test]
fn what_a_strategy_lacks_is_said() {
    let images = [row(&[0.5])];
    let unscaled = Detector::new(Squares, by(Strategy::Fusion)).unwrap();
    assert!(matches!(
        unscaled.detect(&images),
        Err(DetectError::NoScales)
    ));
    let plain = Detector::new(Plain, by(Strategy::Uncertainty)).unwrap();
    let message = plain.detect(&images).unwrap_err().to_string();
    assert_eq!(
        message,
        "reconstruction failed: this backend has no Monte Carlo dropout"
    );
    assert!(matches!(
        calibrate_each(&Squares, &[by(Strategy::Fusion)], (&[], 1), None, |_| ()),
        Err(DetectError::NoCleanImages)
    ));
}

#[test]
fn scales_of_a_perfect_network_do_not_divide_by_zero() {
    let detector = Detector::new(Squares, by(Strategy::Fusion)).unwrap();
    let calibration = detector.calibrate(&[row(&[0.0, 0.0])], 1, |_| ()).unwrap();
    let detector = detector.with_calibration(calibration).unwrap();
    assert!(
        detector.detect(&[row(&[0.5, 1.0])]).unwrap()[0]
            .score
            .is_finite()
    );
}

#[test]
fn maps_of_two_sizes_do_not_fuse() {
    let scales = MapScales {
        residual: 1.0,
        uncertainty: 1.0,
    };
    let (a, b) = (
        Map::new(1, 2, vec![0.0; 2]).unwrap(),
        Map::new(2, 1, vec![0.0; 2]).unwrap(),
    );
    assert!(matches!(
        scales.fused(&a, &b),
        Err(DetectError::ShapeMismatch { .. })
    ));
}
