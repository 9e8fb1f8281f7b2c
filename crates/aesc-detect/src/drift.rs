//! Drift: whether the scores of a batch are still distributed as those of the clean images that
//! the threshold was fitted on.
//!
//! Two measures: the Kolmogorov-Smirnov distance (is there a difference?) and the population
//! stability index (is it large?). A verdict needs both, so that neither a big batch nor a small
//! one alarms by its size alone.

use serde::Serialize;

/// Fewest scores on either side that say anything.
const MIN_SCORES: usize = 20;
/// Most bins of the stability index, and fewest clean scores in a bin.
const MAX_BINS: usize = 10;
const MIN_PER_BIN: usize = 5;

/// What a batch says of the line it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftVerdict {
    /// Fewer than twenty scores on a side: nothing can be said.
    TooFew,
    /// As at calibration, as far as can be told.
    Stable,
    /// A difference that is probably real, and moderate.
    Watch,
    /// A difference beyond doubt, and large: another light, camera or product, or many defects.
    Drifted,
}

/// How far a batch's scores are from the clean ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Drift {
    /// Kolmogorov-Smirnov distance of the two distributions, 0..=1.
    pub ks: f64,
    /// Probability of such a distance without drift (asymptotic), 0..=1.
    pub ks_p: f64,
    /// Population stability index over bins of equal clean shares, less what chance alone gives,
    /// at least 0; by custom moderate from 0.1, large from 0.25.
    pub psi: f64,
    /// What they amount to.
    pub verdict: DriftVerdict,
}

