//! Counts normal samples into the gaps between the scores of anomalous ones.

use rayon::prelude::*;

use crate::entry::distinct_keys;
use crate::locate::Locator;
use crate::partition::{Partition, Segment};
use crate::sort;

/// Scores with their mask, or without one when all of them are normal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) scores: &'a [f32],
    pub(crate) mask: Option<&'a [bool]>,
}

/// Samples in a block: large enough to be worth handing to a thread, small enough to share out.
pub(crate) const BLOCK: usize = 1 << 17;

/// Keys are worked out so many at a time.
const BATCH: usize = 1024;

/// Up to so many entries, all counters stay in the cache next to the processor, so that samples
/// can be counted in any order; beyond, they are brought together by key first.
const FEW_ENTRIES: usize = 4096;

/// Segments that are counted together.
const SEGMENTS: usize = 128;

/// One counter a slot (see [`Locator::slot`]): 4 bytes each, and exact beyond 2^32.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tally {
    counts: Vec<u32>,
    /// The slot of each counter that has run over, once each time.
    carries: Vec<usize>,
}

impl Tally {
    fn new(slots: usize) -> Self {
        Self {
            counts: vec![0; slots],
            carries: Vec::new(),
        }
    }

    /// Counts one of fewer than 2^32 samples.
    #[inline]
    fn count(&mut self, slot: usize) {
        self.counts[slot] += 1;
    }

    /// Counts any number of samples.
    fn add(&mut self, slot: usize, more: u32) {
        let (sum, over) = self.counts[slot].overflowing_add(more);
        self.counts[slot] = sum;
        if over {
            self.carries.push(slot);
        }
    }

    fn merge(mut self, other: Self) -> Self {
        for (slot, &count) in other.counts.iter().enumerate() {
            self.add(slot, count);
        }
        self.carries.extend(other.carries);
        self
    }

    /// Number of slots.
    pub(crate) fn len(&self) -> usize {
        self.counts.len()
    }

    /// How many samples fell into any slot.
    pub(crate) fn total(&self) -> u64 {
        let counted: u64 = self.counts.iter().map(|&count| u64::from(count)).sum();
        counted + ((self.carries.len() as u64) << 32)
    }

    /// How many samples fell into `slot`.
    pub(crate) fn get(&self, slot: usize) -> u64 {
        let count = u64::from(self.counts[slot]);
        if self.carries.is_empty() {
            return count;
        }
        let carried = self.carries.iter().filter(|&&carry| carry == slot).count();
        count + ((carried as u64) << 32)
    }
}

/// Counts the normal samples of `blocks` into the slots between and at the distinct scores of
/// the sorted `entries`.
pub(crate) fn count_normals(entries: &[u64], blocks: &[Block<'_>]) -> Tally {
    if entries.len() > FEW_ENTRIES {
        return count_by_group(entries, blocks);
    }
    let locator = Locator::new(distinct_keys(entries));
    let count_block = |block: &Block<'_>| {
        let mut tally = Tally::new(locator.n_slots());
        for_normal_keys(*block, |key| tally.count(locator.slot(key)));
        tally
    };
    let tallies = blocks.par_iter().map(count_block);
    tallies
        .reduce_with(Tally::merge)
        .unwrap_or_else(|| Tally::new(locator.n_slots()))
}

