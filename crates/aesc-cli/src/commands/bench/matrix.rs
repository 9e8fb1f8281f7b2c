//! Which cells a matrix has: categories x networks x corruptions x seeds, each of a preset.

use std::path::{Path, PathBuf};

use aesc_artifact::RunConfig;
use aesc_bench::{CellConfig, CellSpec, Matrix, Plan};
use aesc_data::{Dataset, Limits, categories, fingerprint, open_dataset};
use aesc_noise::CorruptionConfig;
use clap::Args;
use serde_json::Value;

use crate::app::Context;
use crate::config::Resolved;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::{config, provenance};

/// What a column is trained by where neither the command line nor the matrix says.
const DEFAULT_PRESET: &str = "quick";

/// What `bench plan` takes.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// A folder of categories in the MVTec AD layout
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The bench's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) matrix: MatrixArgs,
}

/// What describes a matrix.
#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    /// Categories [default: all in --data]
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) category: Vec<String>,
    /// The matrix: frontier, headline, paper, sample, or a file [default: headline]
    #[arg(long, value_name = "NAME|FILE.toml")]
    matrix: Option<String>,
    /// The preset of every cell: frontier, paper, paper-rgb, quick or sample [default: the
    /// matrix's, or quick]
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Networks instead of the matrix's: ae, aesc, unet
    #[arg(long, value_name = "NAME", num_args = 1..)]
    networks: Vec<String>,
    /// Corruptions instead of the matrix's, by the names of their presets
    #[arg(long, value_name = "NAME", num_args = 1..)]
    corruptions: Vec<String>,
    /// Seeds, a training each [default: the matrix's, or the configuration's]
    #[arg(long, value_name = "N", num_args = 1..)]
    seeds: Vec<u64>,
    /// Strategies instead of the matrix's: residual, uncertainty, fusion
    #[arg(long, value_name = "NAME", num_args = 1..)]
    strategies: Vec<String>,
}

impl MatrixArgs {
    /// Whether nothing of a matrix was said.
    pub(super) fn is_empty(&self) -> bool {
        let lists = [
            &self.category,
            &self.networks,
            &self.corruptions,
            &self.strategies,
        ];
        let nothing_listed = lists.iter().all(|list| list.is_empty()) && self.seeds.is_empty();
        nothing_listed && self.matrix.is_none() && self.preset.is_none()
    }

    /// The matrix of the file with what the command line says instead.
    fn matrix(&self) -> Result<Matrix, Failure> {
        let mut matrix = config::matrix(self.matrix.as_deref().unwrap_or("headline"))?;
        matrix.replace(&self.networks, &self.corruptions);
        for name in &self.strategies {
            config::check_strategy(name)?;
        }
        if !self.strategies.is_empty() {
            matrix.strategies.clone_from(&self.strategies);
        }
        if !self.seeds.is_empty() {
            matrix.seeds.clone_from(&self.seeds);
        }
        if let Some(preset) = &self.preset {
            matrix.replace_presets(preset);
        }
        Ok(matrix)
    }
}

/// A configuration of the matrix, to be run on every category.
struct Column {
    preset: String,
    network: String,
    corruption: String,
    seed: u64,
    config: CellConfig,
}

/// Lays the matrix out; reads every file of the data sets for their fingerprints.
pub(super) fn plan(
    (data, out): (&Path, &Path),
    args: &MatrixArgs,
    context: &Context,
) -> Result<Plan, Failure> {
    if data.to_str().is_none() {
        let place = data.display();
        let message = format!("--data {place}: expected a name in UTF-8, as plan.json keeps it");
        return Err(Failure::usage(message));
    }
    let mut matrix = args.matrix()?;
    match context.global.seed {
        Some(seed) if args.seeds.is_empty() => matrix.seeds = vec![seed],
        _ => {}
    }
    let columns = columns(&matrix, context)?;
    let wanted = wanted(&args.category, data)?;
    let phase = context.output.phase("fingerprint", wanted.len() as u64);
    let mut cells = Vec::new();
    for (i, category) in wanted.iter().enumerate() {
        let (data, dataset_digest) = category_of(data, category)?;
        phase.at(1 + i as u64);
        cells.extend(columns.iter().map(|column| {
            let cell = CellSpec {
                id: String::new(),
                category: category.clone(),
                network: column.network.clone(),
                corruption: column.corruption.clone(),
                preset: column.preset.clone(),
                seed: column.seed,
                data: data.clone(),
                dataset_digest: dataset_digest.clone(),
                config: column.config.clone(),
            };
            cell.identified()
        }));
    }
    let facts = facts(columns.first().map_or(0, |column| column.seed), context)?;
    Ok(Plan::new(name(out), once(matrix.strategies), cells, facts)?)
}

/// Who plans what when, for the plan.
pub(super) fn facts(seed: u64, context: &Context) -> Result<Value, Failure> {
    let facts = provenance::start(context, &context.global.device, seed, ("", ""));
    serde_json::to_value(facts).map_err(|e| Failure::new(ExitCode::Unexpected, e))
}

/// The bench is called as its folder is.
pub(super) fn name(out: &Path) -> String {
    let name = out.file_name().map(|name| name.to_string_lossy());
    name.map_or("bench".to_owned(), std::borrow::Cow::into_owned)
}