impl Drift {
    /// Compares the `scores` of a batch with `clean` ones (finite, any order); none where either
    /// is empty.
    pub fn between(clean: &[f64], scores: &[f64]) -> Option<Self> {
        if clean.is_empty() || scores.is_empty() {
            return None;
        }
        let (clean, scores) = (sorted(clean), sorted(scores));
        let ks = distance(&clean, &scores);
        let (n, m) = (clean.len() as f64, scores.len() as f64);
        let ks_p = kolmogorov((n * m / (n + m)).sqrt() * ks);
        let psi = stability_index(&clean, &scores);
        let verdict = if clean.len().min(scores.len()) < MIN_SCORES {
            DriftVerdict::TooFew
        } else if ks_p < 1e-3 && psi >= 0.25 {
            DriftVerdict::Drifted
        } else if ks_p < 1e-2 && psi >= 0.1 {
            DriftVerdict::Watch
        } else {
            DriftVerdict::Stable
        };
        Some(Self {
            ks,
            ks_p,
            psi,
            verdict,
        })
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Share of ascending `values` that are at most `value`.
fn share_up_to(values: &[f64], value: f64) -> f64 {
    values.partition_point(|v| *v <= value) as f64 / values.len() as f64
}

/// The largest gap between the two distribution functions; it stands at one of the values.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let gap = |value: &f64| (share_up_to(a, *value) - share_up_to(b, *value)).abs();
    a.iter().chain(b).map(gap).fold(0.0, f64::max)
}

/// P(K > z) of Kolmogorov's distribution.
fn kolmogorov(z: f64) -> f64 {
    if z < 0.2 {
        return 1.0; // to twelve digits
    }
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
        sign * (-2.0 * f64::from(k * k) * z * z).exp()
    };
    (2.0 * (1..=100).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

/// Σ (p - q) ln(p / q) over bins of equal clean shares, half a score added to each bin so that an
/// empty one has a logarithm too, less its mean without drift, (bins - 1)(1/n + 1/m).
fn stability_index(clean: &[f64], scores: &[f64]) -> f64 {
    let n_bins = (clean.len() / MIN_PER_BIN).clamp(2, MAX_BINS);
    let edge = |i: usize| clean[(i * clean.len() / n_bins).max(1) - 1];
    let mut edges: Vec<f64> = (1..n_bins).map(edge).collect();
    edges.dedup_by(|a, b| a.total_cmp(b).is_eq());
    let n_bins = edges.len() as f64 + 1.0;
    let shares = |values: &[f64]| {
        let counts: Vec<usize> = edges
            .iter()
            .map(|edge| values.partition_point(|v| v <= edge))
            .chain([values.len()])
            .collect();
        let total = values.len() as f64 + 0.5 * n_bins;
        let first = counts.first().map(|count| (0, *count));
        let pairs = first
            .into_iter()
            .chain(counts.windows(2).map(|pair| (pair[0], pair[1])));
        let share = |(below, upto): (usize, usize)| ((upto - below) as f64 + 0.5) / total;
        pairs.map(share).collect::<Vec<f64>>()
    };
    let pairs = shares(clean).into_iter().zip(shares(scores));
    let index: f64 = pairs.map(|(p, q)| (p - q) * (p / q).ln()).sum();
    let by_chance = (n_bins - 1.0) * (1.0 / clean.len() as f64 + 1.0 / scores.len() as f64);
    (index - by_chance).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// n values that fill the exponential distribution evenly.
    fn exponential(n: u32) -> Vec<f64> {
        let share = |i: u32| (f64::from(i) * 0.618_033_988_749_894_9).fract();
        (1..=n).map(|i| -(1.0 - share(i)).ln()).collect()
    }

    #[test]
    fn distance_and_probability_are_those_of_scipy() {
        // scipy 1.17.1: ks_2samp(a, b).statistic of these two samples.
        let shifted: Vec<f64> = exponential(80).iter().map(|x| 1.3 * x + 0.05).collect();
        let drift = Drift::between(&exponential(200), &shifted).unwrap();
        assert!((drift.ks - 0.1325).abs() < 1e-12);
        // scipy 1.17.1: kstwobign.sf.
        for (z, p) in [
            (0.3, 0.999_990_694_198_665_5),
            (0.5, 0.963_945_243_664_875_1),
            (0.8, 0.544_142_411_574_198_1),
            (1.36, 0.049_485_876_755_377_876),
            (2.0, 0.000_670_925_255_779_695_3),
        ] {
            assert!((kolmogorov(z) - p).abs() < 1e-12, "{z}");
        }
    }

    #[test]
    fn the_stability_index_of_two_bins_by_hand() {
        // Ten clean scores make two bins of five, parted at the fifth; 1 and 9 of the batch:
        // p = (5.5, 5.5) / 11, q = (1.5, 9.5) / 11. Chance gives 1 (1/10 + 1/10) = 0.2.
        let clean: Vec<f64> = (1..=10).map(f64::from).collect();
        let mut batch = vec![9.0; 9];
        batch.push(2.0);
        let (p, q) = (0.5_f64, [1.5 / 11.0, 9.5 / 11.0]);
        let expected: f64 = q.iter().map(|q| (p - q) * (p / q).ln()).sum::<f64>() - 0.2;
        let found = Drift::between(&clean, &batch).unwrap();
        assert!((found.psi - expected).abs() < 1e-12, "{found:?} {expected}");
        assert_eq!(found.verdict, DriftVerdict::TooFew);
    }

    #[test]
    fn the_same_distribution_is_stable_and_another_drifts() {
        let clean = exponential(300);
        let same = Drift::between(&clean, &exponential(100)).unwrap();
        assert_eq!(same.verdict, DriftVerdict::Stable);
        let brighter: Vec<f64> = exponential(100).iter().map(|x| x + 1.0).collect();
        let drift = Drift::between(&clean, &brighter).unwrap();
        assert_eq!(drift.verdict, DriftVerdict::Drifted, "{drift:?}");
    }

    #[test]
    fn equal_scores_drift_from_nothing_but_others() {
        let equal = vec![1.0; 50];
        assert_eq!(
            Drift::between(&equal, &equal).unwrap().verdict,
            DriftVerdict::Stable
        );
        let other = vec![2.0; 50];
        assert_eq!(
            Drift::between(&equal, &other).unwrap().verdict,
            DriftVerdict::Drifted
        );
        assert_eq!(Drift::between(&equal, &[]), None);
    }
}
