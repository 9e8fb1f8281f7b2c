//! Scores two small maps against their masks: `cargo run -p aesc-eval --example score_slices`.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use aesc_eval::{Bootstrap, EvalError, MapView, auroc_interval, pixel_metrics};

fn main() -> Result<(), EvalError> {
    // Two 3 x 3 images: a good one, and one with a defect of three pixels at the right.
    let good = [0.1, 0.2, 0.1, 0.2, 0.5, 0.2, 0.1, 0.2, 0.1];
    let bad = [0.1, 0.2, 0.9, 0.1, 0.4, 0.8, 0.1, 0.2, 0.3];
    let none = [false; 9];
    let defect = [false, false, true, false, false, true, false, false, true];
    let view = |scores, mask| MapView {
        height: 3,
        width: 3,
        scores,
        mask,
    };

    let images = [view(&good, &none), view(&bad, &defect)];
    let pixels = pixel_metrics(&images, &[0.3, 0.05])?;
    println!("pixel AUROC {:.4}, AP {:.4}", pixels.auroc, pixels.ap);
    println!(
        "F1-max {:.4} at {}",
        pixels.f1_max.value, pixels.f1_max.threshold
    );
    println!("FPR at 95 % TPR {:.4}", pixels.fpr_at_95tpr);
    for (limit, value) in &pixels.aupro {
        println!(
            "AUPRO to FPR {limit}: {value:.4} over {} region(s)",
            pixels.regions
        );
    }

    let scores = [0.5, 0.3, 0.4, 0.9, 0.45];
    let labels = [false, false, false, true, true];
    let image = auroc_interval(&scores, &labels, &Bootstrap::default())?;
    println!(
        "image AUROC {:.4} [{:.4}, {:.4}]",
        image.value, image.low, image.high
    );
    Ok(())
}
