//! Hand-made plans and results; every figure in them is chosen, none computed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aesc_bench::{
    Alternative, CellResult, CellSpec, Cost, Curves, EpochRow, FORMAT, Figure, Metric, Metrics,
    Panel, Plan, Reconstruction, Scored, Timing, Training,
};
use serde_json::json;

/// A cell whose configuration repeats its labels, as a real one's would.
pub(crate) fn cell(category: &str, network: &str, corruption: &str, seed: u64) -> CellSpec {
    CellSpec {
        id: String::new(),
        category: category.to_owned(),
        network: network.to_owned(),
        corruption: corruption.to_owned(),
        preset: "quick".to_owned(),
        seed,
        data: PathBuf::from("data").join(category),
        dataset_digest: format!("digest of {category}"),
        config: json!({ "network": network, "corruption": corruption, "seed": seed }).into(),
    }
    .identified()
}

pub(crate) fn plan(cells: Vec<CellSpec>) -> Plan {
    let provenance = json!({ "commit": "c0ffee1", "started": "2026-11-23T10:00:00Z" });
    Plan::new("made", vec!["residual".to_owned()], cells, provenance).unwrap()
}

/// {ae, aesc} x {none, stain} on each category.
pub(crate) fn matrix(categories: &[&str]) -> Plan {
    let mut cells = Vec::new();
    for category in categories {
        for network in ["ae", "aesc"] {
            for corruption in ["none", "stain"] {
                cells.push(cell(category, network, corruption, 0));
            }
        }
    }
    plan(cells)
}

/// Every network with every corruption on each category, scored by both strategies.
pub(crate) fn grid(categories: &[&str], networks: &[&str], corruptions: &[&str]) -> Plan {
    let mut cells = Vec::new();
    for category in categories {
        for network in networks {
            for corruption in corruptions {
                cells.push(cell(category, network, corruption, 0));
            }
        }
    }
    let strategies = ["residual", "uncertainty"].map(str::to_owned);
    Plan::new("made", strategies.into(), cells, json!({})).unwrap()
}

/// The result scored by uncertainty too: each metric 0.1 lower, twice the false alarms, and a map.
pub(crate) fn with_uncertainty(mut result: CellResult) -> CellResult {
    let residual = result.scored[0].clone();
    let lower = |metric: Metric| metric.of(&residual.metrics).map(|v| rounded(v - 0.1));
    result.scored.push(Scored {
        strategy: "uncertainty".to_owned(),
        fpr_on_good: residual.fpr_on_good.map(|rate| 2.0 * rate),
        metrics: Metrics::from_fn(lower),
        ..residual.clone()
    });
    for figure in &mut result.figures {
        figure.panels.insert(3, panel("uncertainty map"));
    }
    result
}

/// A result whose metrics all follow from one image AUROC.
pub(crate) fn result(cell: &CellSpec, image_auroc: f64) -> CellResult {
    let less = |by: f64| Some(rounded(image_auroc - by));
    let metrics = Metrics {
        image_auroc: Some(image_auroc),
        image_ap: less(0.01),
        image_f1max: less(0.02),
        pixel_auroc: less(0.03),
        pixel_ap: less(0.04),
        pixel_f1max: less(0.05),
        pixel_fpr_at_95tpr: less(0.06),
        aupro_30: less(0.07),
        aupro_05: less(0.08),
        aupimo_mean: less(0.09),
    };
    CellResult {
        format: FORMAT,
        cell: cell.clone(),
        scored: vec![scored(image_auroc, metrics)],
        training: training(),
        timing: Timing {
            training_secs: 125.0,
            scoring_secs: 7.5,
            inference_ms_per_image: 42.0,
            sampling_ms_per_image: None,
            total_secs: 133.0,
        },
        cost: Cost {
            parameters: 8_736_515,
            gmac: 1.409,
            gmac_phase: 0.69,
        },
        reconstruction: Reconstruction {
            clean_psnr_db: if cell.network == "aesc" { 31.0 } else { 27.5 },
            clean_sharpness: if cell.network == "aesc" { 0.9 } else { 0.4 },
        },
        figures: vec![figure()],
        provenance: json!({ "commit": "c0ffee1", "dirty": false }),
    }
}

/// To three decimals, so that 0.7 - 0.1 is 0.6 in a snapshot too.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn scored(image_auroc: f64, metrics: Metrics) -> Scored {
    Scored {
        strategy: "residual".to_owned(),
        score: "l2".to_owned(),
        eval_size: "full".to_owned(),
        metrics,
        undefined: BTreeMap::new(),
        image_auroc_interval: Some([image_auroc - 0.1, image_auroc + 0.05].map(rounded)),
        per_defect_type: BTreeMap::from([
            ("hole".to_owned(), rounded(image_auroc - 0.02)),
            ("scratch".to_owned(), rounded(image_auroc + 0.02)),
        ]),
        alternatives: vec![Alternative {
            score: "box21+max".to_owned(),
            image_auroc: rounded(image_auroc + 0.01),
        }],
        threshold: 3.25,
        fpr_on_good: Some(0.125),
        curves: Curves {
            image_roc: vec![[0.0, 0.0], [0.0, 0.5], [0.25, 0.75], [1.0, 1.0]],
            pixel_roc: vec![[0.0, 0.0], [0.1, 0.8], [1.0, 1.0]],
            pro: vec![[0.0, 0.0], [0.3, 0.7], [1.0, 1.0]],
        },
    }
}

fn training() -> Training {
    let row = |epoch: u64, loss: f64, psnr: f64| EpochRow {
        epoch,
        step: 125 * epoch,
        loss,
        validation_psnr_db: Some(psnr),
        learning_rate: 1e-3,
    };
    Training {
        steps: 375,
        images: 6000,
        secs: 125.0,
        history: vec![row(1, 0.09, 14.0), row(2, 0.01, 22.0), row(3, 0.004, 25.5)],
    }
}

fn panel(label: &str) -> Panel {
    Panel {
        label: label.to_owned(),
        file: format!("{}.png", label.replace(' ', "-")),
    }
}

fn figure() -> Figure {
    Figure {
        name: "grid".to_owned(),
        defect_type: "hole".to_owned(),
        image: "test/hole/003.png".to_owned(),
        score: Some(4.5),
        panels: ["query", "reconstruction", "residual map", "mask"]
            .map(panel)
            .into(),
    }
}
