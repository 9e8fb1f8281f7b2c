//! Where each of a report's cells belongs, found once: which seeds a place has, which cells.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::{Column, Report};

/// The index of a report, made at the first question and never stored.
///
/// It says nothing that the report does not, hence equals any other. Cells and missing ones must
/// not change after the first question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(OnceLock<HashMap<Column, Place>>);

/// What belongs to one column.
#[derive(Debug, Clone, Default)]
struct Place {
    /// Planned seeds of every category, ascending.
    seeds: Vec<u64>,
    /// Those of each.
    by_category: HashMap<String, Vec<u64>>,
    /// Positions of the scored cells, by strategy.
    cells: HashMap<String, Vec<usize>>,
}

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Places {
    /// Seeds planned for a column, of one category or of any, ascending.
    pub(crate) fn seeds<'a>(
        &'a self,
        report: &Report,
        category: Option<&str>,
        column: &Column,
    ) -> &'a [u64] {
        let place = self.all(report).get(column);
        let seeds = place.and_then(|place| match category {
            Some(name) => place.by_category.get(name),
            None => Some(&place.seeds),
        });
        seeds.map_or(&[], Vec::as_slice)
    }

    /// Positions of a column's cells by one strategy.
    pub(crate) fn cells<'a>(
        &'a self,
        report: &Report,
        column: &Column,
        strategy: &str,
    ) -> &'a [usize] {
        let place = self.all(report).get(column);
        let cells = place.and_then(|place| place.cells.get(strategy));
        cells.map_or(&[], Vec::as_slice)
    }

    fn all(&self, report: &Report) -> &HashMap<Column, Place> {
        self.0.get_or_init(|| found(report))
    }
}

fn found(report: &Report) -> HashMap<Column, Place> {
    let mut places: HashMap<Column, Place> = HashMap::new();
    for (at, cell) in report.cells.iter().enumerate() {
        let labels = [&*cell.network, &*cell.corruption, &*cell.preset];
        let place = planned(&mut places, labels, &cell.category, cell.seed);
        let cells = place.cells.entry(cell.strategy.clone()).or_default();
        cells.push(at);
    }
    for cell in &report.missing {
        let labels = [&*cell.network, &*cell.corruption, &*cell.preset];
        planned(&mut places, labels, &cell.category, cell.seed);
    }
    #[expect(clippy::iter_over_hash_type, reason = "each is sorted for itself")]
    for place in places.values_mut() {
        for seeds in place.by_category.values_mut().chain([&mut place.seeds]) {
            seeds.sort_unstable();
            seeds.dedup();
        }
    }
    places
}

/// The place of these labels, with one more seed.
fn planned<'a>(
    places: &'a mut HashMap<Column, Place>,
    labels: [&str; 3],
    category: &str,
    seed: u64,
) -> &'a mut Place {
    let [network, corruption, preset] = labels.map(str::to_owned);
    let column = Column {
        network,
        corruption,
        preset,
    };
    let place = places.entry(column).or_default();
    place.seeds.push(seed);
    let seeds = place.by_category.entry(category.to_owned()).or_default();
    seeds.push(seed);
    place
}
