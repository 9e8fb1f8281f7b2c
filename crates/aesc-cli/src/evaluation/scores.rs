//! Image scores: the name of the configured one, and others told beside it.

use aesc_detect::{ImageScore, ScoreConfig, Smoothing};

/// Further image scores, told beside the configured one.
pub(super) fn alternatives() -> [(&'static str, ScoreConfig); 5] {
    let with = |smoothing, image| ScoreConfig {
        smoothing,
        image,
        ..ScoreConfig::default()
    };
    let box21 = Smoothing::Box { side_px: 21 };
    [
        ("l1", with(Smoothing::None {}, ImageScore::L1 {})),
        ("l2", with(Smoothing::None {}, ImageScore::L2 {})),
        ("linf", with(Smoothing::None {}, ImageScore::Linf {})),
        ("box21+max", with(box21, ImageScore::Max {})),
        (
            "box21+top-1%",
            with(box21, ImageScore::TopK { share: 0.01 }),
        ),
    ]
}

/// The configured score in short: how the map is smoothed, what is taken of it.
pub(crate) fn score_name(score: &ScoreConfig) -> String {
    let smoothing = match score.smoothing {
        Smoothing::None {} => String::new(),
        Smoothing::Box { side_px } => format!("box{side_px}+"),
        Smoothing::Gaussian { sigma_px } => format!("gaussian{sigma_px}+"),
    };
    let image = match score.image {
        ImageScore::L0 { threshold } => format!("l0>{threshold}"),
        ImageScore::L1 {} => "l1".to_owned(),
        ImageScore::L2 {} => "l2".to_owned(),
        ImageScore::Linf {} => "linf".to_owned(),
        ImageScore::Max {} => "max".to_owned(),
        ImageScore::TopK { share } => format!("top-{}%", share * 100.0),
    };
    let evidence = score.evidence.as_ref().map_or("", |_| "evidence+");
    format!("{evidence}{smoothing}{image}")
}
