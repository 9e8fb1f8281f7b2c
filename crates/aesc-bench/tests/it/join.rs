//! Benches run apart, as one report: as if they had been run together, or refused.

use std::path::Path;

use aesc_bench::report::{compared_table, json, parse, results_table};
use aesc_bench::{BenchError, CellResult, CellSpec, Plan, Report};
use serde_json::json;

use crate::{made, report};

/// Image AUROC 0.8 and 0.1 more for every seed.
fn by_seed(result: &mut CellResult) -> bool {
    *result = made::result(&result.cell, 0.8 + 0.1 * result.cell.seed as f64);
    true
}

fn cells(categories: &[&str], seeds: &[u64]) -> Vec<CellSpec> {
    let mut cells = Vec::new();
    for category in categories {
        cells.extend(
            seeds
                .iter()
                .map(|&seed| made::cell(category, "ae", "none", seed)),
        );
    }
    cells
}

/// A report as another machine would hand it over: written and read again.
fn stored(plan: &Plan, edit: impl Fn(&mut CellResult) -> bool) -> Report {
    let text = json(&report::report(plan, edit)).unwrap();
    parse(&text, Path::new("report.json")).unwrap()
}

fn of(categories: &[&str], seeds: &[u64]) -> Report {
    stored(&made::plan(cells(categories, seeds)), by_seed)
}

fn refused(ours: Report, theirs: Report) -> String {
    let error = ours.join(theirs, Path::new("b/report.json")).unwrap_err();
    assert!(matches!(error, BenchError::NotJoined { .. }), "{error}");
    error.to_string()
}

#[test]
fn seeds_and_categories_run_apart_are_one_report() {
    let whole = of(&["cloth", "metal"], &[0, 1, 2]);
    let parts = [
        of(&["cloth"], &[0, 1]),
        of(&["cloth", "metal"], &[2]),
        of(&["metal"], &[1, 0]),
    ];
    let [first, second, third] = parts;
    let joined = first.join(second, Path::new("b")).unwrap();
    let joined = joined.join(third, Path::new("c")).unwrap();
    assert_eq!(joined.plan.n_cells, 6);
    assert_eq!(joined.means, whole.means);
    assert_eq!(joined.comparisons, whole.comparisons);
    assert_eq!(results_table(&joined), results_table(&whole));
    assert_eq!(compared_table(&joined), compared_table(&whole));
    assert_eq!(joined.notes, whole.notes);
    let again = parse(&json(&joined).unwrap(), Path::new("report.json")).unwrap();
    assert_eq!(again, joined);
}

#[test]
fn what_is_missing_in_one_and_done_in_the_other_is_done() {
    let plan = made::plan(cells(&["cloth", "metal"], &[0, 1]));
    let only = |wanted: &'static str| {
        move |result: &mut CellResult| by_seed(result) && result.cell.category == wanted
    };
    let [cloth, metal] = ["cloth", "metal"].map(|wanted| stored(&plan, only(wanted)));
    let half = cloth.clone().join(cloth.clone(), Path::new("b")).unwrap();
    assert_eq!((half.missing.len(), half.plan.n_cells), (2, 4));
    assert_eq!(half.cells, cloth.cells);
    let whole = cloth.join(metal, Path::new("b")).unwrap();
    assert_eq!((whole.missing.len(), whole.plan.n_cells), (0, 4));
    assert!(whole.notes.is_empty(), "{:?}", whole.notes);
}

#[test]
fn of_what_is_missing_in_both_the_failure_is_told() {
    let failed = report::with_gaps();
    let mut waiting = failed.clone();
    for cell in &mut waiting.missing {
        (cell.failed, cell.why) = (false, "not run yet".to_owned());
    }
    let joined = waiting.join(failed.clone(), Path::new("b")).unwrap();
    assert_eq!(joined.missing, failed.missing);
}

#[test]
fn a_category_without_some_seed_is_told_where_the_mean_is_missing() {
    let ours = of(&["cloth"], &[0, 1]);
    let joined = ours.join(of(&["metal"], &[0]), Path::new("b")).unwrap();
    assert_eq!(joined.means[0].metrics.image_auroc, None);
    let [note] = &joined.notes[..] else {
        panic!("{:?}", joined.notes)
    };
    assert!(note.ends_with("ae · none (metal with seed 1)"), "{note}");
}

#[test]
fn a_folder_brings_the_curves_that_its_stored_report_leaves_out() {
    let plan = made::plan(cells(&["cloth"], &[0]));
    let folder = report::report(&plan, by_seed);
    for [first, second] in [
        [folder.clone(), stored(&plan, by_seed)],
        [stored(&plan, by_seed), folder.clone()],
    ] {
        let joined = first.join(second, Path::new("b")).unwrap();
        assert_eq!(joined.cells, folder.cells);
        assert_eq!(joined.provenance, folder.provenance);
    }
}

#[test]
fn commits_and_settings_that_differ_are_told() {
    let ours = of(&["cloth"], &[0]);
    let mut cell = made::cell("cloth", "ae", "none", 1);
    let mut config = cell.config.value();
    config["train"] = json!({ "steps": 9 });
    cell.config = config.into();
    let theirs = stored(&made::plan(vec![cell.identified()]), |result| {
        result.provenance = json!({ "commit": "badcafe", "dirty": false });
        true
    });
    let joined = ours.join(theirs, Path::new("b")).unwrap();
    assert_eq!(joined.commits, ["c0ffee1", "badcafe"]);
    let [commits, settings] = &joined.notes[..] else {
        panic!("{:?}", joined.notes)
    };
    assert!(commits.contains("c0ffee1, badcafe"), "{commits}");
    assert!(
        settings.ends_with("configuration: train.steps"),
        "{settings}"
    );
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let ours = || of(&["cloth"], &[0]);
    let other = stored(&made::plan(cells(&["cloth"], &[0])), |_| true);
    let told = refused(ours(), other);
    assert!(told.contains("b/report.json cannot be joined"), "{told}");
    assert!(told.contains("another result for cloth/ae/none"), "{told}");

    let mut waiting = report::report(&made::plan(cells(&["metal"], &[0])), |_| false);
    let mut cell = waiting.missing[0].clone();
    cell.category = "cloth".to_owned();
    waiting.missing.push(cell);
    let told = refused(ours(), waiting);
    assert!(told.contains("it has cloth/ae/none"), "{told}");
    assert!(told.ends_with("by another configuration"), "{told}");

    let mut images = of(&["cloth"], &[1]);
    images.cells[0].dataset_digest = "another".to_owned();
    let told = refused(ours(), images);
    assert!(told.contains("images of cloth are others"), "{told}");

    let mut version = of(&["metal"], &[0]);
    version.results_version += 1;
    let told = refused(ours(), version);
    assert!(told.contains("results version 2"), "{told}");

    let strategies = report::report(&made::grid(&["metal"], &["ae"], &["none"]), |_| true);
    let told = refused(ours(), strategies);
    assert!(told.contains("scored by residual, uncertainty"), "{told}");
}
