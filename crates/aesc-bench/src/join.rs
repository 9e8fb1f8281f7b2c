//! Reports of benches that were run apart, as one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::claims::comparisons;
use crate::collect::{add_once, notes};
use crate::places::Places;
use crate::report::ReportCell;
use crate::summary::means;
use crate::{BenchError, Report};

impl Report {
    /// This report and `other` as one: other categories, columns or seeds of the same benchmark,
    /// run on another machine or another day.
    ///
    /// Means, deviations, comparisons and notes are made anew. A cell that both have must be the
    /// same in both; one that is missing in one and done in the other is done. Notes tell in which
    /// settings the cells of a column differ, and which column has no mean because a category was
    /// not planned with every seed.
    ///
    /// # Errors
    /// [`BenchError::NotJoined`], which names `path`, where `other` is from: it is of another
    /// results version, scored by other strategies, made on other images of a category, or has
    /// the same cell by another configuration or with another result.
    pub fn join(mut self, other: Self, path: &Path) -> Result<Self, BenchError> {
        is_joinable(&self, &other).map_err(|why| BenchError::NotJoined {
            path: path.to_owned(),
            why,
        })?;
        let (plan, more) = (&mut self.plan, &other.plan);
        add_all(&mut plan.categories, &more.categories);
        add_all(&mut plan.networks, &more.networks);
        add_all(&mut plan.corruptions, &more.corruptions);
        add_all(&mut plan.presets, &more.presets);
        add_all(&mut plan.seeds, &more.seeds);
        plan.seeds.sort_unstable();
        add_all(&mut self.commits, &other.commits);
        self.provenance = both(self.provenance, other.provenance);
        self.add_cells(other.cells);
        self.missing.extend(other.missing);
        // What failed says more than what was not run.
        self.missing.sort_by_key(|cell| !cell.failed);
        let mut known: BTreeSet<String> = self.cells.iter().map(ReportCell::label).collect();
        self.missing.retain(|cell| known.insert(cell.label()));
        self.plan.n_cells = known.len();
        self.places = Places::default();
        self.means = means(&self);
        self.comparisons = comparisons(&self);
        self.notes = notes(&self);
        let more = [differing_settings(&self), unplanned(&self)];
        self.notes.extend(more.into_iter().flatten());
        Ok(self)
    }

    /// Takes cells over; of one that is here already, what a stored report leaves out.
    fn add_cells(&mut self, cells: Vec<ReportCell>) {
        let places = self.cells.iter().enumerate();
        let places: BTreeMap<_, _> = places.map(|(at, cell)| (identity(cell), at)).collect();
        for cell in cells {
            match places.get(&identity(&cell)) {
                None => self.cells.push(cell),
                Some(&at) if self.cells[at].figures.is_empty() => self.cells[at] = cell,
                Some(_) => {}
            }
        }
    }
}

/// Why the two cannot be one.
fn is_joinable(ours: &Report, theirs: &Report) -> Result<(), String> {
    let versions = [ours, theirs].map(|report| report.results_version);
    if versions[0] != versions[1] {
        let [ours, theirs] = versions;
        return Err(format!(
            "it is of results version {theirs}, what it is to join of {ours}"
        ));
    }
    let strategies = [ours, theirs].map(|report| report.plan.strategies.join(", "));
    if strategies[0] != strategies[1] {
        let [ours, theirs] = strategies;
        return Err(format!(
            "it is scored by {theirs}, what it is to join by {ours}"
        ));
    }
    let images = ours.cells.iter().map(|c| (&c.category, &c.dataset_digest));
    let images: BTreeMap<_, _> = images.collect();
    let cells: BTreeMap<_, _> = ours.cells.iter().map(|c| (identity(c), c)).collect();
    for theirs in &theirs.cells {
        let category = &theirs.category;
        if images
            .get(category)
            .is_some_and(|digest| **digest != theirs.dataset_digest)
        {
            return Err(format!("its images of {category} are others"));
        }
        let ours = cells.get(&identity(theirs));
        if ours.is_some_and(|ours| ours.id == theirs.id && ours.metrics != theirs.metrics) {
            return Err(format!("it has another result for {}", theirs.label()));
        }
    }
    let ids: BTreeMap<_, _> = ids(ours).collect();
    let differs = |(label, id): &(String, &str)| ids.get(label).is_some_and(|ours| ours != id);
    match self::ids(theirs).find(differs) {
        Some((label, _)) => Err(format!("it has {label} by another configuration")),
        None => Ok(()),
    }
}

/// Label and id of every cell, done or missing.
fn ids(report: &Report) -> impl Iterator<Item = (String, &str)> {
    let done = report.cells.iter().map(|c| (c.label(), &*c.id));
    done.chain(report.missing.iter().map(|c| (c.label(), &*c.id)))
}

/// What makes a scored cell the same one in another report.
fn identity(cell: &ReportCell) -> (String, String) {
    (cell.label(), cell.strategy.clone())
}

fn add_all<T: PartialEq + Clone>(list: &mut Vec<T>, more: &[T]) {
    for item in more {
        add_once(list, item);
    }
}

/// Who planned what, of both.
fn both(ours: Value, theirs: Value) -> Value {
    let parts = |value| match value {
        Value::Array(parts) => parts,
        one => vec![one],
    };
    let mut all = parts(ours);
    add_all(&mut all, &parts(theirs));
    match all.len() {
        1 => all.remove(0),
        _ => Value::Array(all),
    }
}

/// The settings, apart from the seed, in which cells of one column differ.
fn differing_settings(report: &Report) -> Option<String> {
    let mut differing = BTreeSet::new();
    for column in report.columns() {
        let cells = report.cells_of(&column, report.main_strategy());
        let mut settings = cells.map(|cell| {
            let mut settings = BTreeMap::new();
            flatten(&cell.config, "", &mut settings);
            settings.remove("seed");
            settings
        });
        let first = settings.next().unwrap_or_default();
        for others in settings {
            let names = first.keys().chain(others.keys());
            let differs = |name: &&String| first.get(*name) != others.get(*name);
            differing.extend(names.filter(differs).cloned());
        }
    }
    let names: Vec<_> = differing.into_iter().collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!("cells of one column differ in their configuration: {names}")
    })
}

/// Every setting by its dotted name.
fn flatten(value: &Value, name: &str, settings: &mut BTreeMap<String, Value>) {
    let Value::Object(fields) = value else {
        settings.insert(name.to_owned(), value.clone());
        return;
    };
    for (field, value) in fields {
        let dot = if name.is_empty() { "" } else { "." };
        flatten(value, &format!("{name}{dot}{field}"), settings);
    }
}

/// The columns without a mean because no report planned some category with some seed of theirs.
fn unplanned(report: &Report) -> Option<String> {
    let mut gaps = Vec::new();
    for column in report.columns() {
        let seeds = report.planned_seeds(None, &column);
        let gap = report.plan.categories.iter().find_map(|category| {
            let planned = report.planned_seeds(Some(category), &column);
            let absent = seeds.iter().find(|seed| !planned.contains(seed))?;
            Some(format!("{category} with seed {absent}"))
        });
        gaps.extend(gap.map(|gap| format!("{} ({gap})", report.column_label(&column))));
    }
    (!gaps.is_empty()).then(|| {
        let gaps = gaps.join(", ");
        format!("no mean over categories where one was not planned with every seed: {gaps}")
    })
}
