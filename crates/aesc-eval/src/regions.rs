//! Connected regions of a mask: 8-connectivity, by runs of rows and union-find.

use crate::entry::entry;
use crate::error::EvalError;
use crate::map::MapView;

/// The regions of one mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regions {
    /// One label a pixel, row by row: 0 outside, 1.. inside, in the order a row-by-row reader
    /// meets the regions.
    pub labels: Vec<u32>,
    /// Pixels of region 1, 2, ...
    pub areas: Vec<u64>,
}

/// Labels the 8-connected regions of a `height` x `width` mask.
///
/// ```
/// let mask = [true, false, false, true]; // two pixels that touch at a corner
/// let regions = aesc_eval::label_regions(&mask, 2, 2)?;
/// assert_eq!(regions.labels, [1, 0, 0, 1]);
/// assert_eq!(regions.areas, [2]);
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// [`EvalError::LengthMismatch`] when the mask does not have `height * width` pixels,
/// [`EvalError::TooManyRegions`] beyond 2^32 - 1 regions.
pub fn label_regions(mask: &[bool], height: usize, width: usize) -> Result<Regions, EvalError> {
    let expected = height.saturating_mul(width);
    if mask.len() != expected {
        return Err(EvalError::LengthMismatch {
            what: "mask pixels",
            expected,
            found: mask.len(),
        });
    }
    let Runs { runs, areas } = find_runs(mask, width);
    check_count(areas.len())?;
    let mut labels = vec![0; mask.len()];
    for run in runs {
        labels[run.start..run.end].fill(run.region as u32 + 1);
    }
    Ok(Regions { labels, areas })
}

fn check_count(found: usize) -> Result<(), EvalError> {
    match u32::try_from(found) {
        Ok(_) => Ok(()),
        Err(_) => Err(EvalError::TooManyRegions { found }),
    }
}

/// The anomalous pixels of many images, and the areas of their regions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Defects {
    /// One word a pixel: score key and region, see [`entry`].
    pub(crate) entries: Vec<u64>,
    /// Pixels of each region, over all images.
    pub(crate) areas: Vec<u64>,
}

impl Defects {
    /// The defect pixels of one image.
    pub(crate) fn of(image: &MapView<'_>) -> Self {
        let Runs { runs, areas } = find_runs(image.mask, image.width);
        let mut entries = Vec::with_capacity(areas.iter().sum::<u64>() as usize);
        for run in runs {
            let scores = &image.scores[run.start..run.end];
            entries.extend(scores.iter().map(|&score| entry(score, run.region as u32)));
        }
        Self { entries, areas }
    }

    /// Adds those of another image, whose regions are numbered after these.
    pub(crate) fn append(&mut self, image: Self) -> Result<(), EvalError> {
        check_count(self.areas.len() + image.areas.len())?;
        let offset = self.areas.len() as u64;
        self.entries
            .extend(image.entries.into_iter().map(|entry| entry + offset));
        self.areas.extend(image.areas);
        Ok(())
    }
}

/// Neighbouring defect pixels of one row.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Row-major position of the first pixel.
    start: usize,
    /// One past the last.
    end: usize,
    /// First the run's own number or that of an earlier run it touches, then its region.
    region: usize,
}

struct Runs {
    runs: Vec<Run>,
    areas: Vec<u64>,
}

fn find_runs(mask: &[bool], width: usize) -> Runs {
    let mut runs = Vec::new();
    let mut above = 0..0;
    for (y, row) in mask.chunks_exact(width.max(1)).enumerate() {
        let first = runs.len();
        push_runs(row, y * width, &mut runs);
        let current = first..runs.len();
        join_rows(&mut runs, above, current.clone(), width);
        above = current;
    }
    let areas = number_regions(&mut runs);
    Runs { runs, areas }
}

fn push_runs(row: &[bool], offset: usize, runs: &mut Vec<Run>) {
    let mut x = 0;
    while let Some(skip) = row[x..].iter().position(|&inside| inside) {
        let start = x + skip;
        let length = row[start..].iter().position(|&inside| !inside);
        x = length.map_or(row.len(), |length| start + length);
        runs.push(Run {
            start: offset + start,
            end: offset + x,
            region: runs.len(),
        });
    }
}

