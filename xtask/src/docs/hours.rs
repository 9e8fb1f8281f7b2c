//! How long the whole matrix takes on few and on many devices, from the times that stored cells took.

use aesc_bench::Report;
use aesc_bench::report::ReportCell;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Categories, networks, corruptions and seeds of the matrix the table is about.
const MATRIX: [u64; 4] = [15, 3, 7, 5];
/// Devices at work at the same time.
const DEVICES: [u64; 3] = [1, 8, 64];

/// One row of the table: stored cells, as they were or with another number of training steps.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    pub(super) file: &'a str,
    pub(super) report: Report,
    /// Steps to count the training with; `None` for those that were taken.
    pub(super) steps: Option<u64>,
}

/// `FILE` or `FILE@STEPS`.
pub(super) fn file_and_steps(word: &str) -> (&str, Option<u64>) {
    let steps = word
        .split_once('@')
        .and_then(|(file, steps)| Some((file, steps.parse().ok()?)));
    steps.map_or((word, None), |(file, steps)| (file, Some(steps)))
}

/// The table, a row a measurement.
pub(super) fn table(rows: &[Measured<'_>]) -> String {
    let n_cells: u64 = MATRIX.iter().product();
    let devices = DEVICES.map(|n| format!(" hours on {n} |"));
    let mut text = format!(
        "| measured in | device of a cell | steps | seconds a cell |{}\n|---|---|---:|---:|{}\n",
        devices.concat(),
        "---:|".repeat(DEVICES.len())
    );
    for row in rows {
        let cells = row.cells();
        let secs = mean(cells.iter().map(|cell| row.secs(cell)));
        let steps = row
            .steps
            .or(cells.first().map(|cell| cell.steps))
            .unwrap_or(0);
        let file = format!("`{}`, {} cells", row.file, cells.len());
        let device = cells.first().map_or_else(String::new, |cell| device(cell));
        let _ = write!(text, "| {file} | {device} | {steps} | {secs:.0} |");
        for n in DEVICES {
            let hours = n_cells.div_ceil(n) as f64 * secs / 3600.0;
            let _ = write!(text, " {hours:.1} |");
        }
        text.push('\n');
    }
    text
}

impl Measured<'_> {
    /// Each cell once, whatever it was scored by.
    fn cells(&self) -> Vec<&ReportCell> {
        let mut seen = BTreeSet::new();
        let cells = self.report.cells.iter();
        cells.filter(|cell| seen.insert(&cell.id)).collect()
    }

    /// Training, in proportion to its steps, and all the rest.
    fn secs(&self, cell: &ReportCell) -> f64 {
        let timing = cell.timing;
        let steps = self.steps.unwrap_or(cell.steps);
        let share = steps as f64 / cell.steps.max(1) as f64;
        let rest = (timing.total_secs - timing.training_secs).max(timing.scoring_secs);
        timing.training_secs * share + rest
    }
}

/// "cpu (AMD EPYC), 1 thread".
fn device(cell: &ReportCell) -> String {
    let text = |name: &str| {
        cell.provenance
            .get(name)
            .and_then(|v| v.as_str())
            .unwrap_or("?")
    };
    let threads = cell.provenance.get("threads");
    let threads = threads.map_or_else(|| "?".to_owned(), ToString::to_string);
    let plural = if threads == "1" { "" } else { "s" };
    format!(
        "{} ({}), {threads} thread{plural}",
        text("device"),
        text("cpu")
    )
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len().max(1) as f64;
    values.sum::<f64>() / n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_name_another_number_of_steps() {
        assert_eq!(file_and_steps("a.json"), ("a.json", None));
        assert_eq!(file_and_steps("a.json@31250"), ("a.json", Some(31250)));
    }

    #[test]
    fn hours_are_rounds_of_cells_and_training_grows_with_its_steps() {
        let path = crate::workspace::root().join("data/results/mvtec256-quick.json");
        let json = std::fs::read_to_string(&path).unwrap();
        let mut report = aesc_bench::report::parse(&json, &path).unwrap();
        report.cells.truncate(1);
        let timing = &mut report.cells[0].timing;
        (timing.training_secs, timing.scoring_secs, timing.total_secs) = (80.0, 5.0, 100.0);
        report.cells[0].steps = 100;
        let row = |steps| Measured {
            file: "a.json",
            report: report.clone(),
            steps,
        };
        let table = table(&[row(None), row(Some(200))]);
        // 15 x 3 x 7 x 5 = 1575 cells; 197 rounds on 8, 25 on 64. 100 s: 43.75 h, 5.47 h, 0.69 h.
        assert!(table.contains(" 100 | 100 | 43.8 | 5.5 | 0.7 |"), "{table}");
        // Twice the steps: 2 x 80 s + 20 s = 180 s; 78.75 h.
        assert!(table.contains(" 200 | 180 | 78.8 | "), "{table}");
    }
}
