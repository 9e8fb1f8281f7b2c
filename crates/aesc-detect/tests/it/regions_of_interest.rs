//! A region of interest in map, score and threshold, over a backend that reconstructs black.

use aesc_detect::{
    BackendError, Detector, ImageScore, Reconstruct, Roi, ScoreConfig, Smoothing, Strategy,
};
use aesc_image::{Image, Mask};

/// Reconstructs black, so that the residual is the image itself.
struct Black;

impl Reconstruct for Black {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        let black = |image: &Image| Image::filled(image.height(), image.width(), 1, 0.0);
        Ok(images.iter().map(black).collect::<Result<_, _>>()?)
    }
}

fn row(values: &[f32]) -> Image {
    Image::new(1, values.len(), 1, values.to_vec()).unwrap()
}

/// The first two of four columns.
fn left_half() -> Roi {
    Roi::new(Mask::new(1, 4, vec![true, true, false, false]).unwrap()).unwrap()
}

fn detector(smoothing: Smoothing, image: ImageScore) -> Detector<Black> {
    let config = ScoreConfig {
        smoothing,
        image,
        ..ScoreConfig::default()
    };
    Detector::new(Black, config)
        .unwrap()
        .within(Some(left_half()))
}

#[test]
fn what_lies_outside_changes_neither_map_nor_score() {
    let detector = detector(Smoothing::Box { side_px: 3 }, ImageScore::Max {});
    let found = |values: &[f32]| detector.detect(&[row(values)]).unwrap().remove(0);
    let (dark, bright) = (found(&[0.25, 0.5, 0.0, 0.0]), found(&[0.25, 0.5, 1.0, 1.0]));
    assert_eq!(dark.map, bright.map);
    // Column 0 sees itself twice (mirrored) and column 1: (0.25 + 0.25 + 0.5) / 3; column 1 the
    // two inside of its window of three: (0.25 + 0.5) / 2.
    let expected = [1.0 / 3.0, 0.375, 0.0, 0.0];
    for (value, expected) in dark.map.data().iter().zip(expected) {
        assert!((value - expected).abs() < 1e-6, "{:?}", dark.map);
    }
    assert!((dark.score - 0.375).abs() < 1e-6);
}

#[test]
fn shares_are_of_the_pixels_inside() {
    let share = detector(Smoothing::None {}, ImageScore::L0 { threshold: 0.1 });
    // One of the two inside is over it; of all four it would be three.
    let found = share.detect(&[row(&[0.0, 0.5, 0.5, 0.5])]).unwrap();
    assert_eq!(found[0].score, 0.5);
    let top = detector(Smoothing::None {}, ImageScore::TopK { share: 1.0 });
    assert_eq!(
        top.detect(&[row(&[0.25, 0.75, 1.0, 1.0])]).unwrap()[0].score,
        0.5
    );
}

#[test]
fn thresholds_are_those_of_the_inside() {
    let detector = detector(Smoothing::None {}, ImageScore::Max {});
    let clean = [row(&[0.25, 0.0, 1.0, 1.0]), row(&[0.0, 0.125, 0.5, 1.0])];
    let fitted = detector.calibrate(&clean, 1, |_| ()).unwrap();
    assert_eq!((fitted.threshold, fitted.map_threshold), (0.25, 0.25));
    assert_eq!(fitted.clean_scores, [0.25, 0.125]);
}

#[test]
fn a_region_drawn_larger_fits_the_map() {
    let roi = Roi::from_polygons(
        (2, 8),
        &[vec![[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [0.0, 2.0]]],
    );
    let config = ScoreConfig::default().by(Strategy::Residual);
    let detector = Detector::new(Black, config)
        .unwrap()
        .within(Some(roi.unwrap()));
    let found = detector.detect(&[row(&[0.5, 0.25, 1.0, 1.0])]).unwrap();
    assert_eq!(found[0].map.data(), [0.5, 0.25, 0.0, 0.0]);
}
