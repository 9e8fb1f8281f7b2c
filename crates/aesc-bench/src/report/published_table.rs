//! Ours beside published figures, where the data is theirs; and in what the two differ.

use std::fmt::Write as _;

use super::costs::mean_place;
use super::table::{Better, Heading, MISSING, Place, Row, Table};
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

const FURTHER: [&str; 8] = [
    "GMAC",
    "million parameters",
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
    let columns = our_columns(report)?;
    if !published.covers(&report.plan.categories) {
        return None;
    }
    let mut rows: Vec<Row> = Vec::new();
    for strategy in &report.plan.strategies {
        let ours = columns.iter().map(|column| (column, strategy.as_str()));
        rows.extend(ours.map(|ours| our_row(report, &published, ours)));
    }
    let (categories, all) = (&report.plan.categories, &published.categories);
    if categories.len() < all.len() {
        let like_ours = published.methods.iter().filter(|method| {
            let is_there = |metric: &Metric| method.mean_over(*metric, categories).is_some();
            HEADLINE.iter().any(is_there)
        });
        let where_read = &categories.join(", ");
        rows.extend(like_ours.map(|method| their_row(method, (Some(categories), where_read))));
    }
    let over_all = &all.len().to_string();
    let methods = published.methods.iter();
    rows.extend(methods.map(|method| their_row(method, (None, over_all))));
    let metrics = HEADLINE.iter().map(|m| Heading::plain(m.label()));
    let table = Table {
        title: format!("Ours beside published figures for {}", published.data),
        corner: "method".to_owned(),
        columns: metrics.chain(FURTHER.map(Heading::plain)).collect(),
        rows,
        foot: Vec::new(),
    };
    let caution = caution(report, &published);
    Some(Beside { table, caution })
}

/// The columns to set beside what was published: where presets are compared all of them, else the
/// method's own.
pub(super) fn our_columns(report: &Report) -> Option<Vec<Column>> {
    if report.plan.presets.len() > 1 {
        return Some(report.columns());
    }
    Some(vec![report.method_column()?])
}

fn our_row(report: &Report, published: &Published, (column, strategy): (&Column, &str)) -> Row {
    let place = |metric: &Metric| {
        let quantity = |cell: &ReportCell| metric.of(&cell.metrics);
        Place::of(report.mean_entry(column, strategy, &quantity), 3)
    };
    let (n, all) = (report.plan.categories.len(), published.categories.len());
    let mut places: Vec<Place> = HEADLINE.iter().map(place).collect();
    let cost = |quantity: fn(&ReportCell) -> f64, decimals: usize| {
        let all: Vec<f64> = report.cells_of(column, strategy).map(quantity).collect();
        mean_place(&all, &|mean| format!("{mean:.decimals$}"), MISSING)
    };
    places.push(cost(|cell| cell.cost.gmac, 2));
    places.push(cost(|cell| cell.cost.parameters as f64 / 1e6, 1));
    let words = [
        if n == all {
            all.to_string()
        } else {
            format!("{n} of {all}: {}", report.plan.categories.join(", "))
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

/// A method's means over `categories`, or where none are given those published over all; and what
/// they are over, in words.
fn their_row(method: &Method, (categories, over): (Option<&Vec<String>>, &str)) -> Row {
    let value = |metric: Metric| match categories {
        Some(categories) => method.mean_over(metric, categories),
        None => method.mean_of(metric),
    };
    let number = |value: Option<f64>, decimals: usize| match value {
        Some(value) => Place::number(value, format!("{value:.decimals$}")),
        None => Place::lacking("–"),
    };
    let metrics = HEADLINE.iter().map(|metric| number(value(*metric), 3));
    let mut places: Vec<Place> = metrics.collect();
    let cost = method.cost.as_ref();
    places.push(number(cost.map(|cost| cost.gmac), 2));
    places.push(number(cost.map(|cost| cost.parameters_m), 1));
    let protocol = &method.protocol;
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
    let side = protocol.resolution_px.map(|px| format!("{px}×{px}"));
    let chosen = protocol.chosen_on_test.map(|chosen| {
        let word = if chosen { "yes" } else { "no" };
        word.to_owned()
    });
    let mut source = vec![method.source.cited()];
    source.extend((!protocol.notes.is_empty()).then(|| protocol.notes.clone()));
    let read_in = categories.map_or(Vec::new(), |categories| method.read_in(categories));
    source.extend(
        read_in
            .iter()
            .map(|place| format!("figures read in {place}")),
    );
    source.extend(cost.map(|cost| format!("cost: {}", cost.counted)));
    let words = [
        over.to_owned(),
        or_unknown(side),
        protocol.pretrained.clone(),
        protocol.external_data.clone(),
        or_unknown(chosen),
        source.join("; "),
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
            " Ours cover {} of them ({names}): another quantity, not to be ranked among them. Where \
             a method's figures of these very categories were found, a row of their own gives \
             their mean.",
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
