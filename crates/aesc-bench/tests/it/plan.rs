//! Cell ids, the immutable plan, and what counts as a result.

use std::path::PathBuf;

use aesc_bench::{
    BenchError, CellResult, CellSpec, CellState, FORMAT, FolderLock, Plan, RESULTS_VERSION,
    plan_path, result_path,
};
use serde_json::{Value, json};

use crate::made;

fn with_config(text: &str) -> CellSpec {
    let config = serde_json::from_str(text).unwrap();
    CellSpec {
        config,
        ..made::cell("cloth", "ae", "none", 0)
    }
    .identified()
}

#[test]
fn the_id_is_the_hash_of_canonical_json() {
    // printf '%s' '{"config":{"a":[1,{"b":2.5,"c":null}],"z":"\""},"dataset_digest":"d","results_version":1}' \
    //   | sha256sum | cut -c1-16
    assert_eq!(RESULTS_VERSION, 1, "the expected id below is version 1's");
    let config = json!({ "z": "\"", "a": [1, { "c": null, "b": 2.5 }] });
    let spec = CellSpec {
        config: config.into(),
        dataset_digest: "d".to_owned(),
        ..made::cell("cloth", "ae", "none", 0)
    };
    assert_eq!(spec.identified().id, "edf74e667cf9c9fa");
}

