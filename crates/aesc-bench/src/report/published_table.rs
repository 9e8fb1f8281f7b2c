//! Ours beside published figures, where the data is theirs; and in what the two differ.

use std::fmt::Write as _;

use super::table::{Better, Heading, Place, Row, Table};
use super::tables::HEADLINE;
use super::{Report, ReportCell};
use crate::published::{Method, Published, compiled_in};
use crate::{Column, Metric};

/// The table, and what to mind when reading it.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) table: Table,
    pub(crate) caution: String,
}

const WORDS: [&str; 6] = [
    "mean over",
    "input",
    "pretrained",
    "external data",
    "chosen on the test set",
    "source and notes",
];

/// Ours beside the published figures; none when a category is not of the published data set, or
/// the method was not planned.
pub(crate) fn beside(report: &Report) -> Option<Beside> {
    // The file is compiled in and held to be sound by a test.
    let published = compiled_in().ok()?;
    let column = report.method_column()?;
    if !published.covers(&report.plan.categories) {
        return None;
    }
    let strategies = report.plan.strategies.iter();
    let mut rows: Vec<Row> = strategies
        .map(|strategy| our_row(report, &published, (&column, strategy)))
        .collect();
    let n = published.categories.len();
    rows.extend(published.methods.iter().map(|method| their_row(method, n)));
    let metrics = HEADLINE.iter().map(|m| Heading::plain(m.label()));
    let table = Table {
        title: format!("Ours beside published figures for {}", published.data),
        corner: "method".to_owned(),
        columns: metrics.chain(WORDS.map(Heading::plain)).collect(),
        rows,
        foot: Vec::new(),
    };
    let caution = caution(report, &published);
    Some(Beside { table, caution })
}

fn our_row(report: &Report, published: &Published, (column, strategy): (&Column, &str)) -> Row {
    let place = |metric: &Metric| {
        let quantity = |cell: &ReportCell| metric.of(&cell.metrics);
        Place::of(report.mean_entry(column, strategy, &quantity), 3)
    };
    let (n, all) = (report.plan.categories.len(), published.categories.len());
    let mut places: Vec<Place> = HEADLINE.iter().map(place).collect();
    let words = [
        if n == all {
            all.to_string()
        } else {
            format!("{n} of {all}")
        },
        sizes(report),
        "no".to_owned(),
        "no".to_owned(),
        "no".to_owned(),
        "this report".to_owned(),
    ];
    places.extend(words.map(Place::words));
    let name = format!("ours: {} by {strategy}", report.column_label(column));
    Row::marked(&name, places, Better::Neither)
}

fn their_row(method: &Method, n_categories: usize) -> Row {
    let place = |metric: &Metric| match method.mean_of(*metric) {
        Some(value) => Place::number(value, format!("{value:.3}")),
        None => Place::lacking("–"),
    };
    let mut places: Vec<Place> = HEADLINE.iter().map(place).collect();
    let protocol = &method.protocol;
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
    let side = protocol.resolution_px.map(|px| format!("{px}×{px}"));
    let chosen = protocol.chosen_on_test.map(|chosen| {
        let word = if chosen { "yes" } else { "no" };
        word.to_owned()
    });
    let source = method.source.cited();
    let words = [
        n_categories.to_string(),
        or_unknown(side),
        protocol.pretrained.clone(),
        protocol.external_data.clone(),
        or_unknown(chosen),
        match protocol.notes.as_str() {
            "" => source,
            notes => format!("{source}; {notes}"),
        },
    ];
    places.extend(words.map(Place::words));
    Row::marked(&method.name, places, Better::Neither)
}

/// `256×256`: the networks' input sizes, from the cells' configurations.
fn sizes(report: &Report) -> String {
    let mut sizes: Vec<String> = Vec::new();
    for cell in &report.cells {
        let side = |key: &str| cell.config.pointer(key).and_then(serde_json::Value::as_u64);
        if let (Some(height), Some(width)) = (side("/data/height"), side("/data/width")) {
            let size = format!("{height}×{width}");
            if !sizes.contains(&size) {
                sizes.push(size);
            }
        }
    }
    match sizes.as_slice() {
        [] => "unknown".to_owned(),
        sizes => sizes.join(", "),
    }
}

/// In what ours and theirs are not the same quantity.
fn caution(report: &Report, published: &Published) -> String {
    let (ours, all) = (&report.plan.categories, published.categories.len());
    let mut text = format!(
        "Published means are over all {all} categories of {}.",
        published.data
    );
    if ours.len() == all {
        text.push_str(" So are ours.");
    } else {
        let names = ours.join(", ");
        let _ = write!(
            text,
            " Ours cover {} of them ({names}): another quantity, to be read beside the others and \
             not ranked among them.",
            ours.len()
        );
    }
    if report.plan.seeds.len() == 1 {
        text.push_str(" Ours are of a single seed.");
    }
    text.push_str(
        " Input size, pretraining and external data differ as the table says; what is unknown was \
         not looked up. Pixel figures also depend on the size of the masks, ours being taken at \
         that of the data at hand.",
    );
    text
}
