//! `aesc bench check` and `aesc bench baseline`: regression gates, held and made.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use aesc_bench::{
    Baseline, BenchError, Finding, Gate, Metric, Plan, Report, Verdict, collect, report,
};
use clap::Args;
use serde_json::json;

use crate::app::Context;
use crate::config;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::path_text;

/// Where results are: a bench's folder or a stored report.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Source {
    /// The bench's folder, with plan.json
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A stored report.json
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What `bench check` takes.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    source: Source,
    /// The baseline
    #[arg(long, value_name = "FILE")]
    baseline: PathBuf,
    /// Categories whose gates are held [default: all of the baseline]
    #[arg(long, value_name = "NAME", num_args = 1..)]
    category: Vec<String>,
}

/// What `bench baseline` takes.
#[derive(Debug, Args)]
pub(crate) struct BaselineArgs {
    #[command(flatten)]
    source: Source,
    /// How much worse than now a figure may become, 0..=1
    #[arg(long, default_value_t = 0.05, value_name = "X")]
    tolerance: f64,
    /// Metrics to gate, by their keys
    #[arg(long, value_name = "KEY", num_args = 1..,
          default_values = ["image_auroc", "pixel_auroc", "aupro_30"])]
    metric: Vec<String>,
    /// Only these columns [default: all]
    #[arg(long, value_name = "NETWORK/CORRUPTION", num_args = 1..)]
    column: Vec<String>,
    /// Only these strategies [default: all]
    #[arg(long, value_name = "NAME", num_args = 1..)]
    strategy: Vec<String>,
}

pub(super) fn check(args: &CheckArgs, context: &Context) -> Result<(), Failure> {
    let gates = Gates::read(&args.baseline, &args.category)?;
    let verdicts = gates.check(&args.source.report()?)?;
    let value = gates.json(&verdicts);
    context.output.result(&value, || {
        let lines: Vec<String> = verdicts.iter().map(Verdict::to_string).collect();
        lines.join("\n")
    })?;
    gates.verdict(&verdicts)
}

pub(super) fn baseline(args: &BaselineArgs, context: &Context) -> Result<(), Failure> {
    let report = args.source.report()?;
    let metrics = args.metric.iter().map(|key| {
        let known = Metric::ALL.map(Metric::key).join(", ");
        let message = || Failure::usage(format!("no metric {key}; there are {known}"));
        Metric::keyed(key).ok_or_else(message)
    });
    let metrics: Vec<Metric> = metrics.collect::<Result<_, _>>()?;
    let mut baseline = Baseline::of(&report, &metrics, args.tolerance)?;
    let asked = |list: &[String], name: &String| list.is_empty() || list.contains(name);
    for (category, gates) in &mut baseline.category {
        gates.retain(|gate| {
            let column = format!("{}/{}", gate.network, gate.corruption);
            asked(&args.column, &column) && asked(&args.strategy, &gate.strategy)
        });
        if gates.is_empty() {
            let message = format!("{category}: no cell is of the columns and strategies named");
            return Err(Failure::usage(message));
        }
    }
    context
        .output
        .result(&baseline, || to_toml(&baseline, &report))
}

impl Source {
    fn report(&self) -> Result<Report, Failure> {
        match (&self.out, &self.report) {
            (Some(out), _) => Ok(collect(&Plan::read(out)?, out)),
            (None, Some(path)) => read_report(path),
            (None, None) => Err(Failure::usage("name results by --out DIR or --report FILE")),
        }
    }
}

/// A stored `report.json`.
pub(super) fn read_report(path: &Path) -> Result<Report, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::usage(format!("failed to read {}: {e}", path.display())))?;
    Ok(report::parse(&text, path)?)
}

/// A baseline and the categories of it that count.
#[derive(Debug)]
pub(super) struct Gates {
    path: PathBuf,
    baseline: Baseline,
    categories: Vec<String>,
}

impl Gates {
    pub(super) fn read(path: &Path, categories: &[String]) -> Result<Self, Failure> {
        let baseline: Baseline = config::document(path)?;
        baseline.is_current().map_err(|error| named(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            baseline,
            categories: categories.to_vec(),
        })
    }

    pub(super) fn check(&self, report: &Report) -> Result<Vec<Verdict>, Failure> {
        let verdicts = self.baseline.check(report, &self.categories);
        verdicts.map_err(|error| named(&self.path, &error))
    }

    /// Refuses to train what cannot pass: a gated cell that is not planned.
    pub(super) fn must_be_planned(&self, plan: &Plan, out: &Path) -> Result<(), Failure> {
        let mut verdicts = self.check(&collect(plan, out))?;
        verdicts.retain(|verdict| verdict.finding == Finding::Unplanned);
        self.verdict(&verdicts)
    }

    /// For a JSON document.
    pub(super) fn json(&self, verdicts: &[Verdict]) -> serde_json::Value {
        let n_failed = verdicts.iter().filter(|verdict| !verdict.holds()).count();
        json!({
            "baseline": path_text(&self.path), "n_gates": verdicts.len(), "n_failed": n_failed,
            "verdicts": verdicts,
        })
    }

    /// Exit code 21 when a gate is not passed, naming each that is not.
    pub(super) fn verdict(&self, verdicts: &[Verdict]) -> Result<(), Failure> {
        let failed: Vec<&Verdict> = verdicts.iter().filter(|v| !v.holds()).collect();
        if failed.is_empty() {
            return Ok(());
        }
        let (n, place) = (failed.len(), self.path.display());
        let list: Vec<String> = failed.iter().map(ToString::to_string).collect();
        let mut message = format!(
            "{n} gate(s) of {place} not passed:\n  {}",
            list.join("\n  ")
        );
        if failed.iter().any(|v| v.finding == Finding::Unplanned) {
            let preset = &self.baseline.preset;
            // A String takes whatever is written to it.
            let _ = write!(
                message,
                "\nthe baseline is of preset {preset}; --category names the categories to check"
            );
        }
        Err(Failure::text(ExitCode::GateFailed, message))
    }
}

/// An error about a baseline, with its path.
fn named(path: &Path, error: &BenchError) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

/// A baseline as a file, a line a gate.
fn to_toml(baseline: &Baseline, report: &Report) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let line = |gate: &Gate| {
        format!(
            "    {{ network = {}, corruption = {}, strategy = {}, metric = {}, value = {:?}, \
             tolerance = {:?} }},\n",
            quoted(&gate.network),
            quoted(&gate.corruption),
            quoted(&gate.strategy),
            quoted(gate.metric.key()),
            gate.value,
            gate.tolerance
        )
    };
    let table = |(category, gates): (&String, &Vec<Gate>)| {
        let lines: String = gates.iter().map(line).collect();
        format!("{} = [\n{lines}]\n", quoted(category))
    };
    format!(
        "# Made by `aesc bench baseline` from {} of {}; not edited by hand.\n\
         schema = {}\nresults_version = {}\npreset = {}\n\n[category]\n{}",
        report.name,
        report.commits.join(", "),
        baseline.schema,
        baseline.results_version,
        quoted(&baseline.preset),
        baseline.category.iter().map(table).collect::<String>()
    )
}
