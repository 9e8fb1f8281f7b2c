//! What AUPIMO needs of each map, kept while maps are read and dropped.
//!
//! Of a normal image that is every score, 4 bytes a pixel; of an anomalous one the scores inside
//! its mask, since those alone enter its overlap.

use aesc_eval::{Aupimo, EvalError, MapView, aupimo};
use aesc_image::{Map, Mask};

/// The scores that matter, an entry an image.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    normal: Vec<Vec<f32>>,
    inside: Vec<Vec<f32>>,
}

impl Overlaps {
    /// Takes an image in. An anomalous one whose mask is empty (its defect lost in a smaller
    /// mask, say) has no overlap and takes no part.
    pub(super) fn add(&mut self, map: Map, mask: &Mask, anomalous: bool) {
        if !anomalous {
            self.normal.push(map.into_data());
            return;
        }
        let pixels = map.data().iter().zip(mask.data());
        let inside: Vec<f32> = pixels.filter(|(_, m)| **m).map(|(s, _)| *s).collect();
        if !inside.is_empty() {
            self.inside.push(inside);
        }
    }

    /// AUPIMO of the images taken in.
    pub(super) fn aupimo(&self) -> Result<Aupimo, EvalError> {
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
            overlaps.add(map.clone(), &mask, defect > 0);
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
}
