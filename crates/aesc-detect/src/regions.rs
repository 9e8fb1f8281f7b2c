//! Regions of a map: what lies over the threshold, in 8-connected pieces, and their measures.

use aesc_image::{Map, Mask};
use serde::Serialize;

/// A connected piece over the threshold. Places are pixel indices, (0, 0) the top left pixel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Region {
    /// Pixels in it.
    pub area_px: u64,
    /// Leftmost column of its box.
    pub x: usize,
    /// Top row of its box.
    pub y: usize,
    /// Columns of its box.
    pub w: usize,
    /// Rows of its box.
    pub h: usize,
    /// Mean column of its pixels.
    pub centroid_x: f64,
    /// Mean row of its pixels.
    pub centroid_y: f64,
    /// Largest map value in it.
    pub max: f64,
    /// Mean map value in it.
    pub mean: f64,
}

/// The regions of one map.
///
/// ```
/// use aesc_detect::Regions;
/// use aesc_image::Map;
/// let map = Map::new(2, 4, vec![0.0, 3.0, 0.0, 0.0, 5.0, 0.0, 0.0, 4.0])?;
/// let regions = Regions::of(&map, 1.0, 1);
/// let areas: Vec<u64> = regions.list().iter().map(|region| region.area_px).collect();
/// assert_eq!(areas, [2, 1]); // 3 and 5 touch by a corner; 4 stands alone
/// # Ok::<(), aesc_image::ShapeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    height: usize,
    width: usize,
    /// 0 outside, else the region's place in `list` from 1.
    labels: Vec<u32>,
    list: Vec<Region>,
}

impl Regions {
    /// The regions of pixels over `threshold` with at least `min_area_px` pixels, the one with the
    /// largest value first (of equal ones the first from the top).
    pub fn of(map: &Map, threshold: f64, min_area_px: u64) -> Self {
        let over = |value: &f32| f64::from(*value) > threshold;
        let mut free: Vec<bool> = map.data().iter().map(over).collect();
        let mut found = Vec::new();
        for start in 0..free.len() {
            if free[start] {
                let pixels = flood(&mut free, map.width(), start);
                if pixels.len() as u64 >= min_area_px {
                    found.push((measured(map, &pixels), pixels));
                }
            }
        }
        found.sort_by(|a, b| b.0.max.total_cmp(&a.0.max));
        let mut labels = vec![0; map.data().len()];
        for (label, (_, pixels)) in (1..).zip(&found) {
            for &pixel in pixels {
                labels[pixel] = label;
            }
        }
        Self {
            height: map.height(),
            width: map.width(),
            labels,
            list: found.into_iter().map(|(region, _)| region).collect(),
        }
    }

    /// The regions, the one with the largest value first.
    pub fn list(&self) -> &[Region] {
        &self.list
    }

    /// Height and width of the map.
    pub fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    /// The pixels of all regions.
    ///
    /// # Errors
    /// None for the regions of any map there is.
    pub fn mask(&self) -> Result<Mask, aesc_image::ShapeError> {
        let inside = self.labels.iter().map(|label| *label > 0).collect();
        Mask::new(self.height, self.width, inside)
    }

    /// A region as COCO stores it: lengths of alternate runs outside and inside, column by column.
    pub fn coco_runs(&self, index: usize) -> Vec<u64> {
        let Some(region) = self.list.get(index) else {
            return Vec::new();
        };
        let label = index as u32 + 1;
        let (mut runs, mut next) = (Vec::new(), 0);
        for x in region.x..region.x + region.w {
            for y in region.y..region.y + region.h {
                if self.labels[y * self.width + x] != label {
                    continue;
                }
                let place = x * self.height + y;
                match runs.last_mut() {
                    Some(run) if place == next => *run += 1,
                    _ => runs.extend([(place - next) as u64, 1]),
                }
                next = place + 1;
            }
        }
        let rest = self.height * self.width - next;
        runs.extend((rest > 0).then_some(rest as u64));
        runs
    }
}

/// Takes the connected piece around `start` out of `free`; indices of its pixels.
fn flood(free: &mut [bool], width: usize, start: usize) -> Vec<usize> {
    let height = free.len() / width;
    free[start] = false;
    let mut pixels = vec![start];
    let mut next = 0;
    while let Some(&pixel) = pixels.get(next) {
        let (y, x) = (pixel / width, pixel % width);
        for near_y in y.saturating_sub(1)..(y + 2).min(height) {
            for near_x in x.saturating_sub(1)..(x + 2).min(width) {
                let near = near_y * width + near_x;
                if free[near] {
                    free[near] = false;
                    pixels.push(near);
                }
            }
        }
        next += 1;
    }
    pixels
}