#[test]
fn the_order_of_keys_does_not_change_the_id() {
    let a = with_config(r#"{"a": 1, "b": {"c": 2, "d": [3, {}]}}"#);
    let b = with_config(r#"{"b": {"d": [3, {}], "c": 2}, "a": 1}"#);
    assert_eq!(a.id, b.id);
}

#[test]
fn configuration_digest_and_order_of_lists_change_the_id() {
    let base = with_config(r#"{"a": [1, 2]}"#);
    let other_digest = CellSpec {
        dataset_digest: "other".to_owned(),
        ..base.clone()
    };
    let ids = [
        base.id,
        with_config(r#"{"a": [2, 1]}"#).id,
        with_config(r#"{"a": [12]}"#).id,
        with_config(r#"{"a": ["1", 2]}"#).id,
        other_digest.identified().id,
    ];
    for (i, id) in ids.iter().enumerate() {
        assert_eq!(id.len(), 16);
        assert!(!ids[..i].contains(id), "{ids:?}");
    }
}

#[test]
fn the_data_folder_is_no_part_of_the_id() {
    let here = made::cell("cloth", "ae", "none", 0);
    let moved = CellSpec {
        data: PathBuf::from("elsewhere"),
        ..here.clone()
    };
    assert_eq!(moved.identified().id, here.id);
}

#[test]
fn a_plan_is_written_once_and_found_equal_again() {
    let dir = tempfile::tempdir().unwrap();
    let plan = made::matrix(&["cloth"]);
    plan.write_new(dir.path()).unwrap();
    let bytes = std::fs::read(plan_path(dir.path())).unwrap();
    let later = Plan {
        provenance: json!({ "started": "later" }),
        ..plan.clone()
    };
    later.write_new(dir.path()).unwrap();
    assert_eq!(std::fs::read(plan_path(dir.path())).unwrap(), bytes);
    assert_eq!(Plan::read(dir.path()).unwrap(), plan);
}

#[test]
fn another_plan_is_refused_naming_the_difference_and_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    made::matrix(&["cloth"]).write_new(dir.path()).unwrap();
    let before = std::fs::read(plan_path(dir.path())).unwrap();
    let more = made::matrix(&["cloth", "metal"]);
    let mut strategies = made::matrix(&["cloth"]);
    strategies.strategies.push("uncertainty".to_owned());
    for (other, said) in [
        (more, "it lacks metal/ae/none/quick/seed 0"),
        (
            made::matrix(&["metal"]),
            "it has 4 cells, cloth/ae/none/quick/seed 0",
        ),
        (
            strategies,
            "its strategies are residual, not residual, uncertainty",
        ),
    ] {
        let error = other.write_new(dir.path()).unwrap_err();
        assert!(matches!(error, BenchError::PlanDiffers { .. }));
        let text = error.to_string();
        assert!(text.contains(said) && text.contains("--out"), "{text}");
    }
    assert_eq!(std::fs::read(plan_path(dir.path())).unwrap(), before);
}

#[test]
fn data_that_moved_is_the_same_plan_with_the_new_folder() {
    let dir = tempfile::tempdir().unwrap();
    let plan = made::matrix(&["cloth"]);
    plan.write_new(dir.path()).unwrap();
    let mut moved = plan.clone();
    moved
        .cells
        .iter_mut()
        .for_each(|cell| cell.data = PathBuf::from("new"));
    moved.write_new(dir.path()).unwrap();
    assert_eq!(Plan::read(dir.path()).unwrap(), moved);
}

#[test]
fn a_plan_with_twins_or_without_work_is_refused() {
    let twin = made::cell("cloth", "ae", "none", 0);
    let strategies = vec!["residual".to_owned()];
    let build = |strategies, cells| Plan::new("x", strategies, cells, Value::Null);
    let twins = build(strategies.clone(), vec![twin.clone(), twin.clone()]);
    assert!(matches!(twins, Err(BenchError::DuplicateCell { .. })));
    assert!(matches!(
        build(strategies, vec![]),
        Err(BenchError::EmptyPlan { what: "cells" })
    ));
    let unscored = build(vec![], vec![twin]);
    assert!(matches!(
        unscored,
        Err(BenchError::EmptyPlan { what: "strategies" })
    ));
}

fn read_edited(edit: impl Fn(&mut Value)) -> BenchError {
    let dir = tempfile::tempdir().unwrap();
    made::matrix(&["cloth"]).write_new(dir.path()).unwrap();
    let path = plan_path(dir.path());
    let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    edit(&mut json);
    std::fs::write(&path, json.to_string()).unwrap();
    Plan::read(dir.path()).unwrap_err()
}

#[test]
fn an_edited_a_newer_and_a_cut_plan_are_told_apart() {
    let edited = read_edited(|json| json["cells"][0]["config"]["seed"] = json!(7));
    assert!(matches!(edited, BenchError::ForeignId { .. }), "{edited}");
    let escaping = read_edited(|json| json["cells"][0]["id"] = json!("../../etc"));
    assert!(
        matches!(escaping, BenchError::ForeignId { .. }),
        "{escaping}"
    );
    let newer = read_edited(|json| {
        json["format"] = json!(FORMAT + 1);
        json["novelty"] = json!(true);
    });
    assert!(
        matches!(newer, BenchError::Version { what: "format", .. }),
        "{newer}"
    );
    let raised = read_edited(|json| json["results_version"] = json!(RESULTS_VERSION + 1));
    let is_version = matches!(
        raised,
        BenchError::Version {
            what: "results version",
            ..
        }
    );
    assert!(is_version, "{raised}");
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        Plan::read(dir.path()),
        Err(BenchError::NoPlan { .. })
    ));
    std::fs::write(plan_path(dir.path()), "{\"format\": 1, ").unwrap();
    assert!(matches!(
        Plan::read(dir.path()),
        Err(BenchError::Malformed { .. })
    ));
}

#[test]
fn a_plan_laid_out_anew_is_the_same_plan() {
    let dir = tempfile::tempdir().unwrap();
    let plan = made::matrix(&["cloth"]);
    plan.write_new(dir.path()).unwrap();
    let path = plan_path(dir.path());
    let json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    // Blanks everywhere, as an editor or jq would put them.
    std::fs::write(&path, serde_json::to_vec_pretty(&json).unwrap()).unwrap();
    assert_eq!(Plan::read(dir.path()).unwrap(), plan);
    plan.write_new(dir.path()).unwrap();
}

fn why_missing(plan: &Plan, dir: &std::path::Path) -> String {
    match plan.state(dir, &plan.cells[0]) {
        CellState::Missing(why) => why,
        other => panic!("expected a missing cell, found {other:?}"),
    }
}

#[test]
fn a_result_read_back_is_the_one_written() {
    let dir = tempfile::tempdir().unwrap();
    let plan = made::matrix(&["cloth"]);
    assert_eq!(why_missing(&plan, dir.path()), "not run yet");
    let result = made::result(&plan.cells[0], 0.9);
    result.write(dir.path()).unwrap();
    let path = result_path(dir.path(), &plan.cells[0].id);
    assert_eq!(CellResult::read(&path).unwrap(), result);
    assert!(result.is_valid_for(&plan.cells[0]));
    assert!(!result.is_valid_for(&plan.cells[1]));
    assert_eq!(plan.missing(dir.path()), plan.cells[1..]);
}

#[test]
fn a_result_cut_anywhere_is_missing_and_redone() {
    let dir = tempfile::tempdir().unwrap();
    let plan = made::matrix(&["cloth"]);
    made::result(&plan.cells[0], 0.9).write(dir.path()).unwrap();
    let path = result_path(dir.path(), &plan.cells[0].id);
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 3] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(why_missing(&plan, dir.path()).starts_with("result.json is broken"));
        assert_eq!(plan.missing(dir.path()).len(), 4);
    }
}

#[test]
fn a_foreign_or_half_scored_result_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let mut plan = made::matrix(&["cloth"]);
    let path = result_path(dir.path(), &plan.cells[0].id);
    made::result(&plan.cells[0], 0.9).write(dir.path()).unwrap();
    plan.strategies.push("uncertainty".to_owned());
    assert!(why_missing(&plan, dir.path()).contains("not scored by uncertainty"));
    let foreign = made::result(&plan.cells[1], 0.9);
    std::fs::write(&path, serde_json::to_vec(&foreign).unwrap()).unwrap();
    assert!(why_missing(&plan, dir.path()).contains("another cell's, cloth/ae/stain"));
}

