//! The picture plates of the page: sheets with their pictures embedded, within a bound.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::figures::{Found, Sheet, SheetRow, Slot, sheets};
use super::format::short;
use super::{Pictures, Report};

/// Embedded pictures take no more of a page than this.
const EMBEDDED_LIMIT_BYTES: usize = 10 << 20;

/// A figure of one category: a column for what is shown, a row for each test image.
#[derive(Debug)]
pub(crate) struct Plate {
    pub(crate) title: String,
    pub(crate) caption: String,
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<PlateRow>,
}

/// A test image.
#[derive(Debug)]
pub(crate) struct PlateRow {
    pub(crate) defect_type: String,
    pub(crate) image: String,
    pub(crate) pictures: Vec<Picture>,
}

/// One picture, or why there is none.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) alt: String,
    /// A data URL.
    pub(crate) src: Option<String>,
    /// What stands in a picture's place.
    pub(crate) instead: &'static str,
    /// "4.5, over 3.25".
    pub(crate) note: String,
}

/// The plates of one category.
#[derive(Debug, Default)]
pub(crate) struct Plates {
    pub(crate) plates: Vec<Plate>,
    /// Test images left out so that the page stays small.
    pub(crate) n_left_out: usize,
}

/// The plates of every category, in the plan's order.
///
/// Where all pictures would take more than 10 MiB, every category shows its first images before
/// any shows its last.
pub(crate) fn plates(report: &Report, pictures: &Pictures) -> Vec<Plates> {
    let all: Vec<Vec<Plate>> = report
        .plan
        .categories
        .iter()
        .map(|category| drawn(report, category, pictures))
        .collect();
    let kept = within_limit(&all, EMBEDDED_LIMIT_BYTES);
    let of_category = |(plates, kept): (Vec<Plate>, Vec<usize>)| {
        let n_rows = plates.first().map_or(0, |plate| plate.rows.len());
        Plates {
            plates: plates.into_iter().map(|p| p.with_rows(&kept)).collect(),
            n_left_out: n_rows - kept.len(),
        }
    };
    all.into_iter().zip(kept).map(of_category).collect()
}

/// The rows that each category keeps: by turns, until the limit is reached.
fn within_limit(categories: &[Vec<Plate>], limit: usize) -> Vec<Vec<usize>> {
    let mut kept = vec![Vec::new(); categories.len()];
    let rows = |plates: &Vec<Plate>| plates.first().map_or(0, |plate| plate.rows.len());
    let most = categories.iter().map(rows).max().unwrap_or_default();
    let mut taken = 0;
    for row in 0..most {
        for (plates, kept) in categories.iter().zip(&mut kept) {
            let sizes = plates.iter().filter_map(|p| p.rows.get(row));
            let size: usize = sizes.map(PlateRow::n_bytes).sum();
            if row < rows(plates) && taken + size <= limit {
                taken += size;
                kept.push(row);
            }
        }
    }
    kept
}

impl Plate {
    fn with_rows(mut self, kept: &[usize]) -> Self {
        let mut at = 0..;
        self.rows
            .retain(|_| at.next().is_some_and(|i| kept.contains(&i)));
        self
    }
}

impl PlateRow {
    fn n_bytes(&self) -> usize {
        let sources = self.pictures.iter().filter_map(|p| p.src.as_ref());
        sources.map(String::len).sum()
    }
}

fn drawn(report: &Report, category: &str, pictures: &Pictures) -> Vec<Plate> {
    let Some(sheets) = sheets(report, category) else {
        return Vec::new();
    };
    let mut plates = vec![Plate {
        title: "Reconstructions".to_owned(),
        caption: format!(
            "The query and what each network makes of it (the paper's figure 4): a defect should \
             be gone, all else as sharp as before. Below, the image score by {} and the threshold \
             it is over or under.",
            report.main_strategy()
        ),
        headings: sheets.reconstructions.headings.clone(),
        rows: plate_rows(&sheets.reconstructions, pictures, Notes::Scores),
    }];
    // Query and mask alone would be a plate without maps.
    if sheets.maps.headings.len() > 2 {
        plates.push(Plate {
            title: format!("Maps of {}", sheets.mapped),
            caption:
                "Where the reconstruction differs from the query and, where dropout was asked \
                      for, where reconstructions under it differ from one another (the paper's \
                      figure 5)."
                    .to_owned(),
            headings: sheets.maps.headings.clone(),
            rows: plate_rows(&sheets.maps, pictures, Notes::None),
        });
    }
    plates
}

