//! Samples in the portions that are handed to a thread.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

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

/// Scores and labels cut into blocks.
pub(crate) fn blocks<'a>(scores: &'a [f32], mask: &'a [bool]) -> impl Iterator<Item = Block<'a>> {
    let pairs = scores.chunks(BLOCK).zip(mask.chunks(BLOCK));
    pairs.map(|(scores, mask)| Block {
        scores,
        mask: Some(mask),
    })
}

/// Lets each thread begin with `start` and take block after block, as long as there are any;
/// gives what the threads end with.
pub(crate) fn by_worker<T: Send>(
    blocks: &[Block<'_>],
    start: impl Fn() -> T + Sync,
    take: impl Fn(&mut T, &Block<'_>) + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = |_| {
        let mut result = start();
        while let Some(block) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            take(&mut result, block);
        }
        result
    };
    let workers = rayon::current_num_threads().min(blocks.len());
    (0..workers).into_par_iter().map(work).collect()
}

impl Block<'_> {
    /// Calls `visit` with the key of each normal sample.
    #[inline]
    pub(crate) fn for_normal_keys(&self, mut visit: impl FnMut(u32)) {
        let mut keys = [0; BATCH];
        for (index, scores) in self.scores.chunks(BATCH).enumerate() {
            let start = index * BATCH;
            let mask = self
                .mask
                .map_or(&[][..], |mask| &mask[start..start + scores.len()]);
            for &key in normal_keys(scores, mask, &mut keys) {
                visit(key);
            }
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

    fn keys(block: Block<'_>) -> Vec<u32> {
        let mut keys = Vec::new();
        block.for_normal_keys(|key| keys.push(key));
        keys
    }

    #[test]
    fn keys_of_normal_samples_come_in_order() {
        let scores: Vec<f32> = (0..3000).map(|i| i as f32).collect();
        let mask: Vec<bool> = (0..3000).map(|i| i >= 1500 && i % 3 == 0).collect();
        let block = Block {
            scores: &scores,
            mask: Some(&mask),
        };
        let normal = (0..3000).filter(|i| *i < 1500 || i % 3 != 0);
        let expected: Vec<u32> = normal.map(|i| sort::key(i as f32)).collect();
        assert_eq!(keys(block), expected);
        assert_eq!(
            keys(Block {
                scores: &scores,
                mask: None
            })
            .len(),
            3000
        );
    }

    #[test]
    fn every_block_is_taken_once() {
        let scores: Vec<f32> = (0..2 * BLOCK + 5).map(|i| i as f32).collect();
        let mask = vec![false; scores.len()];
        let blocks: Vec<_> = blocks(&scores, &mask).collect();
        let lengths: Vec<_> = blocks.iter().map(|block| block.scores.len()).collect();
        assert_eq!(lengths, [BLOCK, BLOCK, 5]);
        let taken = by_worker(&blocks, || 0, |sum, block| *sum += block.scores.len());
        assert_eq!(taken.iter().sum::<usize>(), scores.len());
    }
}
