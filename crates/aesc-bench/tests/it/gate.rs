//! Regression gates on hand-made reports, and stored cells named, planned and compared again.

use aesc_bench::{
    Baseline, BenchError, CellResult, Finding, Metric, Plan, Recomputed, Report, Verdict, collect,
    recomputed, respecified, stored_cells,
};
use serde_json::json;

use crate::made;

/// A report of {ae, aesc} x {none, stain} on cloth and metal, each image AUROC 0.9 before `edit`;
/// a cell whose `edit` is false has no result.
fn report(plan: &Plan, edit: impl Fn(&mut CellResult) -> bool) -> Report {
    let dir = tempfile::tempdir().unwrap();
    plan.write_new(dir.path()).unwrap();
    for cell in &plan.cells {
        let mut result = made::result(cell, 0.9);
        if edit(&mut result) {
            result.write(dir.path()).unwrap();
        }
    }
    collect(plan, dir.path())
}

fn both() -> Plan {
    made::matrix(&["cloth", "metal"])
}

fn is_gated(result: &CellResult) -> bool {
    let cell = &result.cell;
    (&*cell.category, &*cell.network, &*cell.corruption) == ("cloth", "aesc", "stain")
}

/// One gate on cloth/aesc/stain: 0.9 with a tolerance of 0.05.
fn one_gate(metric: &str) -> Baseline {
    serde_json::from_value(json!({
        "schema": 1, "results_version": 1, "preset": "quick",
        "category": { "cloth": [{
            "network": "aesc", "corruption": "stain", "strategy": "residual",
            "metric": metric, "value": 0.9, "tolerance": 0.05,
        }] },
    }))
    .unwrap()
}

fn only(verdicts: Result<Vec<Verdict>, BenchError>) -> Verdict {
    let mut verdicts = verdicts.unwrap();
    assert_eq!(verdicts.len(), 1);
    verdicts.remove(0)
}

#[test]
fn a_figure_at_the_tolerance_holds_and_one_below_it_falls() {
    let found = |value: f64| {
        let report = report(&both(), |result| {
            if is_gated(result) {
                result.scored[0].metrics.image_auroc = Some(value);
            }
            true
        });
        only(one_gate("image_auroc").check(&report, &[]))
    };
    assert!(found(0.95).holds() && found(0.9).holds());
    // 0.9 - 0.05 is not quite 0.85 in floating point.
    assert!(found(0.85).holds());
    let fell = found(0.8);
    let Finding::Fell { found, by } = fell.finding else {
        panic!("{fell:?}");
    };
    assert!((found - 0.8).abs() < 1e-12 && (by - 0.1).abs() < 1e-12);
    let told = "cloth/aesc/stain by residual: image AUROC fell by 0.1000: \
                expected at least 0.8500, found 0.8000";
    assert_eq!(fell.to_string(), told);
}

#[test]
fn of_a_rate_of_errors_the_lower_is_the_better() {
    let found = |value: f64| {
        let report = report(&both(), |result| {
            result.scored[0].metrics.pixel_fpr_at_95tpr = Some(value);
            true
        });
        only(one_gate("pixel_fpr_at_95tpr").check(&report, &[]))
    };
    assert!(found(0.1).holds() && found(0.94).holds());
    let rose = found(0.96);
    assert!(matches!(rose.finding, Finding::Fell { .. }));
    let text = rose.to_string();
    assert!(
        text.contains("rose by 0.0600: expected at most 0.9500"),
        "{text}"
    );
}

#[test]
fn a_gate_is_held_to_the_mean_over_seeds() {
    let seeds = [0, 1].map(|seed| made::cell("cloth", "aesc", "stain", seed));
    let plan = made::plan(seeds.into());
    // 0.8 and 0.9: their mean, 0.85, is just let pass; 0.78 and 0.9 are 0.84.
    for (low, holds) in [(0.8, true), (0.78, false)] {
        let report = report(&plan, |result| {
            if result.cell.seed == 0 {
                result.scored[0].metrics.image_auroc = Some(low);
            }
            true
        });
        let verdict = only(one_gate("image_auroc").check(&report, &[]));
        assert_eq!(verdict.holds(), holds, "{verdict}");
    }
}

