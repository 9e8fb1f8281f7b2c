//! Writes a report of invented results, to look at its page without training anything.
//!
//! ```text
//! cargo run -p aesc-bench --example fake_report -- OUT [small|large|published]
//! ```
//!
//! `small`: 4 categories x 4 columns, complete. `large`: 4 x 21 columns x 2 strategies x 2 seeds,
//! with failed and missing cells. `published`: 3 categories named as MVTec AD's.

mod draw;
mod results;

use std::error::Error;
use std::path::Path;

use aesc_bench::report::write_all;
use aesc_bench::{CellSpec, Plan, cell_dir, collect, failure_path, read_pictures};
use serde_json::json;

/// What is planned.
struct Size {
    categories: &'static [&'static str],
    networks: &'static [&'static str],
    corruptions: &'static [&'static str],
    seeds: u64,
    /// Every so-manieth cell has no result; 0 for none.
    gap: usize,
}

const SMALL: Size = Size {
    categories: &["brushed_metal", "cloth", "connector", "gear"],
    networks: &["ae", "aesc"],
    corruptions: &["none", "stain"],
    seeds: 1,
    gap: 0,
};

const LARGE: Size = Size {
    networks: &["ae", "aesc", "unet"],
    corruptions: &[
        "none",
        "drops",
        "gaussian",
        "scratch",
        "stain",
        "mix-structural",
        "mix-stain-gaussian",
    ],
    seeds: 2,
    gap: 29,
    ..SMALL
};

const PUBLISHED: Size = Size {
    categories: &["bottle", "pill", "zipper"],
    networks: &["ae", "aesc", "unet"],
    ..SMALL
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let out = args
        .next()
        .ok_or("usage: fake_report OUT [small|large|published]")?;
    let size = match args.next().as_deref() {
        None | Some("small") => SMALL,
        Some("large") => LARGE,
        Some("published") => PUBLISHED,
        Some(other) => return Err(format!("no size {other}").into()),
    };
    write(Path::new(&out), &size)
}

fn write(out: &Path, size: &Size) -> Result<(), Box<dyn Error>> {
    let strategies = ["residual", "uncertainty"].map(str::to_owned);
    let provenance = json!({ "commit": "c0ffee1", "started": "2026-11-23T10:00:00Z" });
    let plan = Plan::new("fake", strategies.into(), cells(size), provenance)?;
    plan.write_new(out)?;
    for (i, cell) in plan.cells.iter().enumerate() {
        if size.gap > 0 && i % size.gap == size.gap / 2 {
            if i % 2 == 0 {
                fail(out, cell)?;
            }
            continue;
        }
        results::result(cell).write(out)?;
        if cell.seed == 0 && ["none", "stain"].contains(&cell.corruption.as_str()) {
            draw::pictures(&cell_dir(out, &cell.id), cell)?;
        }
    }
    let report = collect(&plan, out);
    write_all(out, &report, &read_pictures(&report, out))?;
    Ok(())
}

fn cells(size: &Size) -> Vec<CellSpec> {
    let mut cells = Vec::new();
    for &category in size.categories {
        for &network in size.networks {
            for &corruption in size.corruptions {
                for seed in 0..size.seeds {
                    cells.push(cell(category, network, corruption, seed));
                }
            }
        }
    }
    cells
}

fn cell(category: &str, network: &str, corruption: &str, seed: u64) -> CellSpec {
    let cell = CellSpec {
        id: String::new(),
        category: category.to_owned(),
        network: network.to_owned(),
        corruption: corruption.to_owned(),
        preset: "quick".to_owned(),
        seed,
        data: category.into(),
        dataset_digest: format!("digest of {category}"),
        config: json!({
            "network": network, "corruption": corruption, "seed": seed,
            "data": { "height": 256, "width": 256 },
        })
        .into(),
    };
    cell.identified()
}

fn fail(out: &Path, cell: &CellSpec) -> Result<(), Box<dyn Error>> {
    let failure = json!({
        "format": 1, "exit_code": 6, "signal": null, "attempts": 1,
        "reason": "failed to train: the loss is NaN\nat step 431",
    });
    std::fs::create_dir_all(cell_dir(out, &cell.id))?;
    std::fs::write(failure_path(out, &cell.id), failure.to_string())?;
    Ok(())
}
