//! Images put together of tiles, by backends that do next to nothing.

use proptest::prelude::*;

use super::*;

/// Gives back what it gets, each tile lifted by as much as its own mean.
struct Lifting(f32);

impl Reconstruct for Lifting {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        let lifted = |image: &Image| {
            let mean = image.data().iter().sum::<f32>() / image.data().len() as f32;
            let mut lifted = image.clone();
            lifted
                .data_mut()
                .iter_mut()
                .for_each(|v| *v += self.0 * mean);
            lifted
        };
        Ok(images.iter().map(lifted).collect())
    }
}

const GRID: TileGrid = TileGrid {
    height: 8,
    width: 12,
    overlap_px: 3,
};

proptest! {
    #[test]
    fn every_pixel_is_covered_and_neighbours_overlap(side in 1_usize..200, overlap_px in 0_usize..11) {
        let grid = TileGrid { overlap_px, ..GRID };
        let starts = grid.starts(side, 12);
        prop_assert_eq!(starts[0], 0);
        let last = starts[starts.len() - 1];
        prop_assert!(last + 12 == side || (side < 12 && last == 0));
        for pair in starts.windows(2) {
            prop_assert!(pair[0] < pair[1] && pair[0] + 12 >= pair[1] + overlap_px);
        }
    }

    #[test]
    fn tiles_of_an_image_make_the_image_again(height in 1_usize..40, width in 1_usize..40) {
        let value = |y: usize, x: usize, c: usize| ((y * 7 + x * 3 + c) % 11) as f32 / 11.0;
        let image = Image::from_fn(height, width, 3, value).unwrap();
        let whole = Tiled::new(Lifting(0.0), GRID).reconstruct(std::slice::from_ref(&image)).unwrap();
        prop_assert!(whole[0].same_shape(&image));
        for (a, b) in whole[0].data().iter().zip(image.data()) {
            prop_assert!((a - b).abs() < 1e-6);
        }
    }
}

#[test]
fn tiles_that_disagree_leave_no_seam() {
    // A ramp from 0 to 1 over 40 columns: tiles begin 7 columns apart, so that their means are
    // 7/40 apart, which the blend spreads over the three columns of the overlap.
    let image = Image::from_fn(8, 40, 1, |_, x, _| x as f32 / 40.0).unwrap();
    let whole = Tiled::new(Lifting(1.0), GRID)
        .reconstruct(&[image])
        .unwrap();
    let row = &whole[0].data()[..40];
    let steps: Vec<f32> = row.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Cut hard, the step at a seam would be 1/40 + 7/40; a third of the 7/40 may be left.
    let largest = steps.iter().copied().fold(0.0, f32::max);
    assert!(largest <= 1.0 / 40.0 + 7.0 / 40.0 / 3.0, "{largest}");
    assert!(steps.iter().all(|step| *step > 0.0));
}

#[test]
fn an_image_smaller_than_a_tile_is_mirrored_and_cut_back() {
    let image = Image::new(1, 3, 1, vec![0.1, 0.2, 0.3]).unwrap();
    let tile = GRID.cut(&image, (0, 0)).unwrap();
    assert_eq!(tile.data()[..5], [0.1, 0.2, 0.3, 0.2, 0.1]);
    let whole = Tiled::new(Lifting(0.0), GRID)
        .reconstruct(std::slice::from_ref(&image))
        .unwrap();
    assert_eq!(whole[0].data().len(), 3);
}

#[test]
fn all_that_is_seen_is_put_together() {
    struct Dark;
    impl Reconstruct for Dark {
        fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
            Lifting(0.0).reconstruct(images)
        }

        fn looks_again(&self) -> bool {
            true
        }

        fn look(&self, images: &[Image]) -> Result<Vec<Observation>, BackendError> {
            let dark = |image: &Image| {
                let (h, w) = (image.height(), image.width());
                Ok(Observation {
                    second: Some(Image::filled(h, w, image.channels(), 0.25)?),
                    segmentation: Some(Map::new(h, w, vec![0.75; h * w])?),
                    ..Observation::of(image.clone())
                })
            };
            images.iter().map(dark).collect()
        }

        fn sample(&self, images: &[Image], _: &McDropout) -> Result<Vec<Sampled>, BackendError> {
            let thinned = |image: &Image| {
                let (h, w) = (image.height(), image.width());
                Ok(Sampled {
                    reconstruction: image.clone(),
                    variance: Map::new(h, w, vec![0.5; h * w])?,
                })
            };
            images.iter().map(thinned).collect()
        }
    }
    let near = |values: &[f32], to: f32| values.iter().all(|v| (v - to).abs() < 1e-6);
    let image = Image::filled(20, 30, 3, 0.5).unwrap();
    let seen = |mc: Option<&McDropout>, image: &Image| {
        let tiled = Tiled::new(Dark, GRID);
        crate::observe(&tiled, std::slice::from_ref(image), mc)
            .unwrap()
            .remove(0)
    };
    for mc in [None, Some(&McDropout::default())] {
        let seen = seen(mc, &image);
        assert!(seen.reconstruction.same_shape(&image));
        assert!(near(seen.reconstruction.data(), 0.5));
        assert!(near(seen.second.unwrap().data(), 0.25));
        let p = seen.segmentation.unwrap();
        assert_eq!((p.height(), p.width()), (20, 30));
        assert!(near(p.data(), 0.75));
        assert_eq!(seen.variance.is_some(), mc.is_some());
        assert!(seen.variance.is_none_or(|map| near(map.data(), 0.5)));
    }
    let once = Tiled::new(Lifting(0.0), GRID);
    let seen = &crate::observe(&once, &[image], None).unwrap()[0];
    assert!(!once.looks_again() && seen.second.is_none() && seen.segmentation.is_none());
}

#[test]
fn a_backend_that_gives_other_shapes_is_told() {
    struct Small;
    impl Reconstruct for Small {
        fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
            Ok(vec![Image::filled(1, 1, 1, 0.0)?; images.len()])
        }
    }
    let image = Image::filled(8, 12, 1, 0.0).unwrap();
    let error = Tiled::new(Small, GRID).reconstruct(&[image]).unwrap_err();
    assert_eq!(error.to_string(), "expected 96 values, found 1");
}
