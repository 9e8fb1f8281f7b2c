//! A cell's configuration, opaque here: kept as its text, read by whoever wants its values.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A resolved configuration as JSON. Clones share the text: a plan of a hundred thousand cells is
/// read, written and compared without reading one of them.
#[derive(Debug, Clone)]
pub struct CellConfig(Arc<str>);

impl CellConfig {
    /// Its values, as the type that knows them.
    ///
    /// # Errors
    /// `serde_json`'s, when the configuration is not one of that type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    /// Its values.
    pub fn value(&self) -> Value {
        // Only JSON comes in; `Null` would still be an honest answer to what is none.
        self.read().unwrap_or_default()
    }

    /// Its values but for those under `key`.
    pub(crate) fn without(&self, key: &str) -> Value {
        let mut value = self.value();
        if let Value::Object(map) = &mut value {
            map.remove(key);
        }
        value
    }

    /// The JSON as it was stored.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The same without blanks, keys sorted.
    pub(crate) fn canonical(&self) -> Self {
        Self::from(&self.value())
    }
}

/// JSON without blanks, keys sorted, whatever order the map keeps.
impl From<&Value> for CellConfig {
    fn from(value: &Value) -> Self {
        let mut text = String::new();
        canonical(value, &mut text);
        Self(text.into())
    }
}

impl From<Value> for CellConfig {
    fn from(value: Value) -> Self {
        Self::from(&value)
    }
}

/// Equal values are equal, however they are written.
impl PartialEq for CellConfig {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.value() == other.value()
    }
}

impl Serialize for CellConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CellConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(Self(Box::<str>::from(raw).into()))
    }
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            for (i, (key, item)) in sorted.into_iter().enumerate() {
                out.push(if i == 0 { '{' } else { ',' });
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(item, out);
            }
            out.push_str(if map.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blanks_and_order_are_no_difference_and_are_kept() {
        let text = "{\"b\": [1, 0.1],\n \"a\": {}}";
        let stored: CellConfig = serde_json::from_str(text).unwrap();
        let made = CellConfig::from(json!({"a": {}, "b": [1, 0.1]}));
        assert_eq!(stored, made);
        assert_eq!(stored.text(), text);
        assert_eq!(serde_json::to_string(&stored).unwrap(), text);
        assert_eq!(stored.canonical().text(), r#"{"a":{},"b":[1,0.1]}"#);
        assert_ne!(stored, CellConfig::from(json!({"a": {}, "b": [1, 0.2]})));
    }

    #[test]
    fn it_goes_through_values_and_out_again() {
        let value = json!({"b": 1, "a": [true, null]});
        let config: CellConfig = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(config.value(), value);
        assert_eq!(serde_json::to_value(&config).unwrap(), value);
    }
}
