//! The claims as tables: in short, and category by category.

use super::Report;
use super::format::signed;
use super::table::{Better, MISSING, Place, Row, Table};
use crate::Comparison;

/// The claims in short: one row a comparison.
pub(crate) fn claim_table(report: &Report) -> Option<Table> {
    if report.comparisons.is_empty() {
        return None;
    }
    let row = |comparison: &Comparison| {
        let difference = match comparison.mean_difference {
            Some(mean) => Place::number(mean, signed(mean)),
            None => Place::lacking(MISSING),
        };
        let places = vec![
            Place::words(subject(report, comparison)),
            Place::words(comparison.quantity.clone()),
            difference,
            Place::words(wins(comparison)),
            Place::words(comparison.verdict()),
        ];
        Row::marked(&comparison.claim, places, Better::Neither)
    };
    let columns = ["for", "in", "mean difference", "higher in", "verdict"];
    Some(Table {
        title: "Claims".to_owned(),
        corner: "claim".to_owned(),
        columns: columns.map(str::to_owned).into(),
        rows: report.comparisons.iter().map(row).collect(),
        foot: Vec::new(),
    })
}

/// `3 of 4`, or `2 of 3, 1 missing`: categories in which the challenger is higher.
pub(crate) fn wins(comparison: &Comparison) -> String {
    let compared = comparison
        .categories
        .iter()
        .filter(|c| c.value().is_some())
        .count();
    match comparison.categories.len() - compared {
        0 => format!("{} of {compared}", comparison.wins),
        lacking => format!("{} of {compared}, {lacking} missing", comparison.wins),
    }
}

/// The claims category by category: one table for each claim and quantity.
pub(crate) fn claim_details(report: &Report) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for comparison in &report.comparisons {
        let Comparison {
            claim, quantity, ..
        } = comparison;
        let title = format!("Difference in {quantity}: {claim}?");
        let column = subject(report, comparison);
        let place = |difference: Option<f64>| match difference {
            Some(value) => Place::number(value, signed(value)),
            None => Place::lacking(MISSING),
        };
        let table = match tables.iter_mut().position(|table| table.title == title) {
            Some(i) => &mut tables[i],
            None => tables.push_mut(empty_details(title, comparison)),
        };
        table.columns.push(column);
        for (row, category) in table.rows.iter_mut().zip(&comparison.categories) {
            row.places.push(place(category.value()));
        }
        if let Some(mean) = table.foot.first_mut() {
            mean.places.push(place(comparison.mean_difference));
        }
    }
    tables
}

fn empty_details(title: String, comparison: &Comparison) -> Table {
    let row = |name: &str| Row {
        name: name.to_owned(),
        places: Vec::new(),
    };
    Table {
        title,
        corner: "category".to_owned(),
        columns: Vec::new(),
        rows: comparison
            .categories
            .iter()
            .map(|c| row(&c.category))
            .collect(),
        foot: vec![row("mean")],
    }
}

/// What the compared columns share: the network, or the corruption; and the strategy of several.
fn subject(report: &Report, comparison: &Comparison) -> String {
    let Comparison {
        challenger,
        control,
        strategy,
        ..
    } = comparison;
    let mut shared = Vec::new();
    if challenger.network == control.network {
        shared.push(challenger.network.as_str());
    } else {
        shared.push(challenger.corruption.as_str());
    }
    if report.plan.presets.len() > 1 {
        shared.push(challenger.preset.as_str());
    }
    if report.plan.strategies.len() > 1 && challenger.network == control.network {
        shared.push(strategy.as_str());
    }
    shared.join(" · ")
}
