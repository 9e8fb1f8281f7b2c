//! Who may know whom: the crate graph, and tch behind one wall (invariants 1 and 4).

use super::Finding;
use super::source::{Source, has_word};
use toml::{Table, Value};

/// Every member and the members it may depend on.
const ARROWS: [(&str, &[&str]); 11] = [
    ("aesc-image", &[]),
    ("aesc-noise", &["aesc-image"]),
    ("aesc-data", &["aesc-image"]),
    ("aesc-detect", &["aesc-image"]),
    ("aesc-eval", &[]),
    (
        "aesc-artifact",
        &["aesc-data", "aesc-detect", "aesc-image", "aesc-noise"],
    ),
    (
        "aesc-model",
        &[
            "aesc-artifact",
            "aesc-data",
            "aesc-detect",
            "aesc-image",
            "aesc-noise",
        ],
    ),
    ("aesc-onnx", &["aesc-artifact", "aesc-detect", "aesc-image"]),
    ("aesc-bench", &["aesc-eval"]),
    (
        "aesc-cli",
        &[
            "aesc-artifact",
            "aesc-bench",
            "aesc-data",
            "aesc-detect",
            "aesc-eval",
            "aesc-image",
            "aesc-model",
            "aesc-noise",
            "aesc-onnx",
        ],
    ),
    ("xtask", &["aesc-bench", "aesc-data"]),
];

/// The one crate behind whose wall tch lives.
const TCH_OWNER: &str = "aesc-model";
const TCH_CRATES: [&str; 2] = ["tch", "torch-sys"];

/// The rules on manifests and the lock file.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let is_manifest = |source: &&Source| source.inner_path() == "Cargo.toml" && is_member(source);
    let mut findings: Vec<Finding> = sources
        .iter()
        .filter(is_manifest)
        .flat_map(manifest)
        .collect();
    if !sources.iter().any(|source| source.path == "Cargo.lock") {
        findings.push(at("Cargo.lock", 1, "lock file", "is not in the repository"));
    }
    findings
}

fn is_member(source: &Source) -> bool {
    source.path.starts_with("crates/") || source.path.starts_with("xtask/")
}

fn manifest(source: &Source) -> Vec<Finding> {
    let name = source.krate();
    let table: Table = match source.text.parse() {
        Ok(table) => table,
        Err(error) => return vec![at(&source.path, 1, "manifest", error.to_string())],
    };
    let Some((_, allowed)) = ARROWS.iter().find(|(member, _)| *member == name) else {
        return vec![at(
            &source.path,
            1,
            "crate graph",
            format!("{name} has no place in it"),
        )];
    };
    let mut findings = Vec::new();
    let inherits = |lints: &Value| lints.get("workspace").and_then(Value::as_bool);
    if table.get("lints").and_then(inherits) != Some(true) {
        findings.push(at(
            &source.path,
            1,
            "lints",
            "the workspace's lints are not inherited",
        ));
    }
    for dependency in dependencies(&table) {
        let line = line_of(&source.text, &dependency);
        let is_ours = ARROWS.iter().any(|(member, _)| *member == dependency);
        if is_ours && !allowed.contains(&dependency.as_str()) {
            let what = format!("{name} may not depend on {dependency}");
            findings.push(at(&source.path, line, "crate graph", what));
        }
        if TCH_CRATES.contains(&dependency.as_str()) && name != TCH_OWNER {
            let what = format!("only {TCH_OWNER} may depend on {dependency}");
            findings.push(at(&source.path, line, "tch wall", what));
        }
    }
    findings
}

/// The names in every dependency table, those of targets included; a rename counts by `package`.
fn dependencies(table: &Table) -> Vec<String> {
    let mut names = Vec::new();
    for (key, value) in table {
        let Some(inner) = value.as_table() else {
            continue;
        };
        if key.ends_with("dependencies") {
            names.extend(inner.iter().map(|(name, dependency)| {
                let package = dependency.get("package").and_then(Value::as_str);
                package.unwrap_or(name).to_owned()
            }));
        } else if key == "target" {
            let targets = inner.values().filter_map(Value::as_table);
            names.extend(targets.flat_map(dependencies));
        }
    }
    names
}

fn line_of(text: &str, word: &str) -> usize {
    text.lines()
        .position(|line| has_word(line, word))
        .map_or(1, |index| index + 1)
}

/// tch in source: nowhere but behind the wall, and there in no public signature.
pub(super) fn tch_named(source: &Source) -> Vec<Finding> {
    if source.krate() != TCH_OWNER {
        let lines = source.shipped_lines().into_iter();
        return lines
            .filter(|(_, line)| TCH_CRATES.iter().any(|tch| names_crate(line, tch)))
            .map(|(line, text)| at(&source.path, line, "tch wall", text.trim()))
            .collect();
    }
    let imported = imported_from_tch(source);
    let mut findings = Vec::new();
    for (line, signature) in public_signatures(source) {
        if signature.contains("tch::") || imported.iter().any(|name| has_word(&signature, name)) {
            let what = format!("tch in a public signature: {signature}");
            findings.push(at(&source.path, line, "tch wall", what));
        }
    }
    findings
}

