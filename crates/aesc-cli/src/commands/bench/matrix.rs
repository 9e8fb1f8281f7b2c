//! Which cells a matrix has: categories x networks x corruptions x seeds of a preset.

use std::path::{Path, PathBuf};

use aesc_artifact::NetworkKind;
use aesc_bench::{CellSpec, Plan};
use aesc_data::{Dataset, Limits, categories, fingerprint, open_dataset};
use aesc_noise::CorruptionConfig;
use clap::Args;

use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::{config, provenance};

/// What describes a matrix.
#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    /// A folder of categories in the MVTec AD layout
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The bench's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Categories [default: all in --data]
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) category: Vec<String>,
    /// The preset of every cell: paper, paper-rgb, quick or sample
    #[arg(long, default_value = "quick", value_name = "NAME")]
    pub(crate) preset: String,
    /// Networks: ae, aesc
    #[arg(long, value_name = "NAME", num_args = 1.., default_values = ["ae", "aesc"])]
    pub(crate) networks: Vec<String>,
    /// Corruptions, by the names of their presets
    #[arg(long, value_name = "NAME", num_args = 1.., default_values = ["none", "stain"])]
    pub(crate) corruptions: Vec<String>,
    /// Seeds, a training each [default: the configuration's]
    #[arg(long, value_name = "N", num_args = 1..)]
    pub(crate) seeds: Vec<u64>,
}

/// Lays the matrix out; reads every file of the data sets for their fingerprints.
pub(crate) fn plan(args: &MatrixArgs, context: &Context) -> Result<Plan, Failure> {
    let base = config::resolve(&args.preset, &context.global)?.config;
    let seeds = if args.seeds.is_empty() {
        vec![base.seed]
    } else {
        args.seeds.clone()
    };
    let known = categories(&args.data)?;
    let wanted = wanted(&args.category, &known, &args.data)?;
    let phase = context.output.phase("fingerprint", wanted.len() as u64);
    let mut cells = Vec::new();
    for (i, category) in wanted.iter().enumerate() {
        let data = args.data.join(category);
        let dataset = open_dataset(&data)?;
        must_be_measurable(&dataset, &data)?;
        let digest = fingerprint(&dataset, &Limits::default())?;
        phase.at(1 + i as u64);
        let data = std::fs::canonicalize(&data).map_err(|e| Failure::io("open", &data, e))?;
        for (network, corruption, seed) in columns(args, &seeds) {
            let mut config = base.clone();
            config.seed = seed;
            config.network.kind = kind(network)?;
            config.corruption = CorruptionConfig::named(corruption)?;
            config.validate()?;
            let cell = CellSpec {
                id: String::new(),
                category: category.clone(),
                network: network.to_owned(),
                corruption: corruption.to_owned(),
                preset: args.preset.clone(),
                seed,
                data: data.clone(),
                dataset_digest: digest.clone(),
                config: serde_json::to_value(&config)
                    .map_err(|e| Failure::new(ExitCode::Unexpected, e))?,
            };
            cells.push(cell.identified());
        }
    }
    let facts = provenance::start(context, &context.global.device, base.seed, "");
    let facts = serde_json::to_value(facts).map_err(|e| Failure::new(ExitCode::Unexpected, e))?;
    let name = args
        .out
        .file_name()
        .map_or("bench".into(), |n| n.to_string_lossy().into_owned());
    Ok(Plan::new(name, vec!["residual".to_owned()], cells, facts)?)
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

/// The matrix's columns, seeds innermost.
fn columns<'a>(
    args: &'a MatrixArgs,
    seeds: &'a [u64],
) -> impl Iterator<Item = (&'a str, &'a str, u64)> {
    args.networks.iter().flat_map(move |network| {
        args.corruptions.iter().flat_map(move |corruption| {
            seeds
                .iter()
                .map(move |seed| (network.as_str(), corruption.as_str(), *seed))
        })
    })
}

fn kind(name: &str) -> Result<NetworkKind, Failure> {
    NetworkKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| {
            let known: Vec<&str> = NetworkKind::ALL.iter().map(|kind| kind.name()).collect();
            Failure::usage(format!("no network {name}; there are {}", known.join(", ")))
        })
}

fn wanted(asked: &[String], known: &[String], data: &Path) -> Result<Vec<String>, Failure> {
    if let Some(absent) = asked.iter().find(|name| !known.contains(name)) {
        let place = data.display();
        let there = known.join(", ");
        let message = format!("{place}: expected category {absent}, found {there}");
        return Err(Failure::text(ExitCode::Data, message));
    }
    Ok(if asked.is_empty() {
        known.to_vec()
    } else {
        asked.to_vec()
    })
}
