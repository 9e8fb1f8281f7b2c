//! `report.html`: one self-contained page, light and dark, readable on a telephone.

use askama::Template;

use super::cards::{Card, cards};
use super::charts::{Drawing, LegendEntry, curves, legend, training};
use super::claim_tables::{claim_details, claim_table};
use super::figures::{Grid, grids};
use super::format::{missing_label, span};
use super::table::{Kind, Table};
use super::tables::{
    category_table, cost_table, defect_table, false_alarms, metric_tables, reconstruction_tables,
    score_table,
};
use super::{Pictures, Report};
use crate::BenchError;

/// The page's data; texts are escaped by the template, `svg` by its writer.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    css: &'static str,
    script: &'static str,
    span: String,
    cards: Vec<Card>,
    missing: Vec<(String, &'static str, &'a str)>,
    headline: Vec<Table>,
    claims: Option<Table>,
    claim_details: Vec<Table>,
    further: Vec<Table>,
    legend: Vec<LegendEntry>,
    categories: Vec<Category<'a>>,
    datasets: Vec<(&'a str, &'a str)>,
    provenance: String,
}

/// Everything about one category.
struct Category<'a> {
    name: &'a str,
    tables: Vec<Table>,
    curves: Vec<Drawing>,
    training: Vec<Drawing>,
    grids: Vec<Grid>,
}

/// The report as one page with everything in it.
///
/// # Errors
/// [`BenchError::Render`] when the template or the provenance cannot be written.
pub fn html(report: &Report, pictures: &Pictures) -> Result<String, BenchError> {
    let failed = |found: String| BenchError::Render {
        what: "report.html",
        found,
    };
    let provenance =
        serde_json::to_string_pretty(&report.provenance).map_err(|e| failed(e.to_string()))?;
    let strategies = &report.plan.strategies;
    let mut further = reconstruction_tables(report);
    further.extend(strategies.iter().map(|s| false_alarms(report, s)));
    further.extend(strategies.iter().map(|s| score_table(report, s)));
    further.push(cost_table(report));
    let categories = report.plan.categories.iter();
    let page = Page {
        report,
        css: include_str!("../../templates/report.css"),
        script: include_str!("../../templates/report.js"),
        span: span(report),
        cards: cards(report),
        missing: missing(report),
        headline: strategies
            .iter()
            .flat_map(|s| metric_tables(report, s))
            .collect(),
        claims: claim_table(report),
        claim_details: claim_details(report),
        further,
        legend: legend(report),
        categories: categories
            .map(|name| category(report, name, pictures))
            .collect(),
        datasets: datasets(report),
        provenance,
    };
    page.render().map_err(|e| failed(e.to_string()))
}

fn category<'a>(report: &'a Report, name: &'a str, pictures: &Pictures) -> Category<'a> {
    let strategies = &report.plan.strategies;
    let mut tables = Vec::new();
    for strategy in strategies {
        tables.push(category_table(report, name, strategy));
        tables.extend(defect_table(report, name, strategy));
    }
    Category {
        name,
        tables,
        curves: strategies
            .iter()
            .flat_map(|s| curves(report, name, s))
            .collect(),
        training: training(report, name),
        grids: grids(report, name, pictures),
    }
}

fn missing(report: &Report) -> Vec<(String, &'static str, &str)> {
    let cells = report.missing.iter();
    let row = cells.map(|cell| {
        let what = if cell.failed { "failed" } else { "missing" };
        (missing_label(cell), what, cell.why.as_str())
    });
    row.collect()
}

/// Each category's dataset digest, from any of its cells.
fn datasets(report: &Report) -> Vec<(&str, &str)> {
    let digest = |category: &String| {
        let cell = report.cells.iter().find(|cell| cell.category == *category);
        cell.map(|cell| (cell.category.as_str(), cell.dataset_digest.as_str()))
    };
    report.plan.categories.iter().filter_map(digest).collect()
}

impl Kind {
    /// The place's style class.
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Best => "best",
            Self::Words => "words",
            Self::Lacking => "lacking",
        }
    }
}
