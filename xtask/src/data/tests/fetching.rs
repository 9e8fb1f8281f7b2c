//! What a fetch leaves behind: whole categories, nothing else, and nothing of the user's lost.

use super::{AGREE, NO_HOST, Place, dataset, names_in, words};
use crate::data::tests::packed::Packed;
use crate::fetch::tests::host::{Behaviour, Host};
use std::fs;

#[test]
fn the_whole_dataset_is_fetched_unpacked_and_counted_and_the_archive_goes() {
    for wrapper in ["", "./", "mvtec_anomaly_detection/"] {
        let (place, bytes) = (Place::new(), dataset(wrapper));
        let host = Host::start(bytes.clone(), Behaviour::default());
        place.fetch_url(&host.url, &bytes).run(AGREE).unwrap();
        assert_eq!(place.names(), ["mvtec"], "{wrapper}");
        assert_eq!(
            names_in(&place.path("mvtec")),
            ["bottle", "license.txt", "pill"]
        );
        let bottle = names_in(&place.path("mvtec/bottle"));
        assert_eq!(
            bottle,
            ["ground_truth", "license.txt", "readme.txt", "test", "train"]
        );
        let masks = names_in(&place.path("mvtec/bottle/ground_truth/broken_large"));
        assert_eq!(masks, ["000_mask.png", "001_mask.png"]);
    }
}

#[test]
fn what_is_whole_is_not_fetched_again_and_nobody_is_asked() {
    let (place, bytes) = (Place::new(), dataset(""));
    place.fetch_file(&bytes).run(AGREE).unwrap();
    let again = place.fetch_url(NO_HOST, &bytes);
    again
        .run(|| unreachable!("there is nothing to consent to"))
        .unwrap();
}

#[test]
fn without_consent_nothing_is_changed() {
    let (place, bytes) = (Place::new(), dataset(""));
    let result = place
        .fetch_url(NO_HOST, &bytes)
        .run(|| anyhow::bail!("refused"));
    assert!(result.is_err());
    assert!(place.names().is_empty());
}

#[test]
fn one_category_is_unpacked_alone_and_the_next_comes_out_of_the_kept_archive() {
    let (place, bytes) = (Place::new(), dataset(""));
    let host = Host::start(bytes.clone(), Behaviour::default());
    let mut fetch = place.fetch_url(&host.url, &bytes);
    fetch.wanted = vec!["pill".into()];
    fetch.run(AGREE).unwrap();
    assert_eq!(names_in(&place.path("mvtec")), ["license.txt", "pill"]);
    assert_eq!(place.names(), ["mvtec", "mvtec.fetch"]);
    place.fetch_url(NO_HOST, &bytes).run(AGREE).unwrap();
    assert_eq!(host.ranges().len(), 1);
    assert_eq!(place.names(), ["mvtec"]);
    assert_eq!(
        names_in(&place.path("mvtec")),
        ["bottle", "license.txt", "pill"]
    );
}

#[test]
fn what_else_lies_in_the_folder_stays() {
    let (place, bytes) = (Place::new(), dataset(""));
    fs::create_dir_all(place.path("mvtec/cap/train")).unwrap();
    fs::write(place.path("mvtec/license.txt"), "mine").unwrap();
    place.fetch_file(&bytes).run(AGREE).unwrap();
    let names = names_in(&place.path("mvtec"));
    assert_eq!(names, ["bottle", "cap", "license.txt", "pill"]);
    let notice = fs::read_to_string(place.path("mvtec/license.txt")).unwrap();
    assert_eq!(notice, "mine");
}

#[test]
fn categories_that_are_not_whole_are_all_named_and_replaced_only_by_force() {
    let (place, bytes) = (Place::new(), dataset(""));
    place.fetch_file(&bytes).run(AGREE).unwrap();
    fs::remove_file(place.path("mvtec/bottle/train/good/001.png")).unwrap();
    fs::remove_dir_all(place.path("mvtec/pill/ground_truth")).unwrap();
    fs::write(place.path("mvtec/pill/mine"), "").unwrap();
    let mut fetch = place.fetch_file(&bytes);
    let text = words(fetch.run(AGREE), 3);
    for part in [
        "bottle: 2 training images, expected 3",
        "pill: no masks",
        "--force",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
    assert!(place.path("mvtec/pill/mine").exists());
    fetch.force = true;
    fetch.run(AGREE).unwrap();
    assert!(place.path("mvtec/bottle/train/good/001.png").exists());
    assert!(place.path("mvtec/pill/ground_truth").exists());
    assert!(!place.path("mvtec/pill/mine").exists());
    assert_eq!(place.names(), ["mvtec", "own.tar.xz"]);
}

#[test]
fn an_archive_without_all_of_a_category_gives_none_of_it() {
    let mut packed = Packed::new();
    packed.category("bottle", 3, &[("good", 1), ("broken_large", 1)]);
    let (place, bytes) = (Place::new(), packed.finish());
    let text = words(place.fetch_file(&bytes).run(AGREE), 3);
    for part in [
        "bottle: 2 test images, expected 3",
        "pill: it is not in the archive",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
    assert!(!place.path("mvtec").exists());
    assert_eq!(place.names(), ["own.tar.xz"]);
}

#[test]
fn remains_of_a_killed_run_are_cleared() {
    let (place, bytes) = (Place::new(), dataset(""));
    fs::create_dir_all(place.path("mvtec.fetch/unpacking/bottle/junk")).unwrap();
    place.fetch_file(&bytes).run(AGREE).unwrap();
    assert!(!place.path("mvtec/bottle/junk").exists());
    assert_eq!(place.names(), ["mvtec", "own.tar.xz"]);
}

#[test]
fn two_fetches_at_once_share_one_download() {
    let (place, bytes) = (Place::new(), dataset(""));
    let host = Host::start(bytes.clone(), Behaviour::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let fetch = place.fetch_url(&host.url, &bytes);
            scope.spawn(move || fetch.run(AGREE).unwrap());
        }
    });
    assert_eq!(host.ranges().len(), 1);
    assert_eq!(place.names(), ["mvtec"]);
}

#[test]
#[cfg(unix)]
fn files_and_folders_can_be_written_whatever_the_archive_says() {
    use std::os::unix::fs::PermissionsExt;
    let (place, bytes) = (Place::new(), dataset(""));
    place.fetch_file(&bytes).run(AGREE).unwrap();
    for name in [
        "mvtec/pill",
        "mvtec/pill/train/good",
        "mvtec/pill/readme.txt",
    ] {
        let mode = place.path(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o600, 0o600, "{name}");
    }
}
