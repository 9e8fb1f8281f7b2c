//! Archives that the user brings.

use super::{AGREE, NO_HOST, Place, dataset, names_in, words};
use crate::data::archive::Source;
use std::fs;

#[test]
fn an_archive_of_the_users_is_checked_unpacked_and_left_alone() {
    let (place, bytes) = (Place::new(), dataset("mvtec_anomaly_detection/"));
    place.fetch_file(&bytes).run(AGREE).unwrap();
    assert_eq!(place.names(), ["mvtec", "own.tar.xz"]);
    assert_eq!(fs::read(place.path("own.tar.xz")).unwrap(), bytes);
}

#[test]
fn an_archive_of_the_users_with_another_sum_is_refused_and_left_alone() {
    let (place, bytes) = (Place::new(), dataset(""));
    let mut fetch = place.fetch_file(&bytes);
    fetch.sha256 = "0".repeat(64);
    let text = words(fetch.run(AGREE), 3);
    assert!(
        text.contains("left as it is") && text.contains("--sha256 HEX"),
        "{text}"
    );
    assert_eq!(fs::read(place.path("own.tar.xz")).unwrap(), bytes);
    assert!(!place.path("mvtec").exists());
}

#[test]
fn an_archive_that_is_not_there_is_named() {
    let (place, bytes) = (Place::new(), dataset(""));
    let fetch = place.fetch(Source::File(place.path("no.tar.xz")), &bytes);
    let text = words(fetch.run(AGREE), 3);
    assert!(
        text.contains("there is no file") && text.contains("no.tar.xz"),
        "{text}"
    );
}

#[test]
fn a_download_that_has_not_arrived_whole_outlives_a_fetch_from_a_file() {
    let (place, bytes) = (Place::new(), dataset(""));
    fs::create_dir(place.path("mvtec.fetch")).unwrap();
    fs::write(place.path("mvtec.fetch/a.tar.xz.partial"), "half").unwrap();
    let mut fetch = place.fetch_file(&bytes);
    fetch.wanted = vec!["pill".into()];
    fetch.run(AGREE).unwrap();
    assert_eq!(names_in(&place.path("mvtec.fetch")), ["a.tar.xz.partial"]);
    place.fetch_url(NO_HOST, &bytes).run(AGREE).unwrap_err();
    place.fetch_file(&bytes).run(AGREE).unwrap();
    assert_eq!(place.names(), ["mvtec", "own.tar.xz"]);
}

#[test]
fn a_folder_that_is_there_first_is_worked_in() {
    let (place, bytes) = (Place::new(), dataset(""));
    fs::create_dir(place.path("mvtec")).unwrap();
    let mut fetch = place.fetch_file(&bytes);
    fetch.sha256 = "0".repeat(64);
    fetch.run(AGREE).unwrap_err();
    assert_eq!(place.names(), ["mvtec", "own.tar.xz"]);
    place.fetch_file(&bytes).run(AGREE).unwrap();
    assert_eq!(
        names_in(&place.path("mvtec")),
        ["bottle", "license.txt", "pill"]
    );
}
