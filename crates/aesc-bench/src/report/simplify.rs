//! Lines with fewer points that look the same (Douglas and Peucker, 1973).

/// The points that a line needs so that it stays within `tolerance` of every given point.
///
/// Both ends stay. `tolerance` is in the points' own unit; so are distances.
pub(super) fn simplified(points: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
    let n = points.len();
    if n < 3 {
        return points.to_vec();
    }
    let mut keep = vec![false; n];
    keep[0] = true;
    keep[n - 1] = true;
    let mut spans = vec![(0, n - 1)];
    while let Some((first, last)) = spans.pop() {
        let inner = first + 1..last;
        let far = |i: &usize| distance(points[*i], points[first], points[last]);
        let furthest = inner.max_by(|a, b| far(a).total_cmp(&far(b)));
        if let Some(i) = furthest.filter(|i| far(i) > tolerance) {
            keep[i] = true;
            spans.extend([(first, i), (i, last)]);
        }
    }
    let kept = points.iter().zip(keep);
    kept.filter_map(|(point, keep)| keep.then_some(*point))
        .collect()
}

/// From a point to the segment between `a` and `b`.
fn distance(p: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let squared = dx * dx + dy * dy;
    let along = (p[0] - a[0]) * dx + (p[1] - a[1]) * dy;
    // Equal ends: any share of the way is the same point.
    let share = if squared > 0.0 {
        (along / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (p[0] - a[0] - share * dx).hypot(p[1] - a[1] - share * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_a_straight_line_go_and_corners_stay() {
        let line = [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [2.0, 5.0], [2.0, 9.0]];
        assert_eq!(simplified(&line, 0.1), [[0.0, 0.0], [2.0, 2.0], [2.0, 9.0]]);
        assert_eq!(simplified(&line[..2], 0.1), line[..2]);
    }

    #[test]
    fn every_point_stays_within_the_tolerance_of_the_line() {
        let wave: Vec<[f64; 2]> = (0..400)
            .map(|i| f64::from(i) / 4.0)
            .map(|x| [x, 20.0 * (x / 9.0).sin() + (x * 7.0).cos() * 0.3])
            .collect();
        let few = simplified(&wave, 0.5);
        assert!((10..200).contains(&few.len()), "{}", few.len());
        for point in &wave {
            let nearest = few.windows(2).map(|w| distance(*point, w[0], w[1]));
            let nearest = nearest.fold(f64::INFINITY, f64::min);
            assert!(nearest <= 0.5 + 1e-9, "{point:?} is {nearest} off");
        }
    }

    #[test]
    fn a_line_that_returns_to_its_start_keeps_its_furthest_point() {
        let loop_ = [[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]];
        assert_eq!(simplified(&loop_, 1.0), loop_);
    }
}
