//! The tail of clean scores: a generalised Pareto distribution over a high score (peaks over
//! threshold), for rates smaller than the sample can show.
//!
//! Fitted by maximum likelihood; intervals by profile likelihood. Reference: Coles, *An
//! Introduction to Statistical Modeling of Extreme Values*, sections 4.2 and 4.3.

use serde::{Deserialize, Serialize};

/// Share of the scores that count as tail, where that gives enough of them.
const TAIL_SHARE: f64 = 0.1;
/// Fewest scores a tail is fitted to.
const MIN_EXCEEDANCES: usize = 10;
/// The shapes considered: below -1/2 the likelihood has no regular maximum, above 1 not even a
/// mean exists.
const SHAPES: (f64, f64) = (-0.5, 1.0);
/// Half the 95 % point of chi-squared with one degree of freedom.
const DROP: f64 = 1.920_729_410_347_062;
const GRID: usize = 30;
const STEPS: usize = 60;

/// A generalised Pareto tail: P(score > start + y | score > start) = (1 + shape y / scale)^(-1/shape).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TailFit {
    /// Where the tail begins, in units of the score.
    pub start: f64,
    /// Clean scores over it.
    pub n_exceedances: u64,
    /// σ, in units of the score, above 0.
    pub scale: f64,
    /// ξ: below 0 the tail ends, at 0 it is exponential, above 0 it is heavy.
    pub shape: f64,
}

/// The tail of a sample, with the scores it was fitted to.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) fit: TailFit,
    /// What each score of the tail has over its start.
    excess: Vec<f64>,
    /// Share of the sample in the tail.
    share: f64,
}

impl Tail {
    /// The tail of scores in ascending order; none where too few stand out to fit one.
    pub(super) fn of(sorted: &[f64]) -> Option<Self> {
        let n = sorted.len();
        if n < 2 * MIN_EXCEEDANCES {
            return None;
        }
        let wanted = ((n as f64 * TAIL_SHARE).ceil() as usize).max(MIN_EXCEEDANCES);
        let start = sorted[n - wanted - 1];
        let over = sorted.iter().filter(|score| **score > start);
        let excess: Vec<f64> = over.map(|score| score - start).collect();
        if excess.len() < MIN_EXCEEDANCES {
            return None;
        }
        let shape = best(|shape| log_likelihood(&excess, scale_at(&excess, shape), shape)).0;
        let fit = TailFit {
            start,
            n_exceedances: excess.len() as u64,
            scale: scale_at(&excess, shape),
            shape,
        };
        let share = excess.len() as f64 / n as f64;
        Some(Self { fit, excess, share })
    }

    /// The score that `rate` of clean images exceed.
    pub(super) fn quantile(&self, rate: f64) -> f64 {
        self.fit.start + self.fit.scale * self.reach(rate, self.fit.shape)
    }

    /// 95 % interval of that score, both ends within the tail; an end that does not show is absent.
    pub(super) fn interval(&self, rate: f64) -> (Option<f64>, Option<f64>) {
        let start = self.fit.start;
        let found = self.quantile(rate) - start;
        let floor = log_likelihood(&self.excess, self.fit.scale, self.fit.shape) - DROP;
        let inside = |reach: f64| self.profile(rate, reach) >= floor;
        let low = crossing(0.0, found, |reach| !inside(reach));
        let mut far = 2.0 * found;
        for _ in 0..STEPS {
            if !inside(far) {
                let high = crossing(found, far, inside);
                return (Some(start + low), Some(start + high));
            }
            far *= 2.0;
        }
        (Some(start + low), None)
    }

    /// The largest log-likelihood of a tail whose score at `rate` lies `reach` over its start.
    fn profile(&self, rate: f64, reach: f64) -> f64 {
        best(|shape| log_likelihood(&self.excess, reach / self.reach(rate, shape), shape)).1
    }

    /// How many scales the score at `rate` lies over the start.
    fn reach(&self, rate: f64, shape: f64) -> f64 {
        let ln_ratio = (self.share / rate).ln();
        if is_exponential(shape) {
            ln_ratio
        } else {
            (shape * ln_ratio).exp_m1() / shape
        }
    }
}

fn is_exponential(shape: f64) -> bool {
    shape.abs() < 1e-9
}

fn log_likelihood(excess: &[f64], scale: f64, shape: f64) -> f64 {
    let n = excess.len() as f64;
    if is_exponential(shape) {
        return -n * scale.ln() - excess.iter().sum::<f64>() / scale;
    }
    let logs: f64 = excess.iter().map(|y| (shape * y / scale).ln_1p()).sum();
    // Beyond the end of the tail the logarithm is no number: such a tail is impossible.
    if logs.is_nan() {
        return f64::NEG_INFINITY;
    }
    -n * scale.ln() - (1.0 + 1.0 / shape) * logs
}

