//! How the fields of a baseline are read: what is wrong is refused where it stands.

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

use super::BASELINE_SCHEMA;
use crate::Metric;

pub(super) fn schema<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    match u32::deserialize(from)? {
        BASELINE_SCHEMA => Ok(BASELINE_SCHEMA),
        found => Err(D::Error::custom(format!(
            "expected schema {BASELINE_SCHEMA}, found {found}"
        ))),
    }
}

/// A number in 0..=1.
pub(super) fn share<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let found = f64::deserialize(from)?;
    if (0.0..=1.0).contains(&found) {
        return Ok(found);
    }
    Err(D::Error::custom(format!("expected 0..=1, found {found}")))
}

impl Metric {
    /// The metric of a key: `image_auroc`.
    pub fn keyed(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.key() == key)
    }
}

/// By its key.
impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.key())
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        Self::keyed(&name).ok_or_else(|| {
            let known = Self::ALL.map(|metric| format!("`{}`", metric.key()));
            let known = known.join(", ");
            D::Error::custom(format!("unknown metric `{name}`, expected one of {known}"))
        })
    }
}
