//! Image scores from a table: a CSV file with the columns `path` and `score`.

use std::collections::BTreeMap;
use std::path::Path;

use csv::{Reader, StringRecord};

use super::names::{Name, listed};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// The score of each of `names`, in their order. A row belongs to the image whose name it ends
/// with, or that ends with it; rows that belong to no image are passed over.
pub(super) fn scores(path: &Path, names: Option<&[Name]>) -> Result<Vec<f32>, Failure> {
    let Some(names) = names else {
        let message = "--scores finds images by name, and two arrays have none: give the maps or \
                       the masks as a folder, or --data";
        return Err(Failure::usage(message));
    };
    let refuse =
        |what: String| Failure::text(ExitCode::Data, format!("{}: {what}", path.display()));
    let mut reader = Reader::from_path(path).map_err(|e| refuse(e.to_string()))?;
    let columns = columns(reader.headers().map_err(|e| refuse(e.to_string()))?).map_err(refuse)?;
    let mut table = Table::new(names);
    for row in reader.records() {
        let row = row.map_err(|e| refuse(e.to_string()))?;
        let line = row.position().map_or(0, csv::Position::line);
        table
            .take(&row, columns)
            .map_err(|what| refuse(format!("line {line}: {what}")))?;
    }
    table.whole().map_err(refuse)
}

/// Where `path` and `score` stand.
fn columns(header: &StringRecord) -> Result<[usize; 2], String> {
    let title = |text: &str| text.trim_start_matches('\u{feff}').trim().to_owned();
    let titles: Vec<String> = header.iter().map(title).collect();
    let find = |name: &str| {
        titles
            .iter()
            .position(|title| title == name)
            .ok_or_else(|| {
                let found = titles.join(", ");
                format!("expected the columns path and score, found {found}")
            })
    };
    Ok([find("path")?, find("score")?])
}

/// The scores found so far.
struct Table<'a> {
    names: &'a [Name],
    /// Images by the last part of their name.
    by_file: BTreeMap<&'a str, Vec<usize>>,
    scores: Vec<Option<f32>>,
}

impl<'a> Table<'a> {
    fn new(names: &'a [Name]) -> Self {
        let mut by_file = BTreeMap::<_, Vec<usize>>::new();
        for (index, name) in names.iter().enumerate() {
            by_file.entry(name.file()).or_default().push(index);
        }
        Self {
            names,
            by_file,
            scores: vec![None; names.len()],
        }
    }

    fn take(&mut self, row: &StringRecord, [path, score]: [usize; 2]) -> Result<(), String> {
        let (path, score) = (row.get(path).unwrap_or(""), row.get(score).unwrap_or(""));
        let name = Name::parse(path);
        let same_file = self.by_file.get(name.file()).map_or(&[][..], |all| all);
        let fits = |index: &&usize| self.names[**index].fits(&name);
        let found: Vec<usize> = same_file.iter().filter(fits).copied().collect();
        let index = match found[..] {
            [] => return Ok(()),
            [index] => index,
            _ => {
                let images = listed(found.iter().map(|&index| &self.names[index]));
                return Err(format!("expected {path} to be one image, found {images}"));
            }
        };
        if self.scores[index].is_some() {
            return Err(format!(
                "expected one row of {}, found two",
                self.names[index]
            ));
        }
        let value = score.trim().parse::<f32>().ok().filter(|v| v.is_finite());
        let value =
            value.ok_or_else(|| format!("expected a finite score of {path}, found {score:?}"))?;
        self.scores[index] = Some(value);
        Ok(())
    }

    fn whole(self) -> Result<Vec<f32>, String> {
        let scored = self.names.iter().zip(&self.scores);
        let missing: Vec<&Name> = scored
            .filter(|(_, score)| score.is_none())
            .map(|(name, _)| name)
            .collect();
        if !missing.is_empty() {
            return Err(format!(
                "expected a row for each of {} images, found none for {}: {}",
                self.names.len(),
                missing.len(),
                listed(missing)
            ));
        }
        Ok(self.scores.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(names: &[Name], rows: &[[&str; 2]]) -> Result<Vec<f32>, String> {
        let mut table = Table::new(names);
        for row in rows {
            table.take(&StringRecord::from(&row[..]), [0, 1])?;
        }
        table.whole()
    }

    fn names() -> [Name; 2] {
        ["test/cut/000", "test/good/000"].map(Name::parse)
    }

    #[test]
    fn rows_find_their_images_in_any_order_and_spelling() {
        let rows = [
            ["/mvtec/bottle/train/good/000.png", "9"],
            ["/mvtec/bottle/test/good/000.png", " 0.25"],
            ["cut/000", "1e2"],
        ];
        assert_eq!(take(&names(), &rows), Ok(vec![100.0, 0.25]));
    }

    #[test]
    fn a_row_that_fits_two_images_or_comes_twice_is_refused() {
        let error = take(&names(), &[["000.png", "1"]]).unwrap_err();
        assert!(
            error.contains("found test/cut/000, test/good/000"),
            "{error}"
        );
        let error = take(&names(), &[["cut/000", "1"], ["cut/000.png", "1"]]).unwrap_err();
        assert!(error.contains("one row of test/cut/000"), "{error}");
    }

    #[test]
    fn an_image_without_a_finite_score_is_named() {
        for score in ["", "high", "nan", "inf", "1e40"] {
            let error = take(&names(), &[["cut/000.png", score]]).unwrap_err();
            assert!(error.contains("finite score of cut/000.png"), "{error}");
        }
        let error = take(&names(), &[["cut/000", "1"]]).unwrap_err();
        assert!(error.contains("none for 1: test/good/000"), "{error}");
    }

    #[test]
    fn columns_are_found_by_their_titles() {
        let header = ["\u{feff}sha256", "score", "path"];
        assert_eq!(columns(&StringRecord::from(&header[..])), Ok([2, 1]));
        let error = columns(&StringRecord::from(&["file", "score"][..])).unwrap_err();
        assert!(error.contains("found file, score"), "{error}");
    }
}
