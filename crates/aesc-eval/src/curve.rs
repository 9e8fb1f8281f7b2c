//! Curves as data: points in the order of a falling threshold, without those a plot cannot show.

use serde::Serialize;

/// One point of a ROC, PR or PRO curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Samples that score this or more count as anomalous. Infinite at the start of ROC and PRO
    /// (nothing does), `f32::MIN` where everything does.
    pub threshold: f32,
    /// False-positive rate (ROC, PRO) or recall (PR), 0..=1.
    pub x: f64,
    /// True-positive rate (ROC), precision (PR) or per-region overlap (PRO), 0..=1.
    pub y: f64,
}

/// Collects points and drops each that lies on the straight line between its neighbours.
#[derive(Debug)]
pub(crate) struct Thinning<P, F> {
    points: Vec<P>,
    between: F,
}

impl<P: Copy, F: Fn(P, P, P) -> bool> Thinning<P, F> {
    /// `between(a, b, c)` tells whether b lies on the line from a to c.
    pub(crate) fn new(between: F) -> Self {
        Self {
            points: Vec::new(),
            between,
        }
    }

    pub(crate) fn push(&mut self, point: P) {
        if let [.., a, b] = self.points[..]
            && (self.between)(a, b, point)
        {
            self.points.pop();
        }
        self.points.push(point);
    }

    pub(crate) fn into_points(self) -> Vec<P> {
        self.points
    }
}

/// Whether b repeats a coordinate of both neighbours, so that it lies on an upright or level line.
pub(crate) fn on_axis(a: CurvePoint, b: CurvePoint, c: CurvePoint) -> bool {
    #[expect(
        clippy::float_cmp,
        reason = "equal fractions of equal counts are equal numbers"
    )]
    let same = |p: f64, q: f64, r: f64| p == q && q == r;
    same(a.x, b.x, c.x) || same(a.y, b.y, c.y)
}

/// At most `max_points` points of a curve, ends included, spread evenly along its length
/// (|dx| + |dy|). Points are picked, never moved; a shorter curve comes back whole.
///
/// ```
/// use aesc_eval::{CurvePoint, thin_curve};
/// let at = |x: f64| CurvePoint { threshold: 0.0, x, y: 0.0 };
/// let curve = [at(0.0), at(0.1), at(0.2), at(0.5), at(0.9), at(1.0)];
/// assert_eq!(thin_curve(&curve, 3), [at(0.0), at(0.5), at(1.0)]);
/// ```
pub fn thin_curve(points: &[CurvePoint], max_points: usize) -> Vec<CurvePoint> {
    if points.len() <= max_points.max(2) {
        return points.to_vec();
    }
    let step = |pair: &[CurvePoint]| (pair[1].x - pair[0].x).abs() + (pair[1].y - pair[0].y).abs();
    let total: f64 = points.windows(2).map(step).sum();
    let spacing = total / (max_points.max(2) - 1) as f64;
    let mut kept = vec![points[0]];
    let mut length = 0.0;
    for pair in points.windows(2).take(points.len() - 2) {
        length += step(pair);
        let room = kept.len() + 1 < max_points;
        if room && length >= spacing * kept.len() as f64 {
            kept.push(pair[1]);
        }
    }
    kept.extend(points.last());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, y: f64) -> CurvePoint {
        CurvePoint {
            threshold: 0.0,
            x,
            y,
        }
    }

    #[test]
    fn points_on_a_level_or_upright_line_are_dropped() {
        let mut thinning = Thinning::new(on_axis);
        for point in [
            at(0.0, 0.0),
            at(0.0, 0.5),
            at(0.0, 1.0),
            at(0.5, 1.0),
            at(1.0, 1.0),
        ] {
            thinning.push(point);
        }
        assert_eq!(
            thinning.into_points(),
            [at(0.0, 0.0), at(0.0, 1.0), at(1.0, 1.0)]
        );
    }

    #[test]
    fn a_short_curve_comes_back_whole() {
        let curve = [at(0.0, 0.0), at(0.3, 0.9), at(1.0, 1.0)];
        assert_eq!(thin_curve(&curve, 3), curve);
        assert_eq!(thin_curve(&[], 3), []);
        assert_eq!(thin_curve(&curve, 0), [curve[0], curve[2]]);
    }

    #[test]
    fn thinning_keeps_within_the_limit_and_both_ends() {
        let curve: Vec<_> = (0..=100).map(|i| at(f64::from(i) / 100.0, 0.5)).collect();
        for limit in [2, 3, 7, 100] {
            let thinned = thin_curve(&curve, limit);
            assert_eq!(thinned.len(), limit);
            assert_eq!((thinned[0], thinned[limit - 1]), (curve[0], curve[100]));
        }
    }
}
