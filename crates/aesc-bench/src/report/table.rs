//! Tables as rows of finished places, for the Markdown and the HTML writer alike.

use crate::summary::{Entry, Spread};

/// Stands where a planned cell has no result.
pub(super) const MISSING: &str = "missing";

/// Tables with more columns are wide: they scroll, and a tint tells high from low.
const WIDE: usize = 7;
/// Tables with more columns than this take more room than the text, where there is some.
const VAST: usize = 12;
/// Steps of the tint.
const TINTS: f64 = 4.0;

/// A table with a row of headings and a column of names.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) title: String,
    /// What the rows are.
    pub(crate) corner: String,
    pub(crate) columns: Vec<Heading>,
    pub(crate) rows: Vec<Row>,
    /// The mean row, and rows like it, at the foot.
    pub(crate) foot: Vec<Row>,
}

/// A column's heading: neighbours of one group share a heading above their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    /// Empty where the column stands alone.
    pub(crate) group: String,
    pub(crate) name: String,
}

impl Heading {
    pub(super) fn plain(name: impl Into<String>) -> Self {
        Self::grouped("", name)
    }

    pub(super) fn grouped(group: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            name: name.into(),
        }
    }

    /// Group and name in one.
    pub(super) fn full(&self) -> String {
        match self.group.as_str() {
            "" => self.name.clone(),
            group => format!("{group} · {}", self.name),
        }
    }
}

/// One row of a [`Table`].
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) places: Vec<Place>,
}

/// One place of a [`Row`].
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) text: String,
    /// Small print after the text: a deviation, a verdict.
    pub(crate) note: String,
    /// What to sort by.
    pub(crate) value: Option<f64>,
    pub(crate) kind: Kind,
    /// How high the value stands among its table's, 0 to 4; 0 where that says nothing.
    pub(crate) tint: u8,
}

/// How a place is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// The best of its row.
    Best,
    /// A claim that holds.
    Good,
    /// A claim that does not.
    Bad,
    /// Words, not a number.
    Words,
    /// No value, for a reason.
    Lacking,
}

impl Table {
    /// Whether column `i` holds words, to be set flush left.
    pub(crate) fn is_wordy(&self, i: usize) -> bool {
        let place = self.rows.first().and_then(|row| row.places.get(i));
        place.is_some_and(|place| place.kind == Kind::Words)
    }

    pub(crate) fn is_wide(&self) -> bool {
        self.columns.len() > WIDE
    }

    pub(crate) fn is_vast(&self) -> bool {
        self.columns.len() > VAST
    }

    /// The headings above the headings with the columns they span; none when no column has one.
    pub(crate) fn groups(&self) -> Vec<(&str, usize)> {
        let mut groups: Vec<(&str, usize)> = Vec::new();
        if self.columns.iter().all(|heading| heading.group.is_empty()) {
            return groups;
        }
        for heading in &self.columns {
            match groups.last_mut() {
                Some((group, span)) if *group == heading.group => *span += 1,
                _ => groups.push((&heading.group, 1)),
            }
        }
        groups
    }

    /// Whether a group begins at column `i`.
    pub(crate) fn is_edge(&self, i: usize) -> bool {
        let group = |i: usize| self.columns.get(i).map(|heading| &heading.group);
        i > 0 && group(i) != group(i - 1)
    }

    /// The table with every value's tint among the rows.
    #[must_use]
    pub(super) fn tinted(mut self) -> Self {
        let places = || self.rows.iter().flat_map(|row| &row.places);
        let values = || places().filter_map(|place| place.value);
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        for place in self.rows.iter_mut().flat_map(|row| &mut row.places) {
            if let Some(value) = place.value.filter(|_| high > low) {
                place.tint = ((value - low) / (high - low) * TINTS).round() as u8;
            }
        }
        self
    }
}

impl Place {
    fn new(text: impl Into<String>, value: Option<f64>, kind: Kind) -> Self {
        Self {
            text: text.into(),
            note: String::new(),
            value,
            kind,
            tint: 0,
        }
    }

    /// A number and how it is written.
    pub(super) fn number(value: f64, text: String) -> Self {
        Self::new(text, Some(value), Kind::Plain)
    }

    pub(super) fn words(text: impl Into<String>) -> Self {
        Self::new(text, None, Kind::Words)
    }

    pub(super) fn lacking(text: &str) -> Self {
        Self::new(text, None, Kind::Lacking)
    }

