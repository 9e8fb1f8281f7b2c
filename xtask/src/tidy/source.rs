//! A file as the rules see it: where it belongs, and its lines without comments and tests.

/// A text file by its path from the repository's root.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.extension_is("rs")
    }

    pub(super) fn extension_is(&self, extension: &str) -> bool {
        std::path::Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }

    /// The crate's folder name: `aesc-noise` of `crates/aesc-noise/src/lib.rs`.
    pub(super) fn krate(&self) -> &str {
        let inner = self.path.strip_prefix("crates/").unwrap_or(&self.path);
        inner.split('/').next().unwrap_or(inner)
    }

    /// The path below the crate's folder: `src/lib.rs`.
    pub(super) fn inner_path(&self) -> &str {
        let at = self
            .path
            .find(self.krate())
            .map_or(0, |at| at + self.krate().len());
        self.path[at..].trim_start_matches('/')
    }

    /// Whether the whole file is compiled for tests, benches or examples only.
    pub(super) fn is_test_file(&self) -> bool {
        let inner = self.inner_path();
        ["tests/", "benches/", "examples/"]
            .iter()
            .any(|folder| inner.starts_with(folder))
            || inner.ends_with("/tests.rs")
            || inner.contains("/tests/")
    }

    /// The code that ships, by line from 1: without comments, the content of strings, and items
    /// under `#[cfg(test)]`.
    pub(super) fn shipped_lines(&self) -> Vec<(usize, String)> {
        if self.is_test_file() {
            return Vec::new();
        }
        let mut shipped = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            let trimmed = line.trim_start();
            if trimmed.starts_with("#[cfg(test)]") {
                skip_item(&mut lines, indent(line));
            } else if !trimmed.starts_with("//") {
                shipped.push((index + 1, without_strings(line)));
            }
        }
        shipped
    }
}

/// Skips an item that begins after its `cfg`: one line ending in `;`, or to the closing brace.
fn skip_item<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, depth: usize) {
    for (_, line) in lines {
        let trimmed = line.trim();
        let is_one_line = trimmed.ends_with(';') || trimmed.ends_with("{}");
        let closes = trimmed.starts_with('}');
        if indent(line) == depth && !trimmed.starts_with('#') && (is_one_line || closes) {
            return;
        }
    }
}

/// The line with every string literal emptied, and without a comment at its end.
fn without_strings(line: &str) -> String {
    let mut code = String::new();
    let mut inside = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if inside => drop(chars.next()),
            // The character literal of a quote opens no string.
            '\'' if !inside && chars.peek() == Some(&'"') => drop(chars.next()),
            '"' => {
                inside = !inside;
                code.push(c);
            }
            '/' if !inside && chars.peek() == Some(&'/') => break,
            _ if inside => {}
            c => code.push(c),
        }
    }
    code
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether `word` stands in `line` with no letter, digit or underscore at either side.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_comments_do_not_ship() {
        let text = "use a;\n// b\n#[cfg(test)]\nmod t;\nfn c() {\n}\n\
                    #[cfg(test)]\nmod tests {\n    fn d() {\n    }\n}\nfn e() {}\n";
        let source = Source::new("crates/x/src/a.rs", text);
        let lines = source.shipped_lines();
        let expected = [(1, "use a;"), (5, "fn c() {"), (6, "}"), (12, "fn e() {}")];
        assert_eq!(lines, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn strings_are_emptied_and_comments_cut() {
        let line = r#"let a = "fs::write \" b" + '"' + c; // d"#;
        assert_eq!(without_strings(line), "let a = \"\" + ' + c; ");
        assert_eq!(without_strings("let a = 1 / b;"), "let a = 1 / b;");
    }

    #[test]
    fn a_path_tells_crate_and_place() {
        let source = Source::new("crates/aesc-noise/src/stain.rs", "");
        assert_eq!(
            (source.krate(), source.inner_path()),
            ("aesc-noise", "src/stain.rs")
        );
        let source = Source::new("xtask/src/main.rs", "");
        assert_eq!(
            (source.krate(), source.inner_path()),
            ("xtask", "src/main.rs")
        );
        assert!(Source::new("crates/a/tests/it/main.rs", "").is_test_file());
        assert!(Source::new("xtask/src/libtorch/tests/host.rs", "").is_test_file());
        assert!(!Source::new("xtask/src/test.rs", "").is_test_file());
    }

    #[test]
    fn words_end_where_names_end() {
        assert!(has_word("use tch::Tensor;", "tch"));
        assert!(!has_word("patch::apply()", "tch"));
        assert!(has_word("patch(tch)", "tch"));
    }
}
