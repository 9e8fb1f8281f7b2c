//! Range checks shared by the configurations; every refusal names field, expected and found.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use crate::NoiseError;

/// Refuses `value` unless `accepted`.
pub(crate) fn require(
    accepted: bool,
    field: &str,
    expected: &'static str,
    value: impl Debug,
) -> Result<(), NoiseError> {
    if accepted {
        return Ok(());
    }
    Err(NoiseError::OutOfRange {
        field: field.to_owned(),
        expected,
        found: format!("{value:?}"),
    })
}

/// Accepts a number of 0..=1; NaN is refused.
pub(crate) fn unit(field: &str, value: f64) -> Result<(), NoiseError> {
    let accepted = (0.0..=1.0).contains(&value);
    require(accepted, field, "a number in 0..=1", value)
}

/// Accepts least and most share of a side, in this order, both of 0..=1.
pub(crate) fn size(value: [f64; 2]) -> Result<(), NoiseError> {
    let [least, most] = value;
    let shares: RangeInclusive<f64> = 0.0..=1.0;
    let accepted = shares.contains(&least) && shares.contains(&most) && least <= most;
    require(
        accepted,
        "size",
        "[least, most] shares of the side, 0 <= least <= most <= 1",
        value,
    )
}

/// Accepts least and most grey level, in this order.
pub(crate) fn colour(value: [u8; 2]) -> Result<(), NoiseError> {
    let expected = "[least, most] grey levels, 0 <= least <= most <= 255";
    require(value[0] <= value[1], "colour", expected, value)
}
