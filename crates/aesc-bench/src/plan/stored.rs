//! `plan.json` as it lies there: its cells are read when they are wanted, and by all cores.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Plan;
use crate::threads::shared_out;
use crate::{BenchError, CellSpec, FORMAT, RESULTS_VERSION};

/// A plan whose cells are still text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored<'a> {
    format: u32,
    results_version: u32,
    name: String,
    strategies: Vec<String>,
    #[serde(borrow)]
    cells: Vec<&'a RawValue>,
    provenance: Value,
}

/// The part of a plan that every version of it has.
#[derive(Deserialize)]
struct Versions {
    format: u32,
    results_version: u32,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

/// The file's text.
pub(super) fn text(path: &Path) -> Result<String, BenchError> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(BenchError::NoPlan {
            path: path.to_owned(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(malformed(path, &error))
        }
        text => text.map_err(BenchError::io("read", path)),
    }
}

impl<'a> Stored<'a> {
    pub(super) fn parse(text: &'a str, path: &Path) -> Result<Self, BenchError> {
        let stored: Self = serde_json::from_str(text).map_err(|error| {
            // A newer file may hold fields unknown here: then its version is what is wrong.
            let versions = serde_json::from_str::<Versions>(text);
            let check = |v: Versions| check_versions(v.format, v.results_version, path).err();
            let newer = versions.ok().and_then(check);
            newer.unwrap_or_else(|| malformed(path, &error))
        })?;
        check_versions(stored.format, stored.results_version, path)?;
        Ok(stored)
    }

    /// The same with the cells of these ids alone.
    pub(super) fn only(mut self, ids: &[String], path: &Path) -> Result<Self, BenchError> {
        let id = |cell: &&'a RawValue| serde_json::from_str(cell.get()).map(|Named { id }| id);
        let found = shared_out(&self.cells, id).into_iter();
        let found: Vec<Cow<'a, str>> = found
            .collect::<Result<_, _>>()
            .map_err(|error| malformed(path, &error))?;
        let known: HashSet<&str> = found.iter().map(|id| &**id).collect();
        if let Some(absent) = ids.iter().find(|id| !known.contains(id.as_str())) {
            return Err(BenchError::UnknownCell {
                id: absent.clone(),
                n_cells: known.len(),
            });
        }
        let cells = self.cells.into_iter().zip(&found);
        let wanted = cells.filter(|(_, id)| ids.iter().any(|wanted| wanted == &**id));
        self.cells = wanted.map(|(cell, _)| cell).collect();
        Ok(self)
    }

    /// The checked plan.
    pub(super) fn plan(self, path: &Path) -> Result<Plan, BenchError> {
        let read = |cell: &&RawValue| serde_json::from_str::<CellSpec>(cell.get());
        let cells = shared_out(&self.cells, read).into_iter();
        let plan = Plan {
            format: self.format,
            results_version: self.results_version,
            name: self.name,
            strategies: self.strategies,
            cells: cells
                .collect::<Result<_, _>>()
                .map_err(|error| malformed(path, &error))?,
            provenance: self.provenance,
        };
        plan.validate(path)?;
        Ok(plan)
    }
}

fn malformed(path: &Path, found: &dyn std::error::Error) -> BenchError {
    BenchError::Malformed {
        path: path.to_owned(),
        expected: "a benchmark plan",
        found: found.to_string(),
    }
}

pub(super) fn check_versions(
    format: u32,
    results_version: u32,
    path: &Path,
) -> Result<(), BenchError> {
    let same = |what, expected, found| {
        if found == expected {
            return Ok(());
        }
        Err(BenchError::Version {
            path: path.to_owned(),
            what,
            expected,
            found,
        })
    };
    same("format", FORMAT, format)?;
    same("results version", RESULTS_VERSION, results_version)
}
