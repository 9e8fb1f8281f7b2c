//! An anomalous sample as one sortable word: the key of its score, then its region.

use crate::sort;

/// The word of an anomalous sample of `region` (counted from 0; 0 where there are no regions).
pub(crate) fn entry(score: f32, region: u32) -> u64 {
    u64::from(sort::key(score)) << 32 | u64::from(region)
}

/// The key of the score, see [`sort::key`].
pub(crate) fn key_of(entry: u64) -> u32 {
    (entry >> 32) as u32
}

/// The region.
pub(crate) fn region_of(entry: u64) -> usize {
    entry as u32 as usize
}

/// The distinct keys of sorted entries.
pub(crate) fn distinct_keys(entries: &[u64]) -> Vec<u32> {
    let mut keys: Vec<u32> = entries.iter().map(|&entry| key_of(entry)).collect();
    keys.dedup();
    keys
}
