//! The command line.

use super::Place;
use crate::data::archive::{SHA256, Source, URL};
use crate::data::{Command, FetchArgs, resolved};
use crate::stop::exit_code;
use clap::Parser;
use std::fs;
use std::process::ExitCode;

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

fn parse(words: &str) -> Result<FetchArgs, clap::Error> {
    match Line::try_parse_from(words.split(' '))?.command {
        Command::Fetch(args) => Ok(args),
        Command::Verify(_) => unreachable!("no line here verifies"),
    }
}

#[test]
fn without_options_the_published_archive_brings_all_categories() {
    let fetch = parse("x fetch mvtec --dir d").unwrap().fetch().unwrap();
    assert!(matches!(fetch.source, Source::Url(url) if url == URL));
    assert_eq!((fetch.wanted.len(), fetch.categories.len()), (15, 15));
    assert_eq!(fetch.sha256, SHA256);
    assert!(URL.starts_with("https://") && URL.ends_with("/mvtec_anomaly_detection.tar.xz"));
    assert!(!URL.contains(' '));
}

#[test]
fn a_sum_is_64_hexadecimal_digits_of_either_case() {
    let sum = "AB".repeat(32);
    let fetch = parse(&format!("x fetch mvtec --dir d --sha256 {sum}")).unwrap();
    assert_eq!(fetch.fetch().unwrap().sha256, "ab".repeat(32));
    assert!(parse("x fetch mvtec --sha256 abc").is_err());
    assert!(parse(&format!("x fetch mvtec --sha256 {}", "xy".repeat(32))).is_err());
}

#[test]
fn unknown_words_are_usage_errors() {
    for line in [
        "x fetch",
        "x fetch imagenet",
        "x fetch mvtec --category botle",
        "x fetch mvtec --url http://a --archive b",
    ] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
    }
    let error = parse("x fetch mvtec --category botle")
        .unwrap_err()
        .to_string();
    assert!(error.contains("'bottle'"), "{error}");
}

#[test]
fn the_folder_may_not_be_there_yet_and_may_not_be_a_file() {
    let place = Place::new();
    assert_eq!(resolved(&place.path("new/")).unwrap(), place.path("new"));
    fs::write(place.path("file"), "").unwrap();
    let error = resolved(&place.path("file")).unwrap_err();
    assert_eq!(exit_code(&error), ExitCode::from(2));
    assert!(resolved(&place.path("new/..")).is_err());
}