/// What stands below the pictures of a plate.
#[derive(Clone, Copy, PartialEq)]
enum Notes {
    Scores,
    None,
}

fn plate_rows(sheet: &Sheet<'_>, pictures: &Pictures, notes: Notes) -> Vec<PlateRow> {
    let row = |row: &SheetRow<'_>| PlateRow {
        defect_type: row.defect_type.to_owned(),
        image: row.image.to_owned(),
        pictures: row
            .slots
            .iter()
            .map(|slot| picture(slot, pictures, notes))
            .collect(),
    };
    sheet.rows.iter().map(row).collect()
}

fn picture(slot: &Slot<'_>, pictures: &Pictures, notes: Notes) -> Picture {
    let Slot::Panel(found) = slot else {
        let missing = matches!(slot, Slot::Missing);
        return Picture {
            alt: String::new(),
            src: None,
            instead: if missing { "missing" } else { "no defect" },
            note: String::new(),
        };
    };
    let Found {
        cell,
        figure,
        panel,
    } = found;
    let is_shared = ["query", "mask"].contains(&panel.label.as_str());
    let of_whom = if is_shared {
        String::new()
    } else {
        format!(" by {} trained on {}", cell.network, cell.corruption)
    };
    let score = figure
        .score
        .filter(|_| notes == Notes::Scores && !is_shared);
    let key = (cell.id.clone(), panel.file.clone());
    Picture {
        alt: format!(
            "{} of {} {}{of_whom}",
            panel.label, cell.category, figure.image
        ),
        src: pictures.get(&key).and_then(|bytes| data_url(bytes)),
        instead: "no picture",
        note: score.map_or_else(String::new, |score| {
            let over = score > cell.threshold;
            let side = if over { "over" } else { "under" };
            format!("{}, {side} {}", short(score), short(cell.threshold))
        }),
    }
}

/// The picture as a `data:` URL; `None` for bytes that are neither PNG nor JPEG.
fn data_url(bytes: &[u8]) -> Option<String> {
    let kind = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        "png"
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        "jpeg"
    } else {
        return None;
    };
    Some(format!(
        "data:image/{kind};base64,{}",
        STANDARD.encode(bytes)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two plates of rows whose pictures have these many bytes each.
    fn category(sizes: &[usize]) -> Vec<Plate> {
        let row = |size: &usize| PlateRow {
            defect_type: String::new(),
            image: String::new(),
            pictures: vec![Picture {
                alt: String::new(),
                src: Some("x".repeat(*size)),
                instead: "",
                note: String::new(),
            }],
        };
        let plate = || Plate {
            title: String::new(),
            caption: String::new(),
            headings: Vec::new(),
            rows: sizes.iter().map(row).collect(),
        };
        vec![plate(), plate()]
    }

    #[test]
    fn every_category_shows_its_first_image_before_any_its_second() {
        // A row counts on both plates: 20 + 20 + 20 of the first turn, 20 of the second fit in 90.
        let categories = [category(&[10, 10]), category(&[10]), category(&[10, 10])];
        let kept = within_limit(&categories, 90);
        assert_eq!(kept, [vec![0, 1], vec![0], vec![0]]);
    }

    #[test]
    fn a_large_image_is_left_out_and_smaller_ones_after_it_stay() {
        let kept = within_limit(&[category(&[10, 100, 10])], 60);
        assert_eq!(kept, [vec![0, 2]]);
        let plates: Vec<Plate> = category(&[10, 100, 10])
            .into_iter()
            .map(|p| p.with_rows(&kept[0]))
            .collect();
        assert!(plates.iter().all(|plate| plate.rows.len() == 2));
    }
}
