//! Matrices of the benchmark: those compiled in, those in files, and the names they may use.

use std::path::Path;

use aesc_artifact::NetworkKind;
use aesc_bench::Matrix;
use aesc_detect::Strategy;
use aesc_noise::CorruptionConfig;

use super::layers::Layer;
use super::{PRESETS, diagnose, parse};
use crate::failure::Failure;

/// The matrices, compiled in from `data/configs`.
const MATRICES: [(&str, &str); 4] = [
    (
        "frontier",
        include_str!("../../../../data/configs/matrix-frontier.toml"),
    ),
    (
        "headline",
        include_str!("../../../../data/configs/matrix-headline.toml"),
    ),
    (
        "paper",
        include_str!("../../../../data/configs/matrix-paper.toml"),
    ),
    (
        "sample",
        include_str!("../../../../data/configs/matrix-sample.toml"),
    ),
];

/// The matrix of a name, or in a file whose name ends with `.toml`; every name in it is known.
pub(crate) fn matrix(name_or_file: &str) -> Result<Matrix, Failure> {
    let layer = match MATRICES.iter().find(|(name, _)| *name == name_or_file) {
        Some((name, text)) => Layer::text(&format!("matrix {name}"), text)?,
        None if is_toml(name_or_file) => Layer::file(Path::new(name_or_file))?,
        None => {
            let names = MATRICES.map(|(name, _)| name);
            let layer = Layer::unwritten("--matrix, a name or a FILE.toml");
            return Err(unknown(&layer, "matrix", name_or_file, &names));
        }
    };
    let matrix: Matrix = parse(&layer)?;
    check_names(&matrix, &layer)?;
    Ok(matrix)
}

fn is_toml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|e| e == "toml")
}

/// Every name, where it stands in the file.
fn check_names(matrix: &Matrix, layer: &Layer) -> Result<(), Failure> {
    let known = |what, name: &String, names: &[&str]| check_in(layer, what, name, names);
    let presets = PRESETS.map(|(name, _)| name);
    let of_blocks = matrix.blocks.iter().map(|block| &block.preset);
    for name in of_blocks.chain([&matrix.preset]).flatten() {
        known("preset", name, &presets)?;
    }
    for name in &matrix.strategies {
        known("strategy", name, &Strategy::ALL.map(Strategy::name))?;
    }
    for block in &matrix.blocks {
        for name in &block.networks {
            known("network", name, &NetworkKind::ALL.map(NetworkKind::name))?;
        }
        for name in &block.corruptions {
            known("corruption", name, &CorruptionConfig::NAMES)?;
        }
    }
    Ok(())
}

/// The network of a name given on the command line.
pub(crate) fn network(name: &str) -> Result<NetworkKind, Failure> {
    let kind = NetworkKind::ALL.into_iter().find(|k| k.name() == name);
    let names = NetworkKind::ALL.map(NetworkKind::name);
    kind.ok_or_else(|| unknown(&Layer::unwritten("--networks"), "network", name, &names))
}

/// The corruption of a name given on the command line.
pub(crate) fn corruption(name: &str) -> Result<CorruptionConfig, Failure> {
    let layer = Layer::unwritten("--corruptions");
    check_in(&layer, "corruption", name, &CorruptionConfig::NAMES)?;
    Ok(CorruptionConfig::named(name)?)
}

/// Refuses a strategy on the command line that is none.
pub(crate) fn check_strategy(name: &str) -> Result<(), Failure> {
    let names = Strategy::ALL.map(Strategy::name);
    check_in(&Layer::unwritten("--strategies"), "strategy", name, &names)
}

fn check_in(layer: &Layer, what: &str, name: &str, known: &[&str]) -> Result<(), Failure> {
    if known.contains(&name) {
        return Ok(());
    }
    Err(unknown(layer, what, name, known))
}

fn unknown(layer: &Layer, what: &str, name: &str, known: &[&str]) -> Failure {
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let known = known.join(", ");
    let message = format!("unknown {what} `{name}`, expected one of {known}");
    diagnose::refuse(layer, &message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_SEVEN: [&str; 7] = [
        "none",
        "drops",
        "gaussian",
        "scratch",
        "stain",
        "mix-structural",
        "mix-stain-gaussian",
    ];

    fn pairs(matrix: &Matrix) -> Vec<(&str, &str)> {
        let entries = matrix.entries().into_iter();
        entries.map(|t| (t.network, t.corruption)).collect()
    }

    #[test]
    fn every_matrix_uses_known_names_and_strategies() {
        for (name, _) in MATRICES {
            let matrix = matrix(name).unwrap();
            let expected: &[&str] = match name {
                "frontier" => &["residual"],
                _ => &["residual", "uncertainty"],
            };
            assert_eq!(matrix.strategies, expected, "{name}");
        }
    }

    #[test]
    fn paper_and_sample_are_three_networks_by_seven_corruptions() {
        for (name, preset) in [("paper", "paper"), ("sample", "sample")] {
            let matrix = matrix(name).unwrap();
            assert_eq!(matrix.preset.as_deref(), Some(preset));
            let pairs = pairs(&matrix);
            assert_eq!(pairs.len(), 21);
            for network in ["ae", "aesc", "unet"] {
                for corruption in ALL_SEVEN {
                    assert!(pairs.contains(&(network, corruption)), "{name}");
                }
            }
        }
    }

    #[test]
    fn headline_is_aesc_with_stain_and_its_controls() {
        let matrix = matrix("headline").unwrap();
        let expected = [
            ("ae", "none"),
            ("ae", "stain"),
            ("aesc", "none"),
            ("aesc", "stain"),
        ];
        assert_eq!(
            (pairs(&matrix), matrix.preset.as_deref()),
            (expected.into(), None)
        );
    }
}
