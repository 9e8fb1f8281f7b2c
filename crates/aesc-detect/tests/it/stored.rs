//! The written forms: what configurations and calibrations look like in a file.

use aesc_detect::{
    Calibration, ChannelReduction, Decision, ImageScore, ResidualForm, ScoreConfig, Smoothing,
};

fn config(text: &str) -> Result<ScoreConfig, serde_json::Error> {
    serde_json::from_str(text)
}

#[test]
fn an_empty_configuration_is_the_papers() {
    let paper = config("{}").unwrap();
    assert_eq!(paper, ScoreConfig::default());
    assert_eq!(paper.residual, ResidualForm::Absolute);
    assert_eq!(paper.channels, ChannelReduction::Mean);
    assert_eq!(paper.smoothing, Smoothing::None {});
    assert_eq!(paper.image, ImageScore::L2 {});
}

#[test]
fn a_full_configuration_is_read_and_written_alike() {
    let text = r#"{"strategy":"auto","advised":"uncertainty","residual":"squared","channels":"max","smoothing":{"kind":"box","side_px":21},"image":{"kind":"top-k","share":0.01},"mc_dropout":{"samples":10,"seed":3,"rates":[0.0,0.5]}}"#;
    let read = config(text).unwrap();
    assert_eq!(read.smoothing, Smoothing::Box { side_px: 21 });
    assert_eq!(read.image, ImageScore::TopK { share: 0.01 });
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
}

#[test]
fn every_kind_has_its_name() {
    for (kind, image) in [
        (
            r#"{"kind":"l0","threshold":0.5}"#,
            ImageScore::L0 { threshold: 0.5 },
        ),
        (r#"{"kind":"l1"}"#, ImageScore::L1 {}),
        (r#"{"kind":"l2"}"#, ImageScore::L2 {}),
        (r#"{"kind":"linf"}"#, ImageScore::Linf {}),
        (r#"{"kind":"max"}"#, ImageScore::Max {}),
    ] {
        assert_eq!(serde_json::to_string(&image).unwrap(), kind);
        assert_eq!(serde_json::from_str::<ImageScore>(kind).unwrap(), image);
    }
}

#[test]
fn misspelt_keys_are_refused_at_every_level() {
    for text in [
        r#"{"smooth":{"kind":"none"}}"#,
        r#"{"smoothing":{"kind":"none","side_px":3}}"#,
        r#"{"smoothing":{"kind":"box","side-px":3}}"#,
        r#"{"image":{"kind":"l2","share":0.5}}"#,
        r#"{"image":{"kind":"l3"}}"#,
        r#"{"residual":"Absolute"}"#,
    ] {
        assert!(config(text).is_err(), "{text}");
    }
}

#[test]
fn a_calibration_survives_being_stored() {
    let calibration = Calibration::max_clean(&[0.1, 0.3], &[0.01, 0.02]).unwrap();
    let text = serde_json::to_string(&calibration).unwrap();
    assert!(text.contains(r#""method":"max-clean""#), "{text}");
    assert_eq!(
        serde_json::from_str::<Calibration>(&text).unwrap(),
        calibration
    );
    let longer = text.replace(r#""n_images""#, r#""extra":1,"n_images""#);
    assert!(serde_json::from_str::<Calibration>(&longer).is_err());
}

#[test]
fn decisions_are_written_in_capitals() {
    assert_eq!(serde_json::to_string(&Decision::Ok).unwrap(), r#""OK""#);
    assert_eq!(serde_json::to_string(&Decision::Nok).unwrap(), r#""NOK""#);
}
