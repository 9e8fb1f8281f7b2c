//! The report's tables: metrics by category, costs, image scores, defect types.

use super::format::{count, duration};
use super::table::{Better, MISSING, Place, Row, Table};
use super::{Report, ReportCell};
use crate::summary::{Entry, Quantity, Spread};
use crate::{Column, Metric};

/// What a table of categories by columns shows.
struct Content<'a> {
    title: String,
    quantity: Quantity<'a>,
    decimals: usize,
    better: Better,
}

fn by_category(report: &Report, strategy: &str, content: &Content<'_>) -> Table {
    let columns = report.columns();
    let Content {
        quantity,
        decimals,
        better,
        ..
    } = *content;
    let row = |name: &str, entry: &dyn Fn(&Column) -> Entry| {
        let places = columns
            .iter()
            .map(|column| Place::of(entry(column), decimals))
            .collect();
        Row::marked(name, places, better)
    };
    let of_category = |category: &String| {
        row(category, &|column| {
            report.entry(category, column, strategy, quantity)
        })
    };
    Table {
        title: content.title.clone(),
        corner: "category".to_owned(),
        columns: columns.iter().map(|c| report.column_label(c)).collect(),
        rows: report.plan.categories.iter().map(of_category).collect(),
        foot: vec![row("mean", &|column| {
            report.mean_entry(column, strategy, quantity)
        })],
    }
}

/// One table of categories by columns for each of the headline metrics.
pub(crate) fn metric_tables(report: &Report, strategy: &str) -> Vec<Table> {
    let metrics = [Metric::ImageAuroc, Metric::PixelAuroc, Metric::Aupro30];
    let table = |metric: Metric| {
        let content = Content {
            title: format!("{} by {strategy}", capital(metric.label())),
            quantity: &move |cell: &ReportCell| metric.of(&cell.metrics),
            decimals: 3,
            better: Better::Higher,
        };
        by_category(report, strategy, &content)
    };
    metrics.into_iter().map(table).collect()
}

/// False alarms on clean test images at the calibrated threshold.
pub(crate) fn false_alarms(report: &Report, strategy: &str) -> Table {
    let content = Content {
        title: format!("Share of test/good over the calibrated threshold, by {strategy}"),
        quantity: &|cell| cell.fpr_on_good,
        decimals: 3,
        better: Better::Lower,
    };
    by_category(report, strategy, &content)
}

/// How well clean images are repeated; the strategy does not matter.
pub(crate) fn reconstruction_tables(report: &Report) -> Vec<Table> {
    let strategy = report.plan.strategies.first().map_or("", String::as_str);
    let sharpness = Content {
        title: "Sharpness of the reconstruction of clean images (1 is as sharp as the input)"
            .to_owned(),
        quantity: &|cell| Some(cell.reconstruction.clean_sharpness),
        decimals: 2,
        better: Better::Neither,
    };
    let psnr = Content {
        title: "PSNR of the reconstruction of clean images, in dB".to_owned(),
        quantity: &|cell| Some(cell.reconstruction.clean_psnr_db),
        decimals: 1,
        better: Better::Neither,
    };
    [sharpness, psnr]
        .iter()
        .map(|content| by_category(report, strategy, content))
        .collect()
}

/// Mean image AUROC under each image score, a row for each column of the other tables.
pub(crate) fn score_table(report: &Report, strategy: &str) -> Table {
    let mut scores: Vec<String> = Vec::new();
    for cell in report.cells.iter().filter(|cell| cell.strategy == strategy) {
        let others = cell.alternatives.iter().map(|other| &other.score);
        for score in std::iter::once(&cell.score).chain(others) {
            if !scores.contains(score) {
                scores.push(score.clone());
            }
        }
    }
    let row = |column: &Column| {
        let place = |score: &String| {
            let quantity = |cell: &ReportCell| {
                let other = cell.alternatives.iter().find(|other| other.score == *score);
                if cell.score == *score {
                    cell.metrics.image_auroc
                } else {
                    other.map(|other| other.image_auroc)
                }
            };
            Place::of(report.mean_entry(column, strategy, &quantity), 3)
        };
        let places = scores.iter().map(place).collect();
        Row::marked(&report.column_label(column), places, Better::Higher)
    };
    Table {
        title: format!("Image AUROC by {strategy} under each image score, mean over categories"),
        corner: "network · corruption".to_owned(),
        rows: report.columns().iter().map(row).collect(),
        columns: scores,
        foot: Vec::new(),
    }
}

