//! Images larger than the network, of any shape and depth, by tiles.

use std::path::Path;

use crate::{TINY, json, ok, text};

/// A grey image of 16 bit: soft waves, and where asked a bright square of 6 px at (x, y).
fn waves(path: &Path, (height, width): (u32, u32), spot: Option<(u32, u32)>) {
    let value = |x: u32, y: u32| {
        let wave = f64::from(x) / 9.0 + f64::from(y) / 7.0;
        let inside =
            spot.is_some_and(|(sx, sy)| (sx..sx + 6).contains(&x) && (sy..sy + 6).contains(&y));
        let level = if inside { 0.95 } else { 0.4 + 0.1 * wave.sin() };
        image::Luma([(level * 65535.0) as u16])
    };
    let picture = image::ImageBuffer::from_fn(width, height, value);
    image::DynamicImage::ImageLuma16(picture)
        .save(path)
        .unwrap();
}

#[test]
fn large_grey_images_of_16_bit_are_trained_and_predicted_by_tiles() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["clean", "new"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    for i in 0..6 {
        waves(&at(&format!("clean/{i}.png")), (80, 150), None);
    }
    // Another aspect, and one smaller than a tile.
    waves(&at("new/tall.png"), (200, 70), Some((30, 120)));
    waves(&at("new/small.png"), (20, 24), None);
    let (clean, run) = (at("clean"), at("run"));
    let mut args = vec!["train", text(&clean), "--out", text(&run), "--tile", "auto"];
    args.extend([
        "--device",
        "cpu",
        "--json",
        "--set",
        "data.channels=\"gray\"",
    ]);
    args.extend(TINY);
    ok(&args);
    let model = run.join("model.aesc.safetensors");
    let inspected = json(&ok(&["inspect", text(&model), "--json"]));
    assert_eq!(
        inspected["preprocess"]["tile_overlap_px"], 8,
        "a quarter of 32"
    );
    assert!(
        inspected["train"]["n_train"].as_u64() > Some(30),
        "tiles, not images"
    );
    assert_eq!(
        inspected["calibration"]["n_images"], 1,
        "whole images, not tiles"
    );
    let out = at("out");
    let new = at("new");
    let summary = json(&ok(&[
        "predict",
        text(&model),
        text(&new),
        "--out",
        text(&out),
        "--json",
    ]));
    assert_eq!(summary["n_scored"], 2);
    let limits = aesc_data::Limits::default();
    let map = |name: &str| aesc_data::read_map_tiff(out.join(name), &limits).unwrap();
    let tall = map("maps/tall.tiff");
    assert_eq!((tall.height(), tall.width()), (200, 70));
    assert_eq!(map("maps/small.tiff").width(), 24);
    // The spot is where the map is largest, at the image's own resolution.
    let values = tall.data().iter().enumerate();
    let (peak, _) = values.max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
    let (y, x) = (peak / 70, peak % 70);
    assert!((114..132).contains(&y) && (24..42).contains(&x), "{y} {x}");
    // Small images are resized by the same choice.
    let mut args = vec![
        "train",
        text(&new),
        "--out",
        text(&run),
        "--tile",
        "auto",
        "--dry-run",
    ];
    args.extend([
        "--json",
        "--set",
        "data.height=64",
        "--set",
        "data.width=64",
    ]);
    assert!(json(&ok(&args))["preprocess"]["tile_overlap_px"].is_null());
}

#[test]
fn a_region_of_interest_chooses_tiles_and_hides_nothing_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("clean")).unwrap();
    for i in 0..4 {
        waves(&at(&format!("clean/{i}.png")), (640, 64), None);
    }
    // More than half of the first tiles; the whole image made as small as a tile would show nothing of it.
    let band = |_: u32, y: u32| image::Luma([if (11..30).contains(&y) { 255_u8 } else { 0 }]);
    let roi = at("roi.png");
    image::ImageBuffer::from_fn(64, 640, band)
        .save(&roi)
        .unwrap();
    let (clean, run) = (at("clean"), at("run"));
    let place = ["train", text(&clean), "--out", text(&run)];
    let more = ["--tile", "8", "--roi", text(&roi), "--device", "cpu"];
    ok(&[&place[..], &more, &TINY].concat());
    // The graph is that of a tile, whatever the images' size.
    let (model, onnx) = (run.join("model.aesc.safetensors"), at("m.onnx"));
    let export = ["export", text(&model), "--onnx", text(&onnx)];
    ok(&[&export[..], &["--images", text(&clean), "--n-images", "2"]].concat());
}

#[test]
fn a_bench_fits_the_threshold_of_tiles_on_whole_images() {
    let bench = crate::Workbench::new();
    let out = bench.at("bench");
    let category = bench.category.file_name().unwrap().to_str().unwrap();
    let run = [
        "bench",
        "run",
        "--data",
        text(&bench.data),
        "--out",
        text(&out),
    ];
    let cell = [
        "--category",
        category,
        "--networks",
        "aesc",
        "--corruptions",
        "stain",
    ];
    let more = [
        "--strategies",
        "residual",
        "--jobs",
        "1",
        "--set",
        "data.tile_overlap_px=8",
    ];
    ok(&[&run[..], &cell, &more, &TINY].concat());
    let cells = std::fs::read_dir(out.join("cells")).unwrap();
    let cell = cells.map(|entry| entry.unwrap().path()).next().unwrap();
    let result = json(&std::fs::read_to_string(cell.join("result.json")).unwrap());
    let model = cell.join("run/model.aesc.safetensors");
    let inspected = json(&ok(&["inspect", text(&model), "--json"]));
    let threshold = &inspected["calibration"]["threshold"];
    assert!(threshold.is_f64());
    assert_eq!(&result["scored"][0]["threshold"], threshold);
}
