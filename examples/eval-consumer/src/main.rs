//! The metrics crate on its own, with nothing else of the workspace: prints an image AUROC.
#![forbid(unsafe_code)]

use aesc_eval::{EvalError, auroc};

fn main() -> Result<(), EvalError> {
    let scores = [0.12, 0.35, 0.31, 0.80];
    let anomalous = [false, false, true, true];
    // Of four (anomalous, normal) pairs, (0.31, 0.35) alone is in the wrong order.
    println!("AUROC {}", auroc(&scores, &anomalous)?);
    Ok(())
}