/// Size, work and time, a row for each column of the other tables.
pub(crate) fn cost_table(report: &Report) -> Table {
    let strategy = report.plan.strategies.first().map_or("", String::as_str);
    let row = |column: &Column| {
        let cells: Vec<&ReportCell> = report.cells_of(column, strategy).collect();
        let mean = |quantity: fn(&ReportCell) -> f64| {
            Spread::of(&cells.iter().map(|cell| quantity(cell)).collect::<Vec<_>>())
        };
        let place = |spread: Option<Spread>, write: &dyn Fn(f64) -> String| match spread {
            Some(Spread { mean, .. }) => Place::number(mean, write(mean)),
            None => Place::lacking(MISSING),
        };
        let places = vec![
            place(mean(|c| c.cost.parameters as f64), &|v| count(v as u64)),
            place(mean(|c| c.cost.gmac), &|v| format!("{v:.3}")),
            place(mean(|c| c.cost.gmac_phase), &|v| format!("{v:.3}")),
            place(mean(|c| c.steps as f64), &|v| count(v as u64)),
            place(mean(|c| c.timing.training_secs), &duration),
            place(mean(|c| c.timing.scoring_secs), &duration),
            place(mean(|c| c.timing.inference_ms_per_image), &|v| {
                format!("{v:.1}")
            }),
        ];
        Row::marked(&report.column_label(column), places, Better::Neither)
    };
    let columns = [
        "parameters",
        "GMAC (plain form)",
        "GMAC (phase form)",
        "steps",
        "training a cell",
        "scoring a cell",
        "ms an image",
    ];
    Table {
        title: "Cost and time, mean over the cells that are there".to_owned(),
        corner: "network · corruption".to_owned(),
        columns: columns.map(str::to_owned).into(),
        rows: report.columns().iter().map(row).collect(),
        foot: Vec::new(),
    }
}

/// All metrics of one category by one strategy, a row for each column of the other tables.
pub(crate) fn category_table(report: &Report, category: &str, strategy: &str) -> Table {
    let row = |column: &Column| {
        let place = |metric: &Metric| {
            let quantity = |cell: &ReportCell| metric.of(&cell.metrics);
            Place::of(report.entry(category, column, strategy, &quantity), 3)
        };
        let mut places: Vec<Place> = Metric::ALL.iter().map(place).collect();
        let alarms = report.entry(category, column, strategy, &|cell| cell.fpr_on_good);
        places.push(Place::of(alarms, 3));
        Row::marked(&report.column_label(column), places, Better::Neither)
    };
    let mut columns: Vec<String> = Metric::ALL.iter().map(|m| m.label().to_owned()).collect();
    columns.push("test/good over threshold".to_owned());
    Table {
        title: format!("All metrics by {strategy}"),
        corner: "network · corruption".to_owned(),
        columns,
        rows: report.columns().iter().map(row).collect(),
        foot: Vec::new(),
    }
}

/// Image AUROC of each defect type of one category.
pub(crate) fn defect_table(report: &Report, category: &str, strategy: &str) -> Option<Table> {
    let columns = report.columns();
    let cells = report
        .cells
        .iter()
        .filter(|c| c.category == category && c.strategy == strategy);
    let mut types: Vec<&String> = cells.flat_map(|cell| cell.per_defect_type.keys()).collect();
    types.sort();
    types.dedup();
    let row = |defect: &&String| {
        let place = |column: &Column| {
            let quantity = |cell: &ReportCell| cell.per_defect_type.get(*defect).copied();
            Place::of(report.entry(category, column, strategy, &quantity), 3)
        };
        Row::marked(defect, columns.iter().map(place).collect(), Better::Higher)
    };
    (!types.is_empty()).then(|| Table {
        title: format!("Image AUROC by {strategy}, defect type by defect type"),
        corner: "defect type".to_owned(),
        columns: columns.iter().map(|c| report.column_label(c)).collect(),
        rows: types.iter().map(row).collect(),
        foot: Vec::new(),
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
