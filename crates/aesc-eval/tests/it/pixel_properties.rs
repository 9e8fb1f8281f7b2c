//! The pixel metrics against the brute force of their definitions, and what must not change them.

use aesc_eval::{
    Accumulator, MapView, Ranking, aupimo, aupro, auroc, average_precision, f1_max, fpr_at_tpr,
    label_regions, pixel_metrics, pro_curve,
};
use proptest::prelude::*;

use crate::oracle;
use crate::properties::{close, passes_through, rising_map, score};

#[derive(Debug, Clone)]
struct Image {
    height: usize,
    width: usize,
    scores: Vec<f32>,
    mask: Vec<bool>,
}

impl Image {
    fn view(&self) -> MapView<'_> {
        let Self {
            height,
            width,
            scores,
            mask,
        } = self;
        MapView {
            height: *height,
            width: *width,
            scores,
            mask,
        }
    }
}

fn image() -> impl Strategy<Value = Image> {
    let sides = (1_usize..9, 1_usize..9, prop_oneof![Just(0.0), 0.05..0.95]);
    sides.prop_flat_map(|(height, width, density)| {
        let pixels = height * width;
        let scores = proptest::collection::vec(score(), pixels);
        let mask = proptest::collection::vec(proptest::bool::weighted(density), pixels);
        let image = move |(scores, mask)| Image {
            height,
            width,
            scores,
            mask,
        };
        (scores, mask).prop_map(image)
    })
}

/// Images that hold both classes.
fn images() -> impl Strategy<Value = Vec<Image>> {
    proptest::collection::vec(image(), 1..5).prop_filter("both classes", |images| {
        let mut pixels = images.iter().flat_map(|image| &image.mask);
        pixels.clone().any(|&inside| inside) && pixels.any(|&inside| !inside)
    })
}

fn views(images: &[Image]) -> Vec<MapView<'_>> {
    images.iter().map(Image::view).collect()
}

proptest! {
    #[test]
    fn regions_follow_a_flood_fill(image in image()) {
        let found = label_regions(&image.mask, image.height, image.width).unwrap();
        let mut expected = vec![0; image.mask.len()];
        let regions = oracle::regions(&image.mask, image.height, image.width);
        for (number, region) in (1..).zip(&regions) {
            for &pixel in region {
                expected[pixel] = number;
            }
        }
        prop_assert_eq!(found.labels, expected);
        let areas: Vec<u64> = regions.iter().map(|region| region.len() as u64).collect();
        prop_assert_eq!(found.areas, areas);
    }

    #[test]
    fn pixel_metrics_follow_their_definitions(images in images(), limit in 0.01..1.0) {
        let views = views(&images);
        let metrics = pixel_metrics(&views, &[limit, 1.0]).unwrap();
        prop_assert!(close(metrics.aupro[0].1, oracle::aupro(&views, limit)));
        prop_assert!(close(metrics.aupro[1].1, oracle::aupro(&views, 1.0)));
        let scores: Vec<f32> = images.iter().flat_map(|image| image.scores.clone()).collect();
        let mask: Vec<bool> = images.iter().flat_map(|image| image.mask.clone()).collect();
        prop_assert_eq!(metrics.auroc, auroc(&scores, &mask).unwrap());
        prop_assert_eq!(metrics.ap, average_precision(&scores, &mask).unwrap());
        prop_assert_eq!(metrics.f1_max, f1_max(&scores, &mask).unwrap());
        prop_assert_eq!(metrics.fpr_at_95tpr, fpr_at_tpr(&scores, &mask, 0.95).unwrap());
        let n_anomalous = mask.iter().filter(|&&inside| inside).count() as u64;
        prop_assert_eq!(metrics.anomalous_pixels, n_anomalous);
        prop_assert_eq!(metrics.normal_pixels, mask.len() as u64 - n_anomalous);
    }

    #[test]
    fn maps_one_at_a_time_and_all_at_once_agree(images in images()) {
        let mut accumulator = Accumulator::new();
        for image in &images {
            accumulator.push(&image.view()).unwrap();
        }
        let streamed = accumulator.finish().unwrap().metrics(&[0.3]).unwrap();
        prop_assert_eq!(streamed, pixel_metrics(&views(&images), &[0.3]).unwrap());
    }

    #[test]
    fn a_rising_map_of_the_maps_changes_nothing(images in images()) {
        let scores: Vec<f32> = images.iter().flat_map(|image| image.scores.clone()).collect();
        let map = rising_map(&scores);
        let mut mapped = images.clone();
        for score in mapped.iter_mut().flat_map(|image| &mut image.scores) {
            *score = map(*score);
        }
        let before = Ranking::of_images(&views(&images)).unwrap();
        let after = Ranking::of_images(&views(&mapped)).unwrap();
        prop_assert_eq!(after.auroc(), before.auroc());
        prop_assert_eq!(after.aupro(0.3), before.aupro(0.3));
    }

    #[test]
    fn the_order_of_images_does_not_matter(images in images()) {
        let mut turned = images.clone();
        turned.reverse();
        let before = pixel_metrics(&views(&images), &[0.3]).unwrap();
        let after = pixel_metrics(&views(&turned), &[0.3]).unwrap();
        prop_assert_eq!(after.auroc, before.auroc);
        prop_assert!(close(after.aupro[0].1, before.aupro[0].1));
    }

    #[test]
    fn the_pro_curve_passes_through_all_points_and_encloses_the_aupro(images in images()) {
        let views = views(&images);
        let curve = pro_curve(&views).unwrap();
        for point in oracle::pro_points(&views) {
            prop_assert!(passes_through(&curve, point), "{point:?} in {curve:?}");
        }
        let area: f64 = curve.windows(2)
            .map(|pair| (pair[1].x - pair[0].x) * (pair[0].y + pair[1].y) / 2.0).sum();
        prop_assert!(close(area, aupro(&views, 1.0).unwrap()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn aupimo_follows_the_integral(
        tops in (
            proptest::collection::vec(0_u8..60, 0..12),
            proptest::collection::vec(0_u8..60, 0..12),
        ),
        inside in proptest::collection::vec(-5_i8..60, 1..20),
    ) {
        // Two normal images of unlike size, zero but for a few high pixels.
        let normal = [(120_000, tops.0), (70_000, tops.1)].map(|(pixels, top)| {
            let mut scores = vec![0.0; pixels];
            for (score, &high) in scores.iter_mut().step_by(977).zip(&top) {
                *score = f32::from(high);
            }
            scores
        });
        let (none, all) = (vec![false; 120_000], vec![true; inside.len()]);
        let defect: Vec<f32> = inside.iter().map(|&score| f32::from(score)).collect();
        let view = |scores, mask| MapView { height: 1, width: <[f32]>::len(scores), scores, mask };
        let normal = [view(&normal[0][..], &none[..]), view(&normal[1], &none[..70_000])];
        let anomalous = view(&defect, &all);
        let found = aupimo(&[normal[0], anomalous, normal[1]]).unwrap();
        let expected = oracle::aupimo(&normal, &anomalous);
        prop_assert!((found.per_image[0].1 - expected).abs() < 1e-9, "{found:?}, {expected}");
    }
}