    #[must_use]
    pub(super) fn noted(mut self, note: String) -> Self {
        self.note = note;
        self
    }

    #[must_use]
    pub(super) fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    pub(super) fn of(entry: Entry, decimals: usize) -> Self {
        match entry {
            Entry::Value(Spread { mean, sd }) => {
                let place = Self::number(mean, format!("{mean:.decimals$}"));
                match sd {
                    Some(sd) => place.noted(format!("± {sd:.decimals$}")),
                    None => place,
                }
            }
            Entry::Undefined => Self::lacking("undefined"),
            Entry::Missing => Self::lacking(MISSING),
            Entry::Unplanned => Self::lacking("–"),
        }
    }

    /// What a program sorts by, short.
    pub(crate) fn sort_key(&self) -> Option<f64> {
        self.value.map(|value| (value * 1e6).round() / 1e6)
    }
}

/// Which value of a row is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Better {
    Higher,
    Lower,
    Neither,
}

impl Row {
    /// A row with its best places marked: all that are equal as written, unless all are equal, or
    /// a result is missing and nobody knows which is the best.
    pub(super) fn marked(name: &str, mut places: Vec<Place>, better: Better) -> Self {
        let values = places.iter().filter(|place| place.value.is_some());
        let by_value = |a: &&Place, b: &&Place| match (a.value, b.value) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => std::cmp::Ordering::Equal,
        };
        let best = match better {
            Better::Higher => values.clone().max_by(by_value),
            Better::Lower => values.clone().min_by(by_value),
            Better::Neither => None,
        };
        let complete = !places.iter().any(|place| place.text == MISSING);
        let best = best.filter(|_| complete).map(|place| place.text.clone());
        let differs = |best: &String| values.clone().any(|place| place.text != *best);
        if let Some(best) = best.filter(differs) {
            let ties = places.iter_mut().filter(|place| place.text == best);
            ties.for_each(|place| place.kind = Kind::Best);
        }
        Self {
            name: name.to_owned(),
            places,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: Vec<Heading>, values: &[f64]) -> Table {
        let places = values.iter().map(|v| Place::number(*v, v.to_string()));
        let row = Row {
            name: "a".to_owned(),
            places: places.collect(),
        };
        Table {
            title: String::new(),
            corner: String::new(),
            columns,
            rows: vec![row],
            foot: Vec::new(),
        }
    }

    #[test]
    fn neighbours_of_one_group_share_a_heading_and_the_next_begins_at_an_edge() {
        let columns = [("ae", "none"), ("ae", "stain"), ("aesc", "none")];
        let grouped = table(
            columns.map(|(g, n)| Heading::grouped(g, n)).into(),
            &[0.0; 3],
        );
        assert_eq!(grouped.groups(), [("ae", 2), ("aesc", 1)]);
        assert_eq!([0, 1, 2].map(|i| grouped.is_edge(i)), [false, false, true]);
        let plain = table(vec![Heading::plain("a"), Heading::plain("b")], &[0.0; 2]);
        assert!(plain.groups().is_empty());
    }

    #[test]
    fn tints_run_from_the_lowest_value_to_the_highest() {
        let columns = ["a", "b", "c"].map(Heading::plain);
        let tinted = table(columns.into(), &[0.5, 0.75, 1.0]).tinted();
        let tints: Vec<u8> = tinted.rows[0].places.iter().map(|p| p.tint).collect();
        assert_eq!(tints, [0, 2, 4]);
        let flat = table(vec![Heading::plain("a")], &[0.5]).tinted();
        assert_eq!(flat.rows[0].places[0].tint, 0);
    }

    #[test]
    fn equal_bests_are_all_marked_and_a_missing_result_leaves_none() {
        let number = |v: f64| Place::number(v, format!("{v:.3}"));
        let kinds = |row: &Row| row.places.iter().map(|p| p.kind).collect::<Vec<_>>();
        let row = Row::marked(
            "a",
            vec![number(0.9001), number(0.9), number(0.8)],
            Better::Higher,
        );
        assert_eq!(kinds(&row), [Kind::Best, Kind::Best, Kind::Plain]);
        let gap = vec![number(0.9), Place::lacking(MISSING)];
        let row = Row::marked("a", gap, Better::Higher);
        assert_eq!(kinds(&row), [Kind::Plain, Kind::Lacking]);
    }
}
