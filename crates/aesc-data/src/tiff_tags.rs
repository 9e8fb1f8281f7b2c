//! What a TIFF's tags claim to hold, looked at before a decoder believes them.
//!
//! Decoders make room for a tag's values before they read them: a damaged count of four bytes makes
//! a file of 246 bytes take 200 MiB.

/// Folders of tags that are followed; no file of one image has more.
const MAX_FOLDERS: usize = 64;

/// Whether every tag's values fit into the file.
///
/// # Errors
/// What is wrong, for a person. A file that is no TIFF, or ends early, is the decoder's to refuse.
pub(crate) fn check(bytes: &[u8]) -> Result<(), String> {
    let Some(file) = File::open(bytes) else {
        return Ok(());
    };
    let mut folder = file.first;
    for _ in 0..MAX_FOLDERS {
        let Some(next) = file.check_folder(folder)? else {
            return Ok(());
        };
        folder = next;
    }
    Ok(())
}

/// A file whose first bytes are those of a TIFF.
struct File<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
    /// Offsets and counts of 8 bytes (`BigTIFF`), not 4.
    is_wide: bool,
    /// Where the first folder of tags is.
    first: u64,
}

impl<'a> File<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        let mut file = Self {
            bytes,
            is_big_endian: bytes.starts_with(b"MM"),
            is_wide: false,
            first: 0,
        };
        file.is_wide = file.number(2, 2)? == 43;
        file.first = if file.is_wide {
            file.number(8, 8)?
        } else {
            file.number(4, 4)?
        };
        Some(file)
    }

    /// The number of `n` bytes at `at`, where the file has them.
    fn number(&self, at: u64, n: usize) -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let digits = self.bytes.get(at..at.checked_add(n)?)?;
        let add = |sum: u64, digit: &u8| (sum << 8) | u64::from(*digit);
        Some(if self.is_big_endian {
            digits.iter().fold(0, add)
        } else {
            digits.iter().rev().fold(0, add)
        })
    }

    /// Looks at the folder at `at`; gives the place of the next, where there is one.
    fn check_folder(&self, at: u64) -> Result<Option<u64>, String> {
        // Bytes of the number of tags, of a tag, and of an offset.
        let (head, tag, offset) = if self.is_wide { (8, 20, 8) } else { (2, 12, 4) };
        let Some(n_tags) = self.number(at, head) else {
            return Ok(None);
        };
        let place = |i: u64| {
            i.checked_mul(tag)?
                .checked_add(at)?
                .checked_add(head as u64)
        };
        for i in 0..n_tags {
            let Some(at) = place(i) else { return Ok(None) };
            let number = |from, n| self.number(at.checked_add(from)?, n);
            let (Some(name), Some(kind), Some(count)) =
                (number(0, 2), number(2, 2), number(4, offset))
            else {
                return Ok(None);
            };
            let claimed = count.saturating_mul(bytes_of(kind));
            if claimed > self.bytes.len() as u64 {
                let n = self.bytes.len();
                return Err(format!("tag {name} of {claimed} bytes in a file of {n}"));
            }
        }
        let next = place(n_tags).and_then(|at| self.number(at, offset));
        Ok(next.filter(|next| *next != 0))
    }
}

/// Bytes of a value of this type (TIFF 6.0, section 2, and `BigTIFF`); 1 of an unknown one.
fn bytes_of(kind: u64) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with one folder of one tag: `kind` numbers, `count` of them.
    fn file(kind: u16, count: u32, is_big_endian: bool) -> Vec<u8> {
        let two = |v: u16| {
            if is_big_endian {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let four = |v: u32| {
            if is_big_endian {
                v.to_be_bytes()
            } else {
                v.to_le_bytes()
            }
        };
        let mut bytes = if is_big_endian { b"MM" } else { b"II" }.to_vec();
        bytes.extend([two(42).as_slice(), &four(8), &two(1)].concat());
        bytes.extend(
            [
                two(273).as_slice(),
                &two(kind),
                &four(count),
                &four(0),
                &four(0),
            ]
            .concat(),
        );
        bytes
    }

    #[test]
    fn values_that_fit_pass_and_others_do_not() {
        for is_big_endian in [false, true] {
            let n = file(1, 0, is_big_endian).len() as u32;
            assert_eq!(check(&file(1, n, is_big_endian)), Ok(()));
            assert!(check(&file(1, n + 1, is_big_endian)).is_err());
            // Numbers of 2, 4 and 8 bytes.
            for (kind, bytes) in [(3, 2), (4, 4), (5, 8)] {
                assert_eq!(check(&file(kind, n / bytes, is_big_endian)), Ok(()));
                let found = check(&file(kind, n / bytes + 1, is_big_endian));
                assert!(found.unwrap_err().starts_with("tag 273 of "));
            }
            assert!(check(&file(4, u32::MAX, is_big_endian)).is_err());
        }
    }

    #[test]
    fn what_ends_early_or_turns_in_circles_is_left_to_the_decoder() {
        let whole = file(1, 1, false);
        for n in 0..whole.len() {
            let _ = check(&whole[..n]);
        }
        let mut circle = whole;
        let at = circle.len() - 4;
        circle[at] = 8; // the next folder is the first
        assert_eq!(check(&circle), Ok(()));
        assert_eq!(check(b""), Ok(()));
    }
}