/// The scale of largest likelihood for a shape: where (1 + ξ) Σ y / (σ + ξ y) = n, whose left side
/// falls with σ.
fn scale_at(excess: &[f64], shape: f64) -> f64 {
    let n = excess.len() as f64;
    let mean = excess.iter().sum::<f64>() / n;
    let largest = excess.iter().copied().fold(0.0, f64::max);
    let below_zero = (-shape).max(0.0) * largest;
    let falls_short = |scale: f64| {
        let sum: f64 = excess.iter().map(|y| y / (scale + shape * y)).sum();
        (1.0 + shape) * sum > n
    };
    crossing(below_zero, (1.0 + shape) * mean + below_zero, falls_short)
}

/// The place between `low` and `high` up to which something holds.
fn crossing(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The shape at which `value` is largest, and that value: a grid, then golden sections.
fn best(value: impl Fn(f64) -> f64) -> (f64, f64) {
    let step = (SHAPES.1 - SHAPES.0) / GRID as f64;
    let shapes = (0..=GRID).map(|i| SHAPES.0 + i as f64 * step);
    let (mut shape, mut largest) = (0.0, f64::NEG_INFINITY);
    for candidate in shapes {
        let found = value(candidate);
        if found > largest {
            (shape, largest) = (candidate, found);
        }
    }
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = ((shape - step).max(SHAPES.0), (shape + step).min(SHAPES.1));
    for _ in 0..STEPS {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low));
        if value(left) > value(right) {
            high = right;
        } else {
            low = left;
        }
    }
    let refined = f64::midpoint(low, high);
    let found = value(refined);
    if found > largest {
        (refined, found)
    } else {
        (shape, largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// n values that fill a generalised Pareto distribution of scale 1 evenly, ascending.
    fn pareto(n: u32, shape: f64) -> Vec<f64> {
        let share = |i: u32| (f64::from(i) * 0.618_033_988_749_894_9).fract();
        let value = |u: f64| match shape {
            0.0 => -(1.0 - u).ln(),
            shape => ((1.0 - u).powf(-shape) - 1.0) / shape,
        };
        let mut values: Vec<f64> = (1..=n).map(|i| value(share(i))).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// scipy 1.17.1: genpareto's likelihood of the 30 largest of 300, maximised by Nelder-Mead;
    /// the score of 1 in 2000 by its isf; where the profile likelihood falls by
    /// chi2.ppf(0.95, 1) / 2, by brentq.
    const FITTED: [(f64, [f64; 6]); 3] = [
        (
            0.0,
            [
                2.288_621_218_082_243_4,
                -0.161_714_244_913_992_2,
                1.122_538_026_568_022,
                6.283_361_419_304_575,
                5.270_072_400_377_94,
                15.881_680_640_704_186,
            ],
        ),
        (
            0.3,
            [
                3.289_737_733_478_905_7,
                0.136_091_650_659_732_55,
                2.216_483_236_557_634,
                20.498_347_740_356_11,
                12.829_293_854_130_956,
                126.669_612_908_898_96,
            ],
        ),
        (
            -0.3,
            [
                1.655_696_025_953_659,
                -0.460_939_242_274_659_6,
                0.568_309_098_916_266_9,
                2.781_405_708_047_583,
                2.654_859_685_464_424,
                3.777_811_489_612_543_6,
            ],
        ),
    ];

    #[test]
    fn fit_quantile_and_interval_are_those_of_scipy() {
        for (shape, expected) in FITTED {
            let tail = Tail::of(&pareto(300, shape)).unwrap();
            let (low, high) = tail.interval(0.0005);
            let found = [
                tail.fit.start,
                tail.fit.shape,
                tail.fit.scale,
                tail.quantile(0.0005),
                low.unwrap(),
                high.unwrap(),
            ];
            assert_eq!(tail.fit.n_exceedances, 30);
            for (a, b) in found.iter().zip(expected) {
                assert!((a - b).abs() < 1e-5 * b.abs(), "{found:?} {expected:?}");
            }
        }
    }

    #[test]
    fn an_exponential_tail_doubles_its_reach_with_the_square_of_the_rate() {
        // e^-y = 1/10 at ln 10, 1/100 at 2 ln 10.
        let tail = Tail {
            fit: TailFit {
                start: 1.0,
                n_exceedances: 10,
                scale: 2.0,
                shape: 0.0,
            },
            excess: vec![1.0; 10],
            share: 1.0,
        };
        assert!((tail.quantile(0.1) - (1.0 + 2.0 * 10.0_f64.ln())).abs() < 1e-12);
        assert!((tail.quantile(0.01) - (1.0 + 4.0 * 10.0_f64.ln())).abs() < 1e-12);
    }

    #[test]
    fn too_few_scores_or_ties_make_no_tail() {
        assert!(Tail::of(&pareto(19, 0.0)).is_none());
        assert!(Tail::of(&pareto(20, 0.0)).is_some());
        let mut tied = vec![1.0; 100];
        tied.extend([2.0; 9]);
        assert!(Tail::of(&tied).is_none());
    }

    #[test]
    fn a_tail_of_equal_excesses_is_still_a_tail() {
        let mut scores = vec![1.0; 100];
        scores.extend([2.0; 12]);
        let tail = Tail::of(&scores).unwrap();
        assert!(tail.quantile(1e-3).is_finite() && tail.fit.scale > 0.0);
    }
}
