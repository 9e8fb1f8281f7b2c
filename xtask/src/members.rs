//! The workspace's members, read from their manifests, and which of them build without libtorch.

use crate::workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use toml::{Table, Value};

/// What a manifest says about building without libtorch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) purity: Purity,
}

/// Whether a member needs libtorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purity {
    /// Never.
    Pure,
    /// Only by its default features.
    WithoutDefaultFeatures,
    /// Always: it names tch itself.
    Libtorch,
}

/// All members, sorted by name.
pub(crate) fn all() -> Result<Vec<Member>> {
    let root = workspace::root();
    let mut members = vec![read(&root.join("xtask"))?];
    for entry in fs::read_dir(root.join("crates"))? {
        let dir = entry?.path();
        if dir.join("Cargo.toml").exists() {
            members.push(read(&dir)?);
        }
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(members)
}

fn read(dir: &Path) -> Result<Member> {
    let path = dir.join("Cargo.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} is no manifest", path.display()))
}

fn parse(text: &str) -> Result<Member> {
    let table: Table = text.parse()?;
    let name = table
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(Value::as_str);
    let name = name.context("it names no package")?.to_owned();
    let dependency = |name: &str| table.get("dependencies").and_then(|all| all.get(name));
    let is_optional = |value: &Value| {
        value
            .get("optional")
            .and_then(Value::as_bool)
            .unwrap_or(false)
    };
    let purity = match (dependency("tch"), dependency("aesc-model")) {
        (None, None) => Purity::Pure,
        (None, Some(model)) if is_optional(model) => Purity::WithoutDefaultFeatures,
        _ => Purity::Libtorch,
    };
    Ok(Member { name, purity })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purity(dependencies: &str) -> Purity {
        let text = format!("[package]\nname = \"a\"\n[dependencies]\n{dependencies}");
        parse(&text).unwrap().purity
    }

    #[test]
    fn what_a_member_depends_on_tells_whether_it_needs_libtorch() {
        assert_eq!(purity("serde.workspace = true"), Purity::Pure);
        assert_eq!(purity("tch.workspace = true"), Purity::Libtorch);
        assert_eq!(purity("aesc-model.workspace = true"), Purity::Libtorch);
        let optional = "aesc-model = { workspace = true, optional = true }";
        assert_eq!(purity(optional), Purity::WithoutDefaultFeatures);
    }

    #[test]
    fn the_workspace_has_one_member_behind_the_wall() {
        let members = all().unwrap();
        let of = |purity| members.iter().filter(move |member| member.purity == purity);
        assert_eq!(
            of(Purity::Libtorch)
                .map(|m| m.name.as_str())
                .collect::<Vec<_>>(),
            ["aesc-model"]
        );
        assert_eq!(of(Purity::WithoutDefaultFeatures).count(), 1);
    }
}
