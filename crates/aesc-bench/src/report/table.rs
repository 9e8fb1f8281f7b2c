//! Tables as rows of finished places, for the Markdown and the HTML writer alike.

use crate::summary::{Entry, Spread};

/// Stands where a planned cell has no result.
pub(super) const MISSING: &str = "missing";

/// A table with a row of headings and a column of names.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) title: String,
    /// What the rows are.
    pub(crate) corner: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// The mean row, and rows like it, at the foot.
    pub(crate) foot: Vec<Row>,
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
    /// What to sort by.
    pub(crate) value: Option<f64>,
    pub(crate) kind: Kind,
}

/// How a place is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// The best of its row.
    Best,
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
}

impl Place {
    /// A number and how it is written.
    pub(super) fn number(value: f64, text: String) -> Self {
        Self {
            text,
            value: Some(value),
            kind: Kind::Plain,
        }
    }

    pub(super) fn words(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            value: None,
            kind: Kind::Words,
        }
    }

    pub(super) fn lacking(text: &str) -> Self {
        Self {
            kind: Kind::Lacking,
            ..Self::words(text)
        }
    }

    /// The text up to the deviation.
    fn written_mean(&self) -> &str {
        self.text.split(" ±").next().unwrap_or_default()
    }

    pub(super) fn of(entry: Entry, decimals: usize) -> Self {
        match entry {
            Entry::Value(Spread { mean, sd: None }) => {
                Self::number(mean, format!("{mean:.decimals$}"))
            }
            Entry::Value(Spread { mean, sd: Some(sd) }) => {
                Self::number(mean, format!("{mean:.decimals$} ± {sd:.decimals$}"))
            }
            Entry::Undefined => Self::lacking("undefined"),
            Entry::Missing => Self::lacking(MISSING),
            Entry::Unplanned => Self::lacking("–"),
        }
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
        let best = best
            .filter(|_| complete)
            .map(|place| place.written_mean().to_owned());
        let differs = |best: &String| values.clone().any(|place| place.written_mean() != best);
        if let Some(best) = best.filter(differs) {
            let ties = places
                .iter_mut()
                .filter(|place| place.written_mean() == best);
            ties.for_each(|place| place.kind = Kind::Best);
        }
        Self {
            name: name.to_owned(),
            places,
        }
    }
}
