//! Reports of hand-made results: means, what is missing, JSON, Markdown and CSV.

use std::path::Path;

use aesc_bench::report::{compared_table, csv, json, markdown, parse, results_table};
use aesc_bench::{BenchError, CellResult, Metric, Plan, Report, cell_dir, collect, failure_path};
use serde_json::{Value, json};

use crate::made;

/// Image AUROC by hand: 0.60 for ae and 0.65 for aesc, 0.125 more with stain, 0.05 more on metal.
fn auroc(result: &aesc_bench::CellSpec) -> f64 {
    let network = if result.network == "aesc" { 0.65 } else { 0.6 };
    let corruption = if result.corruption == "stain" {
        0.125
    } else {
        0.0
    };
    let category = if result.category == "metal" {
        0.05
    } else {
        0.0
    };
    network + corruption + category
}

/// A run folder with a result for every cell that `edit` keeps.
pub(crate) fn run_folder(plan: &Plan, edit: impl Fn(&mut CellResult) -> bool) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    plan.write_new(dir.path()).unwrap();
    for cell in &plan.cells {
        let mut result = made::result(cell, auroc(cell));
        if edit(&mut result) {
            result.write(dir.path()).unwrap();
        }
    }
    dir
}

pub(crate) fn report(plan: &Plan, edit: impl Fn(&mut CellResult) -> bool) -> Report {
    collect(plan, run_folder(plan, edit).path())
}

/// Two categories; on metal, ae with stain failed and aesc with none was not run.
pub(crate) fn with_gaps() -> Report {
    let plan = made::matrix(&["cloth", "metal"]);
    let dir = run_folder(&plan, |result| {
        let cell = &result.cell;
        let pair = (cell.network.as_str(), cell.corruption.as_str());
        cell.category == "cloth" || ![("ae", "stain"), ("aesc", "none")].contains(&pair)
    });
    let failed = plan
        .cells
        .iter()
        .find(|cell| cell.category == "metal" && cell.network == "ae");
    let failed = plan
        .cells
        .iter()
        .position(|cell| Some(cell) == failed)
        .unwrap()
        + 1;
    let failure = json!({
        "format": 1, "exit_code": 6, "signal": null, "attempts": 1,
        "reason": "failed to train: the loss is NaN\nat step 431",
    });
    let id = &plan.cells[failed].id;
    std::fs::create_dir_all(cell_dir(dir.path(), id)).unwrap();
    std::fs::write(failure_path(dir.path(), id), failure.to_string()).unwrap();
    collect(&plan, dir.path())
}

fn mean_of<'a>(report: &'a Report, network: &str, corruption: &str) -> &'a aesc_bench::Mean {
    let wanted = |m: &&aesc_bench::Mean| m.network == network && m.corruption == corruption;
    report.means.iter().find(wanted).unwrap()
}

pub(crate) fn close(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!(
        (found - expected).abs() < 1e-12,
        "expected {expected}, found {found}"
    );
}

#[test]
fn a_category_mean_is_the_plain_mean() {
    let report = report(&made::matrix(&["cloth", "metal"]), |_| true);
    // (0.60 + 0.65) / 2; pixel AUROC is 0.03 less, AUPRO@0.3 0.07 less.
    let mean = mean_of(&report, "ae", "none");
    close(mean.metrics.image_auroc, 0.625);
    close(mean.metrics.pixel_auroc, 0.595);
    close(mean.metrics.aupro_30, 0.555);
    assert_eq!((mean.n_categories, mean.sd.image_auroc), (2, None));
}

#[test]
fn a_missing_cell_makes_the_mean_missing_and_touches_no_other() {
    let report = with_gaps();
    let gone = mean_of(&report, "ae", "stain");
    assert!(
        Metric::ALL
            .iter()
            .all(|metric| metric.of(&gone.metrics).is_none())
    );
    // (0.775 + 0.825) / 2
    close(mean_of(&report, "aesc", "stain").metrics.image_auroc, 0.8);
    let text = json(&report).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["means"][1]["metrics"]["image_auroc"], Value::Null);
    let whys: Vec<_> = report
        .missing
        .iter()
        .map(|m| (m.failed, m.why.as_str()))
        .collect();
    let reason = "exit code 6: failed to train: the loss is NaN / at step 431";
    assert_eq!(whys, [(true, reason), (false, "not run yet")]);
}

#[test]
fn seeds_give_mean_and_sample_deviation_and_a_missing_seed_gives_none() {
    let mut cells = Vec::new();
    for category in ["cloth", "metal"] {
        cells.extend([0, 1].map(|seed| made::cell(category, "ae", "none", seed)));
    }
    let plan = made::plan(cells);
    let by_seed = |result: &mut CellResult| {
        *result = made::result(&result.cell, 0.8 + 0.1 * result.cell.seed as f64);
        true
    };
    let whole = report(&plan, by_seed);
    // Both categories give 0.8 and 0.9: mean 0.85, deviation sqrt(2 · 0.05² / 1) = 0.0707.
    let mean = mean_of(&whole, "ae", "none");
    close(mean.metrics.image_auroc, 0.85);
    close(mean.sd.image_auroc, 0.005_f64.sqrt());
    assert!(markdown(&whole).contains("| metal | 0.850 ± 0.071 |"));
    let gap = report(&plan, |r| {
        by_seed(r) && (r.cell.seed, r.cell.category.as_str()) != (1, "metal")
    });
    assert_eq!(mean_of(&gap, "ae", "none").metrics.image_auroc, None);
    let text = markdown(&gap);
    assert!(text.contains("| cloth | 0.850 ± 0.071 |") && text.contains("| metal | *missing* |"));
}

