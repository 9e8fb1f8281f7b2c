//! Regions to repair: how often, how large, from where.

use aesc_image::Image;
use aesc_noise::{
    Corruption, CorruptionConfig, Presentation, RepairConfig, RepairFill, RepairShape,
};

fn repair(config: RepairConfig) -> Corruption {
    CorruptionConfig::Repair(config).validate().unwrap()
}

fn at(index: u64) -> Presentation {
    Presentation { seed: 3, index }
}

fn textured() -> Image {
    let wave = |y: usize, x: usize, c: usize| {
        0.5 + 0.3 * ((x + 2 * c) as f32 / 5.0).sin() * (y as f32 / 7.0).cos()
    };
    Image::from_fn(96, 96, 3, wave).unwrap()
}

#[test]
fn the_share_left_clean_is_as_written() {
    let image = textured();
    let corruption = repair(RepairConfig {
        clean: 0.3,
        shapes: vec![RepairShape::Patch],
        ..RepairConfig::default()
    });
    let n_clean = (0..1000)
        .filter(|index| {
            let made = corruption.apply(&image, at(*index));
            assert!(made.image != image || !made.mask.any(), "{index}");
            made.image == image
        })
        .count();
    // 300 expected, standard deviation sqrt(1000 * 0.3 * 0.7) = 14.5; five of them, and a few
    // rectangles that lie off the frame or are filled with what was there.
    assert!((228..=400).contains(&n_clean), "{n_clean}");
}

#[test]
fn every_shape_with_every_fill_changes_what_it_masks_alone() {
    let image = textured();
    let source = Image::filled(96, 96, 3, 0.9).unwrap();
    for shape in RepairShape::ALL {
        for fill in RepairFill::ALL {
            let corruption = repair(RepairConfig {
                clean: 0.0,
                shapes: vec![shape],
                fills: vec![fill],
                opacity: [1.0, 1.0],
                softness: [0.0, 0.0],
                ..RepairConfig::default()
            });
            let (mut inside, mut changed) = (0_u32, 0_u32);
            for index in 0..40 {
                let made = corruption.apply_from(&image, std::slice::from_ref(&source), at(index));
                let pixels = made.image.data().chunks(3).zip(image.data().chunks(3));
                for ((new, old), masked) in pixels.zip(made.mask.data()) {
                    assert!(*masked || new == old, "{shape:?} {fill:?} {index}");
                    inside += u32::from(*masked);
                    changed += u32::from(*masked && new != old);
                }
            }
            assert!(inside > 400, "{shape:?} {fill:?}: {inside}");
            assert!(
                f64::from(changed) > 0.8 * f64::from(inside),
                "{shape:?} {fill:?}: {changed} of {inside}"
            );
        }
    }
}

#[test]
fn a_weak_opacity_moves_values_by_its_share_at_most() {
    let image = textured();
    let corruption = repair(RepairConfig {
        clean: 0.0,
        opacity: [0.0, 0.25],
        ..RepairConfig::default()
    });
    for index in 0..200 {
        let made = corruption.apply(&image, at(index)).image;
        let pairs = made.data().iter().zip(image.data());
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() <= 0.25 + 1e-6));
    }
}

#[test]
fn a_seamless_fill_is_of_the_tone_around_it_and_of_the_gradients_of_its_source() {
    let corruption = |fill| {
        repair(RepairConfig {
            clean: 0.0,
            fills: vec![fill],
            opacity: [1.0, 1.0],
            ..RepairConfig::default()
        })
    };
    let (foreign, seamless) = (RepairFill::Foreign, RepairFill::Seamless);
    let changed = |fill, image: &Image, source: &Image| {
        let corruption = corruption(fill);
        let n_changed = (0..40).filter(|index| {
            let made = corruption.apply_from(image, std::slice::from_ref(source), at(*index));
            let mut pairs = made.image.data().iter().zip(image.data());
            pairs.any(|(new, old)| (new - old).abs() > 0.02)
        });
        n_changed.count()
    };
    // A plain surface of another tone is not to be told from the image's own; fine stripes are.
    let plain = Image::filled(96, 96, 3, 0.4).unwrap();
    let lighter = Image::filled(96, 96, 3, 0.8).unwrap();
    let stripes = |_, x: usize, _| if x.is_multiple_of(4) { 0.9 } else { 0.7 };
    let stripes = Image::from_fn(96, 96, 3, stripes).unwrap();
    assert_eq!(changed(seamless, &plain, &lighter), 0);
    assert!(changed(foreign, &plain, &lighter) > 35);
    assert!(changed(seamless, &plain, &stripes) > 30);
}

#[test]
fn sources_of_another_shape_are_passed_over() {
    let image = textured();
    let corruption = repair(RepairConfig {
        clean: 0.0,
        fills: vec![RepairFill::Foreign],
        ..RepairConfig::default()
    });
    let other = [Image::filled(96, 97, 3, 0.9).unwrap()];
    let alike = [Image::filled(96, 96, 3, 0.9).unwrap()];
    let mut differs = 0;
    for index in 0..50 {
        let own = corruption.apply(&image, at(index));
        assert_eq!(own, corruption.apply_from(&image, &other, at(index)));
        differs += u32::from(own != corruption.apply_from(&image, &alike, at(index)));
    }
    assert!(differs > 40, "{differs}");
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let refused = |change: fn(&mut RepairConfig), field: &str| {
        let mut config = RepairConfig::default();
        change(&mut config);
        let error = CorruptionConfig::Repair(config).validate().unwrap_err();
        assert!(error.to_string().contains(field), "{error}");
    };
    refused(|c| c.clean = 1.1, "`clean`");
    refused(|c| c.shapes.clear(), "`shapes`");
    refused(|c| c.fills.clear(), "`fills`");
    refused(|c| c.size = [0.0, 0.2], "`size`");
    refused(|c| c.opacity = [0.5, 0.2], "`opacity`");
    refused(|c| c.softness = [0.0, f64::NAN], "`softness`");
}
