//! The header of a `.npy` file: a Python dictionary of type, order and shape.
//!
//! Versions 1.0, 2.0 and 3.0 of `numpy.lib.format`. Read without recursion and without trusting
//! a number: nothing is allocated but the text, and that is bounded.

use std::io::{self, ErrorKind, Read};

use super::element::Element;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// numpy itself refuses longer ones (`max_header_size`).
const MAX_TEXT_BYTES: usize = 10_000;

/// What a file says of its values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) element: Element,
    /// The first index runs fastest.
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<u64>,
    /// Bytes before the first value.
    pub(super) size: u64,
}

/// Why a header cannot be used.
#[derive(Debug)]
pub(super) enum Fault {
    /// The operating system refused.
    Io(io::Error),
    /// No `.npy` file, or a broken one.
    Broken(String),
    /// Values that are no plain numbers.
    Type(String),
}

/// Reads a header from its first byte to its last.
pub(super) fn read(file: &mut impl Read) -> Result<Header, Fault> {
    let start: [u8; 8] = bytes(file)?;
    let [magic @ .., major, minor] = start;
    if magic != *MAGIC {
        return Err(Fault::Broken(stranger(start)));
    }
    let (length, before) = match (major, minor) {
        (1, 0) => (usize::from(u16::from_le_bytes(bytes(file)?)), 10),
        (2 | 3, 0) => (u32::from_le_bytes(bytes(file)?) as usize, 12),
        _ => {
            let found = format!("version {major}.{minor}, not 1.0, 2.0 or 3.0");
            return Err(Fault::Broken(found));
        }
    };
    if length > MAX_TEXT_BYTES {
        let found = format!("a header of {length} bytes, over {MAX_TEXT_BYTES}");
        return Err(Fault::Broken(found));
    }
    let mut text = vec![0; length];
    file.read_exact(&mut text).map_err(cut_short)?;
    let text =
        str::from_utf8(&text).map_err(|_| Fault::Broken("a header that is no UTF-8".to_owned()))?;
    let (element, fortran_order, shape) = parse(text)?;
    Ok(Header {
        element,
        fortran_order,
        shape,
        size: before + length as u64,
    })
}

fn bytes<const N: usize>(file: &mut impl Read) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes).map_err(cut_short)?;
    Ok(bytes)
}

fn cut_short(error: io::Error) -> Fault {
    match error.kind() {
        ErrorKind::UnexpectedEof => Fault::Broken("the end within the header".to_owned()),
        _ => Fault::Io(error),
    }
}

/// Another format in words.
fn stranger(start: [u8; 8]) -> String {
    match start {
        [b'P', b'K', 3, 4, ..] => "an .npz archive: save one array as .npy".to_owned(),
        [0x80, ..] => "a Python pickle: save a numeric array as .npy".to_owned(),
        _ => format!("a file beginning {start:02x?}"),
    }
}

fn parse(text: &str) -> Result<(Element, bool, Vec<u64>), Fault> {
    let broken = || Fault::Broken(format!("the header {:?}", text.trim_end()));
    let mut rest = Text(text);
    let (mut element, mut fortran_order, mut shape) = (None, None, None);
    rest.eat('{').ok_or_else(broken)?;
    while rest.eat('}').is_none() {
        let key = rest.string().ok_or_else(broken)?;
        rest.eat(':').ok_or_else(broken)?;
        match key {
            "descr" => element = Some(rest.element()?),
            "fortran_order" => fortran_order = Some(rest.truth().ok_or_else(broken)?),
            "shape" => shape = Some(rest.tuple().ok_or_else(broken)?),
            _ => return Err(broken()),
        }
        if rest.eat(',').is_none() {
            rest.eat('}').ok_or_else(broken)?;
            break;
        }
    }
    match (element, fortran_order, shape, rest.0.trim()) {
        (Some(element), Some(fortran_order), Some(shape), "") => {
            Ok((element, fortran_order, shape))
        }
        _ => Err(broken()),
    }
}

