//! What AUPIMO needs of each map, kept while maps are read and dropped.
//!
//! Of a normal image that is every score, 4 bytes a pixel; of an anomalous one the scores inside
//! its mask, since those alone enter its overlap.

use aesc_eval::{Aupimo, EvalError, MapView, aupimo};
use aesc_image::{Map, Mask};

/// The scores that matter, an entry an image.
#[derive(Debug, Default)]
pub(crate) struct Overlaps {
    normal: Vec<Vec<f32>>,
    inside: Vec<Vec<f32>>,
}

impl Overlaps {
    /// Takes an image in, where `within` is given of its pixels there alone. An anomalous one
    /// whose mask is empty (its defect lost in a smaller mask, say) has no overlap and takes no
    /// part.
    pub(crate) fn add(&mut self, map: Map, mask: &Mask, anomalous: bool, within: Option<&Mask>) {
        let counts = |at: usize| within.is_none_or(|within| within.data()[at]);
        if !anomalous {
            let mut scores = map.into_data();
            let mut at = 0;
            scores.retain(|_| {
                at += 1;
                counts(at - 1)
            });
            self.normal.push(scores);
            return;
        }
        let pixels = map.data().iter().zip(mask.data()).enumerate();
        let inside: Vec<f32> = pixels
            .filter(|(at, (_, defect))| **defect && counts(*at))
            .map(|(_, (score, _))| *score)
            .collect();
        if !inside.is_empty() {
            self.inside.push(inside);
        }
    }

    /// AUPIMO of the images taken in.
    pub(crate) fn aupimo(&self) -> Result<Aupimo, EvalError> {
        let longest = |images: &[Vec<f32>]| images.iter().map(Vec::len).max().unwrap_or(0);
        let outside = vec![false; longest(&self.normal)];
        let inside = vec![true; longest(&self.inside)];
        let normal = self.normal.iter().map(|scores| row(scores, &outside));
        let anomalous = self.inside.iter().map(|scores| row(scores, &inside));
        aupimo(&normal.chain(anomalous).collect::<Vec<_>>())
    }
}

/// An image in one row, under as much of a uniform mask as it needs.
fn row<'a>(scores: &'a [f32], mask: &'a [bool]) -> MapView<'a> {
    MapView {
        height: 1,
        width: scores.len(),
        scores,
        mask: &mask[..scores.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that jump about in 0..1000.
    fn map(height: usize, seed: usize) -> Map {
        let value = |i: usize| ((i * 7919 + seed * 104_729) % 1000) as f32;
        let values = (0..height * 400).map(value).collect();
        Map::new(height, 400, values).unwrap()
    }

    #[test]
    fn what_is_kept_gives_the_aupimo_of_the_whole_maps() {
        let mut overlaps = Overlaps::default();
        let mut images = Vec::new();
        for (height, defect) in [(200, 0), (100, 50), (150, 0), (120, 400)] {
            let mut map = map(height, defect);
            let mut mask = Mask::filled(height, 400, false).unwrap();
            for i in 0..defect {
                mask.data_mut()[3 * i + 7] = true;
                map.data_mut()[3 * i + 7] += (i % 4) as f32 * 300.0;
            }
            overlaps.add(map.clone(), &mask, defect > 0, None);
            images.push((map, mask));
        }
        let views: Vec<MapView<'_>> = images
            .iter()
            .map(|(map, mask)| MapView {
                height: map.height(),
                width: map.width(),
                scores: map.data(),
                mask: mask.data(),
            })
            .collect();
        let (kept, whole) = (overlaps.aupimo().unwrap(), aupimo(&views).unwrap());
        assert!((kept.mean - whole.mean).abs() < 1e-15);
        assert!(whole.mean > 0.1 && whole.mean < 0.9, "{}", whole.mean);
        assert_eq!(
            kept.quartiles.map(f64::to_bits),
            whole.quartiles.map(f64::to_bits)
        );
    }

    #[test]
    fn pixels_outside_a_region_of_interest_count_for_nothing() {
        let (normal, anomalous) = (map(300, 1), map(300, 2));
        let mut mask = Mask::filled(300, 400, false).unwrap();
        mask.data_mut()[80_000..80_500].fill(true);
        let mut whole = Overlaps::default();
        whole.add(normal.clone(), &mask, false, None);
        whole.add(anomalous.clone(), &mask, true, None);
        // Around the same pixels a wall of normal ones that outdo every defect, left out.
        let (mut higher, mut larger) = (normal.into_data(), anomalous.into_data());
        higher.resize(400 * 400, 5000.0);
        larger.resize(400 * 400, 5000.0);
        let mut wide_mask = Mask::filled(400, 400, true).unwrap();
        wide_mask.data_mut()[..120_000].copy_from_slice(mask.data());
        let mut within = Mask::filled(400, 400, false).unwrap();
        within.data_mut()[..120_000].fill(true);
        let wide = |data: Vec<f32>| Map::new(400, 400, data).unwrap();
        let mut cut = Overlaps::default();
        cut.add(wide(higher), &wide_mask, false, Some(&within));
        cut.add(wide(larger), &wide_mask, true, Some(&within));
        assert_eq!(cut.aupimo().unwrap(), whole.aupimo().unwrap());
    }
}
