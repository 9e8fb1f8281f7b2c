//! What may be written in a configuration, and how the rest is refused.

use aesc_noise::{
    CorruptionConfig, DropsConfig, GaussianConfig, MixConfig, NoiseError, ScratchConfig,
    StainConfig,
};

fn json(written: &str) -> Result<CorruptionConfig, serde_json::Error> {
    serde_json::from_str(written)
}

fn toml(written: &str) -> Result<CorruptionConfig, toml::de::Error> {
    toml::from_str(written)
}

#[test]
fn missing_keys_take_the_defaults() {
    let kinds = [
        ("none", CorruptionConfig::None {}),
        ("stain", CorruptionConfig::Stain(StainConfig::default())),
        (
            "scratch",
            CorruptionConfig::Scratch(ScratchConfig::default()),
        ),
        ("drops", CorruptionConfig::Drops(DropsConfig::default())),
        (
            "gaussian",
            CorruptionConfig::Gaussian(GaussianConfig::default()),
        ),
        ("mix", CorruptionConfig::Mix(MixConfig::default())),
    ];
    for (kind, expected) in kinds {
        assert_eq!(json(&format!(r#"{{"kind": "{kind}"}}"#)).unwrap(), expected);
        assert_eq!(toml(&format!("kind = '{kind}'")).unwrap(), expected);
    }
}

#[test]
fn unknown_keys_are_refused_in_every_kind() {
    for kind in ["none", "stain", "scratch", "drops", "gaussian", "mix"] {
        let error = json(&format!(r#"{{"kind": "{kind}", "colr": 1}}"#)).unwrap_err();
        assert!(
            error.to_string().contains("unknown field `colr`"),
            "{kind}: {error}"
        );
        let error = toml(&format!("kind = '{kind}'\ncolr = 1")).unwrap_err();
        assert!(
            error.message().contains("unknown field `colr`"),
            "{kind}: {error}"
        );
    }
}

#[test]
fn unknown_kinds_are_refused() {
    assert!(
        json(r#"{"kind": "dust"}"#)
            .unwrap_err()
            .to_string()
            .contains("dust")
    );
    assert!(toml("blur = 0.15").unwrap_err().message().contains("kind"));
}

#[test]
fn integers_may_stand_for_numbers() {
    let drops = DropsConfig {
        spacing: 3.0,
        ..DropsConfig::default()
    };
    assert_eq!(
        toml("kind = 'drops'\nspacing = 3").unwrap(),
        CorruptionConfig::Drops(drops)
    );
}

#[test]
fn mixtures_are_written_as_parts() {
    let written = "
        kind = 'mix'
        [[parts]]
        probability = 0.5
        corruption = { kind = 'none' }
        [[parts]]
        probability = 0.5
        corruption = { kind = 'gaussian', std = 0.2 }
    ";
    let CorruptionConfig::Mix(mix) = toml(written).unwrap() else {
        panic!("not a mixture")
    };
    assert_eq!(mix.parts[0].corruption, CorruptionConfig::None {});
    let gaussian = GaussianConfig { std: 0.2 };
    assert_eq!(
        mix.parts[1].corruption,
        CorruptionConfig::Gaussian(gaussian)
    );
    assert_eq!(mix.parts[1].probability, 0.5);
}

#[test]
fn every_preset_is_valid_and_survives_being_written() {
    for name in CorruptionConfig::NAMES {
        let config = CorruptionConfig::named(name).unwrap();
        assert_eq!(config.validate().unwrap().config(), &config);
        assert_eq!(
            json(&serde_json::to_string(&config).unwrap()).unwrap(),
            config
        );
        assert_eq!(toml(&toml::to_string(&config).unwrap()).unwrap(), config);
        let written = serde_json::to_value(&config).unwrap();
        assert_eq!(written["kind"], config.kind());
    }
}

#[test]
fn default_is_the_stain_without_blur() {
    assert_eq!(
        CorruptionConfig::default(),
        CorruptionConfig::named("stain").unwrap()
    );
}

#[test]
fn presets_carry_the_numbers_of_the_authors() {
    let written = [
        (
            "stain",
            "{'kind':'stain','size':[0.01,0.12],'colour':[10,220],'irregularity':0.1,'blur':0}",
        ),
        ("stain-blur", "{'kind':'stain','blur':0.15}"),
        ("scratch", "{'kind':'scratch','colour':[150,150]}"),
        (
            "drops",
            "{'kind':'drops','size':[0.01,0.02],'colour':[220,220],'number':10,'spacing':10}",
        ),
        ("drops-paper", "{'kind':'drops','spacing':0.1}"),
        ("gaussian", "{'kind':'gaussian','std':0.1}"),
        (
            "mix-structural",
            "{'kind':'mix','parts':[
                {'probability':0.6,'corruption':{'kind':'stain','blur':0.15}},
                {'probability':0.2,'corruption':{'kind':'scratch','colour':[10,220]}},
                {'probability':0.2,'corruption':{'kind':'drops'}}]}",
        ),
        (
            "mix-stain-gaussian", // the square of 0.31622776601683794 is 0.1
            "{'kind':'mix','parts':[
                {'probability':0.6,'corruption':{'kind':'stain','blur':0.15}},
                {'probability':0.4,'corruption':{'kind':'gaussian','std':0.31622776601683794}}]}",
        ),
    ];
    for (name, written) in written {
        assert_eq!(
            json(&written.replace('\'', "\"")).unwrap(),
            CorruptionConfig::named(name).unwrap()
        );
    }
}

#[test]
fn unknown_names_are_refused_with_the_list() {
    let error = CorruptionConfig::named("stian").unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown corruption `stian`, expected one of none, stain, stain-blur, scratch, drops, \
         drops-paper, gaussian, mix-structural, mix-stain-gaussian, repair"
    );
}

#[test]
fn numbers_outside_their_range_are_refused_by_field() {
    let refused = [
        ("kind = 'stain'\nsize = [0.2, 0.1]", "size", "[0.2, 0.1]"),
        ("kind = 'stain'\nsize = [-0.1, 0.1]", "size", "[-0.1, 0.1]"),
        ("kind = 'stain'\nsize = [0.1, 1.1]", "size", "[0.1, 1.1]"),
        ("kind = 'stain'\nsize = [0.1, nan]", "size", "[0.1, NaN]"),
        ("kind = 'stain'\ncolour = [9, 8]", "colour", "[9, 8]"),
        ("kind = 'stain'\nirregularity = 1.5", "irregularity", "1.5"),
        ("kind = 'stain'\nblur = -0.5", "blur", "-0.5"),
        ("kind = 'scratch'\ncolour = [9, 8]", "colour", "[9, 8]"),
        ("kind = 'drops'\nsize = [2, 3]", "size", "[2.0, 3.0]"),
        ("kind = 'drops'\ncolour = [9, 8]", "colour", "[9, 8]"),
        ("kind = 'drops'\nnumber = 0", "number", "0"),
        ("kind = 'drops'\nspacing = inf", "spacing", "inf"),
        ("kind = 'gaussian'\nstd = nan", "std", "NaN"),
        ("kind = 'mix'\nparts = []", "parts", "0.0"),
        (
            "kind = 'mix'\nparts = [{ probability = 0.9, corruption = { kind = 'none' } }]",
            "parts",
            "0.9",
        ),
        (
            "kind = 'mix'\nparts = [{ probability = 2, corruption = { kind = 'none' } }]",
            "parts[0].probability",
            "2.0",
        ),
        (
            "kind = 'mix'\nparts = [{ probability = 1, corruption = { kind = 'stain', blur = 2 } }]",
            "parts[0].corruption.blur",
            "2.0",
        ),
    ];
    for (written, expected_field, expected_found) in refused {
        match toml(written).unwrap().validate().unwrap_err() {
            NoiseError::OutOfRange { field, found, .. } => {
                assert_eq!(
                    (field.as_str(), found.as_str()),
                    (expected_field, expected_found)
                );
            }
            other => panic!("{written}: {other}"),
        }
    }
}

#[test]
fn grey_levels_above_255_are_refused_while_reading() {
    let error = toml("kind = 'stain'\ncolour = [10, 256]").unwrap_err();
    assert!(error.message().contains("256"), "{error}");
}
