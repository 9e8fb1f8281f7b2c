//! The pipeline over a backend that takes every image for mid-grey.

use std::path::{Path, PathBuf};

use aesc_artifact::{Manifest, NetworkConfig, Provenance, TrainConfig, TrainRecord};
use aesc_data::{Channels, InputImage, PreprocessConfig, list_images};
use aesc_detect::{
    BackendError, Calibration, Detector, ImageScore, RateTarget, Reconstruct, Roi, ScoreConfig,
};
use aesc_image::{Image, Mask};

use super::read::read_all;
use super::tables::Tables;
use super::write::Told;
use super::{Job, pipeline};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::pictures::png;
use crate::run_folder::{Existing, RunFolder};
use crate::signals::Signals;

const SIDE: usize = 8;

/// Reconstructs mid-grey: the residual of a pixel is its distance from 0.5.
struct Grey;

impl Reconstruct for Grey {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        let grey = |image: &Image| Image::filled(image.height(), image.width(), 1, 0.5);
        Ok(images.iter().map(grey).collect::<Result<_, _>>()?)
    }
}

fn manifest(roi: Option<Roi>) -> Manifest {
    // Clean scores 1/200, …, 99/200: one in ten over the 90th, 0.45, one in five over the 80th, 0.4.
    let clean: Vec<f64> = (1..=99).map(|i| f64::from(i) / 200.0).collect();
    let target = RateTarget {
        max_false_reject: 0.1,
        review: Some(0.2),
    };
    Manifest {
        network: NetworkConfig::default(),
        preprocess: PreprocessConfig {
            height: SIDE,
            width: SIDE,
            channels: Channels::Gray,
            ..PreprocessConfig::default()
        },
        score: ScoreConfig {
            image: ImageScore::Max {},
            ..ScoreConfig::default()
        },
        calibration: Some(Calibration::to_rate(&clean, &clean, &target).unwrap()),
        roi,
        train: TrainRecord {
            config: TrainConfig::default(),
            corruption: aesc_noise::CorruptionConfig::default(),
            n_train: 1,
            n_validation: 1,
            kept_step: 1,
            validation_psnr_db: 30.0,
        },
        provenance: Provenance::default(),
    }
}

/// A grey image with spots (x, y, value).
fn spotted(path: &Path, spots: &[(usize, usize, f32)]) {
    let mut image = Image::filled(SIDE, SIDE, 1, 0.5).unwrap();
    for &(x, y, value) in spots {
        image.data_mut()[y * SIDE + x] = value;
    }
    std::fs::write(path, png(&image).unwrap()).unwrap();
}

/// Runs the pipeline and the tables over `inputs`.
fn predicted(
    inputs: &[InputImage],
    manifest: &Manifest,
    out: &Path,
    keep_going: bool,
) -> (Vec<(String, Option<&'static str>)>, Option<Failure>) {
    let folder = RunFolder::take(out, Existing::Refuse).unwrap();
    let detector = Detector::new(Grey, manifest.score.clone()).unwrap();
    let detector = detector.within(manifest.roi.clone());
    let detector = detector
        .with_calibration(manifest.calibration.clone().unwrap())
        .unwrap();
    let job = Job {
        manifest,
        model_id: "abc",
        folder: &folder,
        keep_going,
        min_region_px: 2,
        coco: true,
    };
    let mut tables = Tables::create(&folder, true).unwrap();
    let mut rows = Vec::new();
    let tell = |told: Told| {
        tables.push(&told)?;
        let name = Path::new(&told.row.path).file_stem().unwrap().to_owned();
        rows.push((name.into_string().unwrap(), told.row.decision));
        Ok(())
    };
    let signals = Signals::default();
    let (_, failure) = pipeline::run(inputs, (&detector, &job), &signals, tell);
    tables.finish().unwrap();
    (rows, failure)
}

fn json_lines(path: PathBuf) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn rows_come_in_the_order_of_the_inputs_whatever_fails_between() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    let names: Vec<String> = (0..70).map(|i| format!("{:02}", i * 37 % 70)).collect();
    for (i, name) in names.iter().enumerate() {
        let path = photos.join(format!("{name}.png"));
        if i % 9 == 4 {
            std::fs::write(&path, b"no image").unwrap();
        } else {
            spotted(&path, &[]);
        }
    }
    let paths: Vec<PathBuf> = names
        .iter()
        .map(|n| photos.join(format!("{n}.png")))
        .collect();
    let inputs = list_images(&paths).unwrap();
    let (rows, failure) = predicted(&inputs, &manifest(None), &folder.path().join("out"), true);
    assert!(failure.is_none());
    let told: Vec<&String> = rows.iter().map(|(name, _)| name).collect();
    assert_eq!(told, names.iter().collect::<Vec<_>>());
    let failed = rows
        .iter()
        .filter(|(_, decision)| decision.is_none())
        .count();
    assert_eq!(failed, 8); // 4, 13, …, 67

    let (rows, failure) = predicted(&inputs, &manifest(None), &folder.path().join("stop"), false);
    assert_eq!(rows.len(), 4, "those before the first bad one");
    assert_eq!(failure.unwrap().code, ExitCode::Data);
    assert_eq!(
        json_lines(folder.path().join("stop/results.jsonl")).len(),
        4
    );
}

