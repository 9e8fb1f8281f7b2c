//! What holds for every corruption, image and presentation.

use std::thread;

use aesc_image::Image;
use aesc_noise::{
    Corruption, CorruptionConfig, GaussianConfig, MixConfig, MixPart, Presentation, StainConfig,
};
use proptest::prelude::*;

fn preset(name: &str) -> Corruption {
    CorruptionConfig::named(name).unwrap().validate().unwrap()
}

fn any_preset() -> impl Strategy<Value = Corruption> {
    prop::sample::select(&CorruptionConfig::NAMES[..]).prop_map(preset)
}

fn any_presentation() -> impl Strategy<Value = Presentation> {
    (any::<u64>(), any::<u64>()).prop_map(|(seed, index)| Presentation { seed, index })
}

/// Images of 1 x 1 to 48 x 48, values on 0..=1 with both ends.
fn any_image() -> impl Strategy<Value = Image> {
    let shape = (
        1..=48_usize,
        1..=48_usize,
        prop::sample::select(&[1_usize, 3][..]),
    );
    shape.prop_flat_map(|(height, width, channels)| {
        let value = prop_oneof![Just(0.0_f32), Just(1.0), 0.0..1.0_f32];
        prop::collection::vec(value, height * width * channels)
            .prop_map(move |data| Image::new(height, width, channels, data).unwrap())
    })
}

fn white(image: &Image) -> Image {
    Image::filled(image.height(), image.width(), image.channels(), 1.0).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn same_presentation_gives_the_same_bits_on_any_thread(
        corruption in any_preset(), image in any_image(), presentation in any_presentation(),
    ) {
        let here = corruption.apply(&image, presentation);
        let there = thread::scope(|scope| {
            scope.spawn(|| corruption.apply(&image, presentation)).join().unwrap()
        });
        prop_assert_eq!(&here, &there);
        let mut in_place = image;
        let mask = corruption.apply_in_place(&mut in_place, presentation);
        prop_assert_eq!((here.image, here.mask), (in_place, mask));
    }

    #[test]
    fn values_stay_in_range_and_shapes_stay(
        corruption in any_preset(), image in any_image(), presentation in any_presentation(),
    ) {
        let corrupted = corruption.apply(&image, presentation);
        prop_assert!(corrupted.image.same_shape(&image));
        prop_assert_eq!(corrupted.mask.height(), image.height());
        prop_assert_eq!(corrupted.mask.width(), image.width());
        prop_assert!(corrupted.image.data().iter().all(|value| (0.0..=1.0).contains(value)));
    }

    #[test]
    fn extreme_sizes_stay_in_range(
        size in [0.0..=1.0_f64, 0.0..=1.0], irregularity in 0.0..=1.0, blur in 0.0..=1.0,
        image in any_image(), presentation in any_presentation(),
    ) {
        let size = [size[0].min(size[1]), size[0].max(size[1])];
        let config = StainConfig { size, irregularity, blur, ..StainConfig::default() };
        let corruption = CorruptionConfig::Stain(config).validate().unwrap();
        let corrupted = corruption.apply(&image, presentation);
        prop_assert!(corrupted.image.data().iter().all(|value| (0.0..=1.0).contains(value)));
    }

    #[test]
    fn another_index_or_seed_is_another_corruption(
        name in prop::sample::select(&CorruptionConfig::NAMES[1..9]),
        seed in any::<u64>(), index in 0..u64::MAX,
    ) {
        let image = Image::filled(64, 64, 1, 0.5).unwrap();
        let corrupted = |seed, index| preset(name).apply(&image, Presentation { seed, index });
        let first = corrupted(seed, index);
        prop_assert_ne!(&first, &corrupted(seed, index + 1));
        prop_assert_ne!(&first, &corrupted(seed ^ 1, index));
    }

    #[test]
    fn pixels_that_black_and_white_keep_are_kept_bit_for_bit(
        name in prop::sample::select(&["stain", "stain-blur", "scratch", "drops"][..]),
        image in any_image(), presentation in any_presentation(),
    ) {
        let corruption = preset(name);
        let mut black = white(&image);
        black.data_mut().fill(0.0);
        let black = corruption.apply(&black, presentation).image;
        let white = corruption.apply(&white(&image), presentation).image;
        let corrupted = corruption.apply(&image, presentation).image;
        for (i, value) in corrupted.data().iter().enumerate() {
            if black.data()[i] == 0.0 && white.data()[i] == 1.0 {
                prop_assert_eq!(value.to_bits(), image.data()[i].to_bits());
            }
        }
    }

    #[test]
    fn masked_pixels_have_changed_and_the_mask_ignores_the_image(
        name in prop::sample::select(&["stain", "stain-blur", "drops"][..]),
        image in any_image(), presentation in any_presentation(),
    ) {
        // No grain of these presets reaches white: 220 + 5 * 3.57 < 255.
        let white = white(&image);
        let on_white = preset(name).apply(&white, presentation);
        let pixels = on_white.image.data().chunks(image.channels());
        for (pixel, inside) in pixels.zip(on_white.mask.data()) {
            prop_assert!(!inside || pixel.iter().all(|&value| value < 1.0));
        }
        prop_assert_eq!(preset(name).apply(&image, presentation).mask, on_white.mask);
    }
}

