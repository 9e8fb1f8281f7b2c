//! The type of a value in a `.npy` file, and its bytes as numbers.

use half::f16;

/// A numeric type and its byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    kind: Kind,
    big_endian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    F32,
    F64,
}

impl Element {
    /// The type numpy writes as `descr`: `<f4`, `|b1`, `>i2`; none for what is no plain number.
    pub(super) fn parse(descr: &str) -> Option<Self> {
        let (order, name) = descr.split_at_checked(1)?;
        let kind = match name {
            "b1" | "u1" => Kind::U8,
            "u2" => Kind::U16,
            "u4" => Kind::U32,
            "u8" => Kind::U64,
            "i1" => Kind::I8,
            "i2" => Kind::I16,
            "i4" => Kind::I32,
            "i8" => Kind::I64,
            "f2" => Kind::F16,
            "f4" => Kind::F32,
            "f8" => Kind::F64,
            _ => return None,
        };
        let big_endian = match order {
            "<" => false,
            ">" => true,
            "=" => cfg!(target_endian = "big"),
            "|" if matches!(kind, Kind::U8 | Kind::I8) => false,
            _ => return None,
        };
        Some(Self { kind, big_endian })
    }

    /// Bytes of a value.
    pub(super) fn size(self) -> usize {
        match self.kind {
            Kind::U8 | Kind::I8 => 1,
            Kind::U16 | Kind::I16 | Kind::F16 => 2,
            Kind::U32 | Kind::I32 | Kind::F32 => 4,
            Kind::U64 | Kind::I64 | Kind::F64 => 8,
        }
    }

    /// Calls `visit` with each value in turn; 64-bit integers beyond 2^53 are rounded.
    pub(super) fn each(self, bytes: &[u8], visit: impl FnMut(f64)) {
        let big = self.big_endian;
        match self.kind {
            Kind::U8 => words(bytes, big, |[b]: [u8; 1]| b.into(), visit),
            Kind::U16 => words(bytes, big, |b| u16::from_le_bytes(b).into(), visit),
            Kind::U32 => words(bytes, big, |b| u32::from_le_bytes(b).into(), visit),
            Kind::U64 => words(bytes, big, |b| u64::from_le_bytes(b) as f64, visit),
            Kind::I8 => words(bytes, big, |b| i8::from_le_bytes(b).into(), visit),
            Kind::I16 => words(bytes, big, |b| i16::from_le_bytes(b).into(), visit),
            Kind::I32 => words(bytes, big, |b| i32::from_le_bytes(b).into(), visit),
            Kind::I64 => words(bytes, big, |b| i64::from_le_bytes(b) as f64, visit),
            Kind::F16 => words(bytes, big, |b| f16::from_le_bytes(b).into(), visit),
            Kind::F32 => words(bytes, big, |b| f32::from_le_bytes(b).into(), visit),
            Kind::F64 => words(bytes, big, f64::from_le_bytes, visit),
        }
    }
}

fn words<const N: usize>(
    bytes: &[u8],
    big_endian: bool,
    value: impl Fn([u8; N]) -> f64,
    mut visit: impl FnMut(f64),
) {
    for word in bytes.as_chunks::<N>().0 {
        let mut word = *word;
        if big_endian {
            word.reverse();
        }
        visit(value(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(descr: &str, bytes: &[u8]) -> Vec<f64> {
        let element = Element::parse(descr).unwrap();
        assert_eq!(bytes.len() % element.size(), 0);
        let mut values = Vec::new();
        element.each(bytes, |value| values.push(value));
        values
    }

    #[test]
    fn every_type_gives_its_numbers() {
        assert_eq!(values("|b1", &[0, 1]), [0.0, 1.0]);
        assert_eq!(values("|u1", &[0, 255]), [0.0, 255.0]);
        assert_eq!(values("|i1", &[0x80, 0x7f]), [-128.0, 127.0]);
        assert_eq!(values("<u2", &[0x02, 0x01]), [258.0]);
        assert_eq!(values("<i2", &[0xfe, 0xff]), [-2.0]);
        assert_eq!(values("<u4", &[1, 0, 0, 0x80]), [2_147_483_649.0]);
        assert_eq!(values("<i4", &[0xff, 0xff, 0xff, 0xff]), [-1.0]);
        assert_eq!(values("<u8", &[0, 0, 0, 0, 1, 0, 0, 0]), [4_294_967_296.0]);
        assert_eq!(values("<i8", &[0xff; 8]), [-1.0]);
        // 1.5 is sign 0, exponent 0 over its bias, first bit of the fraction, in all three.
        assert_eq!(values("<f2", &[0x00, 0x3e]), [1.5]);
        assert_eq!(values("<f4", &[0, 0, 0xc0, 0x3f]), [1.5]);
        assert_eq!(values("<f8", &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f]), [1.5]);
    }

    #[test]
    fn the_sign_before_the_type_is_its_byte_order() {
        assert_eq!(values(">u2", &[0x01, 0x02, 0x00, 0x03]), [258.0, 3.0]);
        assert_eq!(values(">f4", &[0x3f, 0xc0, 0, 0]), [1.5]);
        assert_eq!(values("=u2", &258_u16.to_ne_bytes()), [258.0]);
    }

    #[test]
    fn what_is_no_plain_number_is_no_element() {
        for descr in [
            "|O", "<c8", "<U5", "|S3", "<M8[ns]", "<f16", "|f4", "f4", "", "<", "é", "<f4 ",
        ] {
            assert_eq!(Element::parse(descr), None, "{descr}");
        }
    }
}
