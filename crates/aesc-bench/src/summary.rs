//! Means over seeds and categories; a missing cell makes a mean missing, never smaller.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::claims::STAINS;
use crate::report::ReportCell;
use crate::{Metric, Metrics, Report};

/// What a table's column compares: how a model was made, apart from category and seed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Network.
    pub network: String,
    /// Corruption.
    pub corruption: String,
    /// Preset.
    pub preset: String,
}

/// A mean over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The plain mean.
    pub mean: f64,
    /// Sample standard deviation, from two values on.
    pub sd: Option<f64>,
}

impl Spread {
    /// Mean and sample standard deviation; `None` of nothing.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let sd = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        Some(Self { mean, sd })
    }
}

/// Means over all categories for one column and strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mean {
    /// Network.
    pub network: String,
    /// Corruption.
    pub corruption: String,
    /// Preset.
    pub preset: String,
    /// Strategy.
    pub strategy: String,
    /// Categories the mean is over.
    pub n_categories: usize,
    /// The means; `null` where a cell is missing or its metric undefined.
    pub metrics: Metrics,
    /// Standard deviation over seeds of the mean over categories; `null` with one seed.
    pub sd: Metrics,
}

/// What stands at one place of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Entry {
    /// All seeds are there.
    Value(Spread),
    /// All seeds are there, but the quantity has no value.
    Undefined,
    /// A planned cell has no result.
    Missing,
    /// Nothing was planned here.
    Unplanned,
}

impl Entry {
    pub(crate) fn mean(self) -> Option<f64> {
        match self {
            Self::Value(spread) => Some(spread.mean),
            _ => None,
        }
    }
}

/// A number of a scored cell; `None` where undefined.
pub(crate) type Quantity<'a> = &'a dyn Fn(&ReportCell) -> Option<f64>;

impl Report {
    /// The columns with at least one planned cell: networks in the plan's order, within each the
    /// corruptions, within each the presets.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        for network in &self.plan.networks {
            for corruption in &self.plan.corruptions {
                for preset in &self.plan.presets {
                    let column = Column {
                        network: network.clone(),
                        corruption: corruption.clone(),
                        preset: preset.clone(),
                    };
                    if !self.planned_seeds(None, &column).is_empty() {
                        columns.push(column);
                    }
                }
            }
        }
        columns
    }

    /// `aesc · stain`, with the preset when there are several.
    pub fn column_label(&self, column: &Column) -> String {
        let Column {
            network,
            corruption,
            preset,
        } = column;
        if self.plan.presets.len() > 1 {
            format!("{network} · {corruption} · {preset}")
        } else {
            format!("{network} · {corruption}")
        }
    }

    /// The column of the method itself: `aesc` trained on a stain, of the first preset planned.
    pub(crate) fn method_column(&self) -> Option<Column> {
        let columns = self.columns();
        let trained_on = |stain: &&str| {
            let is_it = |c: &&Column| c.network == "aesc" && c.corruption == *stain;
            columns.iter().find(is_it).cloned()
        };
        STAINS.iter().find_map(trained_on)
    }

    /// The strategy that counts where one must be chosen: the plan's first.
    pub(crate) fn main_strategy(&self) -> &str {
        self.plan.strategies.first().map_or("", String::as_str)
    }

    /// The cells of a column by one strategy.
    pub(crate) fn cells_of(
        &self,
        column: &Column,
        strategy: &str,
    ) -> impl Iterator<Item = &ReportCell> {
        let places = self.places.cells(self, column, strategy);
        places.iter().filter_map(|&at| self.cells.get(at))
    }

    /// Seeds planned for a column, of one category or of any.
    pub(crate) fn planned_seeds(&self, category: Option<&str>, column: &Column) -> &[u64] {
        self.places.seeds(self, category, column)
    }

    /// The quantity of one category, seeds averaged.
    pub(crate) fn entry(
        &self,
        category: &str,
        column: &Column,
        strategy: &str,
        quantity: Quantity<'_>,
    ) -> Entry {
        let planned = self.planned_seeds(Some(category), column);
        if planned.is_empty() {
            return Entry::Unplanned;
        }
        let cells = self.cells_of(column, strategy);
        let found: Vec<_> = cells
            .filter(|c| c.category == category)
            .map(quantity)
            .collect();
        if found.len() < planned.len() {
            return Entry::Missing;
        }
        settle(found)
    }

    /// The quantity averaged over categories; its deviation is over seeds, of the mean of each.
    pub(crate) fn mean_entry(
        &self,
        column: &Column,
        strategy: &str,
        quantity: Quantity<'_>,
    ) -> Entry {
        let mut values = BTreeMap::new();
        for cell in self.cells_of(column, strategy) {
            let place = (cell.seed, cell.category.as_str());
            values.entry(place).or_insert_with(|| quantity(cell));
        }
        let seed_mean = |seed: u64| {
            let categories = self.plan.categories.iter();
            let parts = categories.map(|category| values.get(&(seed, category.as_str())).copied());
            parts.collect::<Option<_>>().map_or(Entry::Missing, settle)
        };
        let seeds = self.planned_seeds(None, column);
        let per_seed: Vec<Entry> = seeds.iter().copied().map(seed_mean).collect();
        if per_seed.contains(&Entry::Missing) {
            return Entry::Missing;
        }
        settle(per_seed.into_iter().map(Entry::mean).collect())
    }
}

/// A value when every part has one.
fn settle(parts: Vec<Option<f64>>) -> Entry {
    let values: Option<Vec<f64>> = parts.into_iter().collect();
    match values.as_deref().and_then(Spread::of) {
        Some(spread) => Entry::Value(spread),
        None => Entry::Undefined,
    }
}

/// The means of every column and strategy.
pub(crate) fn means(report: &Report) -> Vec<Mean> {
    let mut means = Vec::new();
    for strategy in &report.plan.strategies {
        for column in report.columns() {
            let spread = |metric: Metric| {
                let quantity = move |cell: &ReportCell| metric.of(&cell.metrics);
                match report.mean_entry(&column, strategy, &quantity) {
                    Entry::Value(spread) => Some(spread),
                    _ => None,
                }
            };
            means.push(Mean {
                network: column.network.clone(),
                corruption: column.corruption.clone(),
                preset: column.preset.clone(),
                strategy: strategy.clone(),
                n_categories: report.plan.categories.len(),
                metrics: Metrics::from_fn(|metric| spread(metric).map(|s| s.mean)),
                sd: Metrics::from_fn(|metric| spread(metric).and_then(|s| s.sd)),
            });
        }
    }
    means
}
