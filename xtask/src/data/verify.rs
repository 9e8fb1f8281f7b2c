//! `cargo xtask data verify DIR`: a folder of MVTec AD against the published counts, every image
//! and mask read; all problems at once.

use super::category::{miscounts, no_masks};
use crate::stop::{DATA, Stop};
use aesc_data::{CheckReport, Limits, MvtecCategory, Severity, Split, check};
use anyhow::{Context, Result};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Prints a table of the categories in `dir` and all that is wrong with them.
///
/// # Errors
/// A [`Stop`] with exit code 3: anything is off, or there is no category at all.
pub(super) fn run(dir: &Path, categories: &[MvtecCategory]) -> Result<()> {
    let verified = verify(dir, categories)?;
    // A reader that closes the pipe has seen enough.
    let _ = write!(io::stdout().lock(), "{}", verified.text());
    let n_problems = verified.problems().count();
    if n_problems == 0 {
        return Ok(());
    }
    let text = format!(
        "{} is not as published: {n_problems} problem(s), listed above",
        dir.display()
    );
    Err(Stop::new(DATA, text).into())
}

/// Reads every category in `dir`, or `dir` itself where it is one.
///
/// # Errors
/// A [`Stop`] where there is none.
pub(super) fn verify(dir: &Path, categories: &[MvtecCategory]) -> Result<Verified> {
    let mut verified = Verified::default();
    if let Some(category) = itself(dir, categories) {
        verified.rows.push(Row::read(dir, category));
        return Ok(verified);
    }
    let found = folders(dir)?;
    let mut absent = Vec::new();
    for category in categories {
        if found.iter().any(|name| name == category.name) {
            let path = dir.join(category.name);
            verified.rows.push(Row::read(&path, category));
        } else {
            absent.push(category.name);
        }
    }
    if verified.rows.is_empty() {
        let text = format!(
            "{} holds no category of MVTec AD, such as bottle; `cargo xtask data fetch mvtec` \
             fetches them",
            dir.display()
        );
        return Err(Stop::new(DATA, text).into());
    }
    if !absent.is_empty() {
        let (n_absent, n_all) = (absent.len(), categories.len());
        let names = absent.join(", ");
        verified.notes.push(format!(
            "{n_absent} of the {n_all} categories are not here: {names}"
        ));
    }
    for name in found {
        if categories.iter().all(|category| category.name != name) {
            let note = format!("{name}: no category of MVTec AD, not verified");
            verified.notes.push(note);
        }
    }
    Ok(verified)
}

/// The category that `dir` itself is.
fn itself<'a>(dir: &Path, categories: &'a [MvtecCategory]) -> Option<&'a MvtecCategory> {
    let resolved = dir.canonicalize().ok()?;
    let name = resolved.file_name()?;
    let named = categories.iter().find(|category| name == category.name);
    named.filter(|_| dir.join("train").is_dir())
}

/// The names of the folders in `dir`, hidden ones left out, sorted.
fn folders(dir: &Path) -> Result<Vec<String>> {
    let Ok(entries) = fs::read_dir(dir) else {
        let text = format!(
            "there is no dataset folder at {}; `cargo xtask data fetch mvtec` fetches one",
            dir.display()
        );
        return Err(Stop::new(DATA, text).into());
    };
    let paths: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()
        .with_context(|| format!("cannot read {}", dir.display()))?;
    let is_folder = |path: &&PathBuf| path.is_dir();
    let names = paths
        .iter()
        .filter(is_folder)
        .filter_map(|path| path.file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    Ok(names)
}

/// What was found: a row for each category that is there.
#[derive(Debug, Default)]
pub(super) struct Verified {
    rows: Vec<Row>,
    /// Worth saying, and no problem.
    notes: Vec<String>,
}

impl Verified {
    pub(super) fn problems(&self) -> impl Iterator<Item = &String> {
        self.rows.iter().flat_map(|row| &row.problems)
    }

    /// The table, every problem, every note.
    pub(super) fn text(&self) -> String {
        let header = [
            "category", "train", "test", "expected", "masks", "size", "ok",
        ];
        let rows = self.rows.iter().map(Row::cells);
        let table = std::iter::once(header.map(str::to_owned)).chain(rows);
        let problems = self.problems().map(|problem| format!("problem: {problem}"));
        let of_rows = self.rows.iter().flat_map(|row| &row.notes);
        let notes = of_rows
            .chain(&self.notes)
            .map(|note| format!("note: {note}"));
        let lines = table.map(|cells| line(&cells)).chain(problems).chain(notes);
        lines.map(|line| line + "\n").collect()
    }
}

fn line([category, train, test, expected, masks, size, ok]: &[String; 7]) -> String {
    format!("{category:<11} {train:>5} {test:>5}  {expected:<8}  {masks:>7}  {size:<11}  {ok}")
}

/// One category held against what was published.
#[derive(Debug)]
struct Row {
    expected: MvtecCategory,
    train: usize,
    test: usize,
    defects: usize,
    masks: usize,
    /// Height and width of most images.
    size: Option<(usize, usize)>,
    problems: Vec<String>,
    notes: Vec<String>,
}

impl Row {
    fn read(dir: &Path, expected: &MvtecCategory) -> Self {
        eprintln!("reading {}", dir.display());
        Self::of(&check(dir, &Limits::default()), expected)
    }

    fn of(report: &CheckReport, expected: &MvtecCategory) -> Self {
        let images = |of: &dyn Fn(&aesc_data::TypeCount) -> bool| -> usize {
            let counts = report.counts.iter().filter(|count| of(count));
            counts.map(|count| count.images).sum()
        };
        let mut row = Self {
            expected: *expected,
            train: images(&|count| count.split == Split::Train),
            test: images(&|count| count.split == Split::Test),
            defects: images(&|count| count.split == Split::Test && count.defect_type != "good"),
            masks: report.counts.iter().map(|count| count.masks).sum(),
            size: report.sizes.first().map(|size| (size.height, size.width)),
            problems: Vec::new(),
            notes: Vec::new(),
        };
        row.judge(report);
        row
    }

    fn judge(&mut self, report: &CheckReport) {
        self.problems = miscounts(self.train, self.test, &self.expected);
        if self.defects > 0 && self.masks == 0 {
            self.problems.push(no_masks(self.expected.name));
        }
        for problem in &report.problems {
            let text = format!("{}: {}", problem.path.display(), problem.message);
            match problem.severity {
                Severity::Error => self.problems.push(text),
                Severity::Warning => self.notes.push(text),
            }
        }
        let name = self.expected.name;
        let published = side(name);
        if let Some((height, width)) = self.size.filter(|&size| size != (published, published)) {
            self.notes.push(format!(
                "{name}: {height} x {width} pixels, published at {published} x {published}"
            ));
        }
    }

    fn cells(&self) -> [String; 7] {
        let size = self.size.map_or_else(
            || "-".to_owned(),
            |(height, width)| format!("{height} x {width}"),
        );
        [
            self.expected.name.to_owned(),
            self.train.to_string(),
            self.test.to_string(),
            format!("{}/{}", self.expected.train, self.expected.test),
            format!("{}/{}", self.masks, self.defects),
            size,
            if self.problems.is_empty() {
                "yes"
            } else {
                "NO"
            }
            .to_owned(),
        ]
    }
}

/// The side of a category's published images in pixels (Bergmann et al. 2019, table 1); all are
/// square.
fn side(name: &str) -> usize {
    match name {
        "metal_nut" => 700,
        "pill" => 800,
        "tile" => 840,
        "bottle" => 900,
        "capsule" => 1000,
        _ => 1024,
    }
}
