//! The report's tables of results: metrics by category, image scores, defect types.

use super::table::{Better, Heading, Place, Row, Table};
use super::{Report, ReportCell};
use crate::summary::{Entry, Quantity};
use crate::{Column, Metric};

/// The metrics that every reader is shown.
pub(super) const HEADLINE: [Metric; 3] = [Metric::ImageAuroc, Metric::PixelAuroc, Metric::Aupro30];

/// The others, for those who ask.
const FURTHER: [Metric; 7] = [
    Metric::Aupro05,
    Metric::Aupimo,
    Metric::ImageAp,
    Metric::ImageF1Max,
    Metric::PixelAp,
    Metric::PixelF1Max,
    Metric::PixelFprAt95Tpr,
];

/// What a table of categories by columns shows.
struct Content<'a> {
    title: String,
    quantity: Quantity<'a>,
    decimals: usize,
    better: Better,
}

/// A heading for each column, the network above.
pub(super) fn headings(report: &Report, columns: &[Column]) -> Vec<Heading> {
    let one_preset = report.plan.presets.len() <= 1;
    let heading = |column: &Column| {
        let name = if one_preset {
            column.corruption.clone()
        } else {
            format!("{} · {}", column.corruption, column.preset)
        };
        Heading::grouped(&column.network, name)
    };
    columns.iter().map(heading).collect()
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
    let table = Table {
        title: content.title.clone(),
        corner: "category".to_owned(),
        columns: headings(report, &columns),
        rows: report.plan.categories.iter().map(of_category).collect(),
        foot: vec![row("mean", &|column| {
            report.mean_entry(column, strategy, quantity)
        })],
    };
    table.tinted()
}

fn metric_table(report: &Report, strategy: &str, metric: Metric) -> Table {
    let content = Content {
        title: format!("{} by {strategy}", capital(metric.label())),
        quantity: &move |cell: &ReportCell| metric.of(&cell.metrics),
        decimals: 3,
        better: match metric {
            Metric::PixelFprAt95Tpr => Better::Lower,
            _ => Better::Higher,
        },
    };
    by_category(report, strategy, &content)
}

/// One table of categories by columns for each of the headline metrics.
pub(super) fn metric_tables(report: &Report, strategy: &str) -> Vec<Table> {
    let table = |metric| metric_table(report, strategy, metric);
    HEADLINE.into_iter().map(table).collect()
}

/// The same of the other metrics.
pub(super) fn further_tables(report: &Report, strategy: &str) -> Vec<Table> {
    let table = |metric| metric_table(report, strategy, metric);
    FURTHER.into_iter().map(table).collect()
}

/// How well clean images are repeated; the strategy does not matter.
pub(super) fn reconstruction_tables(report: &Report) -> Vec<Table> {
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
        .map(|content| by_category(report, report.main_strategy(), content))
        .collect()
}

/// Mean image AUROC under each image score, a row for each column of the other tables.
pub(super) fn score_table(report: &Report, strategy: &str) -> Table {
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
        columns: scores.iter().map(Heading::plain).collect(),
        foot: Vec::new(),
    }
}

/// All metrics of one category by one strategy, a row for each column of the other tables.
pub(super) fn category_table(report: &Report, category: &str, strategy: &str) -> Table {
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
    let metrics = Metric::ALL.iter().map(|m| Heading::plain(m.label()));
    Table {
        title: format!("All metrics of {category} by {strategy}"),
        corner: "network · corruption".to_owned(),
        columns: metrics
            .chain([Heading::plain("test/good over threshold")])
            .collect(),
        rows: report.columns().iter().map(row).collect(),
        foot: Vec::new(),
    }
}

/// Every metric by the main strategy and what it cost, a row for each category and column, and the
/// means over categories.
pub(super) fn whole_table(report: &Report) -> Table {
    const METRICS: [Metric; 8] = [
        Metric::ImageAuroc,
        Metric::ImageAp,
        Metric::ImageF1Max,
        Metric::PixelAuroc,
        Metric::PixelAp,
        Metric::Aupro30,
        Metric::Aupro05,
        Metric::Aupimo,
    ];
    const COSTS: [(&str, usize, Quantity<'static>); 4] = [
        ("GMAC", 2, &|cell| Some(cell.cost.gmac)),
        ("million parameters", 1, &|cell| {
            Some(cell.cost.parameters as f64 / 1e6)
        }),
        ("training, min", 0, &|cell| {
            Some(cell.timing.training_secs / 60.0)
        }),
        ("ms an image", 0, &|cell| {
            Some(cell.timing.inference_ms_per_image)
        }),
    ];
    let strategy = report.main_strategy();
    let row = |name: String, entry: &dyn Fn(Quantity<'_>) -> Entry| {
        let metric = |metric: &Metric| {
            let quantity = |cell: &ReportCell| metric.of(&cell.metrics);
            Place::of(entry(&quantity), 3)
        };
        let mut places: Vec<Place> = METRICS.iter().map(metric).collect();
        // What it cost has no deviation that anybody asks for.
        let costs = COSTS.iter().map(|(_, decimals, quantity)| {
            let place = Place::of(entry(quantity), *decimals);
            place.noted(String::new())
        });
        places.extend(costs);
        Row::marked(&name, places, Better::Neither)
    };
    let columns = report.columns();
    let of = |category: &str, entry: &dyn Fn(&Column, Quantity<'_>) -> Entry| -> Vec<Row> {
        let named = |column: &Column| format!("{category}: {}", report.column_label(column));
        let rows = columns.iter();
        rows.map(|column| row(named(column), &|quantity| entry(column, quantity)))
            .collect()
    };
    let categories = report.plan.categories.iter();
    let headings = METRICS.iter().map(|metric| metric.label());
    Table {
        title: format!("Ours by {strategy}, with what it cost"),
        corner: "category".to_owned(),
        columns: headings
            .chain(COSTS.iter().map(|(name, ..)| *name))
            .map(Heading::plain)
            .collect(),
        rows: categories
            .flat_map(|category| {
                of(category, &|column, quantity| {
                    report.entry(category, column, strategy, quantity)
                })
            })
            .collect(),
        foot: of("mean", &|column, quantity| {
            report.mean_entry(column, strategy, quantity)
        }),
    }
}

/// Image AUROC of each defect type of one category.
pub(super) fn defect_table(report: &Report, category: &str, strategy: &str) -> Option<Table> {
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
    (!types.is_empty()).then(|| {
        let table = Table {
            title: format!("Image AUROC of {category} by {strategy}, defect type by defect type"),
            corner: "defect type".to_owned(),
            columns: headings(report, &columns),
            rows: types.iter().map(row).collect(),
            foot: Vec::new(),
        };
        table.tinted()
    })
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