#[test]
fn a_missing_an_undefined_and_an_unplanned_cell_do_not_pass() {
    let gate = one_gate("image_auroc");
    let missing = report(&both(), |result| !is_gated(result));
    let undefined = report(&both(), |result| {
        result.scored[0].metrics.image_auroc = None;
        true
    });
    let elsewhere = report(&made::matrix(&["metal"]), |_| true);
    let finding = |report| only(gate.check(report, &[])).finding;
    assert_eq!(finding(&missing), Finding::Missing);
    assert_eq!(finding(&undefined), Finding::Undefined);
    assert_eq!(finding(&elsewhere), Finding::Unplanned);
    let mut other_preset = gate.clone();
    other_preset.preset = "paper".to_owned();
    let whole = report(&both(), |_| true);
    let verdict = only(other_preset.check(&whole, &[]));
    assert_eq!(
        (verdict.finding, verdict.holds()),
        (Finding::Unplanned, false)
    );
}

#[test]
fn a_baseline_of_a_report_is_passed_by_it_whatever_the_tolerance() {
    let report = report(&both(), |result| {
        result.scored[0].metrics.image_auroc = Some(if is_gated(result) { 0.7 } else { 0.6 });
        result.scored[0].metrics.aupro_30 = None;
        true
    });
    let metrics = [Metric::ImageAuroc, Metric::Aupro30, Metric::PixelFprAt95Tpr];
    let baseline = Baseline::of(&report, &metrics, 0.0).unwrap();
    // Two categories of four cells, by two metrics that are defined.
    let verdicts = baseline.check(&report, &[]).unwrap();
    assert_eq!(verdicts.len(), 16);
    assert!(verdicts.iter().all(Verdict::holds));
    assert_eq!(
        baseline.category["metal"][0].value.to_bits(),
        0.6_f64.to_bits()
    );
    let json = serde_json::to_string(&baseline).unwrap();
    assert_eq!(serde_json::from_str::<Baseline>(&json).unwrap(), baseline);
}

#[test]
fn no_baseline_is_made_of_a_part() {
    let part = report(&both(), |result| !is_gated(result));
    let error = Baseline::of(&part, &Metric::ALL, 0.05)
        .unwrap_err()
        .to_string();
    assert!(error.contains("cloth/aesc/stain/quick/seed 0"), "{error}");
    let whole = report(&both(), |_| true);
    for tolerance in [-0.1, 1.5, f64::NAN] {
        let error = Baseline::of(&whole, &Metric::ALL, tolerance);
        assert!(matches!(error, Err(BenchError::NoBaseline { .. })));
    }
}

#[test]
fn categories_can_be_named_and_one_without_gates_is_an_error() {
    let whole = report(&both(), |_| true);
    let baseline = Baseline::of(&whole, &[Metric::ImageAuroc], 0.05).unwrap();
    let named = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        baseline.check(&whole, &names)
    };
    assert_eq!(named(&["metal"]).unwrap().len(), 4);
    let error = named(&["glass"]).unwrap_err().to_string();
    assert!(
        error.contains("glass") && error.contains("cloth, metal"),
        "{error}"
    );
    let mut empty = baseline.clone();
    empty.category.clear();
    let error = empty.check(&whole, &[]);
    assert!(
        matches!(error, Err(BenchError::NoGates { .. })),
        "{error:?}"
    );
}

#[test]
fn a_baseline_of_another_results_version_is_refused_with_the_remedy() {
    let mut stale = one_gate("image_auroc");
    stale.results_version += 1;
    let error = stale.check(&report(&both(), |_| true), &[]).unwrap_err();
    assert!(matches!(error, BenchError::StaleBaseline { .. }));
    assert!(error.to_string().contains("aesc bench baseline"), "{error}");
    assert!(stale.is_current().is_err() && one_gate("image_ap").is_current().is_ok());
}

