//! A matrix as written down: which networks are trained with which corruptions, how often, and by
//! which strategies they are scored. What the names mean is the reader's business.

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

/// The version of a matrix file's layout.
pub const MATRIX_SCHEMA: u32 = 1;

/// A matrix: blocks of networks x corruptions, repeated for each category and seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// [`MATRIX_SCHEMA`].
    #[serde(default = "schema", deserialize_with = "known_schema")]
    pub schema: u32,
    /// Preset of every cell; `None` leaves it to who runs the matrix.
    #[serde(default)]
    pub preset: Option<String>,
    /// Strategies every cell is scored by, the main one first.
    #[serde(default = "strategies", deserialize_with = "some")]
    pub strategies: Vec<String>,
    /// Seeds, a training each; empty leaves them to the configuration.
    #[serde(default)]
    pub seeds: Vec<u64>,
    /// The blocks, in the order they are run: `[[block]]`.
    #[serde(rename = "block", deserialize_with = "some")]
    pub blocks: Vec<Block>,
}

/// Every one of some networks trained with every one of some corruptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Networks.
    #[serde(deserialize_with = "some")]
    pub networks: Vec<String>,
    /// Corruptions.
    #[serde(deserialize_with = "some")]
    pub corruptions: Vec<String>,
}

impl Matrix {
    /// The pairs of network and corruption, in the order of the blocks, each once.
    ///
    /// ```
    /// # use aesc_bench::{Block, Matrix};
    /// # fn block(networks: &[&str], corruptions: &[&str]) -> Block {
    /// #     let own = |names: &[&str]| names.iter().map(|n| n.to_string()).collect();
    /// #     Block { networks: own(networks), corruptions: own(corruptions) }
    /// # }
    /// let blocks = vec![block(&["ae", "aesc"], &["none"]), block(&["aesc"], &["none", "stain"])];
    /// let matrix = Matrix { blocks, ..Matrix::default() };
    /// assert_eq!(matrix.pairs(), [("ae", "none"), ("aesc", "none"), ("aesc", "stain")]);
    /// ```
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        let mut pairs = Vec::new();
        for block in &self.blocks {
            for network in &block.networks {
                for corruption in &block.corruptions {
                    let pair = (network.as_str(), corruption.as_str());
                    if !pairs.contains(&pair) {
                        pairs.push(pair);
                    }
                }
            }
        }
        pairs
    }

    /// Puts other lists in the place of those that were written; an empty one changes nothing.
    pub fn replace(&mut self, networks: &[String], corruptions: &[String]) {
        for block in &mut self.blocks {
            for (slot, new) in [
                (&mut block.networks, networks),
                (&mut block.corruptions, corruptions),
            ] {
                if !new.is_empty() {
                    *slot = new.to_vec();
                }
            }
        }
    }
}

impl Default for Matrix {
    /// Nothing to train, to be scored by residual and by uncertainty.
    fn default() -> Self {
        Self {
            schema: schema(),
            preset: None,
            strategies: strategies(),
            seeds: Vec::new(),
            blocks: Vec::new(),
        }
    }
}

fn schema() -> u32 {
    MATRIX_SCHEMA
}

fn strategies() -> Vec<String> {
    ["residual", "uncertainty"].map(str::to_owned).into()
}

fn known_schema<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    match u32::deserialize(from)? {
        MATRIX_SCHEMA => Ok(MATRIX_SCHEMA),
        found => Err(D::Error::custom(format!(
            "expected schema {MATRIX_SCHEMA}, found {found}"
        ))),
    }
}

/// A list with something in it.
fn some<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Vec::deserialize(from)?;
    if list.is_empty() {
        return Err(D::Error::custom(
            "expected at least one, found an empty list",
        ));
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> Result<Matrix, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    fn one_block() -> serde_json::Value {
        json!([{ "networks": ["ae", "aesc"], "corruptions": ["none", "stain"] }])
    }

    #[test]
    fn what_is_not_written_is_the_default() {
        let matrix = read(json!({ "block": one_block() })).unwrap();
        assert_eq!(matrix.strategies, ["residual", "uncertainty"]);
        assert_eq!((matrix.schema, matrix.preset), (1, None));
        assert!(matrix.seeds.is_empty());
    }

    #[test]
    fn an_empty_list_another_schema_and_an_unknown_key_are_refused() {
        let mut hollow = one_block();
        hollow[0]["networks"] = json!([]);
        for (value, said) in [
            (json!({ "block": [] }), "at least one"),
            (json!({ "block": hollow }), "at least one"),
            (
                json!({ "block": one_block(), "strategies": [] }),
                "at least one",
            ),
            (json!({ "block": one_block(), "schema": 2 }), "found 2"),
            (
                json!({ "block": one_block(), "seed": 1 }),
                "unknown field `seed`",
            ),
            (json!({ "seeds": [1] }), "missing field `block`"),
        ] {
            let error = read(value).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn other_networks_take_the_place_of_those_of_every_block() {
        let mut matrix = read(json!({ "block": one_block() })).unwrap();
        matrix.replace(&["unet".to_owned()], &[]);
        assert_eq!(matrix.pairs(), [("unet", "none"), ("unet", "stain")]);
        matrix.replace(&[], &["drops".to_owned()]);
        assert_eq!(matrix.pairs(), [("unet", "drops")]);
    }
}
