//! Invented results that look like real ones: stain beats none, uncertainty costs false alarms.

use std::collections::BTreeMap;

use aesc_bench::{
    Alternative, CellResult, CellSpec, Cost, Curves, EpochRow, FORMAT, Figure, Metric, Metrics,
    Panel, Reconstruction, Scored, Timing, Training,
};
use serde_json::json;

/// Defect types of every category, the clean images last.
pub(crate) const TYPES: [&str; 4] = ["contamination", "dent", "scratch", "good"];

/// A number in 0..1 that depends on the text alone.
pub(crate) fn chance(text: &str) -> f64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 32)) & 0xffff_ffff) as f64 / f64::from(u32::MAX)
}

pub(crate) fn result(cell: &CellSpec) -> CellResult {
    let label = cell.label();
    let skips = cell.network != "ae";
    CellResult {
        format: FORMAT,
        cell: cell.clone(),
        scored: ["residual", "uncertainty"].map(|s| scored(cell, s)).into(),
        training: training(cell),
        timing: Timing {
            training_secs: 600.0 + 200.0 * chance(&label),
            scoring_secs: 9.5,
            inference_ms_per_image: if cell.network == "unet" { 31.0 } else { 24.0 },
            sampling_ms_per_image: Some(412.0),
            total_secs: 812.0,
        },
        cost: match cell.network.as_str() {
            "unet" => cost(9_825_715, 2.112, 1.03),
            _ => cost(8_736_515, 1.409, 0.69),
        },
        reconstruction: Reconstruction {
            clean_psnr_db: 24.0 + if skips { 7.0 } else { 0.0 } + chance(&label),
            clean_sharpness: if skips { 0.85 } else { 0.35 } + 0.1 * chance(&label),
        },
        figures: TYPES.map(|t| figure(cell, t)).into(),
        provenance: json!({ "commit": "c0ffee1", "dirty": false }),
    }
}

fn cost(parameters: u64, gmac: f64, gmac_phase: f64) -> Cost {
    Cost {
        parameters,
        gmac,
        gmac_phase,
    }
}

fn quality(cell: &CellSpec, strategy: &str) -> f64 {
    let stain = if cell.corruption.contains("stain") {
        0.12
    } else {
        0.0
    };
    let network = if cell.network == "aesc" { 0.05 } else { 0.0 };
    let category = 0.15 * chance(&cell.category);
    let by = if strategy == "residual" { 0.02 } else { 0.0 };
    let noise = 0.08 * chance(&format!("{}{strategy}", cell.label()));
    (0.6 + stain + network + category + by + noise).min(0.995)
}

fn scored(cell: &CellSpec, strategy: &str) -> Scored {
    let quality = quality(cell, strategy);
    let metrics = Metrics::from_fn(|metric| {
        Some(match metric {
            Metric::ImageAuroc => quality,
            Metric::PixelAuroc => 0.5 + quality / 2.0,
            Metric::PixelFprAt95Tpr => 1.0 - quality,
            other => quality - 0.05 * chance(other.key()),
        })
    });
    let rate = if strategy == "residual" { 0.08 } else { 0.25 };
    let of_type = |t: &&str| ((**t).to_owned(), quality - 0.1 + 0.2 * chance(t));
    Scored {
        strategy: strategy.to_owned(),
        score: "box21+max".to_owned(),
        eval_size: "full".to_owned(),
        metrics,
        undefined: BTreeMap::new(),
        image_auroc_interval: Some([quality - 0.06, quality + 0.04]),
        per_defect_type: TYPES.iter().take(3).map(of_type).collect(),
        alternatives: ["l1", "l2", "linf"].map(|s| alternative(s, quality)).into(),
        threshold: 0.0778,
        fpr_on_good: Some((rate * chance(&cell.label()) * 20.0).round() / 20.0),
        curves: Curves {
            image_roc: stairs(quality, &cell.label()),
            pixel_roc: curve(quality),
            pro: curve(quality - 0.1),
        },
    }
}

fn alternative(score: &str, quality: f64) -> Alternative {
    Alternative {
        score: score.to_owned(),
        image_auroc: quality - 0.1 * chance(score),
    }
}

/// A smooth curve whose area grows with the quality.
fn curve(quality: f64) -> Vec<[f64; 2]> {
    let power = (1.0 - quality) / quality;
    let points = (0..=300).map(|i| f64::from(i) / 300.0);
    points.map(|x| [x, x.powf(power)]).collect()
}

/// The same in the steps of few images.
fn stairs(quality: f64, label: &str) -> Vec<[f64; 2]> {
    let power = (1.0 - quality) / quality;
    let mut points = vec![[0.0, 0.0]];
    for i in 1..=24 {
        let x = f64::from(i) / 24.0;
        let y = (x.powf(power) + 0.06 * chance(&format!("{label}{i}"))).min(1.0);
        let last = points.last().map_or(0.0, |p: &[f64; 2]| p[1]);
        points.extend([[x - 1.0 / 24.0, y.max(last)], [x, y.max(last)]]);
    }
    points.push([1.0, 1.0]);
    points
}

fn training(cell: &CellSpec) -> Training {
    let speed = 0.5 + chance(&cell.label());
    let row = |epoch: u64| {
        let jitter = chance(&format!("{}{epoch}", cell.label()));
        EpochRow {
            epoch,
            step: 125 * epoch,
            loss: 0.02 / (1.0 + speed * epoch as f64) + 0.0008 * jitter,
            validation_psnr_db: Some(18.0 + 5.0 * (1.0 + speed * epoch as f64).ln() + jitter),
            learning_rate: 1e-3,
        }
    };
    Training {
        steps: 125 * 30,
        images: 16 * 125 * 30,
        secs: 700.0,
        history: (1..=30).map(row).collect(),
    }
}

fn figure(cell: &CellSpec, defect_type: &str) -> Figure {
    let mut labels = vec!["query", "reconstruction", "residual map", "uncertainty map"];
    if defect_type != "good" {
        labels.push("mask");
    }
    let panel = |label: &str| Panel {
        label: label.to_owned(),
        file: file_name(defect_type, label),
    };
    Figure {
        name: "grid".to_owned(),
        defect_type: defect_type.to_owned(),
        image: format!("test/{defect_type}/003.png"),
        score: Some(0.04 + 0.1 * chance(&format!("{}{defect_type}", cell.label()))),
        panels: labels.into_iter().map(panel).collect(),
    }
}

/// `dent-residual-map.png`.
pub(crate) fn file_name(defect_type: &str, label: &str) -> String {
    format!("{defect_type}-{}.png", label.replace(' ', "-"))
}
