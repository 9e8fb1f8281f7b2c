//! Lists of images to predict.

use std::path::{Path, PathBuf};

use aesc_data::{DataError, list_images};

use crate::Tree;

fn names(paths: &[PathBuf]) -> Vec<String> {
    let images = list_images(paths).unwrap();
    images
        .iter()
        .map(|image| image.relative.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn folders_are_walked_to_the_bottom_in_order() {
    let tree = Tree::new();
    for name in ["b.png", "a/z.png", "a/y/x.JPG", ".hidden.png"] {
        tree.file(name, b"-");
    }
    tree.file("a/readme.txt", b"-");
    assert_eq!(
        names(&[tree.root().into()]),
        ["a/y/x.JPG", "a/z.png", "b.png"]
    );
}

#[cfg(unix)]
#[test]
fn a_link_to_nowhere_costs_itself_alone_and_hidden_ones_nothing() {
    let tree = Tree::new();
    for name in ["a.png", ".trash/b.png"] {
        tree.file(name, b"-");
    }
    for name in [".#a.png", "lost.png", "lost.txt"] {
        std::os::unix::fs::symlink("nowhere", tree.root().join(name)).unwrap();
    }
    assert_eq!(names(&[tree.root().into()]), ["a.png", "lost.png"]);
}

#[test]
fn files_keep_the_order_given_whatever_their_suffix() {
    let tree = Tree::new();
    let files = [tree.file("b", b"-"), tree.file("a.png", b"-")];
    assert_eq!(names(&files), ["b", "a.png"]);
}

#[test]
fn clashing_names_get_the_folders_that_tell_them_apart() {
    let tree = Tree::new();
    tree.file("left/cam/0.png", b"-");
    tree.file("right/cam/0.png", b"-");
    tree.file("right/cam/1.png", b"-");
    let folders = ["left/cam", "right/cam"].map(|name| tree.root().join(name));
    assert_eq!(
        names(&folders),
        ["left/cam/0.png", "right/cam/0.png", "1.png"]
    );
}

#[test]
fn a_file_that_comes_up_twice_is_listed_once() {
    let tree = Tree::new();
    let file = tree.file("a.png", b"-");
    assert_eq!(names(&[tree.root().into(), file]), ["a.png"]);
}

#[test]
fn a_missing_path_stays_in_the_list() {
    let images = list_images(&[PathBuf::from("no/such.png")]).unwrap();
    assert_eq!(images[0].relative, Path::new("such.png"));
}

#[test]
fn a_folder_without_images_is_an_error() {
    let tree = Tree::new();
    assert!(matches!(
        list_images(&[tree.root().into()]),
        Err(DataError::NoImages { .. })
    ));
}

#[test]
fn a_pattern_lists_its_matches_by_what_follows_its_plain_beginning() {
    let tree = Tree::new();
    for name in ["day/b.png", "day/a.png", "day/a.txt", "night/deep/c.png"] {
        tree.file(name, b"-");
    }
    assert_eq!(names(&[tree.root().join("day/*.png")]), ["a.png", "b.png"]);
    let all = ["day/a.png", "day/b.png", "night/deep/c.png"];
    assert_eq!(names(&[tree.root().join("**/*.png")]), all);
    for bad in ["day/*.jpg", "day/[.png"] {
        assert!(list_images(&[tree.root().join(bad)]).is_err(), "{bad}");
    }
}

#[test]
fn a_file_whose_name_looks_like_a_pattern_is_that_file() {
    let tree = Tree::new();
    let odd = tree.file("a[1].png", b"-");
    tree.file("a1.png", b"-");
    assert_eq!(names(&[odd]), ["a[1].png"]);
}
