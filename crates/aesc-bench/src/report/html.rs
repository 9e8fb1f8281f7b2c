//! `report.html`: one self-contained page, light and dark, readable on a telephone.

use askama::Template;

use super::alarms::alarm_table;
use super::cards::{Card, cards};
use super::charts::{Charts, LegendEntry, curves, legend, training};
use super::claim_tables::{claim_details, claim_tables};
use super::claim_words::{Told, told};
use super::cost_plot::inline_cost_svg;
use super::costs::cost_table;
use super::format::{NAMED_MISSING, missing_label, span};
use super::plates::{Plates, plates};
use super::published_table::{Beside, beside};
use super::table::{Kind, Place, Table};
use super::tables::{
    category_table, defect_table, further_tables, metric_tables, reconstruction_tables, score_table,
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
    claims: Vec<Told>,
    claim_tables: Vec<Table>,
    claim_details: Vec<Table>,
    results: Vec<Results<'a>>,
    published: Option<Beside>,
    cost_plot: Option<String>,
    alarms: Table,
    reconstruction: Vec<Table>,
    scores: Vec<Table>,
    cost: Table,
    legend: Vec<LegendEntry>,
    categories: Vec<Category<'a>>,
    datasets: Vec<(&'a str, &'a str)>,
    provenance: String,
}

/// The metric tables by one strategy.
struct Results<'a> {
    strategy: &'a str,
    headline: Vec<Table>,
    further: Vec<Table>,
}

/// Everything about one category.
struct Category<'a> {
    name: &'a str,
    plates: Plates,
    curves: Vec<Charts>,
    training: Charts,
    defects: Vec<Table>,
    metrics: Vec<Table>,
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
    let results = |strategy| Results {
        strategy,
        headline: metric_tables(report, strategy),
        further: further_tables(report, strategy),
    };
    let page = Page {
        report,
        css: include_str!("../../templates/report.css"),
        script: include_str!("../../templates/report.js"),
        span: span(report),
        cards: cards(report),
        missing: missing(report),
        claims: told(report),
        claim_tables: claim_tables(report),
        claim_details: claim_details(report),
        results: strategies.iter().map(|s| results(s)).collect(),
        published: beside(report),
        cost_plot: inline_cost_svg(report),
        alarms: alarm_table(report),
        reconstruction: reconstruction_tables(report),
        scores: strategies.iter().map(|s| score_table(report, s)).collect(),
        cost: cost_table(report),
        legend: legend(report),
        categories: categories(report, pictures),
        datasets: datasets(report),
        provenance,
    };
    page.render().map_err(|e| failed(e.to_string()))
}

fn categories<'a>(report: &'a Report, pictures: &Pictures) -> Vec<Category<'a>> {
    let strategies = &report.plan.strategies;
    let category = |(name, plates): (&'a String, Plates)| {
        let curves = strategies.iter().map(|s| curves(report, name, s));
        Category {
            name,
            plates,
            curves: curves.filter(|c| !c.drawings.is_empty()).collect(),
            training: training(report, name),
            defects: strategies
                .iter()
                .filter_map(|s| defect_table(report, name, s))
                .collect(),
            metrics: strategies
                .iter()
                .map(|s| category_table(report, name, s))
                .collect(),
        }
    };
    let plates = plates(report, pictures);
    let names = report.plan.categories.iter();
    names.zip(plates).map(category).collect()
}

fn missing(report: &Report) -> Vec<(String, &'static str, &str)> {
    let cells = report.named_missing(NAMED_MISSING);
    let row = cells.map(|cell| {
        let what = if cell.failed { "failed" } else { "missing" };
        (missing_label(report, cell), what, cell.why.as_str())
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

impl Place {
    /// The place's style classes.
    fn classes(&self, table: &Table, i: usize) -> String {
        let kind = match self.kind {
            Kind::Plain => "",
            Kind::Best => "best",
            Kind::Good => "good",
            Kind::Bad => "bad",
            Kind::Words => "words",
            Kind::Lacking => "lacking",
        };
        let tint = match self.tint {
            tint if tint > 0 && table.is_wide() => format!("t{tint}"),
            _ => String::new(),
        };
        let edge = if table.is_edge(i) { "edge" } else { "" };
        let classes = [kind, &tint, edge];
        let given: Vec<&str> = classes.into_iter().filter(|c| !c.is_empty()).collect();
        given.join(" ")
    }
}
