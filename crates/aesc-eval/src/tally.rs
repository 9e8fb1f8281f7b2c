//! Counts normal samples into the gaps between the scores of anomalous ones.

use rayon::prelude::*;

use crate::block::{BLOCK, Block, by_worker};
use crate::entry::distinct_keys;
use crate::locate::Locator;
use crate::partition::{Partition, Segment};

/// Up to so many entries, what samples are counted into stays in a cache, so that they may come in
/// any order; beyond, they are brought together by key first.
const CACHED_ENTRIES: usize = 1 << 18;

/// Blocks that are counted together: 2^31 samples, so that no counter can run over.
const ROUND: usize = (1 << 31) / BLOCK;

/// Segments that are counted together, again without running over.
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
    if entries.len() > CACHED_ENTRIES {
        count_by_group(entries, blocks)
    } else {
        count_at_once(entries, blocks)
    }
}

fn count_at_once(entries: &[u64], blocks: &[Block<'_>]) -> Tally {
    let locator = Locator::new(distinct_keys(entries));
    let start = || Tally::new(locator.n_slots());
    let count = |tally: &mut Tally, block: &Block<'_>| {
        block.for_normal_keys(|key| tally.count(locator.slot(key)));
    };
    let rounds = blocks.chunks(ROUND);
    let tallies = rounds.flat_map(|blocks| by_worker(blocks, start, count));
    tallies.reduce(Tally::merge).unwrap_or_else(start)
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

        let at_once = count_at_once(&entries, &[block]);
        assert_eq!(by_group, at_once);
    }

    proptest::proptest! {
        #[test]
        fn both_ways_of_counting_agree_on_any_scores(
            anomalous in proptest::collection::vec(proptest::num::f32::NORMAL, 1..3000),
            normal in proptest::collection::vec(proptest::num::f32::NORMAL, 0..3000),
            levels in 1_u32..400,
        ) {
            // All octaves of f32, then a few levels with many ties.
            let coarse = |score: &f32| (score.to_bits() % levels) as f32;
            let lists = [(anomalous.clone(), normal.clone()), (
                anomalous.iter().map(coarse).collect(),
                normal.iter().map(coarse).collect(),
            )];
            for (anomalous, normal) in lists {
                let mut entries: Vec<u64> = anomalous.iter().map(|&score| entry(score, 0)).collect();
                entries.sort_unstable();
                let block = Block { scores: &normal, mask: None };
                let by_group = count_by_group(&entries, &[block]);
                proptest::prop_assert_eq!(by_group, count_at_once(&entries, &[block]));
            }
        }
    }
}
