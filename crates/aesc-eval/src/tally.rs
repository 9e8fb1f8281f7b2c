//! Counts normal samples into the gaps between the scores of anomalous ones.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::locate::Locator;
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

    #[inline]
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
        let carried = if self.carries.is_empty() {
            0
        } else {
            self.carries.iter().filter(|&&carry| carry == slot).count()
        };
        u64::from(self.counts[slot]) + ((carried as u64) << 32)
    }
}

/// Counts the normal samples of `blocks` into the slots of `locator`.
///
/// Each thread has counters of its own, as long as all of them together take no more than 8
/// bytes a sample.
pub(crate) fn count_normals(locator: &Locator, blocks: &[Block<'_>]) -> Tally {
    let slots = 2 * locator.len() + 1;
    let n_samples: usize = blocks.iter().map(|block| block.scores.len()).sum();
    let affordable = 2 * n_samples / slots;
    let workers = rayon::current_num_threads()
        .min(blocks.len())
        .min(affordable);
    let next = AtomicUsize::new(0);
    let work = |_| {
        let mut tally = Tally::new(slots);
        while let Some(block) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            count_block(locator, *block, &mut tally);
        }
        tally
    };
    let tallies = (0..workers.max(1)).into_par_iter().map(work);
    tallies.reduce_with(Tally::merge).unwrap_or_default()
}

fn count_block(locator: &Locator, block: Block<'_>, tally: &mut Tally) {
    let mut keys = [0; BATCH];
    for (index, scores) in block.scores.chunks(BATCH).enumerate() {
        let start = index * BATCH;
        let mask = block
            .mask
            .map_or(&[][..], |mask| &mask[start..start + scores.len()]);
        for &key in normal_keys(scores, mask, &mut keys) {
            tally.add(locator.slot(key), 1);
        }
    }
}

/// The keys of the scores outside `mask`; an empty mask leaves all.
fn normal_keys<'k>(scores: &[f32], mask: &[bool], keys: &'k mut [u32; BATCH]) -> &'k [u32] {
    if !any(mask) {
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

/// Whether the mask has a defect pixel; reads all of it, which is faster than stopping.
pub(crate) fn any(mask: &[bool]) -> bool {
    mask.iter().fold(false, |any, &inside| any | inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_carry_beyond_32_bits() {
        let mut tally = Tally::new(2);
        tally.add(1, u32::MAX);
        tally.add(1, 1);
        assert_eq!((tally.get(0), tally.get(1)), (0, 1 << 32));
        let merged = tally.clone().merge(tally);
        assert_eq!(merged.get(1), 1 << 33);
    }

    #[test]
    fn merging_can_carry() {
        let mut half = Tally::new(1);
        half.add(0, 1 << 31);
        assert_eq!(half.clone().merge(half).get(0), 1 << 32);
    }

    #[test]
    fn normal_samples_fall_between_and_onto_keys() {
        let locator = Locator::new([1.0, 2.0].map(sort::key).to_vec());
        let scores = [0.5, 1.0, 1.5, 2.0, 2.5, 1.0, 9.0];
        let mask = [false, false, false, false, false, false, true];
        let block = Block {
            scores: &scores,
            mask: Some(&mask),
        };
        let tally = count_normals(&locator, &[block, block]);
        let counts: Vec<u64> = (0..5).map(|slot| tally.get(slot)).collect();
        assert_eq!(counts, [2, 4, 2, 2, 2]);
    }
}
