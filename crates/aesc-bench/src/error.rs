//! What can go wrong with a plan, a run folder or a report.

use std::path::PathBuf;

/// Why a benchmark could not be planned, run or reported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The machine refused to read or write.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried: "read", "write", "create", …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// There is no plan in the folder.
    #[error("no plan at {path}: make one with `aesc bench plan` or `aesc bench run`")]
    NoPlan {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file is not what its name promises.
    #[error("{path}: expected {expected}, found {found}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// What the parser met.
        found: String,
    },
    /// A file was written by another version.
    #[error(
        "{path}: expected {what} {expected}, found {found}: use the release that wrote it or \
         another folder with --out"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// "format" or "results version".
        what: &'static str,
        /// The version known here.
        expected: u32,
        /// The version in the file.
        found: u32,
    },
    /// A different plan is already there; plans never change.
    #[error(
        "a different plan is already at {path} ({difference}): choose another folder with --out"
    )]
    PlanDiffers {
        /// The plan on disk.
        path: PathBuf,
        /// The first thing that differs.
        difference: String,
    },
    /// A plan without cells or without strategies.
    #[error("the plan has no {what}")]
    EmptyPlan {
        /// "cells" or "strategies".
        what: &'static str,
    },
    /// Two cells of a plan are the same work.
    #[error("cells {first} and {second} are the same work (id {id}): remove one of them")]
    DuplicateCell {
        /// The shared id.
        id: String,
        /// Label of the one.
        first: String,
        /// Label of the other.
        second: String,
    },
    /// A cell's id is not the hash of what it describes.
    #[error("cell {cell}: expected id {expected}, found {found}: the file was edited")]
    ForeignId {
        /// Label of the cell.
        cell: String,
        /// Id made from its content.
        expected: String,
        /// Id written in the file.
        found: String,
    },
    /// No cell of the plan has this id.
    #[error("no cell {id} in the plan of {n_cells} cells")]
    UnknownCell {
        /// The id asked for.
        id: String,
        /// Cells in the plan.
        n_cells: usize,
    },
    /// No stored cell has this name.
    #[error("no stored cell {name}: expected an id or CATEGORY/NETWORK/CORRUPTION of {known}")]
    NotStored {
        /// The name asked for.
        name: String,
        /// What labels are made of: `{cloth,gear}/{ae,aesc}/{none,stain}`.
        known: String,
    },
    /// A report that does not belong to the others.
    #[error("{path} cannot be joined: {why}")]
    NotJoined {
        /// The report, or its bench's folder.
        path: PathBuf,
        /// What differs.
        why: String,
    },
    /// A report from which no baseline can be made.
    #[error("no baseline: {why}")]
    NoBaseline {
        /// The reason.
        why: String,
    },
    /// A baseline has no gate where one is asked for.
    #[error("the baseline has no gate for {category}; it has gates for {}", listed(.known))]
    NoGates {
        /// The category asked for.
        category: String,
        /// The categories there are.
        known: Vec<String>,
    },
    /// A baseline was made before results changed on purpose.
    #[error(
        "the baseline is of results version {found}, the results of {expected}: make it anew with \
         `aesc bench baseline`"
    )]
    StaleBaseline {
        /// Version of the results.
        expected: u32,
        /// Version in the baseline.
        found: u32,
    },
    /// Another process holds the folder.
    #[error("another run writes into {path}: wait for it, or choose another folder with --out")]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The program that runs cells could not be started.
    #[error("start {program}: {source}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A command of Slurm failed, or answered what it never should.
    #[error("{command}: {found}")]
    Scheduler {
        /// "sbatch", "squeue", …
        command: &'static str,
        /// What it said.
        found: String,
    },
    /// A word that is no option of sbatch.
    #[error("expected an option of sbatch such as --time=2:00:00, found {found:?}")]
    SbatchArg {
        /// The word.
        found: String,
    },
    /// Another process does this cell just now.
    #[error("{path}: {holder} is doing this cell, last heard of {age_secs} s ago")]
    Leased {
        /// The lease.
        path: PathBuf,
        /// Who holds it: `process 12 on node7 (job 17_3)`.
        holder: String,
        /// Age of its last heartbeat, in seconds.
        age_secs: u64,
    },
    /// A value that JSON cannot carry (NaN or infinite) or that would not be read back.
    #[error("{path}: the result would not be read back: {found}")]
    Unfaithful {
        /// The file that was not written.
        path: PathBuf,
        /// What the parser would meet.
        found: String,
    },
    /// A report could not be rendered.
    #[error("render {what}: {found}")]
    Render {
        /// The report's kind.
        what: &'static str,
        /// The renderer's answer.
        found: String,
    },
}

impl BenchError {
    /// Wraps a system error, naming what was tried on which path.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}