/// The folder and the fingerprint of a category; refuses one on which no metric is defined.
pub(super) fn category_of(data: &Path, category: &str) -> Result<(PathBuf, String), Failure> {
    let data = data.join(category);
    let dataset = open_dataset(&data)?;
    must_be_measurable(&dataset, &data)?;
    let digest = fingerprint(&dataset, &Limits::default())?;
    let data = std::fs::canonicalize(&data).map_err(|e| Failure::io("open", &data, e))?;
    Ok((data, digest))
}

/// Refuses a test set on which no metric is defined, before anything is trained.
fn must_be_measurable(dataset: &Dataset, path: &Path) -> Result<(), Failure> {
    let n_anomalous = dataset
        .test
        .iter()
        .filter(|sample| sample.is_anomalous())
        .count();
    let n_good = dataset.test.len() - n_anomalous;
    if n_good > 0 && n_anomalous > 0 {
        return Ok(());
    }
    let message = format!(
        "{}: expected good and anomalous test images, found {n_good} good and {n_anomalous} \
         anomalous",
        path.display()
    );
    Err(Failure::text(ExitCode::Data, message))
}

/// The matrix's columns, seeds innermost, each with its configuration.
fn columns(matrix: &Matrix, context: &Context) -> Result<Vec<Column>, Failure> {
    let (mut columns, mut checked) = (Vec::new(), Vec::new());
    for entry in matrix.entries() {
        let preset = entry.preset.unwrap_or(DEFAULT_PRESET);
        let resolved = config::resolve(preset, &context.global)?;
        if !checked.contains(&preset) {
            check_taken_up(preset, &resolved, matrix, context)?;
            checked.push(preset);
        }
        let base = resolved.config;
        let mut config = base.clone();
        config.network.kind = config::network(entry.network)?;
        config.corruption = corruption_of(entry.corruption, &base)?;
        let seeds = match matrix.seeds.as_slice() {
            [] => vec![base.seed],
            seeds => once(seeds.to_vec()),
        };
        for seed in seeds {
            config.seed = seed;
            config.validate()?;
            let value = serde_json::to_value(&config);
            columns.push(Column {
                preset: preset.to_owned(),
                network: entry.network.to_owned(),
                corruption: entry.corruption.to_owned(),
                seed,
                config: CellConfig::from(value.map_err(|e| Failure::new(ExitCode::Unexpected, e))?),
            });
        }
    }
    Ok(columns)
}

/// Refuses settings of a corruption that no column of the preset takes up: the corruptions of the others
/// are as their names say. Where neither `--set` nor `--config` made them but what lies about
/// (`./aesc.toml`, `AESC_*`), a warning is left.
fn check_taken_up(
    preset: &str,
    resolved: &Resolved,
    matrix: &Matrix,
    context: &Context,
) -> Result<(), Failure> {
    let kind = resolved.config.corruption.kind();
    let entries = matrix.entries().into_iter();
    let own = entries.filter(|entry| entry.preset.unwrap_or(DEFAULT_PRESET) == preset);
    let names: Vec<&str> = own.map(|entry| entry.corruption).collect();
    if names.contains(&kind) {
        return Ok(());
    }
    let own = format!("preset {preset}");
    let file = context.global.config.as_ref();
    let file = file.map(|path| path.display().to_string());
    let set = resolved
        .origins
        .iter()
        .filter(|(key, origin)| key.split('.').next() == Some("corruption") && **origin != own);
    let (said, lies_about): (Vec<&String>, Vec<&String>) = set
        .map(|(_, origin)| origin)
        .partition(|origin| origin.starts_with("--set ") || Some(*origin) == file.as_ref());
    let told = |origin: &String| {
        format!(
            "{origin}: expected a column with the corruption `{kind}`, found {} alone; \
             --corruptions {kind} is one",
            once(names.clone()).join(", ")
        )
    };
    if let Some(origin) = said.first() {
        return Err(Failure::usage(told(origin)));
    }
    if let Some(origin) = lies_about.first() {
        tracing::warn!("{}", told(origin));
    }
    Ok(())
}

/// The corruption of a column's name: as the configuration describes it where it is of that kind.
fn corruption_of(name: &str, base: &RunConfig) -> Result<CorruptionConfig, Failure> {
    if base.corruption.kind() == name {
        return Ok(base.corruption.clone());
    }
    config::corruption(name)
}

/// The list without repeats, in its order.
fn once<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    list.into_iter().fold(Vec::new(), |mut kept, item| {
        if !kept.contains(&item) {
            kept.push(item);
        }
        kept
    })
}

fn wanted(asked: &[String], data: &Path) -> Result<Vec<String>, Failure> {
    let known = categories(data)?;
    if let Some(absent) = asked.iter().find(|name| !known.contains(name)) {
        let place = data.display();
        let there = known.join(", ");
        let message = format!("{place}: expected category {absent}, found {there}");
        return Err(Failure::text(ExitCode::Data, message));
    }
    Ok(if asked.is_empty() {
        known
    } else {
        once(asked.to_vec())
    })
}
