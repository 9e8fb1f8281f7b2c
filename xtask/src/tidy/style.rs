//! What every file keeps: a header, a bounded length, reasons, and no trace of a machine.

use super::Finding;
use super::source::Source;

const MAX_LINES: usize = 400;

/// Hosts of package registries; dependencies are named in manifests, never by address.
const REGISTRIES: [&str; 5] = [
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("crates", ".io"),
    concat!("npmjs", ".com"),
    concat!("proxy.golang", ".org"),
];

/// Beginnings of paths that exist on one machine only.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("/t", "mp/"),
];

/// The rules on any text file, and those on Rust files.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    // The lock file names its registry as cargo writes it.
    if source.path == "Cargo.lock" {
        return Vec::new();
    }
    let mut findings = traces(source);
    if source.is_rust() {
        findings.extend(header(source));
        findings.extend(length(source));
        findings.extend(bare_allows(source));
    }
    findings
}

fn traces(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        if let Some(host) = REGISTRIES.iter().find(|host| line.contains(**host)) {
            findings.push(at(source, index + 1, "registry host", host));
        }
        if let Some(path) = MACHINE_PATHS.iter().find(|path| begins_a_path(line, path)) {
            findings.push(at(source, index + 1, "machine path", path));
        }
    }
    findings
}

/// Whether `path` stands in `line` as the start of a path, not in the middle of an address.
fn begins_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~}/".contains(c))
    })
}

fn header(source: &Source) -> Option<Finding> {
    let opens = source.text.starts_with("//!");
    (!opens).then(|| {
        at(
            source,
            1,
            "header",
            "the first line must be //! and say what this is",
        )
    })
}

fn length(source: &Source) -> Option<Finding> {
    let n_lines = source.text.lines().count();
    let what = format!("{n_lines} lines, {MAX_LINES} at most: split it by topic");
    (n_lines > MAX_LINES).then(|| at(source, MAX_LINES + 1, "length", &what))
}

/// `allow` attributes; `expect` with a reason tells when it is no longer needed.
fn bare_allows(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let trimmed = line.trim_start();
        let is_attribute = trimmed.starts_with("#[") || trimmed.starts_with("#![");
        if is_attribute
            && trimmed.contains("allow(")
            && !attribute(source, index).contains("reason")
        {
            findings.push(at(
                source,
                index + 1,
                "allow",
                "give a reason, or use expect",
            ));
        }
    }
    findings
}

/// The attribute that begins at line `index`, to its closing bracket.
fn attribute(source: &Source, index: usize) -> String {
    let mut text = String::new();
    for line in source.text.lines().skip(index) {
        text.push_str(line);
        if line.trim_end().ends_with(']') {
            break;
        }
    }
    text
}

fn at(source: &Source, line: usize, rule: &'static str, what: &str) -> Finding {
    Finding {
        path: source.path.clone(),
        line,
        rule,
        what: what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&Source::new(path, text))
            .iter()
            .map(|finding| finding.rule)
            .collect()
    }

    #[test]
    fn a_file_without_header_is_found() {
        assert_eq!(rules("a.rs", "use b;\n"), ["header"]);
        assert!(rules("a.rs", "//! What it is.\n").is_empty());
    }

    #[test]
    fn the_401st_line_is_one_too_many() {
        assert!(rules("a.rs", &"//!\n".repeat(400)).is_empty());
        assert_eq!(rules("a.rs", &"//!\n".repeat(401)), ["length"]);
    }

    #[test]
    fn an_allow_needs_a_reason_in_its_attribute() {
        let bare = concat!("//!\n#[al", "low(dead_code)]\n");
        assert_eq!(rules("a.rs", bare), ["allow"]);
        let reasoned = concat!(
            "//!\n#![al",
            "low(\n    dead_code,\n    reason = \"x\"\n)]\n"
        );
        assert!(rules("a.rs", reasoned).is_empty());
    }

    #[test]
    fn hosts_and_paths_of_a_machine_are_found_but_not_inside_addresses() {
        let host = format!("see https://{}/torch", REGISTRIES[0]);
        assert_eq!(rules("docs/a.md", &host), ["registry host"]);
        for path in MACHINE_PATHS {
            assert_eq!(rules("docs/a.md", &format!("`{path}x`")), ["machine path"]);
            assert!(rules("docs/a.md", &format!("https://example.org{path}x")).is_empty());
        }
    }
}
