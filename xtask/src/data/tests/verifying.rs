//! What `data verify` says of folders whole and damaged.

use super::packed::png;
use super::{AGREE, CATEGORIES, Place, dataset, words};
use crate::data::verify::{Verified, run, verify};
use std::fs;

/// A folder with both categories.
fn whole() -> Place {
    let place = Place::new();
    place.fetch_file(&dataset("")).run(AGREE).unwrap();
    place
}

fn verified(place: &Place) -> Verified {
    verify(&place.path("mvtec"), &CATEGORIES).unwrap()
}

#[test]
fn a_whole_folder_has_no_problem_and_a_row_for_each_category() {
    let place = whole();
    let text = verified(&place).text();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[1],
        ["bottle", "3", "3", "3/3", "2/2", "2", "x", "2", "yes"]
    );
    assert_eq!(
        rows[2],
        ["pill", "2", "2", "2/2", "1/1", "2", "x", "2", "yes"]
    );
    assert!(
        text.contains("note: bottle: 2 x 2 pixels, published at 900 x 900"),
        "{text}"
    );
    assert!(run(&place.path("mvtec"), &CATEGORIES).is_ok());
}

#[test]
fn every_problem_is_listed_at_once() {
    let place = whole();
    let file = |name: &str| place.path("mvtec").join(name);
    fs::remove_file(file("bottle/train/good/001.png")).unwrap();
    fs::remove_file(file("bottle/ground_truth/broken_large/001_mask.png")).unwrap();
    fs::write(file("pill/test/good/000.png"), "no image").unwrap();
    fs::write(file("pill/test/good/001.png"), png(900)).unwrap();
    let verified = verified(&place);
    let problems: Vec<&String> = verified.problems().collect();
    for part in [
        "bottle: 2 training images, expected 3",
        "bottle/test/broken_large/001.png",
        "pill: 3 test images, expected 2",
        "pill/test/good/000.png",
    ] {
        let named = problems.iter().any(|problem| problem.contains(part));
        assert!(named, "{part} not in {problems:?}");
    }
    assert_eq!(problems.len(), 4);
    assert_eq!(verified.text().matches("NO\n").count(), 2);
    let text = words(run(&place.path("mvtec"), &CATEGORIES), 3);
    assert!(text.contains("4 problem(s)"), "{text}");
}

#[test]
fn missing_masks_are_a_problem_even_where_no_folder_holds_any() {
    let place = whole();
    fs::remove_dir_all(place.path("mvtec/pill/ground_truth")).unwrap();
    let verified = verified(&place);
    let problems: Vec<&String> = verified.problems().collect();
    assert!(problems[0].starts_with("pill: no masks"), "{problems:?}");
}

#[test]
fn some_categories_and_other_folders_are_said_and_no_problem() {
    let place = whole();
    fs::remove_dir_all(place.path("mvtec/bottle")).unwrap();
    fs::create_dir(place.path("mvtec/cap")).unwrap();
    fs::create_dir(place.path("mvtec/.hidden")).unwrap();
    let verified = verified(&place);
    assert_eq!(verified.problems().count(), 0);
    let text = verified.text();
    assert!(
        text.contains("1 of the 2 categories are not here: bottle"),
        "{text}"
    );
    assert!(
        text.contains("cap: no category of MVTec AD") && !text.contains("hidden"),
        "{text}"
    );
}

#[test]
fn a_category_can_be_named_itself() {
    let place = whole();
    let verified = verify(&place.path("mvtec/pill"), &CATEGORIES).unwrap();
    assert_eq!(verified.problems().count(), 0);
    assert!(!verified.text().contains("not here"));
}

#[test]
fn a_folder_without_categories_and_no_folder_tell_how_to_get_them() {
    let place = Place::new();
    fs::create_dir(place.path("mvtec")).unwrap();
    for name in ["mvtec", "nowhere"] {
        let text = words(run(&place.path(name), &CATEGORIES), 3);
        assert!(text.contains("cargo xtask data fetch mvtec"), "{text}");
        assert!(text.contains(name), "{text}");
    }
}
