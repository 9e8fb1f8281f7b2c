//! Whole datasets: fingerprint and cache.

use std::sync::atomic::{AtomicUsize, Ordering};

use aesc_data::{
    Channels, DataError, Limits, PreprocessConfig, SampleSetConfig, check, fingerprint, load_all,
    open_dataset, read_image, read_mask, resize, sample_items,
};

use crate::Tree;

fn digest(tree: &Tree) -> String {
    fingerprint(&open_dataset(tree.root()).unwrap(), &Limits::default()).unwrap()
}

#[test]
fn the_fingerprint_does_not_depend_on_the_place() {
    assert_eq!(digest(&Tree::mvtec()), digest(&Tree::mvtec()));
    assert_eq!(digest(&Tree::mvtec()).len(), 64);
}

#[test]
fn the_fingerprint_sees_content_names_and_masks() {
    let plain = digest(&Tree::mvtec());
    let content = Tree::mvtec();
    content.grey("train/good/000.png", 99);
    let name = Tree::mvtec();
    name.remove("train/good/001.png");
    name.grey("train/good/002.png", 11);
    let mask = Tree::mvtec();
    mask.grey("ground_truth/cut/000_mask.png", 254);
    for changed in [content, name, mask] {
        assert_ne!(digest(&changed), plain);
    }
}

fn small() -> PreprocessConfig {
    PreprocessConfig {
        height: 2,
        width: 2,
        channels: Channels::Gray,
        ..PreprocessConfig::default()
    }
}

#[test]
fn the_cache_keeps_the_order_and_counts_progress() {
    let tree = Tree::new();
    let paths: Vec<_> = (0..20)
        .map(|i| tree.grey(&format!("{i}.png"), i * 10))
        .collect();
    let most = AtomicUsize::new(0);
    let hear = |done| {
        most.fetch_max(done, Ordering::Relaxed);
    };
    let images = load_all(&paths, &small(), &Limits::default(), hear).unwrap();
    for (i, image) in images.iter().enumerate() {
        assert_eq!((image.height(), image.width(), image.channels()), (2, 2, 1));
        assert!((image.at(1, 1, 0) - i as f32 * 10.0 / 255.0).abs() < 1e-6);
    }
    assert_eq!(most.into_inner(), 20);
}

#[test]
fn the_cache_names_the_first_bad_file() {
    let tree = Tree::new();
    let paths = [
        tree.grey("a.png", 0),
        tree.file("b.png", b"text"),
        tree.file("c.png", b""),
    ];
    let error = load_all(&paths, &small(), &Limits::default(), |_| {}).unwrap_err();
    assert_eq!(error.path(), Some(paths[1].as_path()));
    assert!(matches!(error, DataError::UnknownFormat { .. }));
}

#[test]
fn loading_remembers_the_original_size() {
    let tree = Tree::new();
    let path = tree.grey("a.png", 128);
    let loaded = small().load(&path, &Limits::default()).unwrap();
    assert_eq!((loaded.original_height, loaded.original_width), (4, 3));
    let whole = aesc_data::read_image(&path, Channels::Gray, &Limits::default()).unwrap();
    assert_eq!(loaded.image, resize(&whole.image, 2, 2).unwrap());
}

#[test]
fn the_sample_set_written_as_png_opens_as_a_sound_dataset() {
    let config = SampleSetConfig {
        size: 128,
        train: 1,
        test_good: 1,
        test_per_type: 1,
        ..SampleSetConfig::default()
    };
    let items = sample_items(&config).unwrap();
    let tree = Tree::new();
    let limits = Limits::default();
    for item in items.iter().filter(|item| item.category == "gear") {
        let drawn = item.draw().unwrap();
        let bytes = drawn
            .image
            .data()
            .iter()
            .map(|v| (v * 255.0).round() as u8)
            .collect();
        let path = tree.file(item.relative_path().to_str().unwrap(), b"");
        image::RgbImage::from_raw(128, 128, bytes)
            .unwrap()
            .save(&path)
            .unwrap();
        assert_eq!(
            read_image(&path, Channels::Rgb, &limits).unwrap().image,
            drawn.image
        );
        if let (Some(mask), Some(relative)) = (drawn.mask, item.mask_path()) {
            let path = tree.file(relative.to_str().unwrap(), b"");
            let bytes = mask
                .data()
                .iter()
                .map(|&inside| u8::from(inside) * 255)
                .collect();
            image::GrayImage::from_raw(128, 128, bytes)
                .unwrap()
                .save(&path)
                .unwrap();
            assert_eq!(read_mask(&path, &limits).unwrap(), mask);
        }
    }
    let root = tree.root().join("gear");
    let problems = check(&root, &limits).problems;
    // Nothing but that one clean image cannot be trained on.
    assert_eq!(problems.len(), 1, "{problems:?}");
    let told = &problems[0].message;
    assert!(
        told.starts_with("expected at least 2 clean training images"),
        "{told}"
    );
    let dataset = open_dataset(&root).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (1, 4));
    assert!(dataset.has_masks());
}
