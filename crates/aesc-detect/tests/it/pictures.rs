//! Overlays, heat maps and sheets of every shape a caller may come with.

use aesc_detect::{OverlayScale, bar_width, heat_map, overlay};
use aesc_image::{Image, Map};
use proptest::prelude::*;

proptest! {
    #[test]
    fn an_overlay_is_rgb_within_range_whatever_it_is_made_of(
        (height, width) in (1_usize..40, 1_usize..40),
        channels in prop::sample::select(vec![1_usize, 3]),
        level in -2.0_f32..3.0,
        value in -2.0_f32..9.0,
        threshold in -1.0_f64..9.0,
    ) {
        let image = Image::filled(height, width, channels, level).unwrap();
        let mut map = Map::filled(height, width, 0.0).unwrap();
        map.data_mut()[height * width / 2] = value;
        let scale = OverlayScale { max: 1.0, threshold };
        let drawn = overlay(&image, &map, &scale).unwrap();
        prop_assert_eq!((drawn.height(), drawn.channels()), (height, 3));
        prop_assert_eq!(drawn.width(), width + bar_width(width));
        prop_assert!(drawn.data().iter().all(|v| (0.0..=1.0).contains(v)));
    }

    #[test]
    fn the_scale_is_not_stretched_by_the_rest_of_the_map(value in 0.0_f32..0.5, peak in 0.0_f32..0.5) {
        // Two pixels too far apart for an outline to touch: the peak must not change the other.
        let image = Image::filled(1, 9, 1, 0.5).unwrap();
        let scale = OverlayScale { max: 0.5, threshold: 0.25 };
        let first_pixel = |last: f32| {
            let mut data = vec![0.0; 9];
            (data[0], data[8]) = (value, last);
            let map = Map::new(1, 9, data).unwrap();
            overlay(&image, &map, &scale).unwrap().pixel(0, 0).to_vec()
        };
        prop_assert_eq!(first_pixel(0.0), first_pixel(peak));
    }
}

#[test]
fn a_larger_value_shows_less_of_the_picture() {
    // The same map under a black and a white picture: what differs shines through.
    let values: Vec<f32> = (0_u8..=20).map(|i| f32::from(i) / 20.0).collect();
    let map = Map::new(1, 21, values).unwrap();
    let scale = OverlayScale {
        max: 0.9,
        threshold: 2.0,
    };
    let drawn = |level| {
        let image = Image::filled(1, 21, 1, level).unwrap();
        overlay(&image, &map, &scale).unwrap()
    };
    let (black, white) = (drawn(0.0), drawn(1.0));
    let shines: Vec<f32> = (0..21)
        .map(|x| white.at(0, x, 0) - black.at(0, x, 0))
        .collect();
    assert_eq!(shines[0], 1.0);
    for pair in shines.windows(2) {
        assert!(pair[1] <= pair[0] + 1e-6, "{shines:?}");
    }
}

#[test]
fn a_map_of_another_size_is_refused() {
    let image = Image::filled(4, 4, 3, 0.5).unwrap();
    let map = Map::filled(4, 5, 0.0).unwrap();
    let scale = OverlayScale {
        max: 1.0,
        threshold: 0.5,
    };
    assert_eq!(
        overlay(&image, &map, &scale).unwrap_err().to_string(),
        "map under an overlay: expected 4 x 4 x 1, found 4 x 5 x 1"
    );
}

#[test]
fn equal_values_have_equal_colours_in_any_heat_map() {
    let scale = OverlayScale {
        max: 1.0,
        threshold: 0.5,
    };
    let colour = |values: Vec<f32>| {
        let map = Map::new(1, values.len(), values).unwrap();
        heat_map(&map, &scale).unwrap().pixel(0, 0).to_vec()
    };
    assert_eq!(colour(vec![0.3, 0.9]), colour(vec![0.3, 0.1, 0.2]));
}
