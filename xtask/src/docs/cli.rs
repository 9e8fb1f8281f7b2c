//! The pages of `docs/cli.md`: what the built program says about itself.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fmt::Write;
use std::process::{Command, Stdio};

/// The help of `aesc`, then of each verb and of what stands below it.
pub(super) fn pages() -> Result<String> {
    let mut text = String::new();
    append(&mut text, &[])?;
    Ok(text)
}

fn append(text: &mut String, verbs: &[String]) -> Result<()> {
    let help = help(verbs)?;
    let title = [&["aesc".to_owned()], verbs].concat().join(" ");
    let level = "#".repeat(2 + verbs.len());
    write!(
        text,
        "\n{level} `{title}`\n\n```text\n{}\n```\n",
        help.trim_end()
    )?;
    for verb in subcommands(&help) {
        append(text, &[verbs, &[verb]].concat())?;
    }
    Ok(())
}

/// `--help` at a fixed width, whatever the terminal's.
fn help(verbs: &[String]) -> Result<String> {
    let program = workspace::target_dir().join("debug/aesc");
    let output = Command::new(&program)
        .args(verbs)
        .arg("--help")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .with_context(|| {
            format!(
                "{}: build it by `cargo build -p aesc-cli`",
                program.display()
            )
        })?;
    if !output.status.success() {
        bail!(
            "aesc {} --help: {}",
            verbs.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let text = String::from_utf8(output.stdout)?;
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    Ok(lines.join("\n"))
}

/// The names in the `Commands:` section, without `help`.
fn subcommands(help: &str) -> Vec<String> {
    let section = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let entries = section.take_while(|line| !line.is_empty());
    let names = entries
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_the_first_words_of_their_section() {
        let help = "Usage: a\n\nCommands:\n  train  Train\n  data   Check\n  help   Help\n\nOptions:\n  -v";
        assert_eq!(subcommands(help), ["train", "data"]);
        assert!(subcommands("Usage: a\n\nOptions:\n  -v").is_empty());
    }
}
