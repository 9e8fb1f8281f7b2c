//! Figures from the literature, compiled in from `data/published.toml`, each with its source.

use serde::Deserialize;

use crate::Metric;

const FILE: &str = include_str!("../../../data/published.toml");

/// What a figure's `category` says when it is the mean over all of them.
pub(crate) const MEAN: &str = "mean";

/// The figures published for one data set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    /// Version of the file's layout; 1.
    schema: u32,
    /// The data set.
    pub(crate) data: String,
    /// Its categories: all that a mean is over.
    pub(crate) categories: Vec<String>,
    /// The methods, oldest kind first.
    #[serde(rename = "method")]
    pub(crate) methods: Vec<Method>,
}

/// A method with its figures.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) figures: Vec<PublishedFigure>,
    /// What an image takes; `None` where it was not counted.
    pub(crate) cost: Option<PublishedCost>,
    pub(crate) source: Source,
    pub(crate) protocol: Protocol,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishedFigure {
    /// Key of a [`Metric`].
    metric: String,
    /// A category's name or [`MEAN`].
    category: String,
    /// The value in per cent, as printed.
    percent: f64,
    /// Where it was read, if not in the method's own paper.
    read_in: Option<String>,
}

/// What an image takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishedCost {
    /// Multiply-accumulates of an image in units of 10^9, all passes together.
    pub(crate) gmac: f64,
    /// Parameters in units of 10^6.
    pub(crate) parameters_m: f64,
    /// How it was come by.
    pub(crate) counted: String,
}

/// Where a figure was published.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    authors: String,
    venue: String,
    year: u32,
    arxiv: Option<String>,
}

/// What a figure took; `None` where it is not known here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Protocol {
    /// "no", or on what.
    pub(crate) pretrained: String,
    /// Images besides the category's own: "no", or which.
    pub(crate) external_data: String,
    /// Side of the network's input.
    pub(crate) resolution_px: Option<u32>,
    /// Whether weights, epoch or settings were chosen by the test set.
    pub(crate) chosen_on_test: Option<bool>,
    #[serde(default)]
    pub(crate) notes: String,
}

/// The figures compiled in.
///
/// # Errors
/// The parser's words, or what is wrong with a figure; a test holds the file to be sound.
pub(crate) fn compiled_in() -> Result<Published, String> {
    let published: Published = toml::from_str(FILE).map_err(|error| error.to_string())?;
    published.validate()?;
    Ok(published)
}

impl Published {
    /// Whether all of `categories` are of this data set.
    pub(crate) fn covers(&self, categories: &[String]) -> bool {
        !categories.is_empty() && categories.iter().all(|c| self.categories.contains(c))
    }

    fn validate(&self) -> Result<(), String> {
        if self.schema != 1 {
            return Err(format!("expected schema 1, found {}", self.schema));
        }
        let mut names = Vec::new();
        for method in &self.methods {
            if names.contains(&&method.name) {
                return Err(format!("{} is there twice", method.name));
            }
            names.push(&method.name);
            let fault = method.fault(&self.categories);
            fault.map_or(Ok(()), |what| Err(format!("{}: {what}", method.name)))?;
        }
        Ok(())
    }
}

impl Method {
    /// The mean over categories that was published for `metric`, as a share of 1.
    pub(crate) fn mean_of(&self, metric: Metric) -> Option<f64> {
        let mut figures = self.figures.iter();
        let figure = figures.find(|f| f.metric == metric.key() && f.category == MEAN)?;
        Some(figure.percent / 100.0)
    }

    /// The mean of what was published for each of `categories`, as a share of 1; `None` where one
    /// of them is lacking.
    pub(crate) fn mean_over(&self, metric: Metric, categories: &[String]) -> Option<f64> {
        let of = |category: &String| {
            let mut figures = self.figures.iter();
            let figure = figures.find(|f| f.metric == metric.key() && f.category == *category)?;
            Some(figure.percent / 100.0)
        };
        let values: Option<Vec<f64>> = categories.iter().map(of).collect();
        values
            .filter(|v| !v.is_empty())
            .map(|v| v.iter().sum::<f64>() / v.len() as f64)
    }

    /// Where the figures of `categories` were read, each once; none where in its own paper.
    pub(crate) fn read_in(&self, categories: &[String]) -> Vec<&str> {
        let mut places = Vec::new();
        for figure in &self.figures {
            let place = figure.read_in.as_deref();
            let place = place.filter(|_| categories.contains(&figure.category));
            places.extend(place.filter(|place| !places.contains(place)));
        }
        places
    }