fn count_by_group(entries: &[u64], blocks: &[Block<'_>]) -> Tally {
    let partition = Partition::new(entries);
    let segments = partition.sort_out(blocks);
    let n_keys: usize = partition.groups.iter().map(|group| group.n_keys).sum();
    let mut total = Tally::new(2 * n_keys + 1);
    let mut jobs = Vec::new();
    let mut rest = &mut total.counts[..];
    for (group, segments) in partition.groups.iter().zip(segments) {
        let (own, others) = rest.split_at_mut(2 * group.n_keys);
        jobs.push((own, &entries[group.entries.clone()], segments));
        rest = others;
    }
    let count = |(own, entries, segments): (&mut [u32], _, Vec<Segment>)| {
        let Tally { counts, carries } = count_segments(entries, &segments);
        own.copy_from_slice(&counts[..own.len()]);
        (counts.len(), counts[own.len()], carries)
    };
    let edges: Vec<(usize, u32, Vec<usize>)> = jobs.into_par_iter().map(count).collect();
    let mut first = 0;
    for (slots, above, carries) in edges {
        total
            .carries
            .extend(carries.into_iter().map(|slot| first + slot));
        // What lies above the last score of a group lies below the first of the next.
        first += slots - 1;
        total.add(first, above);
    }
    total
}

fn count_segments(entries: &[u64], segments: &[Segment]) -> Tally {
    let locator = Locator::new(distinct_keys(entries));
    let count = |segments: &[Segment]| {
        let mut tally = Tally::new(locator.n_slots());
        for segment in segments {
            for &key in segment {
                tally.count(locator.slot(key));
            }
        }
        tally
    };
    let tallies = segments.par_chunks(SEGMENTS).map(count);
    tallies
        .reduce_with(Tally::merge)
        .unwrap_or_else(|| Tally::new(locator.n_slots()))
}

/// Calls `visit` with the key of each normal sample.
#[inline]
pub(crate) fn for_normal_keys(block: Block<'_>, mut visit: impl FnMut(u32)) {
    let mut keys = [0; BATCH];
    for (index, scores) in block.scores.chunks(BATCH).enumerate() {
        let start = index * BATCH;
        let mask = block
            .mask
            .map_or(&[][..], |mask| &mask[start..start + scores.len()]);
        for &key in normal_keys(scores, mask, &mut keys) {
            visit(key);
        }
    }
}

/// The keys of the scores outside `mask`; an empty mask leaves all.
fn normal_keys<'k>(scores: &[f32], mask: &[bool], keys: &'k mut [u32; BATCH]) -> &'k [u32] {
    // Read to its end, which is faster than stopping.
    if !mask.iter().fold(false, |any, &inside| any | inside) {
        for (key, &score) in keys.iter_mut().zip(scores) {
            *key = sort::key(score);
        }
        return &keys[..scores.len()];
    }
    let mut n_keys = 0;
    for (&score, &anomalous) in scores.iter().zip(mask) {
        keys[n_keys] = sort::key(score);
        n_keys += usize::from(!anomalous);
    }
    &keys[..n_keys]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::entry;

    fn slots(tally: &Tally) -> Vec<u64> {
        (0..tally.len()).map(|slot| tally.get(slot)).collect()
    }

    #[test]
    fn counters_carry_beyond_32_bits() {
        let mut tally = Tally::new(2);
        tally.add(1, u32::MAX);
        tally.add(1, 1);
        assert_eq!(slots(&tally), [0, 1 << 32]);
        assert_eq!(tally.total(), 1 << 32);
        let merged = tally.clone().merge(tally);
        assert_eq!(slots(&merged), [0, 1 << 33]);
    }

    #[test]
    fn merging_can_carry() {
        let mut half = Tally::new(1);
        half.add(0, 1 << 31);
        assert_eq!(slots(&half.clone().merge(half)), [1 << 32]);
    }

    #[test]
    fn normal_samples_fall_between_and_onto_scores() {
        let entries = [entry(1.0, 0), entry(2.0, 3), entry(2.0, 5)];
        let scores = [0.5, 1.0, 1.5, 2.0, 2.5, 1.0, 9.0];
        let mask = [false, false, false, false, false, false, true];
        let block = Block {
            scores: &scores,
            mask: Some(&mask),
        };
        let tally = count_normals(&entries, &[block, block]);
        assert_eq!(slots(&tally), [2, 4, 2, 2, 2]);
    }

    #[test]
    fn counting_by_group_and_at_once_agree() {
        // Whole pages, single keys far apart, and normals below, above, between and on them.
        let dense = (0..6000).map(|i| entry(1.0 + i as f32 * 1e-5, i % 7));
        let sparse = (0..40).map(|i| entry(10.0_f32.powi(i - 20), 0));
        let mut entries: Vec<u64> = dense.chain(sparse).chain([entry(-5.0, 0)]).collect();
        entries.sort_unstable();
        let fine = (0..300_000).map(|i| 0.9 + i as f32 * 1e-6);
        let wide = (0..60).map(|i| -(10.0_f32.powi(i - 30)));
        let scores: Vec<f32> = fine.chain(wide).chain([30.0, 1e30, 1e-30]).collect();
        let block = Block {
            scores: &scores,
            mask: None,
        };
        let by_group = count_by_group(&entries, &[block]);
        assert_eq!(by_group.total(), scores.len() as u64);

        let locator = Locator::new(distinct_keys(&entries));
        let mut at_once = Tally::new(locator.n_slots());
        for_normal_keys(block, |key| at_once.add(locator.slot(key), 1));
        assert_eq!(by_group, at_once);
    }
}
