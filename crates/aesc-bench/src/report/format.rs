//! Numbers, times and facts as readers like them.

use std::fmt::Write as _;

use super::{MissingCell, Report};

/// `8,736,515`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `7.5 s`, `2 min 5 s`, `3 h 20 min`.
pub(crate) fn duration(secs: f64) -> String {
    if secs < 59.95 {
        return format!("{secs:.1} s");
    }
    let whole = secs.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours} h {minutes} min")
    } else {
        format!("{minutes} min {seconds} s")
    }
}

/// `+0.031`, `−0.004`, `0.000`.
pub(crate) fn signed(value: f64) -> String {
    let text = format!("{:.3}", value.abs());
    match text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        false => text,
        true if value < 0.0 => format!("−{text}"),
        true => format!("+{text}"),
    }
}

/// `16 cells: 4 categories × 2 networks (ae, aesc) × …`.
pub(crate) fn span(report: &Report) -> String {
    let plan = &report.plan;
    let many = |n: usize, one: &str, more: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {more}"),
    };
    let seeds: Vec<String> = plan.seeds.iter().map(u64::to_string).collect();
    format!(
        "{}: {} × network {} × corruption {}, scored by {}; preset {}, {} {}",
        many(plan.n_cells, "cell", "cells"),
        many(plan.categories.len(), "category", "categories"),
        plan.networks.join(", "),
        plan.corruptions.join(", "),
        plan.strategies.join(", "),
        plan.presets.join(", "),
        if seeds.len() == 1 { "seed" } else { "seeds" },
        seeds.join(", "),
    )
}

/// Cells without a result that a report names; report.json has all.
pub(crate) const NAMED_MISSING: usize = 100;

/// A missing cell as `bottle/aesc/stain`, with preset and seed where the plan has several.
pub(crate) fn missing_label(report: &Report, cell: &MissingCell) -> String {
    let mut label = format!("{}/{}/{}", cell.category, cell.network, cell.corruption);
    if report.plan.presets.len() > 1 {
        let _ = write!(label, "/{}", cell.preset);
    }
    if report.plan.seeds.len() > 1 {
        let _ = write!(label, "/seed {}", cell.seed);
    }
    label
}

/// Three significant digits: `4.5`, `0.0778`, `1.24e-5`.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let exponent = value.abs().log10().floor() as i32;
    if !(-4..6).contains(&exponent) {
        return format!("{value:.2e}");
    }
    let unit = 10f64.powi(exponent - 2);
    let decimals = (2 - exponent).max(0) as usize;
    let text = format!("{:.decimals$}", (value / unit).round() * unit);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted() {
        let written = [0, 999, 1000, 8_736_515].map(count);
        assert_eq!(written, ["0", "999", "1,000", "8,736,515"]);
    }

    #[test]
    fn durations_keep_two_units() {
        let written = [7.46, 59.94, 59.96, 125.0, 12_000.0].map(duration);
        assert_eq!(
            written,
            ["7.5 s", "59.9 s", "1 min 0 s", "2 min 5 s", "3 h 20 min"]
        );
    }

    #[test]
    fn three_digits_say_a_score() {
        let written = [4.5, 0.077_827, 1234.5, 0.000_012_36, 0.0, 3.0, 0.5].map(short);
        assert_eq!(
            written,
            ["4.5", "0.0778", "1230", "1.24e-5", "0", "3", "0.5"]
        );
    }

    #[test]
    fn signs_are_shown_unless_it_rounds_to_zero() {
        let written = [0.0312, -0.0041, 0.0004, -0.0004].map(signed);
        assert_eq!(written, ["+0.031", "−0.004", "0.000", "0.000"]);
    }
}
