//! Whole detections over backends that are plain enough to be worked out by hand.

use aesc_detect::{
    BackendError, Decision, DetectError, Detector, ImageScore, Reconstruct, ScoreConfig, Smoothing,
};
use aesc_image::Image;

/// Reconstructs every image as its own mean.
struct Mean;

impl Reconstruct for Mean {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        let flat = |image: &Image| {
            let mean = image.data().iter().sum::<f32>() / image.data().len() as f32;
            Image::filled(image.height(), image.width(), image.channels(), mean)
        };
        Ok(images.iter().map(flat).collect::<Result<_, _>>()?)
    }
}

/// Forgets the last image of every batch.
struct Forgetful;

impl Reconstruct for Forgetful {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        Ok(images[..images.len() - 1].to_vec())
    }
}

/// Always out of order.
struct Broken;

impl Reconstruct for Broken {
    fn reconstruct(&self, _: &[Image]) -> Result<Vec<Image>, BackendError> {
        Err("the device is on fire".into())
    }
}

/// Gives images of one pixel whatever it got.
struct Shrinking;

impl Reconstruct for Shrinking {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        Ok(vec![Image::filled(1, 1, 1, 0.0)?; images.len()])
    }
}

/// A 2 x 2 grey image at 0.5 whose halves differ from it by `contrast` up and down: its mean is
/// 0.5, its residual under `Mean` is `contrast` everywhere and its L2 score 2 `contrast`.
fn checks(contrast: f32) -> Image {
    let (high, low) = (0.5 + contrast, 0.5 - contrast);
    Image::new(2, 2, 1, vec![high, low, low, high]).unwrap()
}

fn paper(backend: impl Reconstruct) -> Detector<impl Reconstruct> {
    Detector::new(backend, ScoreConfig::default()).unwrap()
}

#[test]
fn a_residual_of_an_eighth_on_four_pixels_scores_a_quarter() {
    let found = paper(Mean).detect(&[checks(0.125)]).unwrap();
    assert_eq!(found[0].map.data(), [0.125; 4]);
    assert_eq!(found[0].score, 0.25); // sqrt(4 / 64)
    assert_eq!(found[0].reconstruction.data(), [0.5; 4]);
    assert_eq!(found[0].decision, None);
}

#[test]
fn calibrated_on_clean_images_it_passes_them_and_rejects_a_stronger_one() {
    let detector = paper(Mean);
    let clean = [checks(0.0), checks(0.125), checks(0.0625)];
    let mut seen = Vec::new();
    let calibration = detector
        .calibrate(&clean, 2, |done| seen.push(done))
        .unwrap();
    assert_eq!(seen, [2, 3]);
    assert_eq!(calibration.threshold, 0.25);
    assert_eq!(calibration.map_threshold, 0.125);
    assert_eq!(calibration.clean_scores, [0.0, 0.25, 0.125]);

    let deciding = detector.with_calibration(calibration).unwrap();
    let found = deciding.detect(&[checks(0.125), checks(0.25)]).unwrap();
    let decisions: Vec<_> = found.iter().map(|f| f.decision).collect();
    assert_eq!(decisions, [Some(Decision::Ok), Some(Decision::Nok)]);
}

#[test]
fn the_batch_size_changes_no_score() {
    let clean: Vec<Image> = (1_u8..=7).map(|i| checks(f32::from(i) / 32.0)).collect();
    let by = |batch| paper(Mean).calibrate(&clean, batch, |_| ()).unwrap();
    assert_eq!(by(1), by(3));
    assert_eq!(by(1), by(100));
}

#[test]
fn smoothing_is_part_of_map_and_score() {
    // One white pixel of nine: mean 1/9, residual 8/9 there and 1/9 elsewhere. The middle of the
    // smoothed map is the mean residual, 16/81; a corner reads itself four times, a side twice
    // (two of them), the middle once: (4 + 4 + 8) / 81 as all are 1/9 but the middle.
    let mut image = Image::filled(3, 3, 1, 0.0).unwrap();
    image.data_mut()[4] = 1.0;
    let config = ScoreConfig {
        smoothing: Smoothing::Box { side_px: 3 },
        image: ImageScore::Max {},
        ..ScoreConfig::default()
    };
    let found = Detector::new(Mean, config)
        .unwrap()
        .detect(&[image])
        .unwrap();
    assert!(
        found[0]
            .map
            .data()
            .iter()
            .all(|v| (v - 16.0 / 81.0).abs() < 1e-6)
    );
    assert!((found[0].score - 16.0 / 81.0).abs() < 1e-6);
}

#[test]
fn no_images_make_no_detections() {
    assert!(paper(Broken).detect(&[]).unwrap().is_empty());
}

#[test]
fn a_boxed_and_a_borrowed_backend_reconstruct_too() {
    let boxed: Box<dyn Reconstruct> = Box::new(Mean);
    let score = |backend| {
        let detector = Detector::<&dyn Reconstruct>::new(backend, ScoreConfig::default()).unwrap();
        detector.detect(&[checks(0.25)]).unwrap()[0].score
    };
    assert_eq!(score(&*boxed), 0.5);
    assert_eq!(score(&boxed), 0.5);
}

#[test]
fn what_a_backend_does_wrong_is_named() {
    let images = [checks(0.0), checks(0.0)];
    assert!(matches!(
        paper(Forgetful).detect(&images),
        Err(DetectError::ReconstructionCount {
            expected: 2,
            found: 1
        })
    ));
    assert_eq!(
        paper(Broken).detect(&images).unwrap_err().to_string(),
        "reconstruction failed: the device is on fire"
    );
    assert_eq!(
        paper(Shrinking).detect(&images).unwrap_err().to_string(),
        "reconstruction: expected 2 x 2 x 1, found 1 x 1 x 1"
    );
}

#[test]
fn images_of_several_shapes_are_seen_shape_by_shape() {
    let wide = Image::filled(2, 3, 1, 0.5).unwrap();
    let images = [checks(0.125), wide, checks(0.25)];
    let found = paper(Mean).detect(&images).unwrap();
    let scores: Vec<f64> = found.iter().map(|found| found.score).collect();
    assert_eq!(scores, [0.25, 0.0, 0.5]);
}

#[test]
fn nothing_can_be_calibrated_on_nothing() {
    assert!(matches!(
        paper(Mean).calibrate(&[], 4, |_| ()),
        Err(DetectError::NoCleanImages)
    ));
    assert!(paper(Mean).calibrate(&[checks(0.0)], 0, |_| ()).is_err());
}

#[test]
fn a_detector_takes_no_setting_out_of_range() {
    let config = ScoreConfig {
        smoothing: Smoothing::Box { side_px: 4 },
        ..ScoreConfig::default()
    };
    let error = Detector::new(Mean, config).err().unwrap();
    assert_eq!(
        error.to_string(),
        "smoothing.side_px: expected an odd number of 1..=8193, found 4"
    );
}