#[test]
fn a_baseline_with_a_figure_out_of_range_or_an_unknown_metric_is_refused() {
    let good = serde_json::to_value(one_gate("image_auroc")).unwrap();
    for (key, value, said) in [
        ("value", json!(1.5), "expected 0..=1, found 1.5"),
        ("tolerance", json!(-0.1), "expected 0..=1, found -0.1"),
        (
            "metric",
            json!("auroc"),
            "unknown metric `auroc`, expected one of `image_auroc`",
        ),
        ("tolerence", json!(0.1), "unknown field `tolerence`"),
    ] {
        let mut bad = good.clone();
        bad["category"]["cloth"][0][key] = value;
        let error = serde_json::from_value::<Baseline>(bad)
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{error}");
    }
}

fn labels(report: &Report, wanted: &[&str]) -> Result<Vec<String>, BenchError> {
    let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    let cells = stored_cells(report, &wanted)?;
    Ok(cells.iter().map(|cell| cell.label()).collect())
}

#[test]
fn stored_cells_are_named_by_id_or_by_whole_parts_of_their_label() {
    let whole = report(&both(), |_| true);
    assert_eq!(labels(&whole, &[]).unwrap().len(), 8);
    let id = whole.cells[3].id.clone();
    let expected = ["cloth/aesc/stain/quick/seed 0"];
    assert_eq!(labels(&whole, &["cloth/aesc/stain"]).unwrap(), expected);
    assert_eq!(
        labels(&whole, &[&id, "cloth/aesc/stain/"]).unwrap(),
        expected
    );
    assert_eq!(
        labels(&whole, &["metal/ae"]).unwrap().len(),
        2,
        "not metal/aesc"
    );
    let error = labels(&whole, &["cloth", "metal/unet"])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("metal/unet") && error.contains("{cloth,metal}/{ae,aesc}/{none,stain}"),
        "{error}"
    );
}

#[test]
fn a_cell_scored_twice_is_one_cell_with_its_stored_id_and_configuration() {
    let mut plan = both();
    plan.strategies.push("uncertainty".to_owned());
    let whole = report(&plan, |result| {
        let mut second = result.scored[0].clone();
        second.strategy = "uncertainty".to_owned();
        result.scored.push(second);
        true
    });
    assert_eq!(whole.cells.len(), 16);
    let cells = stored_cells(&whole, &[]).unwrap();
    let again = cells
        .iter()
        .map(|cell| respecified(cell, "data".into()).unwrap());
    for (new, old) in again.zip(&plan.cells) {
        assert_eq!((&new.id, &new.config), (&old.id, &old.config));
    }
    let mut edited = whole.cells[0].clone();
    edited.config["seed"] = json!(7);
    let error = respecified(&edited, "data".into());
    assert!(
        matches!(error, Err(BenchError::ForeignId { .. })),
        "{error:?}"
    );
}

#[test]
fn figures_are_compared_to_the_bit_and_a_missing_cell_is_no_figure() {
    let stored = report(&both(), |_| true);
    let cloth: Vec<String> = stored.cells[..4].iter().map(|c| c.id.clone()).collect();
    // One unit in the last place off in one cell, another cell missing.
    let nudged = f64::from_bits(0.9_f64.to_bits() + 1);
    let found = report(&both(), |result| {
        if result.cell.id == cloth[0] {
            result.scored[0].metrics.image_auroc = Some(nudged);
        }
        result.cell.id != cloth[1]
    });
    let rows = recomputed(&stored, &found, &cloth);
    assert_eq!(rows.len(), 4 * Metric::ALL.len());
    let of = |i: usize, metric: &str| -> &Recomputed {
        let label = stored.cells[i].label();
        let mut wanted = rows
            .iter()
            .filter(|r| r.cell == label && r.metric == metric);
        wanted.next().unwrap()
    };
    let off = of(0, "image_auroc");
    assert!(!off.same_bits && off.difference == Some(nudged - 0.9));
    assert!(off.is_within(1e-9) && !off.is_within(0.0));
    assert!(of(0, "image_ap").same_bits);
    let missing = of(1, "image_auroc");
    assert_eq!(
        (missing.stored, missing.found, missing.difference),
        (Some(0.9), None, None)
    );
    assert!(!missing.is_within(1.0));
}
