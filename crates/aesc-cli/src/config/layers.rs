//! One source of values: a preset, a file, the environment, a flag; and laying one over another.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use toml::{Table, Value};

use super::diagnose;
use crate::failure::Failure;

/// Values from one place.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    /// What to call the place.
    pub(crate) name: String,
    /// The text it was parsed from, where there is one to point into.
    pub(crate) text: Option<String>,
    /// The values.
    pub(crate) table: Table,
}

/// A variable that is no setting: where the tests find real images.
const REAL_DATA: &str = "AESC_REAL_DATA";

/// A larger file holds no settings.
const MAX_BYTES: u64 = 1 << 20;

impl Layer {
    /// A TOML file.
    pub(crate) fn file(path: &Path) -> Result<Self, Failure> {
        let mut text = String::new();
        let read = std::fs::File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text));
        read.map_err(|error| {
            Failure::usage(format!(
                "failed to read configuration {}: {error}",
                path.display()
            ))
        })?;
        if text.len() as u64 > MAX_BYTES {
            let path = path.display();
            let message = format!("{path}: expected at most {MAX_BYTES} bytes of settings");
            return Err(Failure::usage(message));
        }
        Self::text(&path.display().to_string(), &text)
    }

    /// A TOML text.
    pub(crate) fn text(name: &str, text: &str) -> Result<Self, Failure> {
        let table = text
            .parse::<Table>()
            .map_err(|e| diagnose::syntax(name, text, &e))?;
        Ok(Self {
            name: name.to_owned(),
            text: Some(text.to_owned()),
            table,
        })
    }

    /// `KEY=VALUE`; the value is TOML, or else taken as a string.
    pub(crate) fn set(argument: &str) -> Result<Self, Failure> {
        let (key, value) = argument
            .split_once('=')
            .filter(|(key, _)| !key.trim().is_empty())
            .ok_or_else(|| Failure::usage(format!("--set {argument}: expected KEY=VALUE")))?;
        let mut table = Table::new();
        insert(&mut table, key.trim(), value.trim());
        Ok(Self {
            name: format!("--set {argument}"),
            text: None,
            table,
        })
    }

    /// A layer for each variable: `AESC_TRAIN__STEPS=500` is `train.steps = 500`. Of what names no
    /// section a warning is left.
    pub(crate) fn environment(variables: impl Iterator<Item = (String, String)>) -> Vec<Self> {
        let sections = ["seed", "data", "network", "corruption", "train", "score"];
        let mut layers = Vec::new();
        for (name, value) in variables {
            let Some(key) = name.strip_prefix("AESC_") else {
                continue;
            };
            let key = key.to_lowercase().replace("__", ".");
            if sections.contains(&key.split('.').next().unwrap_or_default()) {
                let mut table = Table::new();
                insert(&mut table, &key, &value);
                layers.push(Self {
                    name: format!("environment {name}"),
                    text: None,
                    table,
                });
            } else if name != REAL_DATA {
                let known = sections.join(", ");
                tracing::warn!("{name} sets nothing: settings begin with one of {known}");
            }
        }
        layers
    }

    /// A place without values or text: an option of the command line.
    pub(crate) fn unwritten(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: None,
            table: Table::new(),
        }
    }

    /// The same values under another name.
    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }
}

fn insert(table: &mut Table, key: &str, value: &str) {
    match key.split_once('.') {
        None => {
            let parsed = format!("v = {value}").parse::<Table>().ok();
            // A line break would begin another key.
            let parsed = parsed.filter(|table| table.len() == 1);
            let parsed = parsed.and_then(|mut table| table.remove("v"));
            table.insert(key.to_owned(), parsed.unwrap_or_else(|| Value::from(value)));
        }
        Some((section, rest)) => {
            let entry = table
                .entry(section)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = entry {
                insert(inner, rest, value);
            }
        }
    }
}

/// Lays `over` on `base`. A table that names another `kind` takes the old one's place whole: the
/// settings of one kind mean nothing to another.
pub(crate) fn overlay(
    base: &mut Table,
    over: &Table,
    prefix: &str,
    origin: &str,
    origins: &mut BTreeMap<String, String>,
) {
    for (key, value) in over {
        let path = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        if let Value::Table(new) = value {
            let slot = base
                .entry(key)
                .or_insert_with(|| Value::Table(Table::new()));
            let other_kind = new
                .get("kind")
                .is_some_and(|kind| slot.get("kind") != Some(kind));
            if other_kind || !slot.is_table() {
                *slot = Value::Table(Table::new());
                origins.retain(|known, _| !known.starts_with(&format!("{path}.")));
            }
            if let Value::Table(inner) = slot {
                overlay(inner, new, &path, origin, origins);
            }
        } else {
            base.insert(key.clone(), value.clone());
            origins.insert(path, origin.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_kind_replaces_the_table_and_the_same_kind_joins_it() {
        let mut origins = BTreeMap::new();
        let mut base: Table = "[c]\nkind = 'stain'\nblur = 0.15".parse().unwrap();
        let same: Table = "[c]\nirregularity = 0.2".parse().unwrap();
        overlay(&mut base, &same, "", "x", &mut origins);
        assert_eq!(base["c"].as_table().unwrap().len(), 3);
        let other: Table = "[c]\nkind = 'none'".parse().unwrap();
        overlay(&mut base, &other, "", "y", &mut origins);
        assert_eq!(base, other);
        assert_eq!(origins.keys().collect::<Vec<_>>(), ["c.kind"]);
    }

    #[test]
    fn the_environment_names_values_with_double_underscores() {
        let variables = [
            ("AESC_TRAIN__STEPS", "5"),
            ("AESC_REAL_DATA", "x"),
            ("HOME", "/"),
        ];
        let variables = variables.map(|(k, v)| (k.to_owned(), v.to_owned()));
        let layers = Layer::environment(variables.into_iter());
        assert_eq!(layers.len(), 1);
        assert_eq!(layers[0].name, "environment AESC_TRAIN__STEPS");
        let steps = "[train]\nsteps = 5".parse::<Table>().unwrap();
        assert_eq!(layers[0].table, steps);
    }

    #[test]
    fn a_set_value_is_toml_or_else_text() {
        let value = |text: &str| Layer::set(text).unwrap().table["v"].clone();
        assert_eq!(value("v=3"), Value::from(3));
        assert_eq!(value("v=[1, 2]"), Value::from(vec![1, 2]));
        assert_eq!(value("v=aesc"), Value::from("aesc"));
        assert_eq!(value("v=[1,\n2]"), Value::from(vec![1, 2]));
        assert_eq!(value("v=1\nw=2"), Value::from("1\nw=2"));
        assert!(Layer::set("v").is_err());
    }
}