#[test]
fn an_undefined_metric_is_neither_a_number_nor_a_missing_cell() {
    let report = report(&made::matrix(&["cloth"]), |result| {
        result.scored[0].metrics.aupro_30 = None;
        result.scored[0]
            .undefined
            .insert("aupro_30".to_owned(), "no region".to_owned());
        true
    });
    assert!(report.missing.is_empty());
    assert_eq!(report.notes, ["aupro_30 is undefined for cloth: no region"]);
    let text = markdown(&report);
    assert!(
        text.contains("| cloth | *undefined* | *undefined* |"),
        "{text}"
    );
    assert!(csv(&report).unwrap().lines().nth(1).unwrap().contains(",,"));
}

#[test]
fn mixed_commits_and_a_dirty_one_are_told() {
    let plan = made::matrix(&["cloth"]);
    let first = plan.cells[0].id.clone();
    let mixed = report(&plan, |result| {
        if result.cell.id == first {
            result.provenance = json!({ "commit": "0ddba11", "dirty": true });
        }
        true
    });
    assert_eq!(mixed.commits, ["0ddba11 (dirty)", "c0ffee1"]);
    assert!(mixed.notes[0].contains("several commits: 0ddba11 (dirty), c0ffee1"));
    assert!(markdown(&mixed).contains("> **Note:** this report mixes results"));
    assert!(report(&plan, |_| true).notes.is_empty());
}

#[test]
fn report_json_keeps_its_contract_and_reads_back() {
    let whole = report(&made::matrix(&["cloth", "metal"]), |_| true);
    let text = json(&whole).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let cell = value["cells"][0].as_object().unwrap();
    for key in [
        "category",
        "network",
        "corruption",
        "strategy",
        "seed",
        "preset",
    ] {
        assert!(cell.contains_key(key), "{key}");
    }
    let keys: Vec<_> = cell["metrics"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let mut expected = Metric::ALL.map(Metric::key);
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert!(!cell.contains_key("curves") && !cell.contains_key("figures"));
    let per_cell = text.len() / whole.cells.len();
    assert!(per_cell < 8192, "{per_cell} bytes a cell");
    let again = parse(&text, Path::new("report.json")).unwrap();
    assert_eq!(again.cells[0].metrics, whole.cells[0].metrics);
    assert_eq!(
        (again.means, again.comparisons),
        (whole.means, whole.comparisons)
    );
    let newer = text.replacen("\"format\": 1", "\"format\": 2", 1);
    let refused = parse(&newer, Path::new("report.json"));
    assert!(matches!(refused, Err(BenchError::Version { found: 2, .. })));
}

#[test]
fn markdown_is_as_agreed() {
    insta::assert_snapshot!(markdown(&with_gaps()));
}

#[test]
fn every_metric_stands_with_its_cost_by_category_and_in_the_mean() {
    let text = compared_table(&report(&made::matrix(&["cloth", "metal"]), |_| true));
    let row = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("| {name} |")));
        line.unwrap_or_else(|| panic!("{name}: {text}")).to_owned()
    };
    // Image AUROC by hand as in `made`; 1.409 GMAC, 8.74 million parameters, 125 s, 42 ms.
    let cloth = row("cloth: aesc · stain");
    assert!(cloth.ends_with("| 1.41 | 8.7 | 2 | 42 |"), "{cloth}");
    let auroc = |row: &str| -> f64 { row.split('|').nth(2).unwrap().trim().parse().unwrap() };
    let aupimo = |row: &str| -> f64 { row.split('|').nth(9).unwrap().trim().parse().unwrap() };
    assert!(
        (auroc(&cloth) - aupimo(&cloth) - 0.09).abs() < 1e-9,
        "{cloth}"
    );
    let mean = row("*mean: aesc · stain*");
    let both = auroc(&cloth) + auroc(&row("metal: aesc · stain"));
    assert!((both / 2.0 - auroc(&mean)).abs() < 1e-3, "{mean}");
}

#[test]
fn csv_is_as_agreed() {
    insta::assert_snapshot!(csv(&report(&made::matrix(&["cloth"]), |_| true)).unwrap());
}