/// Whether a line of code uses a path into this crate.
fn names_crate(line: &str, name: &str) -> bool {
    let name = name.replace('-', "_");
    has_word(line, &name) && line.contains(&format!("{name}::"))
}

/// The names that `use tch::…` brings into a file.
fn imported_from_tch(source: &Source) -> Vec<String> {
    let mut names = Vec::new();
    for (_, line) in source.shipped_lines() {
        let Some(list) = line.trim().strip_prefix("use tch::") else {
            continue;
        };
        let words = list.split(|c: char| !c.is_alphanumeric() && c != '_');
        names.extend(
            words
                .filter(|word| !word.is_empty() && *word != "self")
                .map(str::to_owned),
        );
    }
    names
}

/// `pub` items and fields up to their body, each in one line.
fn public_signatures(source: &Source) -> Vec<(usize, String)> {
    let lines = source.shipped_lines();
    let is_public = |line: &str| line.trim_start().starts_with("pub ");
    let starts = (0..lines.len()).filter(|&i| is_public(&lines[i].1));
    starts
        .map(|start| {
            let ends = |line: &str| line.contains(['{', ';']) || line.trim_end().ends_with(',');
            let is_fn = lines[start].1.contains("fn ");
            let stops = |line: &str| {
                if is_fn {
                    line.contains(['{', ';'])
                } else {
                    ends(line)
                }
            };
            let rest = &lines[start..];
            let count = rest
                .iter()
                .position(|(_, line)| stops(line))
                .map_or(1, |n| n + 1);
            let text: Vec<&str> = rest[..count].iter().map(|(_, line)| line.trim()).collect();
            (lines[start].0, text.join(" "))
        })
        .collect()
}

fn at(path: &str, line: usize, rule: &'static str, what: impl Into<String>) -> Finding {
    Finding {
        path: path.to_owned(),
        line,
        rule,
        what: what.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINTS: &str = "[lints]\nworkspace = true\n";

    fn found(path: &str, text: &str) -> Vec<String> {
        let lock = Source::new("Cargo.lock", "");
        check(&[Source::new(path, text), lock])
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn an_arrow_against_the_flow_is_found_at_its_line() {
        let text = format!("{LINTS}[dev-dependencies]\naesc-data.workspace = true\n");
        let found = found("crates/aesc-noise/Cargo.toml", &text);
        let expected = "crates/aesc-noise/Cargo.toml:4: crate graph: \
                        aesc-noise may not depend on aesc-data";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn an_allowed_arrow_is_no_finding() {
        let text = format!("{LINTS}[dependencies]\naesc-image.workspace = true\n");
        assert!(found("crates/aesc-noise/Cargo.toml", &text).is_empty());
    }

    #[test]
    fn tch_in_another_manifest_is_found_even_renamed_and_for_a_target() {
        let text = format!("{LINTS}[target.'cfg(unix)'.dependencies]\nt = {{ package = \"tch\" }}");
        let found = found("crates/aesc-detect/Cargo.toml", &text);
        assert!(
            found[0].ends_with("tch wall: only aesc-model may depend on tch"),
            "{found:?}"
        );
    }

    #[test]
    fn lints_that_are_not_inherited_and_an_unknown_crate_are_found() {
        assert!(found("xtask/Cargo.toml", "")[0].contains("not inherited"));
        assert!(found("crates/aesc-new/Cargo.toml", LINTS)[0].contains("has no place"));
    }

    #[test]
    fn a_missing_lock_file_is_found() {
        assert!(check(&[])[0].to_string().contains("lock file"));
    }

    #[test]
    fn tch_in_a_public_signature_is_found_and_inside_it_is_not() {
        let text = "use tch::{Kind, Tensor};\npub fn run(\n    a: &Tensor,\n) -> bool {\n    \
                    tch::no_grad(|| true)\n}\npub(crate) fn inner(kind: Kind) {}\n";
        let source = Source::new("crates/aesc-model/src/a.rs", text);
        let found = tch_named(&source);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 2);
    }

    #[test]
    fn a_public_field_of_tch_is_found() {
        let text = "pub struct A {\n    pub inner: tch::Tensor,\n}\n";
        let source = Source::new("crates/aesc-model/src/a.rs", text);
        assert_eq!(tch_named(&source)[0].line, 2);
    }

    #[test]
    fn tch_named_by_another_crate_is_found() {
        let source = Source::new(
            "crates/aesc-cli/src/a.rs",
            "fn f() { tch::set_num_threads(1) }",
        );
        assert_eq!(tch_named(&source).len(), 1);
        let innocent = Source::new("crates/aesc-noise/src/a.rs", "use crate::patch::Patch;");
        assert!(tch_named(&innocent).is_empty());
    }
}
