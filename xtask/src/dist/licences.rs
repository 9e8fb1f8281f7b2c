//! What the program is made of, and under which licences.

use crate::workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Beginnings of the names of licence texts.
const TEXTS: [&str; 6] = [
    "LICENSE",
    "LICENCE",
    "COPYING",
    "NOTICE",
    "UNLICENSE",
    "COPYRIGHT",
];

/// A package and its licence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Licence {
    pub(super) name: String,
    pub(super) version: String,
    /// As its manifest says, for instance `MIT OR Apache-2.0`.
    pub(super) expression: String,
    /// The texts that come with it.
    pub(super) texts: Vec<PathBuf>,
}

/// The licences of every package from outside that is linked into `aesc`.
pub(super) fn collect(without_libtorch: bool) -> Result<Vec<Licence>> {
    let mut tree = workspace::cargo();
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    tree.args([
        "tree",
        "--package",
        "aesc-cli",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    tree.args(["--format", "{p}", "--target", &target]);
    if without_libtorch {
        tree.arg("--no-default-features");
    }
    let linked = linked(&stdout(tree)?);
    let mut metadata = workspace::cargo();
    metadata.args(["metadata", "--format-version", "1"]);
    let metadata = serde_json::from_str(&stdout(metadata)?).context("cargo metadata")?;
    of_packages(&metadata, &linked)
}

fn stdout(mut command: Command) -> Result<String> {
    let output = command.output().context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("cargo: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("cargo's answer is not UTF-8")
}

/// Names and versions in the lines of `cargo tree`, such as `serde v1.0.228 (*)`.
fn linked(tree: &str) -> BTreeSet<(String, String)> {
    let package = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        Some((name, words.next()?.strip_prefix('v')?.to_owned()))
    };
    tree.lines().filter_map(package).collect()
}

fn of_packages(metadata: &Value, linked: &BTreeSet<(String, String)>) -> Result<Vec<Licence>> {
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?;
    let mut found = Vec::new();
    for package in packages {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let (name, version) = (text("name"), text("version"));
        // Ours have no source; their licence lies on top of the archive.
        let is_ours = package["source"].is_null();
        if is_ours || !linked.contains(&(name.clone(), version.clone())) {
            continue;
        }
        let manifest = PathBuf::from(text("manifest_path"));
        found.push(Licence {
            name,
            version,
            expression: text("license"),
            texts: texts(manifest.parent().unwrap_or(Path::new("")))?,
        });
    }
    found.sort();
    Ok(found)
}

fn texts(package: &Path) -> Result<Vec<PathBuf>> {
    let mut texts = Vec::new();
    let entries = package
        .read_dir()
        .with_context(|| format!("cannot read {}", package.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if entry.file_type()?.is_file() && TEXTS.iter().any(|text| name.starts_with(text)) {
            texts.push(entry.path());
        }
    }
    texts.sort();
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_the_first_two_words_of_a_line() {
        let tree = "aesc-cli v0.1.0 (/x/crates/aesc-cli)\nserde v1.0.1\nserde v1.0.1 (*)\n\n";
        let found: Vec<_> = linked(tree).into_iter().collect();
        let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(found, [pair("aesc-cli", "0.1.0"), pair("serde", "1.0.1")]);
    }

    #[test]
    fn only_linked_packages_from_outside_are_listed_with_their_texts() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["LICENSE-MIT", "license.txt", "Cargo.toml", "notes.md"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let package = |name: &str, source: Value| {
            let manifest = dir.path().join("Cargo.toml");
            serde_json::json!({ "name": name, "version": "1.0.0", "license": "MIT",
                "source": source, "manifest_path": manifest })
        };
        let packages = [
            package("a", "r".into()),
            package("b", "r".into()),
            package("c", Value::Null),
        ];
        let metadata = serde_json::json!({ "packages": packages });
        let found = of_packages(&metadata, &linked("a v1.0.0\nc v1.0.0\n")).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].name.as_str(), found[0].expression.as_str()),
            ("a", "MIT")
        );
        let names = found[0]
            .texts
            .iter()
            .map(|text| text.file_name().unwrap().to_string_lossy());
        assert_eq!(names.collect::<Vec<_>>(), ["LICENSE-MIT", "license.txt"]);
    }
}
