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
