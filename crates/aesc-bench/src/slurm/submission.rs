//! A submission: which cells each task of an array does, written once and never changed.

use std::path::{Path, PathBuf};

use super::slurm_dir;
use crate::folder::write_atomic;
use crate::{BenchError, CellSpec};

/// The cells of an array, a list of ids a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Submission {
    /// From 1, counted in the run folder.
    pub(crate) number: u32,
    /// The tasks; task 1 is the first.
    pub(crate) tasks: Vec<Vec<String>>,
}

/// Where the list of a submission lies.
pub(crate) fn list_path(dir: &Path, number: u32) -> PathBuf {
    slurm_dir(dir).join(format!("{number:04}.cells"))
}

/// One more than the highest number of a list in run folder `dir`.
pub(crate) fn next_number(dir: &Path) -> Result<u32, BenchError> {
    let folder = slurm_dir(dir);
    let entries = std::fs::read_dir(&folder).map_err(BenchError::io("read", &folder))?;
    let number = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.ok()?.file_name();
        name.to_str()?.strip_suffix(".cells")?.parse::<u32>().ok()
    };
    Ok(entries.filter_map(number).max().unwrap_or(0) + 1)
}

impl Submission {
    /// `cells` bundled, so many a task.
    pub(crate) fn new(number: u32, cells: &[CellSpec], cells_per_task: usize) -> Self {
        let ids = |bundle: &[CellSpec]| bundle.iter().map(|cell| cell.id.clone()).collect();
        Self {
            number,
            tasks: cells.chunks(cells_per_task.max(1)).map(ids).collect(),
        }
    }

    /// Writes the list: a line a task, ids with a blank between.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), BenchError> {
        let line = |ids: &Vec<String>| ids.join(" ") + "\n";
        let text: String = self.tasks.iter().map(line).collect();
        write_atomic(&list_path(dir, self.number), text.as_bytes())
    }

    pub(crate) fn read(dir: &Path, number: u32) -> Result<Self, BenchError> {
        let path = list_path(dir, number);
        let text = std::fs::read_to_string(&path).map_err(BenchError::io("read", &path))?;
        let ids = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        Ok(Self {
            number,
            tasks: text.lines().map(ids).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_written_and_the_next_gets_the_next_number() {
        let dir = tempfile::tempdir().unwrap();
        let own = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        let submission = Submission {
            number: 9,
            tasks: vec![own(&["a", "b"]), own(&["c"])],
        };
        submission.write(dir.path()).unwrap();
        let text = std::fs::read_to_string(list_path(dir.path(), 9)).unwrap();
        assert_eq!(text, "a b\nc\n");
        assert_eq!(Submission::read(dir.path(), 9).unwrap(), submission);
        std::fs::write(slurm_dir(dir.path()).join("job.sbatch"), "").unwrap();
        assert_eq!(next_number(dir.path()).unwrap(), 10);
    }
}
