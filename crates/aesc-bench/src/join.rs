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
    /// same in both; one that is missing in one and done in the other is done. Where the cells of
    /// a column differ in a setting, a note says in which.
    ///
    /// # Errors
    /// [`BenchError::NotJoined`], which names `path`, where `other` is from: it is of another
    /// results version, scored by other strategies, made on other images of a category, or has
    /// another result for the same cell.
    pub fn join(mut self, other: Self, path: &Path) -> Result<Self, BenchError> {
        self.is_joinable(&other)
            .map_err(|why| BenchError::NotJoined {
                path: path.to_owned(),
                why,
            })?;
        if self.name != other.name {
            self.name = format!("{} + {}", self.name, other.name);
        }
        let known: BTreeSet<_> = self.cells.iter().map(identity).collect();
        let is_new = |cell: &ReportCell| !known.contains(&identity(cell));
        let new: Vec<_> = other.cells.into_iter().filter(is_new).collect();
        self.cells.extend(new);
        self.missing.extend(other.missing);
        let done: BTreeSet<String> = self.cells.iter().map(ReportCell::label).collect();
        let mut known = done.clone();
        self.missing.retain(|cell| known.insert(cell.label()));

        let (plan, more) = (&mut self.plan, &other.plan);
        add_all(&mut plan.categories, &more.categories);
        add_all(&mut plan.networks, &more.networks);
        add_all(&mut plan.corruptions, &more.corruptions);
        add_all(&mut plan.presets, &more.presets);
        add_all(&mut plan.seeds, &more.seeds);
        add_all(&mut self.commits, &other.commits);
        plan.n_cells = done.len() + self.missing.len();
        self.provenance = both(self.provenance, other.provenance);
        self.places = Places::default();
        self.means = means(&self);
        self.comparisons = comparisons(&self);
        self.notes = notes(&self);
        let differing = differing_settings(&self);
        self.notes.extend(differing);
        Ok(self)
    }

    /// Why the two cannot be one.
    fn is_joinable(&self, other: &Self) -> Result<(), String> {
        let (ours, theirs) = (self.results_version, other.results_version);
        if ours != theirs {
            return Err(format!(
                "it is of results version {theirs}, what it is to join of {ours}"
            ));
        }
        let [ours, theirs] = [self, other].map(|report| report.plan.strategies.join(", "));
        if ours != theirs {
            return Err(format!(
                "it is scored by {theirs}, what it is to join by {ours}"
            ));
        }
        let digest = |cell: &'_ ReportCell| (cell.category.clone(), cell.dataset_digest.clone());
        let images: BTreeMap<_, _> = self.cells.iter().map(digest).collect();
        let cells: BTreeMap<_, _> = self.cells.iter().map(|c| (identity(c), c)).collect();
        for theirs in &other.cells {
            let category = &theirs.category;
            let known = images.get(category);
            if known.is_some_and(|digest| *digest != theirs.dataset_digest) {
                return Err(format!("its images of {category} are others"));
            }
            let ours = cells.get(&identity(theirs));
            if ours.is_some_and(|c| (&c.id, &c.metrics) != (&theirs.id, &theirs.metrics)) {
                return Err(format!("it has another result for {}", theirs.label()));
            }
        }
        Ok(())
    }
}

/// What makes a scored cell the same one in another report.
fn identity(cell: &ReportCell) -> (String, String) {
    (cell.label(), cell.strategy.clone())
}

fn add_all<T: PartialEq + Clone>(list: &mut Vec<T>, more: &[T]) {
    more.iter().for_each(|item| add_once(list, item));
}

/// Who planned what, of both.
fn both(ours: Value, theirs: Value) -> Value {
    if ours == theirs {
        return ours;
    }
    let parts = |value| match value {
        Value::Array(parts) => parts,
        one => vec![one],
    };
    let mut all = parts(ours);
    add_all(&mut all, &parts(theirs));
    Value::Array(all)
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
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let dot = if name.is_empty() { "" } else { "." };
                flatten(value, &format!("{name}{dot}{field}"), settings);
            }
        }
        leaf => {
            settings.insert(name.to_owned(), leaf.clone());
        }
    }
}
