//! What a sample of scores says of a share: order statistics, by the binomial distribution alone.
//!
//! No form of the scores' distribution is assumed. Reference: David & Nagaraja, *Order Statistics*,
//! 3rd ed., sections 7.1 and 2.1.

/// Probability left out at either end of a 95 % interval.
const OUT: f64 = 0.025;
/// Halvings of a bisection over 0..=1: beyond the last bit of f64.
const HALVINGS: usize = 60;

/// P(B ≤ k) of B ~ Binomial(n, p), p in 0..=1.
pub(super) fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if k >= n || p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    let (n_f, odds) = (n as f64, (p / (1.0 - p)).ln());
    let mut ln_mass = n_f * (1.0 - p).ln();
    let mut sum = ln_mass.exp();
    for i in 0..k {
        ln_mass += ((n_f - i as f64) / (i as f64 + 1.0)).ln() + odds;
        sum += ln_mass.exp();
    }
    sum.min(1.0)
}

/// Ranks (1..=n, counted from the smallest) of the two scores that hold the `p`-quantile between
/// them with at least 95 % confidence; none where no score of the sample is far enough out.
pub(super) fn quantile_ranks(n: u64, p: f64) -> (Option<u64>, Option<u64>) {
    // P(X(r) > q) = P(B < r); P(X(r) < q) <= P(B >= r) = 1 - P(B < r).
    let below = |rank: u64| at_most(rank - 1, n, p);
    // `below` rises with the rank, so that halving finds both places.
    let n_low = partition(n, |rank| below(rank) <= OUT);
    let n_before_high = partition(n, |rank| below(rank) < 1.0 - OUT);
    let low = (n_low > 0).then_some(n_low);
    let high = (n_before_high < n).then_some(n_before_high + 1);
    (low, high)
}

/// How many of the ranks 1..=n fulfil what only the first of them do.
fn partition(n: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if holds(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// 95 % interval for the share of all scores that lie over the one with `n_above` of the sample's
/// `n` over it: quantiles of Beta(`n_above` + 1, n - `n_above`).
pub(super) fn share_above(n_above: u64, n: u64) -> [f64; 2] {
    // P(Beta(k + 1, n - k) <= r) = P(Binomial(n, r) > k).
    let quantile = |share: f64| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if 1.0 - at_most(n_above, n, middle) < share {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    };
    [quantile(OUT), quantile(1.0 - OUT)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_coins_by_hand() {
        assert!((at_most(0, 3, 0.5) - 0.125).abs() < 1e-15);
        assert!((at_most(1, 3, 0.5) - 0.5).abs() < 1e-15);
        assert!((at_most(3, 3, 0.5) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_distribution_is_that_of_scipy() {
        // scipy 1.17.1: stats.binom.cdf(k, n, p).
        for (k, n, p, expected) in [
            (3, 20, 0.1, 0.867_046_676_565_664_9),
            (195, 200, 0.99, 0.051_746_263_630_786_02),
            (9990, 10_000, 0.999, 0.542_132_876_020_982_8),
        ] {
            let found = at_most(k, n, p);
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn ranks_of_a_quantile_are_those_of_scipy() {
        // scipy 1.17.1: stats.quantile_test(1..=n, p=p).confidence_interval(0.95).
        assert_eq!(quantile_ranks(99, 0.95), (Some(89), Some(99)));
        assert_eq!(quantile_ranks(300, 0.99), (Some(293), None));
        assert_eq!(quantile_ranks(1000, 0.995), (Some(990), Some(1000)));
        assert_eq!(quantile_ranks(50, 0.98), (Some(47), None));
    }

    #[test]
    fn shares_are_quantiles_of_beta() {
        // scipy 1.17.1: stats.beta.ppf((0.025, 0.975), k + 1, n - k).
        for (k, n, expected) in [
            (
                0,
                99,
                [0.000_255_702_736_665_961_53, 0.036_575_744_943_483_79],
            ),
            (
                3,
                200,
                [0.005_475_565_879_556_448_5, 0.043_208_281_917_712_6],
            ),
        ] {
            let found = share_above(k, n);
            for (a, b) in found.iter().zip(expected) {
                assert!((a - b).abs() < 1e-9, "{found:?}");
            }
        }
    }
}
