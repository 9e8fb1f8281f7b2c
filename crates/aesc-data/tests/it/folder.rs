//! Dataset folders: the layouts that open, and the ones that do not.

use std::path::{Path, PathBuf};

use aesc_data::{DataError, Split, categories, open_dataset};

use crate::Tree;

fn relative(samples: &[aesc_data::Sample]) -> Vec<&Path> {
    samples
        .iter()
        .map(|sample| sample.relative.as_path())
        .collect()
}

#[test]
fn an_mvtec_category_opens_sorted_with_its_masks() {
    let tree = Tree::mvtec();
    tree.file("license.txt", b"free");
    let dataset = open_dataset(tree.root()).unwrap();
    assert_eq!(
        relative(&dataset.train),
        ["train/good/000.png", "train/good/001.png"].map(Path::new)
    );
    let test = ["test/cut/000.png", "test/cut/001.png", "test/good/000.png"];
    assert_eq!(relative(&dataset.test), test.map(Path::new));
    let cut = &dataset.test[1];
    assert_eq!(
        cut.mask,
        Some(tree.root().join("ground_truth/cut/001_mask.png"))
    );
    assert_eq!((cut.split, cut.defect_type.as_str()), (Split::Test, "cut"));
    assert!(cut.is_anomalous() && !dataset.test[2].is_anomalous());
    assert_eq!(
        dataset.name,
        tree.root().file_name().unwrap().to_str().unwrap()
    );
    assert!(dataset.has_masks());
}

#[test]
fn ok_is_another_word_for_good() {
    let tree = Tree::new();
    tree.grey("train/ok/b.jpg", 1);
    tree.grey("train/ok/a.bmp", 1);
    tree.grey("test/ok/c.png", 2);
    let dataset = open_dataset(tree.root()).unwrap();
    assert_eq!(
        relative(&dataset.train),
        ["train/ok/a.bmp", "train/ok/b.jpg"].map(Path::new)
    );
    assert!(dataset.samples().all(|sample| sample.defect_type == "good"));
}

#[test]
fn masks_may_have_the_stem_of_their_image() {
    let tree = Tree::mvtec();
    tree.remove("ground_truth/cut/000_mask.png");
    let mask = tree.grey("ground_truth/cut/000.png", 255);
    assert_eq!(open_dataset(tree.root()).unwrap().test[0].mask, Some(mask));
}

#[test]
fn a_flat_folder_is_all_training() {
    let tree = Tree::new();
    tree.grey("b.png", 1);
    tree.grey("A.PNG", 2);
    tree.file("notes.txt", b"-");
    tree.file(".hidden.png", b"-");
    let dataset = open_dataset(tree.root()).unwrap();
    assert_eq!(relative(&dataset.train), ["A.PNG", "b.png"].map(Path::new));
    assert_eq!(dataset.test, []);
}

#[test]
fn without_ground_truth_only_images_are_labelled() {
    let tree = Tree::mvtec();
    tree.remove("ground_truth");
    let dataset = open_dataset(tree.root()).unwrap();
    assert!(!dataset.has_masks());
    assert!(dataset.test[0].is_anomalous());
}

#[test]
fn a_missing_mask_is_an_error_with_the_nearest_name() {
    let tree = Tree::mvtec();
    tree.remove("ground_truth/cut/001_mask.png");
    tree.grey("ground_truth/cut/0O1_mask.png", 255);
    let error = open_dataset(tree.root()).unwrap_err();
    let DataError::MissingMask {
        path,
        expected,
        nearest,
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(*path, tree.root().join("test/cut/001.png"));
    assert_eq!(*expected, tree.root().join("ground_truth/cut/001_mask.png"));
    assert_eq!(nearest.as_deref(), Some("0O1_mask.png"));
    assert!(
        error.to_string().ends_with("did you mean 0O1_mask.png?"),
        "{error}"
    );
}

#[test]
fn a_type_without_any_mask_is_an_error() {
    let tree = Tree::mvtec();
    tree.grey("test/dent/000.png", 40);
    assert!(matches!(
        open_dataset(tree.root()),
        Err(DataError::MissingMask { .. })
    ));
}

#[test]
fn a_mask_without_image_is_an_error() {
    let tree = Tree::mvtec();
    tree.grey("ground_truth/cut/002_mask.png", 255);
    let error = open_dataset(tree.root()).unwrap_err();
    let DataError::MissingImage { expected, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(expected, tree.root().join("test/cut/002"));
}

#[test]
fn masks_of_an_unknown_type_hint_at_the_known_one() {
    let tree = Tree::mvtec();
    tree.grey("ground_truth/cuts/000_mask.png", 255);
    let error = open_dataset(tree.root()).unwrap_err().to_string();
    assert!(error.contains("did you mean cut?"), "{error}");
}

#[test]
fn two_files_with_one_stem_cannot_be_paired() {
    let tree = Tree::mvtec();
    tree.grey("ground_truth/cut/000.png", 255);
    assert!(matches!(
        open_dataset(tree.root()),
        Err(DataError::Ambiguous { .. })
    ));
    let tree = Tree::mvtec();
    tree.grey("test/cut/000.bmp", 255);
    assert!(matches!(
        open_dataset(tree.root()),
        Err(DataError::Ambiguous { .. })
    ));
}

#[test]
fn folders_that_are_no_dataset_say_what_they_hold() {
    let missing = open_dataset("no/such/folder").unwrap_err();
    assert!(matches!(missing, DataError::NotFound { .. }));

    let tree = Tree::new();
    let file = tree.grey("a.png", 0);
    assert!(matches!(
        open_dataset(file),
        Err(DataError::WrongKind {
            found: "a file",
            ..
        })
    ));

    let tree = Tree::new();
    std::fs::create_dir_all(tree.root().join("train/good")).unwrap();
    let empty = open_dataset(tree.root()).unwrap_err();
    let DataError::NoImages { path, .. } = &empty else {
        panic!("{empty}");
    };
    assert_eq!(*path, tree.root().join("train/good"));

    let tree = Tree::new();
    tree.grey("train/nice/a.png", 0);
    let error = open_dataset(tree.root()).unwrap_err().to_string();
    assert!(error.ends_with("found the folders nice"), "{error}");
}

#[test]
fn a_root_of_categories_asks_for_one() {
    let tree = Tree::new();
    for name in ["cap", "bolt", "cap/extra"] {
        tree.grey(&format!("{name}/train/good/0.png"), 0);
    }
    std::fs::create_dir(tree.root().join("empty")).unwrap();
    assert_eq!(categories(tree.root()).unwrap(), ["bolt", "cap"]);
    let error = open_dataset(tree.root()).unwrap_err().to_string();
    assert!(
        error.ends_with("found 2 categories: name one, such as bolt"),
        "{error}"
    );
    assert!(categories(PathBuf::from(tree.root()).join("empty")).is_err());
}
