//! Transfers that break off, bring something else, or are stopped.

use super::{AGREE, NO_HOST, Place, dataset, words};
use crate::fetch::sha256;
use crate::fetch::tests::host::{Behaviour, Host};
use std::fs;
use std::path::PathBuf;

impl Place {
    /// Where the download of this archive lies once it is whole.
    fn download_of(&self, bytes: &[u8]) -> PathBuf {
        let short = &sha256(bytes).unwrap()[..12];
        self.path(&format!(
            "mvtec.fetch/mvtec_anomaly_detection-{short}.tar.xz"
        ))
    }

    /// What of this archive has arrived.
    fn partial_of(&self, bytes: &[u8], arrived: &[u8]) -> PathBuf {
        let path = self.download_of(bytes).with_extension("xz.partial");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, arrived).unwrap();
        path
    }
}

#[test]
fn a_cut_transfer_goes_on_and_the_sum_is_that_of_the_whole_file() {
    let (place, bytes) = (Place::new(), dataset(""));
    let behaviour = Behaviour {
        cut_first_after: Some(300),
        ..Behaviour::default()
    };
    let host = Host::start(bytes.clone(), behaviour);
    place.fetch_url(&host.url, &bytes).run(AGREE).unwrap();
    assert_eq!(host.ranges(), [None, Some(300)]);
    assert!(place.path("mvtec/pill/train/good/001.png").exists());
}

#[test]
fn what_an_earlier_run_brought_is_continued() {
    let (place, bytes) = (Place::new(), dataset(""));
    place.partial_of(&bytes, &bytes[..100]);
    let host = Host::start(bytes.clone(), Behaviour::default());
    place.fetch_url(&host.url, &bytes).run(AGREE).unwrap();
    assert_eq!(host.ranges(), [Some(100)]);
}

#[test]
fn an_unreachable_host_keeps_what_arrived_and_names_the_ways_out() {
    let (place, bytes) = (Place::new(), dataset(""));
    let partial = place.partial_of(&bytes, &bytes[..100]);
    let text = words(place.fetch_url(NO_HOST, &bytes).run(AGREE), 3);
    for part in [
        NO_HOST,
        "HTTPS_PROXY",
        "--url URL",
        "--archive FILE",
        "mvtec-ad",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
    assert_eq!(fs::read(partial).unwrap(), &bytes[..100]);
}

#[test]
fn an_address_that_is_gone_is_said_so() {
    let (place, bytes) = (Place::new(), dataset(""));
    let behaviour = Behaviour {
        status: Some("404 Not Found"),
        ..Behaviour::default()
    };
    let host = Host::start(bytes.clone(), behaviour);
    let text = words(place.fetch_url(&host.url, &bytes).run(AGREE), 3);
    assert!(text.contains("the host answered 404"), "{text}");
}

#[test]
fn a_wrong_sum_names_both_and_leaves_nothing_to_be_taken_for_good() {
    let (place, bytes, other) = (Place::new(), dataset(""), dataset("x/"));
    let host = Host::start(other.clone(), Behaviour::default());
    let mut fetch = place.fetch_url(&host.url, &bytes);
    let text = words(fetch.run(AGREE), 3);
    for sum in [sha256(&bytes[..]).unwrap(), sha256(&other[..]).unwrap()] {
        assert!(text.contains(&sum), "{sum} not in {text}");
    }
    assert!(!place.download_of(&bytes).exists() && !place.path("mvtec").exists());
    fetch.sha256 = sha256(&other[..]).unwrap();
    fetch.run(AGREE).unwrap();
    assert_eq!(place.names(), ["mvtec"]);
}

#[test]
fn a_page_in_the_archives_place_is_told_from_an_archive() {
    let (place, bytes) = (Place::new(), dataset(""));
    let host = Host::start(b"<html>moved</html>".to_vec(), Behaviour::default());
    let text = words(place.fetch_url(&host.url, &bytes).run(AGREE), 3);
    assert!(text.contains("no xz file at all"), "{text}");
}

#[test]
fn the_rest_after_a_wrong_beginning_is_found_by_its_sum_and_fetched_anew() {
    let (place, bytes) = (Place::new(), dataset(""));
    place.partial_of(&bytes, &[7; 100]);
    let host = Host::start(bytes.clone(), Behaviour::default());
    let fetch = place.fetch_url(&host.url, &bytes);
    let text = words(fetch.run(AGREE), 3);
    assert!(text.contains("wrong checksum"), "{text}");
    fetch.run(AGREE).unwrap();
    assert_eq!(host.ranges(), [Some(100), None]);
}

#[test]
fn a_stopped_transfer_keeps_what_arrived_and_says_so() {
    let (place, bytes) = (Place::new(), dataset(""));
    let partial = place.partial_of(&bytes, &bytes[..100]);
    let behaviour = Behaviour {
        stall_after: Some(0),
        ..Behaviour::default()
    };
    let host = Host::start(bytes.clone(), behaviour);
    let fetch = place.fetch_url(&host.url, &bytes);
    let stop = || {
        fetch.interrupt.set();
        Ok(())
    };
    let text = words(fetch.run(stop), 130);
    assert!(
        text.contains("stopped by Ctrl-C; 0 MiB are kept in"),
        "{text}"
    );
    assert_eq!(fs::read(partial).unwrap(), &bytes[..100]);
}

#[test]
fn a_stop_while_the_sum_is_checked_keeps_the_download() {
    let (place, bytes) = (Place::new(), dataset(""));
    let whole = place.download_of(&bytes);
    fs::create_dir_all(whole.parent().unwrap()).unwrap();
    fs::write(&whole, &bytes).unwrap();
    let fetch = place.fetch_url(NO_HOST, &bytes);
    let stop = || {
        fetch.interrupt.set();
        Ok(())
    };
    words(fetch.run(stop), 130);
    assert_eq!(fs::read(whole).unwrap(), bytes);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_named_with_its_remedy() {
    let (place, bytes) = (Place::new(), dataset(""));
    let partial = place.partial_of(&bytes, &[]);
    fs::remove_file(&partial).unwrap();
    std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
    let host = Host::start(bytes.clone(), Behaviour::default());
    let text = words(place.fetch_url(&host.url, &bytes).run(AGREE), 3);
    assert!(text.contains("make room"), "{text}");
    assert_eq!(host.ranges().len(), 1);
}