#[test]
fn the_readme_table_is_compact_and_says_what_is_missing() {
    // Means of cloth and metal: image AUROC 0.625, AP 0.01, pixel AUROC 0.03, AUPRO 0.07 less.
    let expected = "\
| network | corruption | strategy | image AUROC | image AP | pixel AUROC | AUPRO@0.3 |
|---|---|---|---:|---:|---:|---:|
| ae | none | residual | 0.625 | 0.615 | 0.595 | 0.555 |
| ae | stain | residual | missing | missing | missing | missing |
| aesc | none | residual | missing | missing | missing | missing |
| aesc | stain | residual | 0.800 | 0.790 | 0.770 | 0.730 |
";
    assert_eq!(results_table(&with_gaps()), expected);
}

#[test]
fn every_scored_cell_is_a_row_of_the_csv_with_its_strategy() {
    let plan = made::grid(&["cloth"], &["ae", "unet"], &["stain"]);
    let report = report(&plan, |result| {
        *result = made::with_uncertainty(result.clone());
        result.timing.sampling_ms_per_image = Some(99.0);
        true
    });
    let text = csv(&report).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| rows[0].iter().position(|heading| *heading == name).unwrap();
    let of = |name: &str| -> Vec<&str> { rows[1..].iter().map(|r| r[column(name)]).collect() };
    let both = ["residual", "uncertainty", "residual", "uncertainty"];
    assert_eq!(of("strategy"), both);
    assert_eq!(of("fpr_on_good"), ["0.125", "0.25", "0.125", "0.25"]);
    assert_eq!(of("sampling_ms_per_image"), ["99"; 4]);
}

#[test]
fn false_alarms_of_the_strategies_stand_side_by_side() {
    let plan = made::grid(&["cloth", "metal"], &["aesc"], &["stain"]);
    let report = report(&plan, |result| {
        *result = made::with_uncertainty(result.clone());
        true
    });
    let text = markdown(&report);
    let headings = "| network · corruption | mean · residual | mean · uncertainty | \
                    cloth · residual | cloth · uncertainty | metal · residual | \
                    metal · uncertainty |";
    let row = "| aesc · stain | 0.125 | 0.250 | 0.125 | 0.250 | 0.125 | 0.250 |";
    assert!(text.contains(headings) && text.contains(row), "{text}");
}

#[test]
fn costs_have_a_row_for_each_network() {
    let plan = made::grid(&["cloth"], &["aesc", "unet"], &["none", "stain"]);
    let report = report(&plan, |result| {
        *result = made::with_uncertainty(result.clone());
        if result.cell.network == "unet" {
            result.cost.parameters = 9_825_715;
            result.timing.sampling_ms_per_image = Some(300.0);
        }
        // A mean over the two cells of each network.
        if result.cell.corruption == "stain" {
            result.timing.inference_ms_per_image = 44.0;
        }
        true
    });
    let text = markdown(&report);
    let rows: Vec<&str> = text.lines().filter(|l| l.contains("| 1.409 |")).collect();
    let rest = "1.409 | 0.690 | 375 | 2 min 5 s | 7.5 s | 43.0 |";
    assert_eq!(
        rows,
        [
            format!("| aesc | 8,736,515 | {rest} *–* |"),
            format!("| unet | 9,825,715 | {rest} 300.0 |")
        ]
    );
}

#[test]
fn of_many_missing_cells_a_hundred_are_named_and_failures_first() {
    let plan = made::plan(
        (0..250)
            .map(|s| made::cell("cloth", "ae", "stain", s))
            .collect(),
    );
    let dir = tempfile::tempdir().unwrap();
    let folder = cell_dir(dir.path(), &plan.cells[249].id);
    std::fs::create_dir_all(&folder).unwrap();
    let failure =
        json!({"format": 1, "exit_code": 6, "signal": null, "attempts": 1, "reason": "NaN"});
    let path = failure_path(dir.path(), &plan.cells[249].id);
    std::fs::write(path, failure.to_string()).unwrap();
    let text = markdown(&collect(&plan, dir.path()));
    let (_, list) = text.split_once("## Cells without a result").unwrap();
    let rows: Vec<_> = list.lines().filter(|l| l.starts_with("| cloth/")).collect();
    assert_eq!(rows.len(), 100);
    assert!(
        rows[0].starts_with("| cloth/ae/stain/seed 249 | **failed**"),
        "{}",
        rows[0]
    );
    assert!(
        rows[1].starts_with("| cloth/ae/stain/seed 0 | missing"),
        "{}",
        rows[1]
    );
    assert!(list.contains("| and 150 more; report.json names all |"));
}

#[test]
fn a_missing_cell_is_named_as_far_as_the_plan_needs() {
    let told = |plan: &Plan| {
        let text = markdown(&collect(plan, tempfile::tempdir().unwrap().path()));
        let row = text.lines().find(|line| line.ends_with("| not run yet |"));
        row.unwrap().to_owned()
    };
    let one = vec![made::cell("cloth", "ae", "stain", 0)];
    assert_eq!(
        told(&made::plan(one)),
        "| cloth/ae/stain | missing | not run yet |"
    );
    let seeds = [0, 1].map(|seed| made::cell("cloth", "ae", "stain", seed));
    assert_eq!(
        told(&made::plan(seeds.into())),
        "| cloth/ae/stain/seed 0 | missing | not run yet |"
    );
}
