//! `cargo xtask tidy`: the invariants of `docs/architecture.md`, checked on manifests and source.
//!
//! Each rule is a function from text to findings; all findings are reported at once.

mod graph;
mod purity;
mod source;
mod style;
mod writes;

use crate::workspace;
use anyhow::{Context, Result, bail};
use source::Source;
use std::fmt;
use std::path::Path;
use std::process::Command;

/// One place that breaks a rule; the line counts from 1.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}: {}",
            self.path, self.line, self.rule, self.what
        )
    }
}

/// Checks the whole repository.
///
/// # Errors
/// Rules are broken (all of them are printed first) or a file cannot be read.
pub(crate) fn run() -> Result<()> {
    let sources = read(&workspace::root())?;
    let findings = findings(&sources);
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} findings", findings.len());
    }
    eprintln!("tidy: {} files keep every rule", sources.len());
    Ok(())
}

fn findings(sources: &[Source]) -> Vec<Finding> {
    let mut findings = graph::check(sources);
    for source in sources {
        findings.extend(style::check(source));
        if source.is_rust() {
            findings.extend(graph::tch_named(source));
            findings.extend(purity::check(source));
            findings.extend(writes::check(source));
        }
    }
    findings.sort();
    findings
}

/// The text files git knows, new ones included.
fn read(root: &Path) -> Result<Vec<Source>> {
    let mut git = Command::new("git");
    git.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let output = git
        .current_dir(root)
        .output()
        .context("tidy asks git for the files")?;
    if !output.status.success() {
        bail!(
            "git ls-files: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let names = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    let mut sources = Vec::new();
    for path in names.split('\0').filter(|name| !name.is_empty()) {
        // Deleted but not yet committed, or not text: nothing to read.
        let bytes = std::fs::read(root.join(path)).ok();
        if let Some(text) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            sources.push(Source::new(path, text));
        }
    }
    Ok(sources)
}
