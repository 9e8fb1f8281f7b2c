//! Real images, where there are some: run by `cargo xtask test --real`.
//!
//! `AESC_REAL_DATA` names a folder with any of `mvtec256/bottle`, `full/bottle` and
//! `other/kolektorsdd` in the MVTec AD layout.

use std::path::PathBuf;

use crate::{TINY, json, ok, text};

fn folder(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("AESC_REAL_DATA")?).join(name);
    path.is_dir().then_some(path)
}

/// Checks, trains, measures and predicts; all in the images' own sizes.
#[expect(clippy::print_stderr, reason = "what is skipped must be seen")]
fn whole_way(name: &str) {
    let Some(data) = folder(name) else {
        eprintln!("skipped: no {name} under AESC_REAL_DATA");
        return;
    };
    let work = tempfile::tempdir().unwrap();
    ok(&["data", "check", text(&data)]);
    let run = work.path().join("run");
    let mut args = vec!["train", text(&data), "--out", text(&run)];
    args.extend(TINY);
    ok(&args);
    let model = run.join("model.aesc.safetensors");
    let found = json(&ok(&[
        "eval",
        text(&model),
        "--data",
        text(&data),
        "--json",
    ]));
    for key in ["image_auroc", "pixel_auroc", "aupro_30"] {
        let value = found["residual"]["metrics"][key].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&value), "{name} {key} {value}");
    }
    let out = work.path().join("out");
    let test = data.join("test");
    let summary = json(&ok(&[
        "predict",
        text(&model),
        text(&test),
        "--out",
        text(&out),
        "--json",
    ]));
    assert_eq!(summary["n_scored"], summary["n_inputs"]);
    scored_alike(&out, &data, &found["residual"]["metrics"]);
    let map = first_file(&out.join("maps"));
    let relative = map
        .strip_prefix(out.join("maps"))
        .unwrap()
        .with_extension("png");
    let image = image::open(test.join(relative)).unwrap();
    let map = aesc_data::read_map_tiff(&map, &aesc_data::Limits::default()).unwrap();
    assert_eq!(
        (map.width(), map.height()),
        (image.width() as usize, image.height() as usize)
    );
}

/// The maps and scores `predict` wrote are worth what `eval` says of the model.
fn scored_alike(out: &std::path::Path, data: &std::path::Path, metrics: &serde_json::Value) {
    let (maps, scores) = (out.join("maps"), out.join("results.csv"));
    let found = json(&ok(&[
        "score-maps",
        "--maps",
        text(&maps),
        "--data",
        text(data),
        "--scores",
        text(&scores),
        "--json",
    ]));
    for (key, expected) in metrics.as_object().unwrap() {
        let (found, expected) = (found[key].as_f64().unwrap(), expected.as_f64().unwrap());
        assert!(
            (found - expected).abs() < 1e-6,
            "{key}: {found}, {expected}"
        );
    }
}

fn first_file(folder: &std::path::Path) -> PathBuf {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    if entries[0].is_dir() {
        first_file(&entries[0])
    } else {
        entries[0].clone()
    }
}

#[test]
#[ignore = "needs real images: cargo xtask test --real"]
fn square_colour_images() {
    whole_way("mvtec256/bottle");
}

#[test]
#[ignore = "needs real images: cargo xtask test --real"]
fn full_resolution_images() {
    whole_way("full/bottle");
}

#[test]
#[ignore = "needs real images: cargo xtask test --real"]
fn grey_images_that_are_not_square() {
    whole_way("other/kolektorsdd");
}