#[test]
fn a_reader_that_nobody_takes_from_reads_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..40)
        .map(|i| folder.path().join(format!("{i:02}.png")))
        .collect();
    for path in &paths {
        spotted(path, &[]);
    }
    let inputs = list_images(&paths).unwrap();
    let out = RunFolder::take(&folder.path().join("out"), Existing::Refuse).unwrap();
    let manifest = manifest(None);
    let job = Job {
        manifest: &manifest,
        model_id: "abc",
        folder: &out,
        keep_going: false,
        min_region_px: 1,
        coco: false,
    };
    let mut sizes = Vec::new();
    read_all(&inputs, &job, |batch| {
        sizes.push(batch.pages.len());
        sizes.len() < 2
    });
    // One image to learn how large they are, then sixteen; the other 23 are never read.
    assert_eq!(sizes, [1, 16]);
}

#[test]
fn regions_reach_table_lines_and_coco() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    // Two touching pixels, one alone (too small), two more that are fainter but over 0.45.
    let spots = [
        (1, 1, 1.0),
        (2, 2, 1.0),
        (6, 0, 1.0),
        (5, 6, 0.0),
        (6, 6, 0.004),
    ];
    spotted(&path, &spots);
    let inputs = list_images(std::slice::from_ref(&path)).unwrap();
    let out = folder.path().join("out");
    let (rows, _) = predicted(&inputs, &manifest(None), &out, false);
    assert_eq!(rows, [("a".to_owned(), Some("NOK"))]);
    let mut table = csv::Reader::from_path(out.join("results.csv")).unwrap();
    let row = table.records().next().unwrap().unwrap();
    let header = table.headers().unwrap().clone();
    let cell = |name: &str| &row[header.iter().position(|h| h == name).unwrap()];
    assert_eq!((cell("n_regions"), cell("defect_area_px")), ("2", "4"));
    assert_eq!(
        (cell("x"), cell("y"), cell("w"), cell("h")),
        ("1", "1", "2", "2")
    );
    let lines = json_lines(out.join("results.jsonl"));
    assert_eq!(lines[0]["regions"][1]["centroid_x"], 5.5);
    let coco: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("coco.json")).unwrap()).unwrap();
    assert_eq!(coco["images"][0]["width"], 8);
    assert_eq!(
        coco["annotations"][0]["bbox"],
        serde_json::json!([1, 1, 2, 2])
    );
    // Column by column: (1, 1) is place 9, (2, 2) place 18.
    let counts = serde_json::json!([9, 1, 8, 1, 45]);
    assert_eq!(coco["annotations"][0]["segmentation"]["counts"], counts);
    assert_eq!(coco["annotations"][1]["id"], 2);
    let mask = image::open(out.join("masks/a.png")).unwrap().into_luma8();
    let marked = mask.pixels().filter(|pixel| pixel.0[0] == 255).count();
    assert_eq!(marked, 4, "the small one is left out of the mask too");
}

#[test]
fn scores_between_the_thresholds_are_for_review() {
    let folder = tempfile::tempdir().unwrap();
    // Over 0.4 (80 of 100) and over 0.45: a residual of 0.42 and one of 0.48.
    for (name, value) in [("a", 0.6), ("b", 0.92), ("c", 0.98)] {
        spotted(&folder.path().join(format!("{name}.png")), &[(3, 3, value)]);
    }
    let inputs = list_images(&[folder.path().into()]).unwrap();
    let (rows, _) = predicted(&inputs, &manifest(None), &folder.path().join("out"), false);
    let decisions: Vec<_> = rows.iter().map(|(_, decision)| decision.unwrap()).collect();
    assert_eq!(decisions, ["OK", "REVIEW", "NOK"]);
}

#[test]
fn what_lies_outside_the_region_of_interest_is_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    spotted(&path, &[(6, 3, 1.0), (6, 4, 1.0)]);
    let left = (0..SIDE * SIDE).map(|i| i % SIDE < SIDE / 2).collect();
    let roi = Roi::new(Mask::new(SIDE, SIDE, left).unwrap()).unwrap();
    let inputs = list_images(&[path]).unwrap();
    let out = folder.path().join("out");
    let (rows, _) = predicted(&inputs, &manifest(Some(roi)), &out, false);
    assert_eq!(rows[0].1, Some("OK"));
    let limits = aesc_data::Limits::default();
    let map = aesc_data::read_map_tiff(out.join("maps/a.tiff"), &limits).unwrap();
    assert!(map.at(3, 6) == 0.0);
    let overlay = image::open(out.join("overlays/a.png")).unwrap().into_rgb8();
    // 0.35 of a white pixel's grey outside; the grey pixels inside are 128.
    assert_eq!(overlay.get_pixel(6, 3).0, [89; 3]);
    assert_eq!(overlay.get_pixel(0, 0).0, [128; 3]);
}
