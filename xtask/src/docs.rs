//! `cargo xtask docs`: writes what README and docs quote from stored results and from the program
//! itself, so that no figure is typed by hand.
//!
//! A generated block stands between `<!-- aesc:begin NAME ARGS -->` and `<!-- aesc:end -->`:
//! `results FILE` is the short table of `data/results/FILE`, `report FILE` all of its tables,
//! `compared FILE` every metric with its cost, `csv FILE` a plain table, `speed FILE` that of
//! `cargo xtask bench-speed`,
//! `hours FILE[@STEPS] …` the time of the whole matrix, `cli` the `--help` of every verb. Plots of
//! accuracy against cost are drawn from [`PLOTTED`].

mod cli;
mod hours;

use crate::{bench_speed, workspace};
use anyhow::{Context, Result, bail};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- aesc:begin ";
const END: &str = "<!-- aesc:end -->";

/// Results that are drawn beside published ones, each with its picture.
const PLOTTED: [(&str, &str); 2] = [
    ("mvtec256-quick.json", "docs/images/cost-accuracy.svg"),
    (
        "mvtec256-frontier.json",
        "docs/images/cost-accuracy-frontier.svg",
    ),
];

/// `cargo xtask docs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing: fail naming the blocks that are not up to date
    #[arg(long)]
    check: bool,
}

/// Runs the command.
///
/// # Errors
/// A block cannot be generated; with `--check`, one is not up to date.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.check {
        return check();
    }
    for page in pages()? {
        let (old, new, _) = renew(&page)?;
        if old != new {
            aesc_bench::write_atomic(&page, new.as_bytes())?;
            eprintln!("renewed {}", relative(&page));
        }
    }
    for (picture, svg) in stale_plots()? {
        aesc_bench::write_atomic(&workspace::root().join(picture), svg.as_bytes())?;
        eprintln!("renewed {picture}");
    }
    Ok(())
}

/// Fails naming every block that is not what its generator gives.
pub(crate) fn check() -> Result<()> {
    let mut stale = Vec::new();
    for page in pages()? {
        let (_, _, blocks) = renew(&page)?;
        stale.extend(
            blocks
                .into_iter()
                .map(|block| format!("{}: {block}", relative(&page))),
        );
    }
    let plots = stale_plots()?;
    stale.extend(plots.into_iter().map(|(picture, _)| picture.to_owned()));
    if !stale.is_empty() {
        bail!(
            "not up to date, run `cargo xtask docs`:\n  {}",
            stale.join("\n  ")
        );
    }
    Ok(())
}

/// The plots that are not as they should be, and how they should.
fn stale_plots() -> Result<Vec<(&'static str, String)>> {
    let mut stale = Vec::new();
    for (file, picture) in PLOTTED {
        let svg = aesc_bench::report::cost_svg(&stored(file)?);
        let svg =
            svg.with_context(|| format!("{file}: expected categories of published figures"))?;
        let old = fs::read_to_string(workspace::root().join(picture)).unwrap_or_default();
        if old != svg {
            stale.push((picture, svg));
        }
    }
    Ok(stale)
}

/// README.md and every page of docs, sorted.
fn pages() -> Result<Vec<PathBuf>> {
    let root = workspace::root();
    let mut pages: Vec<PathBuf> = vec![root.join("README.md")];
    for entry in fs::read_dir(root.join("docs"))? {
        pages.push(entry?.path());
    }
    pages.retain(|page| page.extension().is_some_and(|e| e == "md") && page.exists());
    pages.sort();
    Ok(pages)
}

fn relative(page: &Path) -> String {
    page.strip_prefix(workspace::root())
        .unwrap_or(page)
        .display()
        .to_string()
}

/// A page as it is, as it should be, and the names of the blocks in which the two differ.
fn renew(page: &Path) -> Result<(String, String, Vec<String>)> {
    let old = fs::read_to_string(page).with_context(|| relative(page))?;
    let (mut new, mut stale) = (old.clone(), Vec::new());
    // From the last to the first, so that earlier positions stay true.
    for block in blocks(&old)
        .with_context(|| relative(page))?
        .into_iter()
        .rev()
    {
        let fresh =
            generate(&block.name).with_context(|| format!("{}: {}", relative(page), block.name))?;
        if old[block.body.clone()] != fresh {
            new.replace_range(block.body, &fresh);
            stale.insert(0, block.name);
        }
    }
    Ok((old, new, stale))
}

/// A generated part of a page.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    /// Name and arguments of its generator.
    name: String,
    /// The text between the two markers.
    body: Range<usize>,
}

