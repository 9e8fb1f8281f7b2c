//! The plan: which cells there are, and where each stands.

mod stored;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::folder::{begun_cells, failure_path, plan_path, result_path, write_json};
use crate::threads::shared_out;
use crate::{BenchError, CellFailure, CellResult, CellSpec, FORMAT, RESULTS_VERSION};

/// Where a planned cell stands.
#[derive(Debug)]
pub enum CellState {
    /// Its result is there and answers this plan.
    Done(Box<CellResult>),
    /// It failed by its own fault when last tried.
    Failed(CellFailure),
    /// No usable result, with the reason ("not run yet", "result.json: …").
    Missing(String),
}

/// All cells of a benchmark; once written it never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of this file, [`FORMAT`].
    pub format: u32,
    /// [`RESULTS_VERSION`] of the program that planned.
    pub results_version: u32,
    /// Name of the benchmark.
    pub name: String,
    /// Strategies every cell is scored by ("residual", "uncertainty"), the main one first.
    pub strategies: Vec<String>,
    /// The cells, in the order they are started.
    pub cells: Vec<CellSpec>,
    /// Who planned when with what; never compared.
    pub provenance: Value,
}

impl Plan {
    /// A checked plan.
    ///
    /// # Errors
    /// As [`Plan::validate`].
    pub fn new(
        name: impl Into<String>,
        strategies: Vec<String>,
        cells: Vec<CellSpec>,
        provenance: Value,
    ) -> Result<Self, BenchError> {
        let plan = Self {
            format: FORMAT,
            results_version: RESULTS_VERSION,
            name: name.into(),
            strategies,
            cells,
            provenance,
        };
        plan.validate(Path::new("plan"))?;
        Ok(plan)
    }

    /// Checks versions, that there is work, that each id is its content's, and none occurs twice.
    ///
    /// `path` only names the plan in errors.
    ///
    /// # Errors
    /// [`BenchError::Version`], [`BenchError::EmptyPlan`], [`BenchError::ForeignId`] or
    /// [`BenchError::DuplicateCell`].
    pub fn validate(&self, path: &Path) -> Result<(), BenchError> {
        stored::check_versions(self.format, self.results_version, path)?;
        if self.cells.is_empty() {
            return Err(BenchError::EmptyPlan { what: "cells" });
        }
        if self.strategies.is_empty() {
            return Err(BenchError::EmptyPlan { what: "strategies" });
        }
        let mut seen: HashMap<&str, &CellSpec> = HashMap::with_capacity(self.cells.len());
        let expected = shared_out(&self.cells, |cell| cell.expected_id(self.results_version));
        for (cell, expected) in self.cells.iter().zip(expected) {
            if cell.id != expected {
                return Err(BenchError::ForeignId {
                    cell: cell.label(),
                    expected,
                    found: cell.id.clone(),
                });
            }
            if let Some(first) = seen.insert(&cell.id, cell) {
                return Err(BenchError::DuplicateCell {
                    id: cell.id.clone(),
                    first: first.label(),
                    second: cell.label(),
                });
            }
        }
        Ok(())
    }

    /// Writes `dir/plan.json`, or finds the same plan already there.
    ///
    /// What never changes is the work. A plan whose data merely moved (same digests, other
    /// folders) is the same plan: the new folders are written down.
    ///
    /// # Errors
    /// [`BenchError::PlanDiffers`] when another plan is there; otherwise as [`Plan::read`], or
    /// [`BenchError::Io`] when it cannot be written.
    pub fn write_new(&self, dir: &Path) -> Result<(), BenchError> {
        let path = plan_path(dir);
        self.validate(&path)?;
        match Self::read(dir) {
            Err(BenchError::NoPlan { .. }) => write_json(&path, self),
            Err(other) => Err(other),
            Ok(old) => {
                if let Some(difference) = old.difference(self) {
                    return Err(BenchError::PlanDiffers { path, difference });
                }
                let folders: HashMap<_, _> = old.cells.iter().map(|c| (&c.id, &c.data)).collect();
                let moved = |new: &CellSpec| folders.get(&new.id).is_some_and(|d| **d != new.data);
                if self.cells.iter().any(moved) {
                    return write_json(&path, self);
                }
                Ok(())
            }
        }
    }

