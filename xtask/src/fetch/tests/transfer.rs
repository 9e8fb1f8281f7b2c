//! Downloads that break off, crawl, or meet a host without ranges.

use super::super::Download;
use super::STALL_TIMEOUT;
use super::host::{Behaviour, Host};
use std::fs;
use std::path::Path;

#[test]
fn a_partial_file_of_an_earlier_run_is_continued() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("file");
    let data: Vec<u8> = (0..=255).collect();
    fs::write(dir.path().join("file.partial"), &data[..200]).unwrap();
    let host = Host::start(data.clone(), Behaviour::default());
    fetch(&host.url, &target).unwrap();
    assert_eq!(fs::read(&target).unwrap(), data);
    assert_eq!(host.ranges(), [Some(200)]);
    assert!(!dir.path().join("file.partial").exists());
}

#[test]
fn a_partial_file_longer_than_the_file_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("file");
    fs::write(dir.path().join("file.partial"), [7; 20]).unwrap();
    let host = Host::start(vec![1; 10], Behaviour::default());
    fetch(&host.url, &target).unwrap();
    assert_eq!(fs::read(&target).unwrap(), [1; 10]);
}

#[test]
fn a_whole_partial_file_only_gets_its_name() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file.partial"), [1; 10]).unwrap();
    let host = Host::start(vec![1; 10], Behaviour::default());
    fetch(&host.url, &dir.path().join("file")).unwrap();
    assert_eq!(fs::read(dir.path().join("file")).unwrap(), [1; 10]);
}

#[test]
fn a_host_without_ranges_sends_the_file_from_its_start() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file.partial"), [7; 4]).unwrap();
    let host = Host::start(
        vec![1; 10],
        Behaviour {
            no_ranges: true,
            ..Behaviour::default()
        },
    );
    fetch(&host.url, &dir.path().join("file")).unwrap();
    assert_eq!(fs::read(dir.path().join("file")).unwrap(), [1; 10]);
}

#[test]
fn a_slow_host_is_asked_for_the_rest_until_the_file_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let behaviour = Behaviour {
        stall_after: Some(4),
        ..Behaviour::default()
    };
    let host = Host::start(vec![1; 10], behaviour);
    fetch(&host.url, &dir.path().join("file")).unwrap();
    assert_eq!(host.ranges(), [None, Some(4), Some(8)]);
}

#[test]
fn a_host_that_sends_nothing_is_given_up_and_the_partial_file_kept() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file.partial"), [1; 3]).unwrap();
    let behaviour = Behaviour {
        stall_after: Some(0),
        ..Behaviour::default()
    };
    let host = Host::start(vec![1; 10], behaviour);
    assert!(fetch(&host.url, &dir.path().join("file")).is_err());
    assert_eq!(fs::read(dir.path().join("file.partial")).unwrap(), [1; 3]);
    assert_eq!(host.ranges().len(), 3);
}

#[test]
fn a_refusal_is_not_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let behaviour = Behaviour {
        status: Some("404 Not Found"),
        ..Behaviour::default()
    };
    let host = Host::start(vec![], behaviour);
    let error = fetch(&host.url, &dir.path().join("file")).unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
    assert_eq!(host.ranges().len(), 1);
}

fn fetch(url: &str, target: &Path) -> anyhow::Result<()> {
    Download {
        url: url.to_owned(),
        target: target.to_path_buf(),
        stall_timeout: STALL_TIMEOUT,
    }
    .fetch()
}
