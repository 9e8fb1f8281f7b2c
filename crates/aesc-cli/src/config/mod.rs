//! The configuration of a command: presets, files, environment and flags, later over earlier.

mod diagnose;
mod layers;
mod matrix;

use std::collections::BTreeMap;
use std::path::Path;

use aesc_artifact::{Manifest, RunConfig};
use aesc_detect::ScoreConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Table;

use crate::args::GlobalArgs;
use crate::failure::Failure;
use layers::Layer;
pub(crate) use matrix::{check_strategy, corruption, matrix, network};

/// The presets, compiled in from `data/configs`.
pub(crate) const PRESETS: [(&str, &str); 5] = [
    (
        "frontier",
        include_str!("../../../../data/configs/frontier.toml"),
    ),
    ("paper", include_str!("../../../../data/configs/paper.toml")),
    (
        "paper-rgb",
        include_str!("../../../../data/configs/paper-rgb.toml"),
    ),
    ("quick", include_str!("../../../../data/configs/quick.toml")),
    (
        "sample",
        include_str!("../../../../data/configs/sample.toml"),
    ),
];

/// A configuration and where each value came from.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// The values.
    pub(crate) config: RunConfig,
    /// Dotted key -> layer, for what is not a default.
    pub(crate) origins: BTreeMap<String, String>,
}

/// The configuration by flag > `--set` > `AESC_*` > `--config` > `./aesc.toml` > preset.
pub(crate) fn resolve(preset: &str, global: &GlobalArgs) -> Result<Resolved, Failure> {
    let mut layers = vec![preset_layer(preset)?];
    let local = Path::new("aesc.toml");
    if local.is_file() {
        layers.push(Layer::file(local)?);
    }
    if let Some(path) = &global.config {
        layers.push(Layer::file(path)?);
    }
    let variables = std::env::vars_os();
    let text = variables.filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    // In an order of their own: where names differ in case alone, always the same one wins.
    let mut text: Vec<_> = text.collect();
    text.sort();
    layers.extend(Layer::environment(text.into_iter()));
    for set in &global.sets {
        layers.push(Layer::set(set)?);
    }
    if let Some(seed) = global.seed {
        layers.push(Layer::set(&format!("seed={seed}"))?.named("--seed"));
    }
    merge(layers)
}

/// A model's score section with what `--set` says over it; refuses to set anything else.
pub(crate) fn rescored(model: &Manifest, global: &GlobalArgs) -> Result<ScoreConfig, Failure> {
    let config = RunConfig {
        network: model.network.clone(),
        score: model.score.clone(),
        ..RunConfig::default()
    };
    if global.config.is_some() {
        let message = "--config has no say here: of a trained model only --set score.* is changed";
        return Err(Failure::usage(message));
    }
    let mut layers = vec![Layer::text("the model's score", &to_toml(&config)?)?];
    for set in &global.sets {
        if !set.trim_start().starts_with("score.") {
            let message = format!("--set {set}: of a trained model only score.* can be set");
            return Err(Failure::usage(message));
        }
        layers.push(Layer::set(set)?);
    }
    Ok(merge(layers)?.config.score)
}

/// A file over the paper's defaults, checked.
pub(crate) fn check_file(path: &Path) -> Result<RunConfig, Failure> {
    Ok(merge(vec![Layer::file(path)?])?.config)
}

/// A TOML file that is no run configuration, as its own type.
pub(crate) fn document<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    parse(&Layer::file(path)?)
}

fn parse<T: DeserializeOwned>(layer: &Layer) -> Result<T, Failure> {
    T::deserialize(layer.table.clone()).map_err(|e| diagnose::blame::<T>(layer, &e))
}

fn preset_layer(name: &str) -> Result<Layer, Failure> {
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    let (name, text) = found.ok_or_else(|| {
        let known: Vec<&str> = PRESETS.iter().map(|(known, _)| *known).collect();
        Failure::usage(format!("no preset {name}; there are {}", known.join(", ")))
    })?;
    Layer::text(&format!("preset {name}"), text)
}