fn blocks(text: &str) -> Result<Vec<Block>> {
    let (mut blocks, mut at) = (Vec::new(), 0);
    while let Some(found) = text[at..].find(BEGIN) {
        let name_start = at + found + BEGIN.len();
        let name_len = text[name_start..]
            .find(" -->")
            .context("a block's marker has no end")?;
        let name = text[name_start..name_start + name_len].to_owned();
        let start = name_start + name_len + " -->".len();
        let length = text[start..]
            .find(END)
            .with_context(|| format!("{name}: no {END}"))?;
        if text[start..start + length].contains(BEGIN) {
            bail!("{name}: another block begins before its {END}");
        }
        at = start + length + END.len();
        blocks.push(Block {
            name,
            body: start..start + length,
        });
    }
    Ok(blocks)
}

/// What belongs between the markers of the block `name`.
fn generate(name: &str) -> Result<String> {
    let text = match name.split_once(' ').unwrap_or((name, "")) {
        ("results", file) => aesc_bench::report::results_table(&stored(file)?),
        ("report", file) => demoted(&aesc_bench::report::markdown(&stored(file)?)),
        ("compared", file) => demoted(&aesc_bench::report::compared_table(&stored(file)?)),
        ("csv", file) => table(&read(file)?),
        ("speed", file) => bench_speed::stored_table(&read(file)?)?,
        ("hours", words) => hours(words)?,
        ("cli", "") => cli::pages()?,
        _ => {
            bail!(
                "no generator of this name; there are: results FILE, report FILE, compared FILE, csv \
                 FILE, speed FILE, hours FILE[@STEPS] …, cli"
            )
        }
    };
    Ok(format!("\n{}\n", text.trim_matches('\n')))
}

/// What the whole matrix takes by the times in some results.
fn hours(words: &str) -> Result<String> {
    let rows = words.split(' ').map(|word| {
        let (file, steps) = hours::file_and_steps(word);
        let report = stored(file)?;
        Ok(hours::Measured {
            file,
            report,
            steps,
        })
    });
    Ok(hours::table(&rows.collect::<Result<Vec<_>>>()?))
}

/// The report `data/results/FILE`.
fn stored(file: &str) -> Result<aesc_bench::Report> {
    Ok(aesc_bench::report::parse(&read(file)?, &result_path(file))?)
}

fn read(file: &str) -> Result<String> {
    let path = result_path(file);
    fs::read_to_string(&path).with_context(|| relative(&path))
}

fn result_path(file: &str) -> PathBuf {
    workspace::root().join("data/results").join(file)
}

/// A CSV of names and numbers, its header first, as a Markdown table.
fn table(csv: &str) -> String {
    let mut lines = csv.lines();
    let row = |line: &str| format!("| {} |\n", line.replace(',', " | "));
    let header = lines.next().unwrap_or_default();
    let rule = format!("|---|{}\n", "---:|".repeat(header.matches(',').count()));
    row(header) + &rule + &lines.map(row).collect::<String>()
}

/// Every heading one level deeper: the text becomes part of a page.
fn demoted(text: &str) -> String {
    let line = |line: &str| {
        let mark = if line.starts_with('#') { "#" } else { "" };
        format!("{mark}{line}\n")
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_name_and_body() {
        let text = "a\n<!-- aesc:begin results x.json -->\nold\n<!-- aesc:end -->\n\
                    <!-- aesc:begin cli --><!-- aesc:end -->";
        let found = blocks(text).unwrap();
        assert_eq!(found[0].name, "results x.json");
        assert_eq!(&text[found[0].body.clone()], "\nold\n");
        assert_eq!((found[1].name.as_str(), found[1].body.len()), ("cli", 0));
    }

    #[test]
    fn an_open_block_and_one_inside_another_are_refused() {
        assert!(blocks("<!-- aesc:begin cli -->").is_err());
        let nested = "<!-- aesc:begin a --> <!-- aesc:begin b --> <!-- aesc:end -->";
        assert!(
            blocks(nested)
                .unwrap_err()
                .to_string()
                .contains("another block begins")
        );
    }

    #[test]
    fn an_unknown_generator_names_those_there_are() {
        assert!(
            generate("weather")
                .unwrap_err()
                .to_string()
                .contains("results FILE")
        );
    }

    #[test]
    fn a_csv_becomes_a_table_with_numbers_to_the_right() {
        let expected = "| name | a |\n|---|---:|\n| x | 0.5 |\n";
        assert_eq!(table("name,a\nx,0.5\n"), expected);
    }

    #[test]
    fn headings_go_one_level_deeper_and_text_stays() {
        assert_eq!(demoted("# A\n\nb # c\n## D"), "## A\n\nb # c\n### D\n");
    }

    #[test]
    fn a_missing_result_is_named() {
        let error = generate("results nowhere.json").unwrap_err();
        assert!(
            format!("{error:#}").contains("data/results/nowhere.json"),
            "{error:#}"
        );
    }
}
