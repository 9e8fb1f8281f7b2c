//! False alarms on clean test images: the strategies side by side, each at its own threshold.

use super::Report;
use super::table::{Better, Heading, Place, Row, Table};
use crate::Column;
use crate::summary::Entry;

/// Share of `test/good` over the calibrated threshold: a row for each column of the other tables,
/// the mean first, then each category; within each the strategies.
pub(super) fn alarm_table(report: &Report) -> Table {
    let strategies = &report.plan.strategies;
    let row = |column: &Column| {
        let mut places = Vec::new();
        let mut add = |entry: &dyn Fn(&str) -> Entry| {
            places.extend(strategies.iter().map(|s| Place::of(entry(s), 3)));
        };
        add(&|strategy| report.mean_entry(column, strategy, &|cell| cell.fpr_on_good));
        for category in &report.plan.categories {
            add(&|strategy| report.entry(category, column, strategy, &|cell| cell.fpr_on_good));
        }
        Row::marked(&report.column_label(column), places, Better::Neither)
    };
    let groups = std::iter::once("mean").chain(report.plan.categories.iter().map(String::as_str));
    let columns = groups.flat_map(|group| match strategies.as_slice() {
        [_] => vec![Heading::plain(group)],
        several => several
            .iter()
            .map(|strategy| Heading::grouped(group, strategy))
            .collect(),
    });
    Table {
        title: "False alarms: share of test/good over the calibrated threshold".to_owned(),
        corner: "network · corruption".to_owned(),
        columns: columns.collect(),
        rows: report.columns().iter().map(row).collect(),
        foot: Vec::new(),
    }
}