/// What is left of a header.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// Takes `c`, with the space before it.
    fn eat(&mut self, c: char) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(c)?;
        Some(())
    }

    /// A string in single or double quotes, without escapes.
    fn string(&mut self) -> Option<&'a str> {
        let quote = if self.eat('\'').is_some() {
            '\''
        } else {
            self.eat('"')?;
            '"'
        };
        let (string, rest) = self.0.split_once(quote)?;
        self.0 = rest;
        Some(string)
    }

    fn element(&mut self) -> Result<Element, Fault> {
        let Some(descr) = self.string() else {
            return Err(Fault::Type("a structured type".to_owned()));
        };
        Element::parse(descr).ok_or_else(|| {
            let kind = if descr.ends_with('O') {
                "Python objects"
            } else {
                "the type"
            };
            Fault::Type(format!("{kind} {descr:?}"))
        })
    }

    fn truth(&mut self) -> Option<bool> {
        self.0 = self.0.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.0.strip_prefix(word) {
                self.0 = rest;
                return Some(value);
            }
        }
        None
    }

    /// Numbers in brackets; one number needs its comma, as in Python.
    fn tuple(&mut self) -> Option<Vec<u64>> {
        let mut sides = Vec::new();
        self.eat('(')?;
        while self.eat(')').is_none() {
            sides.push(self.number()?);
            if self.eat(',').is_none() {
                self.eat(')')?;
                break;
            }
        }
        Some(sides)
    }

    /// Digits, with the `L` that Python 2 put after them.
    fn number(&mut self) -> Option<u64> {
        let text = self.0.trim_start();
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        self.0 = rest.strip_prefix('L').unwrap_or(rest);
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Element, bool, Vec<u64>) {
        parse(text).unwrap()
    }

    #[test]
    fn what_numpy_writes_is_read() {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (20, 64, 48), }   \n";
        let element = Element::parse("<f4").unwrap();
        assert_eq!(parsed(text), (element, false, vec![20, 64, 48]));
    }

    #[test]
    fn other_spellings_of_the_same_are_read() {
        let text = "{\"shape\":(3L,4L),'descr':\">u2\",\"fortran_order\":True}";
        let element = Element::parse(">u2").unwrap();
        assert_eq!(parsed(text), (element, true, vec![3, 4]));
        let scalar = "{'descr': '|b1', 'fortran_order': False, 'shape': ()}";
        assert!(parsed(scalar).2.is_empty());
        let one = "{'descr': '|b1', 'fortran_order': False, 'shape': (5,)}";
        assert_eq!(parsed(one).2, [5]);
    }

    #[test]
    fn a_header_that_says_something_else_is_broken() {
        for text in [
            "",
            "{",
            "{}",
            "[1, 2]",
            "{'descr': '<f4', 'fortran_order': False}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (1, 2)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 99999999999999999999)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': ((1, 2))}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), 'more': 1}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)} {}",
        ] {
            assert!(matches!(parse(text), Err(Fault::Broken(_))), "{text}");
        }
    }

    #[test]
    fn values_that_are_no_numbers_are_named() {
        for (descr, named) in [
            ("'|O'", "Python objects \"|O\""),
            ("'<c8'", "the type \"<c8\""),
            ("[('a', '<f4')]", "a structured type"),
        ] {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}");
            match parse(&text) {
                Err(Fault::Type(found)) => assert_eq!(found, named),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn the_length_of_the_text_is_bounded_before_it_is_read() {
        let mut long = b"\x93NUMPY\x02\x00".to_vec();
        long.extend(u32::MAX.to_le_bytes());
        let Err(Fault::Broken(found)) = read(&mut &long[..]) else {
            panic!("accepted");
        };
        assert!(found.contains("4294967295 bytes"), "{found}");
    }
}
