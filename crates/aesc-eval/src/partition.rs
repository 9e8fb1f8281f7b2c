//! Brings normal samples of like score together, so that what they are counted into fits the
//! cache next to the processor: the first, coarse pass of a radix sort, and the only one.

use std::ops::Range;

use crate::block::{Block, by_worker};
use crate::entry::key_of;

/// Keys of one group, up to [`SEGMENT`] of them, in no order.
pub(crate) type Segment = Vec<u32>;

/// A power of two, so that a position wraps by masking.
const SEGMENT: usize = 1024;

/// Keys that agree in all but so many low bits stay together.
const PAGE_BITS: u32 = 16;

const MAX_GROUPS: usize = 512;
const MIN_ENTRIES: usize = 1024;

/// Anomalous samples of neighbouring score.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Which of the sorted entries.
    pub(crate) entries: Range<usize>,
    /// How many distinct keys they have.
    pub(crate) n_keys: usize,
}

/// Sorted entries cut into groups of whole pages, about as many entries in each.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) groups: Vec<Group>,
    /// The lowest key.
    base: u32,
    /// The group of each page from the lowest key to the highest; the last one's lies above too.
    group_of_page: Vec<u16>,
}

impl Partition {
    /// `entries` are sorted and not empty.
    pub(crate) fn new(entries: &[u64]) -> Self {
        let base = entries.first().map_or(0, |&entry| key_of(entry));
        let page_of = |entry: u64| ((key_of(entry) - base) >> PAGE_BITS) as usize;
        let enough = (entries.len() / MAX_GROUPS).max(MIN_ENTRIES);
        let mut groups = vec![Group {
            entries: 0..0,
            n_keys: 0,
        }];
        let mut group_of_page = Vec::new();
        for in_page in entries.chunk_by(|&a, &b| page_of(a) == page_of(b)) {
            let last = groups.len() - 1;
            let Range { start, end } = groups[last].entries;
            if end - start >= enough {
                groups.push(Group {
                    entries: end..end,
                    n_keys: 0,
                });
            }
            let last = groups.len() - 1;
            // Pages without entries go to the group above them.
            group_of_page.resize(page_of(in_page[0]) + 1, last as u16);
            groups[last].entries.end += in_page.len();
            groups[last].n_keys += in_page.chunk_by(|&a, &b| key_of(a) == key_of(b)).count();
        }
        Self {
            groups,
            base,
            group_of_page,
        }
    }

    /// The keys of all normal samples, by group.
    pub(crate) fn sort_out(&self, blocks: &[Block<'_>]) -> Vec<Vec<Segment>> {
        let start = || Desks::new(self.groups.len());
        let desks = by_worker(blocks, start, |desks, block| {
            block.for_normal_keys(|key| desks.put(self.group_of(key), key));
        });
        let mut by_group = vec![Vec::new(); self.groups.len()];
        for of_worker in desks {
            for (all, segments) in by_group.iter_mut().zip(of_worker.clear()) {
                all.extend(segments);
            }
        }
        by_group
    }

    #[inline]
    fn group_of(&self, key: u32) -> usize {
        let page = (key.saturating_sub(self.base) >> PAGE_BITS) as usize;
        usize::from(self.group_of_page[page.min(self.group_of_page.len() - 1)])
    }
}

/// Where one thread puts keys down, by group; full desks are cleared into segments.
#[derive(Debug)]
struct Desks {
    open: Vec<[u32; SEGMENT]>,
    filled: Vec<usize>,
    full: Vec<Vec<Segment>>,
}

impl Desks {
    fn new(n_groups: usize) -> Self {
        Self {
            open: vec![[0; SEGMENT]; n_groups],
            filled: vec![0; n_groups],
            full: vec![Vec::new(); n_groups],
        }
    }

    #[inline]
    fn put(&mut self, group: usize, key: u32) {
        let filled = self.filled[group];
        self.open[group][filled % SEGMENT] = key;
        self.filled[group] = filled + 1;
        if filled + 1 == SEGMENT {
            self.filled[group] = 0;
            self.full[group].push(self.open[group].to_vec());
        }
    }

    /// All segments, by group.
    fn clear(mut self) -> Vec<Vec<Segment>> {
        for ((full, open), filled) in self.full.iter_mut().zip(self.open).zip(self.filled) {
            full.push(open[..filled].to_vec());
        }
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::entry;
    use crate::sort;

    /// 5000 entries of 2500 distinct scores from 1 to 6, and one far below.
    fn entries() -> Vec<u64> {
        let score = |i: u32| 1.0 + (i / 2) as f32 * 0.002;
        std::iter::once(entry(-3.0, 0))
            .chain((0..5000).map(|i| entry(score(i), 0)))
            .collect()
    }

    #[test]
    fn groups_cover_all_entries_and_keep_pages_whole() {
        let entries = entries();
        let partition = Partition::new(&entries);
        assert!(partition.groups.len() > 2);
        assert_eq!(
            partition
                .groups
                .iter()
                .map(|group| group.n_keys)
                .sum::<usize>(),
            2501
        );
        let mut end = 0;
        for group in &partition.groups {
            assert_eq!(group.entries.start, end);
            end = group.entries.end;
            let page = |entry: u64| (key_of(entry) - partition.base) >> PAGE_BITS;
            assert!(
                entries
                    .get(end)
                    .is_none_or(|&next| page(next) > page(entries[end - 1]))
            );
        }
        assert_eq!(end, entries.len());
    }

    #[test]
    fn every_key_comes_out_once_in_a_group_that_can_place_it() {
        let entries = entries();
        let partition = Partition::new(&entries);
        let scores: Vec<f32> = (0..20_000).map(|i| -4.0 + i as f32 * 0.0006).collect();
        let block = Block {
            scores: &scores,
            mask: None,
        };
        let by_group = partition.sort_out(&[block, block]);
        assert_eq!(
            by_group.iter().flatten().map(Vec::len).sum::<usize>(),
            40_000
        );
        for (index, segments) in by_group.iter().enumerate() {
            let Range { start, end } = partition.groups[index].entries;
            // Between the last entry of the group below and the first of the group above.
            let low = start
                .checked_sub(1)
                .map_or(0, |below| key_of(entries[below]));
            let high = entries.get(end).map_or(u32::MAX, |&above| key_of(above));
            assert!(
                segments
                    .iter()
                    .flatten()
                    .all(|&key| low < key && key < high)
            );
        }
        assert!(
            by_group[0]
                .iter()
                .flatten()
                .any(|&key| key == sort::key(-4.0))
        );
    }
}
