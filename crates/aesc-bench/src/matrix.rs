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
    /// Preset of the blocks that name none; `None` leaves it to who runs the matrix.
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
    /// Preset of the block; `None` for that of the matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// Networks.
    #[serde(deserialize_with = "some")]
    pub networks: Vec<String>,
    /// Corruptions.
    #[serde(deserialize_with = "some")]
    pub corruptions: Vec<String>,
}

/// What a matrix trains on each category, with each seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatrixEntry<'a> {
    /// Preset its configuration grows from; `None` leaves it to who runs the matrix.
    pub preset: Option<&'a str>,
    /// Network.
    pub network: &'a str,
    /// Corruption.
    pub corruption: &'a str,
}

impl Matrix {
    /// The entries in the order of the blocks, each once.
    ///
    /// ```
    /// # use aesc_bench::{Block, Matrix};
    /// # fn block(networks: &[&str], corruptions: &[&str]) -> Block {
    /// #     let own = |names: &[&str]| names.iter().map(|n| n.to_string()).collect();
    /// #     Block { preset: None, networks: own(networks), corruptions: own(corruptions) }
    /// # }
    /// let blocks = vec![block(&["ae", "aesc"], &["none"]), block(&["aesc"], &["none", "stain"])];
    /// let matrix = Matrix { blocks, ..Matrix::default() };
    /// let entries = matrix.entries();
    /// assert_eq!(entries.len(), 3);
    /// assert_eq!((entries[2].network, entries[2].corruption), ("aesc", "stain"));
    /// ```
    pub fn entries(&self) -> Vec<MatrixEntry<'_>> {
        let mut entries = Vec::new();
        for block in &self.blocks {
            let preset = block.preset.as_deref().or(self.preset.as_deref());
            for network in &block.networks {
                for corruption in &block.corruptions {
                    let entry = MatrixEntry {
                        preset,
                        network,
                        corruption,
                    };
                    if !entries.contains(&entry) {
                        entries.push(entry);
                    }
                }
            }
        }
        entries
    }

    /// Puts another preset in the place of every one that was written.
    pub fn replace_presets(&mut self, preset: &str) {
        self.preset = Some(preset.to_owned());
        for block in &mut self.blocks {
            block.preset = None;
        }
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
        let pairs = |matrix: &Matrix| -> Vec<String> {
            let entries = matrix.entries().into_iter();
            entries
                .map(|t| format!("{} {}", t.network, t.corruption))
                .collect()
        };
        assert_eq!(pairs(&matrix), ["unet none", "unet stain"]);
        matrix.replace(&[], &["drops".to_owned()]);
        assert_eq!(pairs(&matrix), ["unet drops"]);
    }

    #[test]
    fn a_block_s_preset_goes_before_the_matrix_s_and_a_replacement_before_both() {
        let mut blocks = one_block();
        let mut other = blocks[0].clone();
        other["preset"] = json!("quick");
        blocks.as_array_mut().unwrap().push(other);
        let mut matrix = read(json!({ "block": blocks, "preset": "frontier" })).unwrap();
        let presets = |matrix: &Matrix| -> Vec<String> {
            let entries = matrix.entries().into_iter();
            entries
                .filter_map(|t| t.preset.map(str::to_owned))
                .collect()
        };
        let (ours, theirs) = ("frontier", "quick");
        assert_eq!(
            presets(&matrix),
            [ours, ours, ours, ours, theirs, theirs, theirs, theirs]
        );
        matrix.replace_presets("paper");
        assert_eq!(presets(&matrix), ["paper"; 4]);
    }
}
