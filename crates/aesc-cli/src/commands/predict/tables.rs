//! The tables, written row by row as the images come: memory does not grow with their number.

use std::io::Write;

use aesc_artifact::AtomicFile;
use aesc_detect::Region;
use serde::Serialize;

use super::coco::Coco;
use super::row::Row;
use super::write::Told;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::run_folder::RunFolder;

/// `results.csv`, `results.jsonl` and, where asked for, `coco.json`. Nothing has its name before
/// it is whole.
pub(super) struct Tables {
    csv: csv::Writer<AtomicFile>,
    jsonl: AtomicFile,
    coco: Option<(AtomicFile, Coco)>,
}

/// A line of `results.jsonl`: the row, and all regions.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    row: &'a Row,
    regions: &'a [Region],
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(ExitCode::Unexpected, error)
}

impl Tables {
    pub(super) fn create(folder: &RunFolder, coco: bool) -> Result<Self, Failure> {
        let file = |name: &str| AtomicFile::create(folder.path().join(name));
        let coco = if coco {
            let mut file = file("coco.json")?;
            file.write_all(Coco::head().as_bytes()).map_err(failed)?;
            Some((file, Coco::default()))
        } else {
            None
        };
        let mut csv = csv::WriterBuilder::new()
            .has_headers(false)
            .from_writer(file("results.csv")?);
        csv.write_record(Row::COLUMNS).map_err(failed)?;
        Ok(Self {
            csv,
            jsonl: file("results.jsonl")?,
            coco,
        })
    }

    pub(super) fn push(&mut self, told: &Told) -> Result<(), Failure> {
        self.csv.serialize(&told.row).map_err(failed)?;
        let line = Line {
            row: &told.row,
            regions: &told.regions,
        };
        let line = serde_json::to_string(&line).map_err(failed)?;
        writeln!(self.jsonl, "{line}").map_err(failed)?;
        if let (Some((file, coco)), Some(size)) = (&mut self.coco, told.row.size()) {
            let image = (told.row.path.as_str(), size);
            let text = coco.image(image, &told.annotations).map_err(failed)?;
            file.write_all(text.as_bytes()).map_err(failed)?;
        }
        Ok(())
    }

    /// Gives the files their names.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let csv = self.csv.into_inner().map_err(|e| failed(e.into_error()))?;
        csv.commit()?;
        self.jsonl.commit()?;
        if let Some((mut file, coco)) = self.coco {
            file.write_all(coco.tail().as_bytes()).map_err(failed)?;
            file.commit()?;
        }
        Ok(())
    }
}
