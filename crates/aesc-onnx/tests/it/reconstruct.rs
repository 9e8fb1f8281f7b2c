//! The backend against the network written out.

use aesc_artifact::{Look, NetworkKind};
use aesc_detect::{McDropout, Reconstruct};
use aesc_onnx::Reconstructor;

use crate::models::{every, gap, looking_again, model, noise, of};
use crate::written_out;

/// Sides that divide by 8 and sides that must be padded, one of them less than half a margin.
const SIDES: [(usize, usize); 4] = [(16, 24), (13, 21), (8, 3), (1, 1)];

#[test]
fn every_network_equals_the_one_written_out_at_any_size() {
    for network in every() {
        let model = of(network.clone(), (16, 24));
        let backend = Reconstructor::new(&model).unwrap();
        for sides in SIDES {
            let image = noise(7, sides);
            let found = backend.clean(std::slice::from_ref(&image)).unwrap();
            let gap = gap(&found[0], &written_out::clean(&model, &image));
            assert!(gap < 1e-5, "{network:?} {sides:?}: {gap}");
        }
    }
}

#[test]
fn every_look_equals_the_one_written_out_and_is_another() {
    for network in looking_again() {
        let model = of(network.clone(), (16, 24));
        let backend = Reconstructor::new(&model).unwrap();
        assert!(backend.looks_again());
        for sides in SIDES {
            let images = [noise(7, sides), noise(8, sides)];
            let found = backend.looks(&images).unwrap();
            let seen = backend.look(&images).unwrap();
            assert_eq!((found.len(), seen.len()), (2, 2));
            for ((image, found), seen) in images.iter().zip(&found).zip(&seen) {
                assert_eq!(found.len(), network.looks().len());
                for (look, made) in network.looks().iter().zip(found) {
                    let expected = written_out::looked(&model, image, *look);
                    assert!(
                        gap(made, &expected) < 1e-5,
                        "{network:?} {look:?} {sides:?}"
                    );
                }
                assert_eq!(seen.reconstruction, found[0]);
                if let Some(second) = &seen.second {
                    assert!(gap(second, &found[0]) > 1e-4 && *second == found[1]);
                }
                let segments = network.looks().contains(&Look::Segment);
                assert_eq!(seen.segmentation.is_some(), segments);
            }
        }
    }
    let once = Reconstructor::new(&model(NetworkKind::Aesc, (16, 16))).unwrap();
    let seen = once.look(&[noise(1, (16, 16))]).unwrap();
    assert!(!once.looks_again() && seen[0].second.is_none());
}

#[test]
fn variance_over_dropout_equals_one_thinned_network_after_the_other() {
    let mc = McDropout {
        samples: 5,
        seed: 11,
        rates: Some(vec![0.0, 0.3, 0.5]),
    };
    for network in every() {
        let model = of(network.clone(), (16, 24));
        let backend = Reconstructor::new(&model).unwrap();
        for sides in [(16, 24), (13, 21)] {
            let image = noise(3, sides);
            let expected = written_out::variance(&model, &image, &mc);
            let found = &backend.sample(std::slice::from_ref(&image), &mc).unwrap()[0];
            let largest = expected.iter().copied().fold(0.0, f64::max);
            assert!(largest > 0.0);
            for (expected, found) in expected.iter().zip(found.variance.data()) {
                let gap = (expected - f64::from(*found)).abs();
                assert!(
                    gap < 1e-4 * largest,
                    "{network:?} {sides:?}: {gap} of {largest}"
                );
            }
            let plain = backend.clean(std::slice::from_ref(&image)).unwrap();
            assert_eq!(found.reconstruction, plain[0]);
        }
    }
}

#[test]
fn an_image_means_the_same_alone_and_in_a_batch() {
    let model = model(NetworkKind::Aesc, (16, 16));
    let backend = Reconstructor::new(&model).unwrap();
    let images: Vec<_> = (0..5).map(|seed| noise(seed, (16, 16))).collect();
    let together = backend.clean(&images).unwrap();
    for (image, together) in images.iter().zip(&together) {
        assert_eq!(
            backend.clean(std::slice::from_ref(image)).unwrap()[0],
            *together
        );
    }
    assert!(backend.clean(&[]).unwrap().is_empty());
}

#[test]
fn images_that_do_not_fit_are_refused() {
    let model = model(NetworkKind::Ae, (16, 16));
    let backend = Reconstructor::new(&model).unwrap();
    let grey = aesc_image::Image::filled(16, 16, 1, 0.5).unwrap();
    let message = backend.clean(&[grey]).unwrap_err().to_string();
    assert_eq!(message, "expected images of 3 channel(s), found 1");
    let mixed = [noise(1, (16, 16)), noise(1, (16, 8))];
    let message = backend.clean(&mixed).unwrap_err().to_string();
    assert!(
        message.contains("[3, 16, 16]") && message.contains("[3, 16, 8]"),
        "{message}"
    );
}
