//! Times what every look at a bench does, on a plan of so many cells, and tells its peak memory:
//! `cargo run --release -p aesc-bench --example scale -- DIR [CELLS [DONE]]`.
//!
//! DIR must be new. Configurations are as large as real ones; DONE cells have results.
#![expect(
    clippy::print_stdout,
    reason = "an example that prints what it measured"
)]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use aesc_bench::{
    CellResult, CellSpec, Cost, FORMAT, Metrics, Plan, Reconstruction, Scored, Timing, Training,
    collect,
};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("expected a new folder")?;
    let n_cells: u64 = args.next().map_or(Ok(100_000), |n| n.parse())?;
    let n_done: usize = args.next().map_or(Ok(0), |n| n.parse())?;
    let dir = Path::new(&dir);
    let cells: Vec<CellSpec> = (0..n_cells).map(cell).collect();
    let plan = Plan::new("scale", vec!["residual".to_owned()], cells, json!({}))?;
    timed("plan", || plan.write_new(dir))?;
    timed("plan again", || plan.write_new(dir))?;
    for cell in plan.cells.iter().take(n_done) {
        result(cell).write(dir)?;
    }
    drop(plan);
    let plan = timed("read", || Plan::read(dir))?;
    let id = plan.cells[0].id.clone();
    timed("one cell", || Plan::read_cells(dir, &[id]))?;
    let missing = timed("missing", || Ok::<_, std::io::Error>(plan.missing(dir)))?;
    let report = timed("collect", || Ok::<_, std::io::Error>(collect(&plan, dir)))?;
    let (n_found, n_missing) = (report.cells.len(), missing.len());
    println!("{n_found} in the table, {n_missing} missing");
    Ok(())
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
        config,
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

fn timed<T, E>(name: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let start = Instant::now();
    let value = work()?;
    let secs = start.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!(
        "{name:<11} {secs:>7.2} s, peak {}",
        peak.unwrap_or_default().trim()
    );
    Ok(value)
}
