//! From a plan and its cells' results to a [`Report`].

use std::collections::BTreeSet;
use std::path::{Component, Path};

use serde_json::Value;

use crate::claims::comparisons;
use crate::folder::{begun_cells, cell_dir};
use crate::places::Places;
use crate::report::{MissingCell, PlanFacts, ReportCell, wanted};
use crate::summary::means;
use crate::{CellResult, CellSpec, CellState, FORMAT, Pictures, Plan, Report, Scored};

/// Pictures larger than this many bytes are left out of a report.
const PICTURE_LIMIT_BYTES: u64 = 4 << 20;

/// Reads every cell's result in run folder `dir` and sums them up.
///
/// A cell without a usable result is in [`Report::missing`], with the reason.
pub fn collect(plan: &Plan, dir: &Path) -> Report {
    let mut report = Report {
        format: FORMAT,
        results_version: plan.results_version,
        name: plan.name.clone(),
        plan: facts(plan),
        commits: Vec::new(),
        notes: Vec::new(),
        cells: Vec::new(),
        missing: Vec::new(),
        means: Vec::new(),
        comparisons: Vec::new(),
        provenance: plan.provenance.clone(),
        places: Places::default(),
    };
    let begun = begun_cells(dir);
    for cell in &plan.cells {
        if !begun.contains(&cell.id) {
            let why = "not run yet".to_owned();
            report.missing.push(missing(cell, false, why));
            continue;
        }
        match plan.state(dir, cell) {
            CellState::Done(result) => add_result(&mut report, &result),
            CellState::Missing(why) => report.missing.push(missing(cell, false, why)),
            CellState::Failed(f) => report.missing.push(missing(cell, true, f.summary())),
        }
    }
    report.means = means(&report);
    report.comparisons = comparisons(&report);
    report.notes = notes(&report);
    report
}

/// Reads the pictures that the report's page shows from run folder `dir`.
///
/// A file that is gone, too large (4 MiB) or named outside its cell's folder is left out: the
/// report then says so in its place.
pub fn read_pictures(report: &Report, dir: &Path) -> Pictures {
    let mut pictures = Pictures::new();
    for (id, file) in wanted(report) {
        let path = cell_dir(dir, &id).join(&file);
        let small = || {
            let metadata = path.metadata();
            metadata.is_ok_and(|m| m.len() <= PICTURE_LIMIT_BYTES)
        };
        if is_inside(&file)
            && small()
            && let Ok(bytes) = std::fs::read(&path)
        {
            pictures.insert((id, file), bytes);
        }
    }
    pictures
}

fn is_inside(file: &str) -> bool {
    let mut parts = Path::new(file).components();
    parts.all(|part| matches!(part, Component::Normal(_)))
}

fn facts(plan: &Plan) -> PlanFacts {
    let cells = || plan.cells.iter();
    PlanFacts {
        n_cells: plan.cells.len(),
        strategies: plan.strategies.clone(),
        categories: distinct(cells().map(|cell| &cell.category)),
        networks: distinct(cells().map(|cell| &cell.network)),
        corruptions: distinct(cells().map(|cell| &cell.corruption)),
        presets: distinct(cells().map(|cell| &cell.preset)),
        seeds: distinct(cells().map(|cell| &cell.seed)),
    }
}

/// Each once, in the order of its first occurrence.
fn distinct<'a, T: Ord + Clone + 'a>(items: impl Iterator<Item = &'a T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.filter(|item| seen.insert(*item)).cloned().collect()
}

pub(crate) fn add_once<T: PartialEq + Clone>(list: &mut Vec<T>, item: &T) {
    if !list.contains(item) {
        list.push(item.clone());
    }
}

fn add_result(report: &mut Report, result: &CellResult) {
    add_once(&mut report.commits, &commit(&result.provenance));
    for strategy in report.plan.strategies.clone() {
        if let Some(scored) = result.scored.iter().find(|s| s.strategy == strategy) {
            report.cells.push(report_cell(result, scored.clone()));
        }
    }
}

/// The commit a provenance names, "unknown commit" when it names none.
fn commit(provenance: &Value) -> String {
    let commit = provenance.get("commit").and_then(Value::as_str);
    let dirty = provenance.get("dirty").and_then(Value::as_bool);
    match (commit, dirty) {
        (Some(commit), Some(true)) => format!("{commit} (dirty)"),
        (Some(commit), _) => commit.to_owned(),
        (None, _) => "unknown commit".to_owned(),
    }
}

fn report_cell(result: &CellResult, scored: Scored) -> ReportCell {
    let CellResult {
        cell,
        training,
        timing,
        cost,
        reconstruction,
        figures,
        provenance,
        ..
    } = result.clone();
    ReportCell {
        category: cell.category,
        network: cell.network,
        corruption: cell.corruption,
        strategy: scored.strategy,
        seed: cell.seed,
        preset: cell.preset,
        id: cell.id,
        score: scored.score,
        eval_size: scored.eval_size,
        metrics: scored.metrics,
        undefined: scored.undefined,
        image_auroc_interval: scored.image_auroc_interval,
        per_defect_type: scored.per_defect_type,
        alternatives: scored.alternatives,
        threshold: scored.threshold,
        fpr_on_good: scored.fpr_on_good,
        reconstruction,
        cost,
        timing,
        steps: training.steps,
        dataset_digest: cell.dataset_digest,
        config: cell.config.value(),
        provenance,
        curves: scored.curves,
        history: training.history,
        figures,
    }
}

fn missing(cell: &CellSpec, failed: bool, why: String) -> MissingCell {
    MissingCell {
        id: cell.id.clone(),
        category: cell.category.clone(),
        network: cell.network.clone(),
        corruption: cell.corruption.clone(),
        seed: cell.seed,
        preset: cell.preset.clone(),
        failed,
        why,
    }
}

/// What a reader must know before comparing.
pub(crate) fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if !report.missing.is_empty() {
        notes.push(format!(
            "{} of {} cells have no result: every mean over them is missing, not smaller",
            report.missing.len(),
            report.plan.n_cells
        ));
    }
    if report.commits.len() > 1 {
        let commits = report.commits.join(", ");
        notes.push(format!(
            "this report mixes results of several commits: {commits}"
        ));
    } else if report
        .commits
        .iter()
        .any(|commit| commit.ends_with("(dirty)"))
    {
        notes.push("the program had uncommitted changes when it was built".to_owned());
    }
    let mut sizes = Vec::new();
    for cell in report
        .cells
        .iter()
        .filter(|cell| !cell.eval_size.is_empty())
    {
        add_once(&mut sizes, &cell.eval_size);
    }
    if sizes.iter().any(|size| size != "full") {
        let sizes = sizes.join(", ");
        notes.push(format!(
            "pixel metrics were taken at size {sizes}, not only at full size"
        ));
    }
    for cell in &report.cells {
        for (metric, why) in &cell.undefined {
            add_once(
                &mut notes,
                &format!("{metric} is undefined for {}: {why}", cell.category),
            );
        }
    }
    notes
}