fn measured(map: &Map, pixels: &[usize]) -> Region {
    let (mut left, mut top, mut right, mut bottom) = (usize::MAX, usize::MAX, 0, 0);
    let (mut sum_x, mut sum_y, mut sum, mut max) = (0.0, 0.0, 0.0, f64::NEG_INFINITY);
    for &pixel in pixels {
        let (y, x) = (pixel / map.width(), pixel % map.width());
        let value = f64::from(map.data()[pixel]);
        (left, right) = (left.min(x), right.max(x));
        (top, bottom) = (top.min(y), bottom.max(y));
        sum_x += x as f64;
        sum_y += y as f64;
        sum += value;
        max = max.max(value);
    }
    let n = pixels.len() as f64;
    Region {
        area_px: pixels.len() as u64,
        x: left,
        y: top,
        w: right - left + 1,
        h: bottom - top + 1,
        centroid_x: sum_x / n,
        centroid_y: sum_y / n,
        max,
        mean: sum / n,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn measures_of_an_l_by_hand() {
        // Columns 1 and 1, 2 of rows 0 and 1: values 2; 4, 6.
        let map = Map::new(3, 4, vec![0., 2., 0., 0., 0., 4., 6., 0., 0., 0., 0., 0.]).unwrap();
        let regions = Regions::of(&map, 1.0, 1);
        let expected = Region {
            area_px: 3,
            x: 1,
            y: 0,
            w: 2,
            h: 2,
            centroid_x: 4.0 / 3.0,
            centroid_y: 2.0 / 3.0,
            max: 6.0,
            mean: 4.0,
        };
        assert_eq!(regions.list(), [expected]);
        // Column by column of three rows: 3 outside, (1, 0) and (1, 1), 2 more, (2, 1), the rest.
        assert_eq!(regions.coco_runs(0), [3, 2, 2, 1, 4]);
        assert_eq!(regions.mask().unwrap().count(), 3);
    }

    #[test]
    fn small_regions_are_left_out_of_list_and_mask() {
        let map = Map::new(1, 6, vec![9.0, 0.0, 2.0, 2.0, 0.0, 5.0]).unwrap();
        let regions = Regions::of(&map, 1.0, 2);
        assert_eq!(regions.list().len(), 1);
        assert_eq!(
            regions.mask().unwrap().data(),
            [false, false, true, true, false, false]
        );
        assert!(Regions::of(&map, 1.0, 3).list().is_empty());
    }

    #[test]
    fn a_value_at_the_threshold_is_outside() {
        let map = Map::new(1, 2, vec![1.0, 1.5]).unwrap();
        assert_eq!(Regions::of(&map, 1.0, 1).list()[0].x, 1);
    }

    /// Labels by handing the smallest index on to neighbours until nothing changes.
    fn slow_areas(over: &[bool], height: usize, width: usize) -> Vec<u64> {
        let mut owner: Vec<usize> = (0..over.len()).collect();
        loop {
            let before = owner.clone();
            for a in (0..over.len()).filter(|&a| over[a]) {
                for b in (0..over.len()).filter(|&b| over[b]) {
                    let (dy, dx) = (
                        (a / width).abs_diff(b / width),
                        (a % width).abs_diff(b % width),
                    );
                    if dy.max(dx) == 1 {
                        owner[a] = owner[a].min(owner[b]);
                    }
                }
            }
            if owner == before {
                break;
            }
        }
        let of = |first: usize| {
            (0..height * width)
                .filter(|&i| over[i] && owner[i] == first)
                .count()
        };
        let mut areas: Vec<u64> = (0..over.len())
            .filter(|&i| over[i] && owner[i] == i)
            .map(|i| of(i) as u64)
            .collect();
        areas.sort_unstable();
        areas
    }

    proptest! {
        #[test]
        fn areas_are_those_of_the_slow_twin(bits in prop::collection::vec(any::<bool>(), 30)) {
            let values = bits.iter().map(|&on| f32::from(u8::from(on))).collect();
            let regions = Regions::of(&Map::new(5, 6, values).unwrap(), 0.5, 1);
            let mut areas: Vec<u64> = regions.list().iter().map(|r| r.area_px).collect();
            areas.sort_unstable();
            prop_assert_eq!(areas, slow_areas(&bits, 5, 6));
        }

        #[test]
        fn coco_runs_draw_the_region_again(bits in prop::collection::vec(any::<bool>(), 30)) {
            let values = bits.iter().map(|&on| f32::from(u8::from(on))).collect();
            let regions = Regions::of(&Map::new(5, 6, values).unwrap(), 0.5, 1);
            let mut drawn = vec![false; 30];
            for index in 0..regions.list().len() {
                let runs = regions.coco_runs(index);
                prop_assert_eq!(runs.iter().sum::<u64>(), 30);
                let ends = runs.iter().scan(0, |end, run| { *end += run; Some(*end) });
                let ends: Vec<u64> = ends.collect();
                for pair in ends.chunks_exact(2) {
                    for place in pair[0]..pair[1] {
                        let (x, y) = (place as usize / 5, place as usize % 5);
                        drawn[y * 6 + x] = true;
                    }
                }
            }
            prop_assert_eq!(drawn, bits);
        }
    }
}
