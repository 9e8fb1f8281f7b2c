//! Results depend on arguments alone, and labels reach the scoring only (invariants 3 and 4).

use super::Finding;
use super::source::{Source, has_word};

/// Crates whose functions take seeds and times as arguments.
const PURE: [&str; 6] = [
    "aesc-data",
    "aesc-detect",
    "aesc-eval",
    "aesc-image",
    "aesc-noise",
    "aesc-onnx",
];

const IMPURE: [&str; 8] = [
    "thread_rng",
    "rand::rng",
    "from_os_rng",
    "from_entropy",
    "SystemTime",
    "Instant::now",
    "std::env",
    "env::var",
];

/// Where training lives; it must not be able to tell a defect from a clean image.
const BLIND: [&str; 2] = ["crates/aesc-noise/src/", "crates/aesc-model/src/train/"];

const LABELS: [&str; 2] = ["gt_mask", "Split::Test"];

/// The rules on what code may ask for.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if PURE.contains(&source.krate()) {
        let what = "below the command line nothing asks clock, environment or a hidden generator";
        findings.extend(named(source, &IMPURE, "purity", what));
    }
    if BLIND.iter().any(|place| source.path.starts_with(place)) {
        let what = "training must not see test labels and masks";
        findings.extend(named(source, &LABELS, "labels", what));
    }
    findings
}

fn named(source: &Source, words: &[&str], rule: &'static str, why: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in source.shipped_lines() {
        if let Some(word) = words.iter().find(|word| has_word(&text, word)) {
            let what = format!("{word}: {why}");
            findings.push(Finding {
                path: source.path.clone(),
                line,
                rule,
                what,
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_a_pure_crate_is_found_and_in_its_tests_is_not() {
        let text = "fn f() {}\nfn g() { Instant::now(); }\n#[cfg(test)]\nmod tests {\n    \
                    fn h() { Instant::now(); }\n}\n";
        let found = check(&Source::new("crates/aesc-eval/src/a.rs", text));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line, found[0].rule), (2, "purity"));
    }

    #[test]
    fn every_hidden_input_is_found() {
        for word in IMPURE {
            let source = Source::new("crates/aesc-noise/src/a.rs", format!("let a = {word}();"));
            assert_eq!(check(&source).len(), 1, "{word}");
        }
    }

    #[test]
    fn the_command_line_may_ask_the_environment() {
        let source = Source::new("crates/aesc-cli/src/a.rs", "std::env::var(\"AESC_SEED\")");
        assert!(check(&source).is_empty());
    }

    #[test]
    fn labels_in_training_are_found() {
        for text in ["sample.gt_mask", "Split::Test => 1"] {
            let source = Source::new("crates/aesc-model/src/train/pairs.rs", text);
            assert_eq!(check(&source)[0].rule, "labels");
        }
        let elsewhere = Source::new("crates/aesc-model/src/tensor.rs", "gt_mask");
        assert!(check(&elsewhere).is_empty());
    }
}
