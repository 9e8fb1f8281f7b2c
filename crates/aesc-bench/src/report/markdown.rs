//! `report.md`, and the one table that a README quotes.

use std::fmt::Write as _;

use super::Report;
use super::alarms::alarm_table;
use super::claim_tables::{claim_details, claim_tables};
use super::claim_words::told;
use super::costs::cost_table;
use super::format::{NAMED_MISSING, missing_label, span};
use super::published_table::beside;
use super::table::{Heading, Kind, Place, Row, Table};
use super::tables::{defect_table, metric_tables, reconstruction_tables, score_table, whole_table};
use crate::Metric;

/// The whole report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut text = format!(
        "# Benchmark {}\n\n{}.\n",
        escaped(&report.name),
        escaped(&span(report))
    );
    for note in &report.notes {
        let _ = write!(text, "\n> **Note:** {}.\n", escaped(note));
    }
    add_missing(&mut text, report);
    for strategy in &report.plan.strategies {
        for table in metric_tables(report, strategy) {
            add_table(&mut text, &table);
        }
        add_table(&mut text, &score_table(report, strategy));
    }
    add_table(&mut text, &alarm_table(report));
    add_claims(&mut text, report);
    for table in reconstruction_tables(report) {
        add_table(&mut text, &table);
    }
    for category in &report.plan.categories {
        for strategy in &report.plan.strategies {
            if let Some(table) = defect_table(report, category, strategy) {
                add_table(&mut text, &table);
            }
        }
    }
    if let Some(beside) = beside(report) {
        add_table(&mut text, &beside.table);
        let _ = write!(text, "\n{}\n", escaped(&beside.caution));
    }
    add_table(&mut text, &cost_table(report));
    add_provenance(&mut text, report);
    text
}

/// One compact table: a row for each network, corruption and strategy, means over categories.
pub fn results_table(report: &Report) -> String {
    let metrics = [
        Metric::ImageAuroc,
        Metric::ImageAp,
        Metric::PixelAuroc,
        Metric::Aupro30,
    ];
    let mut text = "| network | corruption | strategy |".to_owned();
    for metric in metrics {
        let _ = write!(text, " {} |", metric.label());
    }
    text.push_str("\n|---|---|---|---:|---:|---:|---:|\n");
    for mean in &report.means {
        let corruption = match report.plan.presets.len() {
            0 | 1 => mean.corruption.clone(),
            _ => format!("{} ({})", mean.corruption, mean.preset),
        };
        let names = [&mean.network, &corruption, &mean.strategy].map(|name| escaped(name));
        let _ = write!(text, "| {} |", names.join(" | "));
        for metric in metrics {
            let value = match (metric.of(&mean.metrics), metric.of(&mean.sd)) {
                (Some(value), Some(sd)) => format!("{value:.3} ± {sd:.3}"),
                (Some(value), None) => format!("{value:.3}"),
                (None, _) => "missing".to_owned(),
            };
            let _ = write!(text, " {value} |");
        }
        text.push('\n');
    }
    text
}

/// Every metric and what it cost, a row for each category and column by the main strategy.
pub fn compared_table(report: &Report) -> String {
    let mut text = String::new();
    add_table(&mut text, &whole_table(report));
    text
}

fn add_missing(text: &mut String, report: &Report) {
    if report.missing.is_empty() {
        return;
    }
    text.push_str("\n## Cells without a result\n\n| cell | what happened | why |\n|---|---|---|\n");
    for cell in report.named_missing(NAMED_MISSING) {
        let label = escaped(&missing_label(report, cell));
        let what = if cell.failed { "**failed**" } else { "missing" };
        let _ = writeln!(text, "| {label} | {what} | {} |", escaped(&cell.why));
    }
    if let Some(rest @ 1..) = report.missing.len().checked_sub(NAMED_MISSING) {
        let _ = writeln!(text, "| and {rest} more; report.json names all | | |");
    }
}

/// The claims in words, then as tables.
fn add_claims(text: &mut String, report: &Report) {
    let claims = told(report);
    if claims.is_empty() {
        return;
    }
    text.push_str("\n## Claims\n\n");
    for claim in &claims {
        let _ = write!(
            text,
            "- **{}: {}.** {} {}",
            escaped(&claim.claim),
            claim.verdict,
            claim.expected,
            escaped(&claim.found),
        );
        let gap = if claim.tally.is_empty() { "" } else { " " };
        let _ = writeln!(text, "{gap}{}", claim.tally);
    }
    text.push_str(
        "\nA claim *holds* when the difference is positive in the mean and in more than half of \
         the categories, and is *mixed* when only one of the two is so.\n",
    );
    for table in claim_tables(report).iter().chain(&claim_details(report)) {
        add_table(text, table);
    }
}

fn add_table(text: &mut String, table: &Table) {
    let _ = write!(
        text,
        "\n## {}\n\n| {} |",
        escaped(&table.title),
        escaped(&table.corner)
    );
    for column in &table.columns {
        let _ = write!(text, " {} |", escaped(&Heading::full(column)));
    }
    text.push_str("\n|---|");
    for i in 0..table.columns.len() {
        text.push_str(if table.is_wordy(i) { "---|" } else { "---:|" });
    }
    text.push('\n');
    for row in &table.rows {
        add_row(text, row, &escaped(&row.name));
    }
    for row in &table.foot {
        add_row(text, row, &format!("*{}*", escaped(&row.name)));
    }
}

fn add_row(text: &mut String, row: &Row, name: &str) {
    let _ = write!(text, "| {name} |");
    for Place {
        text: written,
        note,
        kind,
        ..
    } in &row.places
    {
        let gap = if note.is_empty() { "" } else { " " };
        let (written, note) = (escaped(written), escaped(note));
        let _ = match kind {
            Kind::Best => write!(text, " **{written}{gap}{note}** |"),
            Kind::Lacking => write!(text, " *{written}*{gap}{note} |"),
            Kind::Plain | Kind::Words | Kind::Good | Kind::Bad => {
                write!(text, " {written}{gap}{note} |")
            }
        };
    }
    text.push('\n');
}

fn add_provenance(text: &mut String, report: &Report) {
    let commits = match report.commits.as_slice() {
        [] => "none".to_owned(),
        commits => commits.join(", "),
    };
    let _ = write!(
        text,
        "\n## Provenance\n\nCommit: {}. Results version {}, report format {}.\n",
        escaped(&commits),
        report.results_version,
        report.format
    );
}

/// Text that Markdown takes for nothing but text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '*' | '`' | '[' | ']' | '\\' => out.extend(['\\', c]),
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