    /// Reads and checks `dir/plan.json`.
    ///
    /// # Errors
    /// [`BenchError::NoPlan`], [`BenchError::Io`], [`BenchError::Malformed`], or as
    /// [`Plan::validate`].
    pub fn read(dir: &Path) -> Result<Self, BenchError> {
        let path = plan_path(dir);
        let text = stored::text(&path)?;
        stored::Stored::parse(&text, &path)?.plan(&path)
    }

    /// The plan with the cells of these ids alone: a worker's look, which passes over the others
    /// of a hundred thousand.
    ///
    /// # Errors
    /// As [`Plan::read`], and [`BenchError::UnknownCell`].
    pub fn read_cells(dir: &Path, ids: &[String]) -> Result<Self, BenchError> {
        let path = plan_path(dir);
        let text = stored::text(&path)?;
        let stored = stored::Stored::parse(&text, &path)?;
        stored.only(ids, &path)?.plan(&path)
    }

    /// The cell of this id.
    ///
    /// # Errors
    /// [`BenchError::UnknownCell`].
    pub fn cell(&self, id: &str) -> Result<&CellSpec, BenchError> {
        let found = self.cells.iter().find(|cell| cell.id == id);
        found.ok_or_else(|| BenchError::UnknownCell {
            id: id.to_owned(),
            n_cells: self.cells.len(),
        })
    }

    /// Where `cell` stands in run folder `dir`; a truncated or foreign result counts as missing.
    pub fn state(&self, dir: &Path, cell: &CellSpec) -> CellState {
        match CellResult::read(&result_path(dir, &cell.id)) {
            Ok(result) => match result.mismatch(cell, &self.strategies) {
                None => CellState::Done(Box::new(result)),
                Some(why) => CellState::Missing(format!("result.json {why}")),
            },
            Err(why) => match CellFailure::read(&failure_path(dir, &cell.id)) {
                Some(failure) => CellState::Failed(failure),
                None => CellState::Missing(why),
            },
        }
    }

    /// The result of a cell of this plan, done in run folder `dir`, whose training is that of
    /// `cell`: the same images, and a configuration that differs in the score alone.
    pub fn trained_like(&self, dir: &Path, cell: &CellSpec) -> Option<Box<CellResult>> {
        let alike = self.cells.iter().filter(|one| one.trains_like(cell));
        let mut results = alike.map(|one| self.state(dir, one));
        results.find_map(|state| match state {
            CellState::Done(result) => Some(result),
            _ => None,
        })
    }

    /// The cells without a usable result, failed ones among them.
    pub fn missing(&self, dir: &Path) -> Vec<CellSpec> {
        let begun = begun_cells(dir);
        let is_done = |cell: &CellSpec| {
            begun.contains(&cell.id) && matches!(self.state(dir, cell), CellState::Done(_))
        };
        let done = shared_out(&self.cells, is_done);
        let cells = self.cells.iter().zip(done);
        cells
            .filter(|(_, is_done)| !is_done)
            .map(|(cell, _)| cell.clone())
            .collect()
    }

    /// The missing cells but those that failed by their own fault and would only fail again.
    pub fn untried(&self, dir: &Path) -> Vec<CellSpec> {
        let mut cells = self.missing(dir);
        cells.retain(|cell| {
            let failure = CellFailure::read(&failure_path(dir, &cell.id));
            !failure.is_some_and(|failure| failure.is_own_fault())
        });
        cells
    }

    /// The first thing in which `new` is other work than this plan.
    fn difference(&self, new: &Self) -> Option<String> {
        if self.strategies != new.strategies {
            let (old, new) = (self.strategies.join(", "), new.strategies.join(", "));
            return Some(format!("its strategies are {old}, not {new}"));
        }
        let (old_ids, new_ids) = (self.ids(), new.ids());
        if let Some(extra) = self.cells.iter().find(|c| !new_ids.contains(&*c.id)) {
            return Some(format!(
                "it has {} cells, {} among them, the new one {} without it",
                old_ids.len(),
                described(extra),
                new_ids.len()
            ));
        }
        let lacks = new.cells.iter().find(|c| !old_ids.contains(&*c.id))?;
        Some(format!("it lacks {}", described(lacks)))
    }

    fn ids(&self) -> HashSet<&str> {
        self.cells.iter().map(|cell| &*cell.id).collect()
    }
}

fn described(cell: &CellSpec) -> String {
    format!("{} ({})", cell.label(), cell.id)
}
