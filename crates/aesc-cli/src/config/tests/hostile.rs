//! Damaged settings: valid, or a mistake that can be shown; never a panic.

use proptest::prelude::*;

use super::super::{Layer, PRESETS, merge};
use crate::failure::{Failure, Message};

#[path = "../../../../aesc-artifact/tests/it/mutation.rs"]
mod mutation;

use mutation::{changed, changes};

/// Shows a mistake as a user would see it.
fn shown(failure: &Failure) -> String {
    match &failure.message {
        Message::Chain(error) => format!("{error:#}"),
        Message::Diagnostic(report) => format!("{report:?}"),
        Message::Nothing => String::new(),
    }
}

fn told(text: &str) -> Option<String> {
    let layer = Layer::text("aesc.toml", text);
    layer
        .and_then(|layer| merge(vec![layer]))
        .err()
        .map(|failure| shown(&failure))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_presets_are_valid_or_a_mistake_that_is_told(
        preset in 0..PRESETS.len(),
        changes in changes(),
    ) {
        let bytes = changed(PRESETS[preset].1.as_bytes(), &changes);
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(told(&text).is_none_or(|told| !told.is_empty()));
    }
}

#[test]
fn nesting_without_end_is_a_mistake() {
    for text in [
        "a = ".to_owned() + &"[".repeat(100_000),
        "[a".to_owned() + &".a".repeat(50_000) + "]",
    ] {
        assert!(told(&text).is_some());
    }
}

#[test]
fn a_file_of_more_than_a_mebibyte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aesc.toml");
    std::fs::write(&path, " ".repeat((1 << 20) + 1)).unwrap();
    let told = shown(&Layer::file(&path).unwrap_err());
    assert!(told.contains("expected at most 1048576 bytes"), "{told}");
}
