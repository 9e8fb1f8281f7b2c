//! The command line that does cells: the same program wherever an engine has it run.

use std::path::{Path, PathBuf};

/// How cells are done: `program bench run-cell --out DIR --cell ID --threads N …`.
#[derive(Debug, Clone)]
pub struct Worker {
    /// The `aesc` binary.
    pub program: PathBuf,
    /// Threads given to each cell; 0 counts as 1.
    pub threads: usize,
    /// Further arguments of every cell: `--device cpu`.
    pub extra_args: Vec<String>,
}

impl Worker {
    /// What follows `--cell ID`.
    pub(crate) fn tail(&self) -> Vec<String> {
        let threads = self.threads.max(1).to_string();
        let mut words = vec!["--threads".to_owned(), threads];
        words.extend(self.extra_args.iter().cloned());
        words
    }

    /// The command as a line for a POSIX shell; `cells` stands in it as it is.
    pub(crate) fn line(&self, dir: &Path, cells: &str) -> String {
        let program = quoted(&self.program.to_string_lossy());
        let dir = quoted(&dir.to_string_lossy());
        let tail: Vec<String> = self.tail().iter().map(|word| quoted(word)).collect();
        let tail = tail.join(" ");
        format!("{program} bench run-cell --out {dir} --cell {cells} {tail}")
    }
}

/// A word as a POSIX shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_a_shell_would_split_or_expand_are_quoted() {
        for (word, expected) in [
            ("runs/a-b_1.0", "runs/a-b_1.0"),
            ("my runs", "'my runs'"),
            ("$HOME", "'$HOME'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
