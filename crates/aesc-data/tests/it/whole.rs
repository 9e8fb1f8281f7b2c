//! Whole datasets: fingerprint and cache.

use std::sync::atomic::{AtomicUsize, Ordering};

use aesc_data::{
    Channels, DataError, Limits, PreprocessConfig, fingerprint, load_all, open_dataset, resize,
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