fn merge(layers: Vec<Layer>) -> Result<Resolved, Failure> {
    let mut table = Table::new();
    let mut origins = BTreeMap::new();
    let mut config = RunConfig::default();
    let mut wrong = None;
    for layer in layers {
        layers::overlay(&mut table, &layer.table, "", &layer.name, &mut origins);
        // Each layer is judged as it joins, so that an error is blamed on the one that brought it; what
        // it lacks a later one may bring.
        match RunConfig::deserialize(table.clone()) {
            Ok(joined) => (config, wrong) = (joined, None),
            Err(e) => wrong = wrong.or_else(|| Some(diagnose::blame::<RunConfig>(&layer, &e))),
        }
    }
    if let Some(failure) = wrong {
        return Err(failure);
    }
    config.validate()?;
    Ok(Resolved { config, origins })
}

/// The configuration as TOML.
pub(crate) fn to_toml(config: &RunConfig) -> Result<String, Failure> {
    toml::to_string(config).map_err(|e| Failure::new(crate::exit_code::ExitCode::Unexpected, e))
}

#[cfg(test)]
mod tests {
    mod hostile;

    use super::*;

    #[test]
    fn every_preset_is_valid() {
        for (name, _) in PRESETS {
            merge(vec![preset_layer(name).unwrap()]).unwrap();
        }
    }

    #[test]
    fn the_preset_paper_is_the_defaults_in_grey() {
        let mut config = merge(vec![preset_layer("paper").unwrap()]).unwrap().config;
        assert_eq!(config.data.channels, aesc_data::Channels::Gray);
        config.data.channels = aesc_data::Channels::Rgb;
        assert_eq!(config, RunConfig::default());
    }

    #[test]
    fn presets_have_epochs_of_125_steps() {
        for (name, _) in PRESETS {
            let config = merge(vec![preset_layer(name).unwrap()]).unwrap().config;
            assert_eq!(config.train.epoch_steps, 125, "{name}");
        }
    }

    #[test]
    fn later_layers_win_and_are_named_as_the_origin() {
        let layers = vec![
            preset_layer("quick").unwrap(),
            Layer::set("train.steps=7").unwrap(),
            Layer::set("corruption.kind=none").unwrap(),
        ];
        let resolved = merge(layers).unwrap();
        assert_eq!(resolved.config.train.steps, 7);
        assert_eq!(
            resolved.config.corruption,
            aesc_noise::CorruptionConfig::None {}
        );
        assert_eq!(resolved.origins["train.steps"], "--set train.steps=7");
    }

    #[test]
    fn what_a_kind_lacks_may_be_set_after_it() {
        let layers = |more: &[&str]| {
            let sets = more.iter().map(|set| Layer::set(set).unwrap());
            [preset_layer("paper").unwrap()]
                .into_iter()
                .chain(sets)
                .collect()
        };
        let (kind, sigma) = (
            "score.smoothing.kind=gaussian",
            "score.smoothing.sigma_px=2",
        );
        let resolved = merge(layers(&[kind, sigma])).unwrap();
        assert_eq!(
            resolved.origins["score.smoothing.sigma_px"],
            format!("--set {sigma}")
        );
        // What stays wrong is blamed on what brought it.
        let failure = merge(layers(&[kind, "train.steps=5"])).unwrap_err().told();
        assert!(
            failure.contains(kind) && failure.contains("sigma_px"),
            "{failure}"
        );
    }

    #[test]
    fn written_toml_reads_back_the_same() {
        for (name, _) in PRESETS {
            let config = merge(vec![preset_layer(name).unwrap()]).unwrap().config;
            let text = to_toml(&config).unwrap();
            assert_eq!(toml::from_str::<RunConfig>(&text).unwrap(), config);
        }
    }
}
