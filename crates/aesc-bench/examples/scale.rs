//! Times every look at a large bench, and tells the peak memory so far, as CSV:
//!
//! ```text
//! cargo run -p aesc-bench --example scale -- DIR 100000 1000   makes 100,000 cells, 1,000 done
//! cargo run -p aesc-bench --example scale -- DIR AESC          looks at them, and has the
//!                                                              program AESC tell their status
//! ```
//!
//! Configurations are as large as real ones, results a tenth of real ones.
#![expect(
    clippy::print_stdout,
    reason = "an example that prints what it measured"
)]

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use aesc_bench::{
    BenchError, CellResult, CellSpec, Cost, FORMAT, Metrics, Plan, Reconstruction, Scored, Timing,
    Training, collect,
};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args[..] {
        [dir, aesc] => look(Path::new(dir), Path::new(aesc)),
        [dir, n_cells, n_done] => make(Path::new(dir), n_cells.parse()?, n_done.parse()?),
        _ => Err("expected a folder, and the numbers of cells and of those done to make it; or a folder and the program aesc".into()),
    }
}

fn make(dir: &Path, n_cells: u64, n_done: usize) -> Result<(), Box<dyn Error>> {
    let cells = (0..n_cells).map(cell).collect();
    let plan = Plan::new("scale", vec!["residual".to_owned()], cells, json!({}))?;
    plan.write_new(dir)?;
    for cell in plan.cells.iter().take(n_done) {
        result(cell).write(dir)?;
    }
    Ok(())
}

fn look(dir: &Path, aesc: &Path) -> Result<(), Box<dyn Error>> {
    println!("look,seconds,peak MiB so far");
    let id = cell(0).id;
    timed("a worker reads its cell", || Plan::read_cells(dir, &[id]))?;
    let plan = timed("the plan is read", || Plan::read(dir))?;
    timed("missing cells are found", || Ok(plan.missing(dir)))?;
    timed("results are collected and averaged", || {
        Ok(collect(&plan, dir))
    })?;
    timed("the plan is made again", || plan.write_new(dir))?;
    let start = Instant::now();
    let told = Command::new(aesc)
        .args(["bench", "status", "--out"])
        .arg(dir)
        .output()?;
    if !told.status.success() {
        return Err(String::from_utf8_lossy(&told.stderr).into());
    }
    println!(
        "`aesc bench status` as a command,{:.2},-",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn timed<T>(name: &str, work: impl FnOnce() -> Result<T, BenchError>) -> Result<T, BenchError> {
    let start = Instant::now();
    let value = work()?;
    println!("{name},{:.2},{}", start.elapsed().as_secs_f64(), peak_mib());
    Ok(value)
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

/// A cell whose configuration has the size of the sample preset's, some 700 bytes.
fn cell(number: u64) -> CellSpec {
    // 15 categories x 21 columns, each with seeds of its own.
    let (category, column, seed) = (number % 15, number / 15 % 21, number / 315);
    let category = format!("category {category}");
    let group = |name: &str| {
        let fields = (0..6).map(|i| (format!("{name}_field_{i}"), json!(i)));
        fields.collect::<serde_json::Map<_, _>>()
    };
    let config = json!({
        "data": group("data"), "network": group("network"), "corruption": group("corruption"),
        "train": group("train"), "score": group("score"), "seed": seed, "column": column,
    });
    CellSpec {
        id: String::new(),
        dataset_digest: format!("{category:0>64}"),
        category,
        network: "aesc".to_owned(),
        corruption: format!("corruption {column}"),
        preset: "quick".to_owned(),
        seed,
        data: "data/category".into(),
        config: config.into(),
    }
    .identified()
}

fn result(cell: &CellSpec) -> CellResult {
    let mut scored = Scored {
        strategy: "residual".to_owned(),
        metrics: Metrics::from_fn(|_| Some(0.5)),
        ..Scored::default()
    };
    scored.curves.pixel_roc = vec![[0.25, 0.75]; 100];
    CellResult {
        format: FORMAT,
        cell: cell.clone(),
        scored: vec![scored],
        training: Training::default(),
        timing: Timing::default(),
        cost: Cost::default(),
        reconstruction: Reconstruction::default(),
        figures: Vec::new(),
        provenance: json!({ "commit": "c0ffee", "dirty": false }),
    }
}