/// Joins each run of a row with the runs above that it touches, corners included.
fn join_rows(
    runs: &mut [Run],
    mut above: std::ops::Range<usize>,
    current: std::ops::Range<usize>,
    width: usize,
) {
    if above.is_empty() {
        return;
    }
    for index in current {
        // One row up, widened by a pixel on both sides; rows cannot wrap, since the comparison
        // is between runs of the row above alone.
        let (start, end) = (runs[index].start - width, runs[index].end - width);
        while above.start < above.end && runs[above.start].end < start {
            above.start += 1;
        }
        let touching = above
            .clone()
            .take_while(|&other| runs[other].start <= end)
            .count();
        for other in above.start..above.start + touching {
            unite(runs, index, other);
        }
        // The last one touched may reach under the next run of this row too.
        above.start += touching.saturating_sub(1);
    }
}

fn unite(runs: &mut [Run], a: usize, b: usize) {
    let (a, b) = (root(runs, a), root(runs, b));
    runs[a.max(b)].region = a.min(b);
}

/// The first run of the region that `index` belongs to, halving the path on the way.
fn root(runs: &mut [Run], mut index: usize) -> usize {
    while runs[index].region != index {
        let parent = runs[index].region;
        runs[index].region = runs[parent].region;
        index = runs[index].region;
    }
    index
}

/// Replaces links by region numbers from 0, in order of appearance; gives the areas.
fn number_regions(runs: &mut [Run]) -> Vec<u64> {
    let mut areas = Vec::new();
    for index in 0..runs.len() {
        let Run {
            start,
            end,
            region: parent,
        } = runs[index];
        // A link leads to an earlier run, whose entry is its region's number by now.
        let region = if parent == index {
            areas.len()
        } else {
            runs[parent].region
        };
        if parent == index {
            areas.push(0);
        }
        areas[region] += (end - start) as u64;
        runs[index].region = region;
    }
    areas
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(rows: &[&str]) -> Regions {
        let mask: Vec<bool> = rows
            .iter()
            .flat_map(|row| row.chars().map(|c| c == '#'))
            .collect();
        label_regions(&mask, rows.len(), rows[0].len()).unwrap()
    }

    #[test]
    fn corners_connect() {
        let regions = label(&["#..", ".#.", "..#"]);
        assert_eq!(regions.labels, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
        assert_eq!(regions.areas, [3]);
        assert_eq!(label(&["..#", ".#.", "#.."]).areas, [3]);
    }

    #[test]
    fn rows_do_not_wrap_around() {
        assert_eq!(label(&["...#", "#...", "...."]).areas, [1, 1]);
        assert_eq!(label(&["..#", "#.."]).areas, [1, 1]);
    }

    #[test]
    fn arms_joined_below_are_one_region() {
        let regions = label(&["#.#.#", "#.#.#", "#####"]);
        assert_eq!(regions.areas, [11]);
        assert_eq!(regions.labels[4], 1);
    }

    #[test]
    fn one_run_below_joins_many_above() {
        assert_eq!(label(&["#.#.#.#", ".#####."]).areas, [9]);
        assert_eq!(label(&["#..#..#", ".#...#."]).areas, [2, 1, 2]);
    }

    #[test]
    fn one_run_above_joins_many_below() {
        assert_eq!(label(&[".#####.", "#.#.#.#"]).areas, [9]);
    }

    #[test]
    fn single_pixels_and_borders_count() {
        let regions = label(&["#.#", "...", "#.#"]);
        assert_eq!(regions.labels, [1, 0, 2, 0, 0, 0, 3, 0, 4]);
        assert_eq!(regions.areas, [1, 1, 1, 1]);
    }

    #[test]
    fn an_empty_mask_has_no_region() {
        assert_eq!(label(&["..", ".."]).areas, []);
        assert_eq!(label_regions(&[], 0, 0).unwrap().areas, []);
    }

    #[test]
    fn a_mask_of_another_size_is_refused() {
        let error = label_regions(&[true; 5], 2, 3);
        let expected = EvalError::LengthMismatch {
            what: "mask pixels",
            expected: 6,
            found: 5,
        };
        assert_eq!(error, Err(expected));
    }
}
