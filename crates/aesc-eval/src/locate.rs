//! Finds where a key falls among sorted ones, in about one step.
//!
//! A binary search takes twenty dependent, badly predicted steps in a million keys. Here the high
//! half of the key's distance from the lowest one picks a page, the page's own number of bits of
//! the low half a cell, and the cell names the first key at or after its start. Pages have two to
//! four cells a key, so that little is left to walk (at worst, some 180 keys in one cell).

/// Distinct keys in ascending order, with the pages that lead into them.
#[derive(Debug)]
pub(crate) struct Locator {
    /// The keys and, last, `u32::MAX`, which no finite score has.
    keys: Vec<u32>,
    /// Pages from the lowest key to the highest, and one for all that lies above.
    pages: Vec<Page>,
    /// For each cell, how many keys lie before it.
    cells: Vec<u32>,
}

/// All keys whose distance from the lowest agrees in its high 16 bits.
#[derive(Debug, Clone, Copy)]
struct Page {
    first_cell: u32,
    /// The low half of the distance shifted right by this is the cell within the page.
    shift: u32,
}

const LOW_BITS: u32 = 16;
const LOW_MASK: u32 = (1 << LOW_BITS) - 1;

impl Locator {
    /// `keys` ascend strictly and are those of finite scores.
    pub(crate) fn new(mut keys: Vec<u32>) -> Self {
        let base = keys.first().copied().unwrap_or_default();
        let mut pages = Vec::new();
        let mut cells = Vec::with_capacity(4 * keys.len());
        let mut before = 0;
        while before < keys.len() {
            let high = pages.len() as u32;
            let in_page = |key: &&u32| (**key - base) >> LOW_BITS == high;
            let n_keys = keys[before..].iter().take_while(in_page).count();
            let bits = match n_keys {
                0 => 0,
                _ => (n_keys.next_power_of_two().ilog2() + 1).min(LOW_BITS),
            };
            pages.push(Page {
                first_cell: cells.len() as u32,
                shift: LOW_BITS - bits,
            });
            let lows = keys[before..before + n_keys]
                .iter()
                .map(|key| (key - base) & LOW_MASK);
            push_cells(lows, before as u32, bits, &mut cells);
            before += n_keys;
        }
        pages.push(Page {
            first_cell: cells.len() as u32,
            shift: LOW_BITS,
        });
        cells.push(before as u32);
        keys.push(u32::MAX);
        Self { keys, pages, cells }
    }

    /// Number of slots, see [`slot`](Self::slot).
    pub(crate) fn n_slots(&self) -> usize {
        2 * self.keys.len() - 1
    }

    /// With r keys below `key`: 2r, or 2r + 1 when `key` is itself one of them.
    #[inline]
    pub(crate) fn slot(&self, key: u32) -> usize {
        let distance = key.saturating_sub(self.keys[0]);
        let page = self.pages[((distance >> LOW_BITS) as usize).min(self.pages.len() - 1)];
        let cell = page.first_cell + ((distance & LOW_MASK) >> page.shift);
        let mut rank = self.cells[cell as usize] as usize;
        // Without a branch, since nobody could predict it.
        rank += usize::from(self.keys[rank] < key);
        while self.keys[rank] < key {
            rank += 1;
        }
        2 * rank + usize::from(self.keys[rank] == key)
    }
}

/// Appends the 2^`bits` cells of one page with ascending `lows`; `before` keys precede it.
fn push_cells(lows: impl Iterator<Item = u32>, before: u32, bits: u32, cells: &mut Vec<u32>) {
    let end = cells.len() + (1 << bits);
    let shift = LOW_BITS - bits;
    let first = cells.len();
    let mut last = before;
    for (rank, low) in (before..).zip(lows) {
        // This key is the first one for all cells up to its own that have none yet.
        let own = first + (low >> shift) as usize;
        let open = (own + 1).saturating_sub(cells.len());
        cells.resize(cells.len() + open, rank);
        last = rank + 1;
    }
    cells.resize(end, last);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow_slot(keys: &[u32], key: u32) -> usize {
        2 * keys.partition_point(|&k| k < key) + usize::from(keys.contains(&key))
    }

    fn assert_slots(keys: &[u32], probes: impl IntoIterator<Item = u32>) {
        let locator = Locator::new(keys.to_vec());
        for probe in probes {
            assert_eq!(
                locator.slot(probe),
                slow_slot(keys, probe),
                "{probe:#x} in {keys:x?}"
            );
        }
    }

    #[test]
    fn slots_count_the_keys_below() {
        let keys = [5, 0x1_0000, 0x1_0001, 0x1_8000, 0xfffe_ffff];
        let probes = keys.iter().flat_map(|&key| [key - 1, key, key + 1]);
        assert_slots(&keys, probes.chain([0, u32::MAX - 1]));
    }

    #[test]
    fn one_key_and_none_work() {
        assert_slots(&[7], [0, 6, 7, 8, 0xffff_0000]);
        assert_slots(&[], [0, 1 << 31]);
    }

    #[test]
    fn crowded_and_full_pages_work() {
        let crowded: Vec<u32> = (0..300).map(|i| 0x8000_fe00 + i).collect();
        assert_slots(&crowded, 0x8000_fdff..0x8001_0001);
        let full: Vec<u32> = (0x7fff_0000..0x8000_0000).collect();
        let locator = Locator::new(full.clone());
        for (index, &key) in full.iter().enumerate() {
            assert_eq!(locator.slot(key), 2 * index + 1);
        }
        assert_eq!(locator.slot(0x8000_0000), 2 * full.len());
    }
}
