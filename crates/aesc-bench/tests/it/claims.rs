//! The method's claims, counted from hand-made results.

use std::path::Path;

use aesc_bench::report::{json, markdown, parse};
use aesc_bench::{CellResult, Comparison, Plan, Report};

use crate::made;
use crate::report::{close, report, with_gaps};

/// Scored by both strategies; `edit` may change a result or drop it.
fn by_both(plan: &Plan, edit: impl Fn(&mut CellResult) -> bool) -> Report {
    report(plan, |result| {
        *result = made::with_uncertainty(result.clone());
        edit(result)
    })
}

fn of<'a>(report: &'a Report, claim: &str, quantity: &str) -> Vec<&'a Comparison> {
    let wanted = |c: &&Comparison| c.claim == claim && c.quantity == quantity;
    report.comparisons.iter().filter(wanted).collect()
}

#[test]
fn the_claims_are_differences_category_by_category() {
    let whole = report(&made::matrix(&["cloth", "metal"]), |_| true);
    let stain = &whole.comparisons[0];
    assert_eq!(
        (stain.claim.as_str(), stain.quantity.as_str()),
        ("stain beats none", "image AUROC")
    );
    close(stain.mean_difference, 0.125);
    assert_eq!((stain.wins, stain.verdict()), (2, "holds"));
    let sharp = whole
        .comparisons
        .iter()
        .find(|c| c.quantity == "clean sharpness")
        .unwrap();
    assert_eq!(sharp.claim, "aesc is sharper than ae");
    close(sharp.mean_difference, 0.9 - 0.4);
    let gaps = with_gaps();
    assert_eq!(
        (gaps.comparisons[0].wins, gaps.comparisons[0].verdict()),
        (1, "undecided")
    );
    // Stain worse on both: 0.5 against 0.6 and 0.65.
    let worse = report(&made::matrix(&["cloth", "metal"]), |result| {
        if result.cell.corruption == "stain" {
            *result = made::result(&result.cell, 0.5);
        }
        true
    });
    close(worse.comparisons[0].mean_difference, -0.125);
    assert_eq!(
        (worse.comparisons[0].wins, worse.comparisons[0].verdict()),
        (0, "does not hold")
    );
}

#[test]
fn addition_is_set_against_concatenation_in_detection_and_sharpness() {
    let plan = made::grid(&["cloth", "metal"], &["aesc", "unet"], &["none", "stain"]);
    let found = by_both(&plan, |_| true);
    let detection = of(&found, "aesc detects better than unet", "image AUROC");
    // By either strategy with either corruption: 0.65 against 0.60, and so on.
    assert_eq!(detection.len(), 4);
    for comparison in detection {
        close(comparison.mean_difference, 0.05);
        let networks = [&comparison.challenger, &comparison.control].map(|c| c.network.as_str());
        assert_eq!(networks, ["aesc", "unet"]);
    }
    let sharpness = of(&found, "aesc is sharper than unet", "clean sharpness");
    assert_eq!(sharpness.len(), 2);
    close(sharpness[0].mean_difference, 0.9 - 0.4);
}

#[test]
fn the_strategies_are_compared_on_the_same_cells() {
    let plan = made::grid(&["cloth", "metal"], &["aesc"], &["stain"]);
    let found = by_both(&plan, |_| true);
    let better = of(&found, "residual beats uncertainty", "pixel AUROC");
    assert_eq!(better.len(), 1);
    close(better[0].mean_difference, 0.1);
    let strategies = (&*better[0].strategy, better[0].control_strategy.as_deref());
    assert_eq!(strategies, ("residual", Some("uncertainty")));
    let claim = "uncertainty raises false positives on clean images";
    let alarms = of(&found, claim, "false-positive rate");
    // 0.25 against 0.125 on either category.
    close(alarms[0].mean_difference, 0.125);
    assert_eq!((alarms[0].wins, alarms[0].verdict()), (2, "holds"));
    let equal = by_both(&plan, |result| {
        result.scored[1].fpr_on_good = result.scored[0].fpr_on_good;
        true
    });
    let alarms = of(&equal, claim, "false-positive rate");
    assert_eq!((alarms[0].wins, alarms[0].verdict()), (0, "does not hold"));
}

#[test]
fn a_claim_with_a_missing_category_is_undecided_in_numbers_and_in_words() {
    let plan = made::grid(&["cloth", "metal"], &["aesc"], &["none", "stain"]);
    let gap = by_both(&plan, |result| {
        (&*result.cell.category, &*result.cell.corruption) != ("metal", "stain")
    });
    let better = of(&gap, "residual beats uncertainty", "image AUROC");
    let verdicts: Vec<_> = better.iter().map(|c| c.verdict()).collect();
    assert_eq!(verdicts, ["holds", "undecided"]);
    let text = markdown(&gap);
    let words = "For aesc · stain: image AUROC higher in 1 of 1 categories, 1 missing. \
                 Of 6 comparisons 3 hold, 3 are undecided.";
    assert!(text.contains(words), "{text}");
}

#[test]
fn one_strategy_alone_is_compared_with_no_other() {
    let alone = report(&made::matrix(&["cloth"]), |_| true);
    assert!(
        alone
            .comparisons
            .iter()
            .all(|c| c.control_strategy.is_none())
    );
    assert!(of(&alone, "residual beats uncertainty", "image AUROC").is_empty());
    assert!(!json(&alone).unwrap().contains("control_strategy"));
    let plan = made::grid(&["cloth"], &["aesc"], &["stain"]);
    let both = by_both(&plan, |_| true);
    let text = json(&both).unwrap();
    let again = parse(&text, Path::new("report.json")).unwrap();
    assert_eq!(again.comparisons, both.comparisons);
}

#[test]
fn the_stored_report_of_the_sample_set_is_still_read() {
    let stored = include_str!("../../../../data/results/sample.json");
    let report = parse(stored, Path::new("data/results/sample.json")).unwrap();
    assert!(!report.comparisons.is_empty());
    assert!(markdown(&report).contains("## Claims"));
}
