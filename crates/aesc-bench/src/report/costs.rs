//! What a network costs: size, work and time.

use super::format::{count, duration};
use super::table::{Better, Heading, MISSING, Place, Row, Table};
use super::{Report, ReportCell};
use crate::summary::Spread;

/// How a mean is written.
type Writer<'a> = &'a dyn Fn(f64) -> String;

/// Size, work and time, a row for each network (and preset, where there are several).
pub(super) fn cost_table(report: &Report) -> Table {
    let mut rows: Vec<(String, String)> = Vec::new();
    for column in report.columns() {
        let row = (column.network, column.preset);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let columns = [
        "parameters",
        "GMAC (plain form)",
        "GMAC (phase form)",
        "steps",
        "training a cell",
        "scoring a cell",
        "ms an image",
        "ms with all passes",
    ];
    Table {
        title: "Cost and time, mean over the cells that are there".to_owned(),
        corner: "network".to_owned(),
        columns: columns.map(Heading::plain).into(),
        rows: rows
            .iter()
            .map(|(network, preset)| row(report, network, preset))
            .collect(),
        foot: Vec::new(),
    }
}

fn row(report: &Report, network: &str, preset: &str) -> Row {
    let of_row = |cell: &&ReportCell| {
        cell.network == network && cell.preset == preset && cell.strategy == report.main_strategy()
    };
    let cells: Vec<&ReportCell> = report.cells.iter().filter(of_row).collect();
    let place = |quantity: fn(&ReportCell) -> f64, write: Writer<'_>| {
        let values: Vec<f64> = cells.iter().map(|cell| quantity(cell)).collect();
        mean_place(&values, write, MISSING)
    };
    let sampled = cells
        .iter()
        .filter_map(|cell| cell.timing.sampling_ms_per_image);
    let sampled: Vec<f64> = sampled.collect();
    let whole = |v: f64| count(v.round() as u64);
    let places = vec![
        place(|c| c.cost.parameters as f64, &whole),
        place(|c| c.cost.gmac, &|v| format!("{v:.3}")),
        place(|c| c.cost.gmac_phase, &|v| format!("{v:.3}")),
        place(|c| c.steps as f64, &whole),
        place(|c| c.timing.training_secs, &duration),
        place(|c| c.timing.scoring_secs, &duration),
        place(|c| c.timing.inference_ms_per_image, &|v| format!("{v:.1}")),
        mean_place(&sampled, &|v| format!("{v:.1}"), "–"),
    ];
    let name = match report.plan.presets.len() {
        0 | 1 => network.to_owned(),
        _ => format!("{network} · {preset}"),
    };
    Row::marked(&name, places, Better::Neither)
}

/// The mean, or `lacking` of nothing.
pub(super) fn mean_place(values: &[f64], write: Writer<'_>, lacking: &str) -> Place {
    match Spread::of(values) {
        Some(Spread { mean, .. }) => Place::number(mean, write(mean)),
        None => Place::lacking(lacking),
    }
}
