//! The claims as tables: a verdict for each comparison, and differences category by category.

use super::Report;
use super::format::signed;
use super::table::{Better, Heading, Kind, MISSING, Place, Row, Table};
use super::tables::capital;
use crate::{Column, Comparison, Difference};

/// One table a claim: a row for each pair compared, a column for each quantity.
pub(super) fn claim_tables(report: &Report) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for comparison in &report.comparisons {
        let title = format!("{}?", titled(report, &comparison.claim));
        let table = found_or_added(&mut tables, &title, "for");
        let i = found_or_pushed(&mut table.columns, Heading::plain(&comparison.quantity));
        let name = subject(report, comparison);
        let row = match table.rows.iter().position(|row| row.name == name) {
            Some(at) => &mut table.rows[at],
            None => table
                .rows
                .push_mut(Row::marked(&name, Vec::new(), Better::Neither)),
        };
        row.places.resize(i, Place::lacking("–"));
        row.places.push(verdict(comparison));
    }
    tables
}

/// A claim as a title: with a capital, unless it begins with a network's name.
pub(super) fn titled(report: &Report, claim: &str) -> String {
    let first = claim.split(' ').next().unwrap_or_default();
    if report.plan.networks.iter().any(|name| name == first) {
        claim.to_owned()
    } else {
        capital(claim)
    }
}

/// `+0.110`, and in small print `(3 of 4, holds)`; `undecided` and `(1 of 1, 1 missing)`.
fn verdict(comparison: &Comparison) -> Place {
    let told = comparison.verdict();
    if comparison.mean_difference.is_none() {
        return Place::lacking(told).noted(format!("({})", wins(comparison)));
    }
    let kind = match told {
        "holds" => Kind::Good,
        "does not hold" => Kind::Bad,
        _ => Kind::Plain,
    };
    difference(comparison.mean_difference)
        .of_kind(kind)
        .noted(format!("({}, {told})", wins(comparison)))
}

/// `3 of 4`, or `2 of 3, 1 missing`: categories in which the challenger is higher.
fn wins(comparison: &Comparison) -> String {
    let compared = n_compared(comparison);
    match comparison.categories.len() - compared {
        0 => format!("{} of {compared}", comparison.wins),
        lacking => format!("{} of {compared}, {lacking} missing", comparison.wins),
    }
}

/// Categories in which both sides have a value.
pub(super) fn n_compared(comparison: &Comparison) -> usize {
    let values = comparison.categories.iter().filter_map(Difference::value);
    values.count()
}

/// The claims category by category: one table for each claim and quantity.
pub(super) fn claim_details(report: &Report) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for comparison in &report.comparisons {
        let Comparison {
            claim, quantity, ..
        } = comparison;
        let title = format!("Difference in {quantity}: {claim}?");
        let table = found_or_added(&mut tables, &title, "category");
        if table.rows.is_empty() {
            let names = comparison.categories.iter().map(|c| c.category.as_str());
            let row = |name: &str| Row::marked(name, Vec::new(), Better::Neither);
            table.rows = names.map(row).collect();
            table.foot = vec![row("mean")];
        }
        let column = compared_column(comparison);
        table.columns.push(heading(report, column, comparison));
        for (row, category) in table.rows.iter_mut().zip(&comparison.categories) {
            row.places.push(difference(category.value()));
        }
        if let Some(mean) = table.foot.first_mut() {
            mean.places.push(difference(comparison.mean_difference));
        }
    }
    tables
}

fn difference(value: Option<f64>) -> Place {
    match value {
        Some(value) => Place::number(value, signed(value)),
        None => Place::lacking(MISSING),
    }
}

fn found_or_added<'a>(tables: &'a mut Vec<Table>, title: &str, corner: &str) -> &'a mut Table {
    match tables.iter().position(|table| table.title == title) {
        Some(at) => &mut tables[at],
        None => tables.push_mut(Table {
            title: title.to_owned(),
            corner: corner.to_owned(),
            columns: Vec::new(),
            rows: Vec::new(),
            foot: Vec::new(),
        }),
    }
}

fn found_or_pushed(headings: &mut Vec<Heading>, heading: Heading) -> usize {
    if let Some(at) = headings.iter().position(|known| *known == heading) {
        return at;
    }
    headings.push(heading);
    headings.len() - 1
}

/// What the compared columns share, as a column: the network, the corruption, or both.
fn compared_column(comparison: &Comparison) -> (Option<&str>, Option<&str>) {
    let Comparison {
        challenger,
        control,
        ..
    } = comparison;
    let shared = |of: fn(&Column) -> &String| {
        (of(challenger) == of(control)).then(|| of(challenger).as_str())
    };
    (shared(|c| &c.network), shared(|c| &c.corruption))
}

/// What sets a comparison apart from the others of its claim: network, corruption, preset and
/// strategy, as far as both sides share them.
pub(super) fn subject(report: &Report, comparison: &Comparison) -> String {
    heading(report, compared_column(comparison), comparison).full()
}

fn heading(
    report: &Report,
    (network, corruption): (Option<&str>, Option<&str>),
    comparison: &Comparison,
) -> Heading {
    let mut shared: Vec<&str> = [network, corruption].into_iter().flatten().collect();
    if report.plan.presets.len() > 1 {
        shared.push(&comparison.challenger.preset);
    }
    // Of a comparison of strategies the claim names both; sharpness has none.
    let by_strategy = comparison.control_strategy.is_none() && !is_of_clean_images(comparison);
    if report.plan.strategies.len() > 1 && by_strategy {
        shared.push(&comparison.strategy);
    }
    match shared.split_first() {
        Some((group, rest)) if !rest.is_empty() => Heading::grouped(*group, rest.join(" · ")),
        _ => Heading::plain(shared.join(" · ")),
    }
}

/// Whether a quantity is of reconstructions alone, without maps and strategies.
fn is_of_clean_images(comparison: &Comparison) -> bool {
    comparison.quantity.starts_with("clean ")
}
