//! Small damage to a file's bytes, at random or cleverly.

use proptest::prelude::*;
use proptest::sample::Index;

/// Words that readers of JSON, TOML and headers stumble over.
const WORDS: [&[u8]; 14] = [
    b"18446744073709551615",
    b"9223372036854775808",
    b"4294967296",
    b"-1",
    b"0",
    b"1e999",
    b"nan",
    b"null",
    b"{}",
    b"\"",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"\\u0000",
    b"\xff\xfe",
    b"\xf0\x9f\xa6\x80",
];

/// One change.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Another byte.
    Set(Index, u8),
    /// The rest is gone.
    Cut(Index),
    /// A few bytes are gone.
    Remove(Index, usize),
    /// A word is put in.
    Insert(Index, &'static [u8]),
    /// A number, where the text has one, becomes a word.
    Number(Index, &'static [u8]),
    /// A few bytes come twice.
    Repeat(Index, usize),
}

/// One to four changes.
pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = any::<Index>;
    let word = || proptest::sample::select(WORDS.as_slice());
    let change = prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        1 => at().prop_map(Change::Cut),
        2 => (at(), 1..9_usize).prop_map(|(at, n)| Change::Remove(at, n)),
        2 => (at(), word()).prop_map(|(at, word)| Change::Insert(at, word)),
        4 => (at(), word()).prop_map(|(at, word)| Change::Number(at, word)),
        1 => (at(), 1..40_usize).prop_map(|(at, n)| Change::Repeat(at, n)),
    ];
    proptest::collection::vec(change, 1..5)
}

/// `bytes` with the changes made, one after the other.
pub(crate) fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut made = bytes.to_vec();
    for change in changes.iter().filter(|_| !bytes.is_empty()) {
        if made.is_empty() {
            break;
        }
        let length = made.len();
        match change {
            Change::Set(at, byte) => made[at.index(length)] = *byte,
            Change::Cut(at) => made.truncate(at.index(length)),
            Change::Remove(at, n) => {
                let at = at.index(length);
                made.drain(at..length.min(at + n));
            }
            Change::Insert(at, word) => {
                let at = at.index(length);
                made.splice(at..at, word.iter().copied());
            }
            Change::Number(at, word) => {
                let digits: Vec<usize> =
                    (0..length).filter(|i| made[*i].is_ascii_digit()).collect();
                if let Some(&at) = digits.get(at.index(digits.len().max(1))) {
                    let rest = made[at..].iter().take_while(|byte| byte.is_ascii_digit());
                    let end = at + rest.count();
                    made.splice(at..end, word.iter().copied());
                }
            }
            Change::Repeat(at, n) => {
                let at = at.index(length);
                let piece = made[at..length.min(at + n)].to_vec();
                made.splice(at..at, piece);
            }
        }
    }
    made
}
