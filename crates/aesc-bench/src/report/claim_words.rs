//! The claims in words: what each expects, what came out for the method, and how often it holds.

use super::Report;
use super::claim_tables::{n_compared, subject, titled};
use super::format::signed;
use crate::Comparison;

/// The quantities that stand for a claim, one for each kind.
const LEADING: [&str; 3] = ["image AUROC", "clean sharpness", "false-positive rate"];

/// A verdict, and how several of it are told.
const VERDICTS: [(&str, &str, &str); 4] = [
    ("holds", "holds", "hold"),
    ("mixed", "is mixed", "are mixed"),
    ("does not hold", "does not hold", "do not hold"),
    ("undecided", "is undecided", "are undecided"),
];

/// One claim, told.
#[derive(Debug)]
pub(crate) struct Told {
    /// "Stain beats none".
    pub(crate) claim: String,
    /// The verdict on the leading comparison.
    pub(crate) verdict: &'static str,
    /// Style class: "good", "bad" or none.
    pub(crate) tone: &'static str,
    /// Why one would expect it.
    pub(crate) expected: &'static str,
    /// What came out, for the method itself where it is planned.
    pub(crate) found: String,
    /// How all comparisons of the claim came out; empty when there is but one.
    pub(crate) tally: String,
}

/// Every claim of the report, in its order.
pub(crate) fn told(report: &Report) -> Vec<Told> {
    let mut claims: Vec<&str> = Vec::new();
    for comparison in &report.comparisons {
        if !claims.contains(&comparison.claim.as_str()) {
            claims.push(&comparison.claim);
        }
    }
    let one = |claim: &str| {
        let of_claim = |c: &&Comparison| c.claim == claim;
        let all: Vec<&Comparison> = report.comparisons.iter().filter(of_claim).collect();
        let lead = all.iter().min_by_key(|c| distance(report, c))?;
        Some(Told {
            claim: titled(report, claim),
            verdict: lead.verdict(),
            tone: match lead.verdict() {
                "holds" => "good",
                "does not hold" => "bad",
                _ => "",
            },
            expected: expected(claim),
            found: found(report, lead),
            tally: tally(&all),
        })
    };
    claims.into_iter().filter_map(one).collect()
}

/// How far a comparison is from the one that stands for its claim: the method's own, by the main
/// strategy, in the leading quantity.
fn distance(report: &Report, comparison: &Comparison) -> [bool; 4] {
    let Comparison {
        challenger,
        strategy,
        quantity,
        control_strategy,
        ..
    } = comparison;
    [
        !LEADING.contains(&quantity.as_str()),
        report.method_column().as_ref() != Some(challenger),
        challenger.network != "aesc",
        control_strategy.is_none() && strategy != report.main_strategy(),
    ]
}

fn expected(claim: &str) -> &'static str {
    match claim {
        "aesc is sharper than ae" => {
            "Skip connections should leave what is clean as sharp as it was."
        }
        "aesc detects better than unet" => {
            "AESc adds the encoder's activations, U-Net appends them and may pass on more of a \
             defect."
        }
        "aesc is sharper than unet" => "The same contrast, seen in clean images.",
        "residual beats uncertainty" => {
            "The two maps should mostly agree: the residual ahead where a defect stands out from \
             its surroundings, the uncertainty where it does not."
        }
        "uncertainty raises false positives on clean images" => {
            "The uncertainty map is expected to cost clean images, each strategy at its own \
             threshold."
        }
        _ => {
            "A network trained to remove stains should repair defects; one trained to copy, copy \
             them."
        }
    }
}

/// `For aesc · residual: image AUROC +0.110 in the mean, higher in 3 of 4 categories.`
fn found(report: &Report, comparison: &Comparison) -> String {
    let whose = subject(report, comparison);
    let (wins, compared) = (comparison.wins, n_compared(comparison));
    let all = comparison.categories.len();
    let quantity = &comparison.quantity;
    match comparison.mean_difference {
        Some(mean) => {
            let mean = signed(mean);
            format!(
                "For {whose}: {quantity} {mean} in the mean, higher in {wins} of {all} categories."
            )
        }
        None => format!(
            "For {whose}: {quantity} higher in {wins} of {compared} categories, {} missing.",
            all - compared
        ),
    }
}

/// `Of 6 comparisons 4 hold, 1 is mixed, 1 does not hold.`
fn tally(comparisons: &[&Comparison]) -> String {
    if comparisons.len() < 2 {
        return String::new();
    }
    let n = comparisons.len();
    let parts = VERDICTS.iter().filter_map(|(verdict, one, many)| {
        let of_verdict = comparisons.iter().filter(|c| c.verdict() == *verdict);
        match of_verdict.count() {
            0 => None,
            1 => Some(format!("1 {one}")),
            some if some == n => Some((*many).to_owned()),
            some => Some(format!("{some} {many}")),
        }
    });
    let parts: Vec<String> = parts.collect();
    match parts.as_slice() {
        [all] => format!("All {n} comparisons {all}."),
        parts => format!("Of {n} comparisons {}.", parts.join(", ")),
    }
}