#[test]
fn a_result_with_nan_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let plan = made::matrix(&["cloth"]);
    let mut result = made::result(&plan.cells[0], 0.9);
    result.training.history[1].loss = f64::NAN;
    let error = result.write(dir.path()).unwrap_err();
    assert!(matches!(error, BenchError::Unfaithful { .. }), "{error}");
    assert_eq!(why_missing(&plan, dir.path()), "not run yet");
}

#[test]
fn waiting_for_a_lock_ends_when_it_is_let_go() {
    let dir = tempfile::tempdir().unwrap();
    let held = FolderLock::acquire(dir.path()).unwrap();
    let path = dir.path().to_owned();
    let patience = std::time::Duration::from_secs(20);
    let waiter = std::thread::spawn(move || FolderLock::acquire_within(&path, patience).is_ok());
    std::thread::sleep(std::time::Duration::from_millis(100));
    drop(held);
    assert!(waiter.join().unwrap());
}

#[test]
fn a_part_of_a_plan_is_the_cells_asked_for_in_the_plans_order() {
    let dir = tempfile::tempdir().unwrap();
    let plan = made::matrix(&["cloth", "gear"]);
    plan.write_new(dir.path()).unwrap();
    let id = |i: usize| plan.cells[i].id.clone();
    let part = Plan::read_cells(dir.path(), &[id(5), id(2)]).unwrap();
    assert_eq!(part.cells, [plan.cells[2].clone(), plan.cells[5].clone()]);
    assert_eq!(part.strategies, plan.strategies);
    let absent = Plan::read_cells(dir.path(), &[id(1), "0123".to_owned()]);
    assert!(
        matches!(&absent, Err(BenchError::UnknownCell { id, n_cells: 8 }) if id == "0123"),
        "{absent:?}"
    );
}