    fn fault(&self, categories: &[String]) -> Option<String> {
        if self.figures.is_empty() {
            return Some("no figure".to_owned());
        }
        let cost = self.cost.as_ref();
        if cost.is_some_and(|c| c.gmac <= 0.0 || c.parameters_m <= 0.0 || c.counted.is_empty()) {
            return Some("a cost is above 0, and says how it was counted".to_owned());
        }
        let mut seen = Vec::new();
        for figure in &self.figures {
            let PublishedFigure {
                metric,
                category,
                percent,
                ..
            } = figure;
            if !Metric::ALL.iter().any(|known| known.key() == metric) {
                return Some(format!("unknown metric {metric}"));
            }
            if category != MEAN && !categories.contains(category) {
                return Some(format!("unknown category {category}"));
            }
            if !(0.0..=100.0).contains(percent) {
                return Some(format!("{percent} is no share in per cent"));
            }
            if seen.contains(&(metric, category)) {
                return Some(format!("{metric} of {category} is there twice"));
            }
            seen.push((metric, category));
        }
        self.source.fault()
    }
}

impl Source {
    /// `Zavrtanik, Kristan, Skočaj, ICCV 2021, arXiv 2108.07610`.
    pub(crate) fn cited(&self) -> String {
        let Self {
            authors,
            venue,
            year,
            arxiv,
        } = self;
        match arxiv {
            Some(id) if venue == "arXiv" => format!("{authors}, arXiv {id}, {year}"),
            Some(id) => format!("{authors}, {venue} {year}, arXiv {id}"),
            None => format!("{authors}, {venue} {year}"),
        }
    }

    fn fault(&self) -> Option<String> {
        if self.authors.trim().is_empty() || self.venue.trim().is_empty() {
            return Some("a source has authors and a venue".to_owned());
        }
        if !(1990..2100).contains(&self.year) {
            return Some(format!("published in {}", self.year));
        }
        let id = self.arxiv.as_deref()?;
        let is_id = id.split_once('.').is_some_and(|(month, number)| {
            let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
            month.len() == 4 && number.len() == 5 && digits(month) && digits(number)
        });
        (!is_id).then(|| format!("{id} is no arXiv identifier"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(name: &str) -> Method {
        let methods = compiled_in().unwrap().methods;
        methods.into_iter().find(|m| m.name == name).unwrap()
    }

    #[test]
    fn the_compiled_in_figures_are_sound_and_each_has_a_source() {
        let published = compiled_in().unwrap();
        assert_eq!(
            (published.data.as_str(), published.categories.len()),
            ("MVTec AD", 15)
        );
        assert!(published.methods.len() >= 8);
    }

    #[test]
    fn a_published_mean_is_a_share_of_one_and_names_its_paper() {
        // RIAD, Pattern Recognition 2021: 91.7 / 94.2, no AUPRO.
        let riad = method("RIAD");
        let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-12;
        assert!(close(riad.mean_of(Metric::ImageAuroc), 0.917));
        assert!(close(riad.mean_of(Metric::PixelAuroc), 0.942));
        assert_eq!(riad.mean_of(Metric::Aupro30), None);
        assert_eq!(
            riad.source.cited(),
            "Zavrtanik, Kristan, Skočaj, Pattern Recognition 2021"
        );
        assert!(method("DRAEM").source.cited().ends_with("arXiv 2108.07610"));
    }

    #[test]
    fn a_mean_over_some_categories_needs_a_figure_of_each() {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let nsa = method("NSA");
        // 97.7 and 99.2 in the authors' notebook.
        let found = nsa.mean_over(Metric::ImageAuroc, &names(&["bottle", "pill"]));
        assert!((found.unwrap() - 0.9845).abs() < 1e-12);
        assert_eq!(
            nsa.mean_over(Metric::ImageAuroc, &names(&["bottle", "zipper"])),
            None
        );
        assert_eq!(nsa.mean_over(Metric::ImageAuroc, &[]), None);
        assert_eq!(nsa.read_in(&names(&["pill"])).len(), 1);
        assert!(nsa.read_in(&names(&["zipper"])).is_empty());
    }

    #[test]
    fn a_data_set_is_known_by_all_of_its_names_or_not_at_all() {
        let published = compiled_in().unwrap();
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert!(published.covers(&names(&["bottle", "zipper"])));
        assert!(!published.covers(&names(&["bottle", "gear"])));
        assert!(!published.covers(&[]));
    }

    #[test]
    fn an_unsound_figure_is_refused_with_its_method() {
        let told = |from: &str, to: &str| {
            let changed = FILE.replacen(from, to, 1);
            assert_ne!(changed, FILE, "{from}");
            let parsed: Result<Published, _> = toml::from_str(&changed);
            match parsed {
                Ok(published) => published.validate().unwrap_err(),
                Err(error) => error.to_string(),
            }
        };
        assert!(told("image_auroc", "image_aurok").contains("RIAD: unknown metric image_aurok"));
        assert!(told("\"mean\"", "\"meen\"").contains("unknown category meen"));
        assert!(told("91.7", "917.0").contains("no share in per cent"));
        assert!(told("2104.04015", "04015").contains("no arXiv identifier"));
        assert!(told("authors = \"Z", "autors = \"Z").contains("unknown field"));
        assert!(told("pixel_auroc", "image_auroc").contains("twice"));
        assert!(told("gmac = 654.2", "gmac = 0.0").contains("RIAD: a cost is above 0"));
        assert!(told("year = 2021", "year = 21").contains("published in 21"));
    }
}
