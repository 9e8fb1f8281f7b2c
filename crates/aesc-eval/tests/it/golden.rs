//! Agreement with scikit-learn and with the MVTec AD evaluation routine on stored cases.

use std::fs;
use std::path::{Path, PathBuf};

use aesc_eval::{
    Accumulator, MapView, PixelMetrics, auroc, average_precision, f1_max, pixel_metrics,
};
use serde_json::Value;

const LIMITS: [f64; 3] = [0.3, 0.05, 1.0];

struct Case {
    expected: Value,
    height: usize,
    width: usize,
    maps: Vec<Vec<f32>>,
    masks: Vec<Vec<bool>>,
}

impl Case {
    fn views(&self) -> Vec<MapView<'_>> {
        self.maps
            .iter()
            .zip(&self.masks)
            .map(|(scores, mask)| MapView {
                height: self.height,
                width: self.width,
                scores,
                mask,
            })
            .collect()
    }

    fn number(&self, name: &str) -> f64 {
        self.expected[name].as_f64().unwrap()
    }

    fn assert_close(&self, name: &str, found: f64, tolerance: f64) {
        let expected = self.number(name);
        assert!(
            (found - expected).abs() <= tolerance,
            "{} of {}: expected {expected}, found {found}",
            name,
            self.expected["name"]
        );
    }

    fn assert_pixel_metrics(&self, metrics: &PixelMetrics) {
        self.assert_close("pixel_auroc", metrics.auroc, 1e-6);
        self.assert_close("pixel_ap", metrics.ap, 1e-6);
        self.assert_close("pixel_f1max", metrics.f1_max.value, 1e-6);
        self.assert_close("pixel_fpr_at_95tpr", metrics.fpr_at_95tpr, 1e-6);
        self.assert_close("aupro_30", metrics.aupro[0].1, 1e-5);
        self.assert_close("aupro_05", metrics.aupro[1].1, 1e-5);
        self.assert_close("aupro_100", metrics.aupro[2].1, 1e-5);
        assert_eq!(metrics.regions, self.expected["regions"].as_u64().unwrap());
    }
}

fn golden(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(file)
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(golden("expected.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let cases: Vec<_> = all["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(read_case)
        .collect();
    assert_eq!(cases.len(), 6);
    cases
}

fn read_case(expected: &Value) -> Case {
    let name = expected["name"].as_str().unwrap();
    let side = |axis: usize| expected["shape"][axis].as_u64().unwrap() as usize;
    let (height, width) = (side(1), side(2));
    let maps = read_npy(&fs::read(golden(&format!("{name}_maps.npy"))).unwrap());
    let bits = fs::read(golden(&format!("{name}_masks.bits"))).unwrap();
    let pixels = height * width;
    let unpack = |bytes: &[u8]| -> Vec<bool> {
        (0..pixels)
            .map(|i| bytes[i / 8] >> (7 - i % 8) & 1 == 1)
            .collect()
    };
    let case = Case {
        expected: expected.clone(),
        height,
        width,
        maps: maps.chunks_exact(pixels).map(<[f32]>::to_vec).collect(),
        masks: bits.chunks_exact(pixels.div_ceil(8)).map(unpack).collect(),
    };
    assert_eq!((case.maps.len(), case.masks.len()), (side(0), side(0)));
    case
}

/// The values of a version 1 `.npy` file of little-endian float32.
fn read_npy(bytes: &[u8]) -> Vec<f32> {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(
        bytes[10..10 + header]
            .windows(7)
            .any(|text| text == b"': '<f4")
    );
    bytes[10 + header..]
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect()
}

#[test]
fn pixel_metrics_agree_with_the_references() {
    for case in cases() {
        case.assert_pixel_metrics(&pixel_metrics(&case.views(), &LIMITS).unwrap());
    }
}

#[test]
fn maps_taken_one_at_a_time_agree_too() {
    for case in cases() {
        let mut accumulator = Accumulator::new();
        for view in case.views() {
            accumulator.push(&view).unwrap();
        }
        case.assert_pixel_metrics(&accumulator.finish().unwrap().metrics(&LIMITS).unwrap());
    }
}

#[test]
fn image_metrics_agree_with_scikit_learn() {
    for case in cases() {
        let list = |name: &str| case.expected[name].as_array().unwrap().clone();
        let scores: Vec<f32> = list("image_scores")
            .iter()
            .map(|v| v.as_f64().unwrap() as f32)
            .collect();
        let labels: Vec<bool> = list("labels")
            .iter()
            .map(|v| v.as_u64() == Some(1))
            .collect();
        let by_mask: Vec<bool> = case.masks.iter().map(|mask| mask.contains(&true)).collect();
        assert_eq!(labels, by_mask);
        case.assert_close("image_auroc", auroc(&scores, &labels).unwrap(), 1e-6);
        case.assert_close(
            "image_ap",
            average_precision(&scores, &labels).unwrap(),
            1e-6,
        );
        case.assert_close("image_f1max", f1_max(&scores, &labels).unwrap().value, 1e-6);
    }
}
