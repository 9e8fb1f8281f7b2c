//! The work that is timed, what was found of it, and the table.

use crate::workspace;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Command;

/// Every work: name, unit, and what the unit is (a rate, or a time).
const WORKS: [(&str, &str); 14] = [
    ("train_b16_f32", "images/s"),
    ("train_b16_bf16", "images/s"),
    ("infer_b1_f32", "images/s"),
    ("infer_b16_f32", "images/s"),
    ("infer_b16_bf16", "images/s"),
    ("mc30_f32", "ms"),
    ("mc30_bf16", "ms"),
    ("stain_blur", "images/s on one core"),
    ("decode_resize", "images/s on one core"),
    ("predict_end_to_end", "images/s"),
    ("metrics_5m", "s"),
    ("metrics_67m", "s"),
    ("memory_train_quick", "MiB at most"),
    ("memory_predict", "MiB at most"),
];

/// Our name among the programs.
pub(super) const OURS: &str = "aesc";

/// Figures by program and work, one for each round.
#[derive(Debug, Default)]
pub(super) struct Found(BTreeMap<(String, String), Vec<f64>>);

impl Found {
    pub(super) fn add(&mut self, program: &str, work: &str, figure: f64) {
        let key = (program.to_owned(), work.to_owned());
        self.0.entry(key).or_default().push(figure);
    }

    /// Adds every number of `{work: number}`.
    pub(super) fn add_all(&mut self, program: &str, works: &Value) -> Result<()> {
        for (work, figure) in works.as_object().context("expected an object of figures")? {
            self.add(program, work, figure.as_f64().context("expected a number")?);
        }
        Ok(())
    }

    /// The median round.
    fn of(&self, program: &str, work: &str) -> Option<f64> {
        let mut figures = self.0.get(&(program.to_owned(), work.to_owned()))?.clone();
        figures.sort_unstable_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    }

    fn programs(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.keys().map(|(program, _)| program.as_str()).collect();
        names.dedup();
        names.retain(|name| *name != OURS);
        names
    }
}

/// The report: machine, commit, and a row for each work and program.
pub(super) fn report(found: &Found, threads: usize) -> Result<Value> {
    let mut rows = Vec::new();
    for (work, unit) in WORKS {
        // Half precision is held against what the peer does in full.
        let full = work.replace("bf16", "f32");
        let ours = found.of(OURS, work);
        let mut peers = Vec::new();
        for name in found.programs() {
            peers.extend(found.of(name, &full).map(|figure| (name, figure)));
        }
        if peers.is_empty() && ours.is_some() {
            rows.push(json!({ "work": work, "unit": unit, "ours": ours }));
        }
        for (name, peer) in peers {
            let ratio = ours.map(|ours| {
                if unit.contains("/s") {
                    ours / peer
                } else {
                    peer / ours
                }
            });
            rows.push(json!({
                "work": work, "unit": unit, "ours": ours,
                "peer_name": name, "peer": peer, "ratio": ratio,
            }));
        }
    }
    let machine = found
        .0
        .iter()
        .filter(|((program, _), _)| program == "machine");
    let rates: BTreeMap<&str, Option<f64>> = machine
        .map(|((program, work), _)| (work.as_str(), found.of(program, work)))
        .collect();
    Ok(json!({
        "format": 1, "commit": commit()?, "processor": processor(), "threads": threads,
        "machine": rates, "rows": rows,
    }))
}

fn commit() -> Result<String> {
    let git = |words: &[&str]| -> Result<String> {
        let output = Command::new("git")
            .current_dir(workspace::root())
            .args(words)
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let dirty = if git(&["status", "--porcelain"])?.is_empty() {
        ""
    } else {
        "+dirty"
    };
    Ok(git(&["rev-parse", "--short", "HEAD"])? + dirty)
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(": "))
        .map_or_else(|| "unknown".to_owned(), |(_, name)| name.to_owned())
}

/// Three digits, as many as are worth reading.
fn short(figure: &Value) -> String {
    match figure.as_f64() {
        None => "–".to_owned(),
        Some(figure) if figure >= 100.0 => format!("{figure:.0}"),
        Some(figure) if figure >= 10.0 => format!("{figure:.1}"),
        Some(figure) if figure >= 1.0 => format!("{figure:.2}"),
        Some(figure) => format!("{figure:.3}"),
    }
}

/// The rows as a Markdown table, with a line on the machine above it.
pub(super) fn table(report: &Value) -> Result<String> {
    let mut text = format!(
        "{}, {} threads, commit {}; f32 matrix product {} GFLOP/s, copying {} GB/s.\n\n\
         | work | unit | aesc | other program | its figure | ratio |\n|---|---|---:|---|---:|---:|\n",
        report["processor"].as_str().unwrap_or("unknown"),
        report["threads"],
        report["commit"].as_str().unwrap_or("unknown"),
        short(&report["machine"]["matrix_gflops"]),
        short(&report["machine"]["copy_gb_per_s"]),
    );
    for row in report["rows"].as_array().context("rows: expected a list")? {
        writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} |",
            row["work"].as_str().unwrap_or_default(),
            row["unit"].as_str().unwrap_or_default(),
            short(&row["ours"]),
            row["peer_name"].as_str().unwrap_or("–"),
            short(&row["peer"]),
            short(&row["ratio"]),
        )?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(report: &'a Value, work: &str) -> &'a Value {
        let rows = report["rows"].as_array().unwrap();
        rows.iter().find(|row| row["work"] == work).unwrap()
    }

    #[test]
    fn a_ratio_above_one_means_ours_is_faster_whatever_the_unit() {
        let mut found = Found::default();
        for (program, rate, ms) in [(OURS, 30.0, 100.0), ("other", 10.0, 250.0)] {
            found.add(program, "infer_b1_f32", rate);
            found.add(program, "mc30_f32", ms);
        }
        let report = report(&found, 2).unwrap();
        assert_eq!(row(&report, "infer_b1_f32")["ratio"], 3.0);
        assert_eq!(row(&report, "mc30_f32")["ratio"], 2.5);
    }

    #[test]
    fn half_precision_is_held_against_the_others_full_one() {
        let mut found = Found::default();
        found.add(OURS, "train_b16_bf16", 40.0);
        found.add("other", "train_b16_f32", 10.0);
        let report = report(&found, 2).unwrap();
        assert_eq!(row(&report, "train_b16_bf16")["ratio"], 4.0);
        // What was not measured here has no ratio.
        assert_eq!(row(&report, "train_b16_f32")["ratio"], Value::Null);
    }

    #[test]
    fn the_median_round_counts() {
        let mut found = Found::default();
        for figure in [5.0, 1.0, 3.0] {
            found.add(OURS, "metrics_5m", figure);
        }
        let report = report(&found, 1).unwrap();
        assert_eq!(row(&report, "metrics_5m")["ours"], 3.0);
        assert!(
            table(&report)
                .unwrap()
                .contains("| `metrics_5m` | s | 3.00 | – | – | – |")
        );
    }
}
