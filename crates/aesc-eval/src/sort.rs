//! Scores as integers that sort alike.

/// The order-preserving key of a finite score: `a < b` exactly when `key(a) < key(b)`, and
/// -0.0 has the key of 0.0.
pub(crate) fn key(score: f32) -> u32 {
    // Adding zero turns -0.0 into 0.0 and changes nothing else.
    let bits = (score + 0.0).to_bits();
    let flip = ((bits as i32 >> 31) as u32) | 0x8000_0000;
    bits ^ flip
}

/// The score whose key is `key`.
pub(crate) fn score(key: u32) -> f32 {
    let flip = if key & 0x8000_0000 == 0 {
        u32::MAX
    } else {
        0x8000_0000
    };
    f32::from_bits(key ^ flip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_as_scores_do() {
        let denormal = f32::from_bits(1);
        let ascending = [
            f32::MIN,
            -1.0,
            -denormal,
            0.0,
            denormal,
            f32::MIN_POSITIVE,
            1.0,
            f32::MAX,
        ];
        assert!(ascending.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
    }

    #[test]
    fn negative_zero_equals_zero() {
        assert_eq!(key(-0.0), key(0.0));
    }

    #[test]
    fn a_key_gives_its_score_back() {
        for value in [
            f32::MIN,
            -2.5,
            -f32::from_bits(1),
            0.0,
            f32::from_bits(7),
            0.1,
            f32::MAX,
        ] {
            assert_eq!(score(key(value)).to_bits(), value.to_bits());
        }
    }
}