#[test]
fn none_changes_nothing() {
    let image = Image::from_fn(5, 4, 3, |y, x, c| (y * 12 + x * 3 + c) as f32 / 60.0).unwrap();
    let corrupted = preset("none").apply(&image, Presentation { seed: 1, index: 2 });
    assert_eq!(corrupted.image, image);
    assert!(!corrupted.mask.any());
}

#[test]
fn tiny_images_are_corrupted_by_every_preset() {
    for name in CorruptionConfig::NAMES {
        for (height, width) in [(1, 1), (2, 5), (5, 2), (1, 300)] {
            for index in 0..50 {
                let image = Image::filled(height, width, 3, 1.0).unwrap();
                let corrupted = preset(name).apply(&image, Presentation { seed: 1, index });
                assert_eq!(corrupted.mask.height(), height, "{name}");
            }
        }
    }
}

#[test]
fn parts_are_drawn_as_often_as_written() {
    let parts = [(0.6, CorruptionConfig::None {}), (0.4, gaussian(0.1))];
    let parts = parts.map(|(probability, corruption)| MixPart {
        probability,
        corruption,
    });
    let mix = CorruptionConfig::Mix(MixConfig {
        parts: parts.into(),
    })
    .validate()
    .unwrap();
    let image = Image::filled(1, 1, 1, 0.5).unwrap();
    let is_noisy = |index: &u64| {
        mix.apply(
            &image,
            Presentation {
                seed: 1,
                index: *index,
            },
        )
        .mask
        .any()
    };
    let n_noisy = (0..10_000).filter(is_noisy).count();
    // 4000 expected, standard deviation sqrt(10000 * 0.4 * 0.6) = 49; four of them.
    assert!((3804..=4196).contains(&n_noisy), "{n_noisy}");
}

#[test]
fn a_part_of_probability_zero_is_never_drawn() {
    let parts = [
        (0.0, gaussian(0.1)),
        (1.0, CorruptionConfig::None {}),
        (0.0, gaussian(0.2)),
    ];
    let parts = parts.map(|(probability, corruption)| MixPart {
        probability,
        corruption,
    });
    let mix = CorruptionConfig::Mix(MixConfig {
        parts: parts.into(),
    })
    .validate()
    .unwrap();
    let image = Image::filled(1, 1, 1, 0.5).unwrap();
    assert!((0..1000).all(|index| {
        !mix.apply(&image, Presentation { seed: 1, index })
            .mask
            .any()
    }));
}

fn gaussian(std: f64) -> CorruptionConfig {
    CorruptionConfig::Gaussian(GaussianConfig { std })
}

#[test]
fn corruptions_may_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&preset("mix-structural"));
}
