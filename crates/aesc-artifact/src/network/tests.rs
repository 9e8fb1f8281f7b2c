//! Shapes, parameters and costs against method section 3.

use super::*;

fn plan(channels: usize) -> NetworkPlan {
    NetworkConfig::default().plan(channels).unwrap()
}

#[test]
fn parameters_are_those_of_the_authors_network() {
    // The counts method section 3 gives for depth 6, width 16.
    assert_eq!(plan(3).parameters(), 8_736_515);
    assert_eq!(plan(1).parameters(), 8_734_913);
}

#[test]
fn concatenation_costs_the_parameters_of_section_3() {
    let unet = NetworkConfig {
        kind: NetworkKind::Unet,
        ..NetworkConfig::default()
    };
    let plan = unet.plan(3).unwrap();
    assert_eq!(plan.parameters(), 9_825_715);
    assert_eq!(
        plan.shapes(256, 256),
        super::tests::plan(3).shapes(256, 256)
    );
    // The added products: what each level after the first of the decoder reads twice.
    let added: usize = [
        (16, 256, 128),
        (32, 128, 64),
        (64, 64, 32),
        (128, 32, 16),
        (256, 16, 3),
    ]
    .map(|(side, skip, out)| side * side * skip * out * 25)
    .iter()
    .sum();
    let gap = plan.gmac(256, 256) - super::tests::plan(3).gmac(256, 256);
    assert!((gap - added as f64 / 1e9).abs() < 1e-9, "{gap}");
}

#[test]
fn a_unet_of_one_level_has_nothing_to_concatenate() {
    let config = |kind| NetworkConfig {
        kind,
        depth: 1,
        width: 4,
        ..NetworkConfig::default()
    };
    let count = |kind| config(kind).plan(1).unwrap().parameters();
    assert_eq!(count(NetworkKind::Unet), count(NetworkKind::Ae));
}

#[test]
fn shapes_follow_the_table_of_section_3() {
    let shapes = plan(3).shapes(256, 256);
    let expected = [
        [16, 128, 128],
        [32, 64, 64],
        [64, 32, 32],
        [128, 16, 16],
        [256, 8, 8],
        [512, 4, 4],
        [256, 8, 8],
        [128, 16, 16],
        [64, 32, 32],
        [32, 64, 64],
        [16, 128, 128],
        [3, 256, 256],
    ];
    assert_eq!(shapes, expected);
}

#[test]
fn cost_is_1_41_gmac_plain_and_0_69_in_phase_form() {
    assert_eq!(format!("{:.3}", plan(3).gmac(256, 256)), "1.409");
    assert_eq!(format!("{:.2}", plan(3).gmac_phase(256, 256)), "0.69");
}

#[test]
fn two_looks_are_two_networks() {
    let image = NetworkConfig::default();
    let high_pass = NetworkConfig {
        input: NetworkInput::HighPass,
        ..image.clone()
    };
    let ae = NetworkConfig {
        kind: NetworkKind::Ae,
        ..image.clone()
    };
    for (second, alone) in [(SecondLook::HighPass, high_pass), (SecondLook::Ae, ae)] {
        let both = NetworkConfig {
            second,
            ..image.clone()
        };
        let plan = |config: &NetworkConfig| config.plan(3).unwrap();
        assert_is_sum(&plan(&both), (&plan(&image), &plan(&alone)));
        assert_eq!(both.kind_of(Look::Second), alone.kind);
    }
    assert!(image.plan(3).unwrap().stack(Look::Second).is_empty());
}

#[test]
fn a_segmentation_is_a_network_of_one_channel_out() {
    for (second, n) in [(SecondLook::None, 1), (SecondLook::Ae, 2)] {
        for segment in [
            Segmentation::Image,
            Segmentation::Residual,
            Segmentation::Both,
            Segmentation::ResidualHighPass,
        ] {
            let config = NetworkConfig {
                second,
                segment,
                ..NetworkConfig::default()
            };
            let (plan, image) = (config.plan(3).unwrap(), plan(3));
            let channels = config.looks().iter().map(|look| plan.channels_of(*look));
            assert_eq!(channels.collect::<Vec<_>>(), [&[3, 3][..n], &[1]].concat());
            assert_eq!(plan.stack(Look::Segment), 12 * n..12 * (n + 1));
            assert_eq!(plan.levels[12 * n].name, "segment.enc1");
            // One network more, but for two channels of 5 x 5 kernels and biases over 16 channels;
            // what is shown both reads three more, what is shown the high pass one.
            let less = 2 * (16 * 25 + 1);
            let more = match segment {
                Segmentation::Both => 3,
                Segmentation::ResidualHighPass => 1,
                _ => 0,
            };
            assert_eq!(
                plan.parameters(),
                (n as u64 + 1) * image.parameters() - less + more * 16 * 25
            );
        }
    }
}

#[test]
fn what_the_looks_made_is_an_observation() {
    let image = |value, channels| aesc_image::Image::filled(2, 3, channels, value).unwrap();
    let config = NetworkConfig {
        second: SecondLook::Ae,
        segment: Segmentation::Residual,
        ..NetworkConfig::default()
    };
    let made = vec![image(0.1, 3), image(0.2, 3), image(0.3, 1)];
    let seen = config.observation(made.clone()).unwrap();
    assert_eq!(
        (&seen.reconstruction, seen.second.as_ref()),
        (&made[0], Some(&made[1]))
    );
    assert_eq!(seen.segmentation.unwrap().data(), made[2].data());
    let told =
        |made: &[aesc_image::Image]| config.observation(made.to_vec()).unwrap_err().to_string();
    assert_eq!(told(&made[..2]), "looks: expected 3 images, found 2");
    assert_eq!(told(&[]), "looks: expected 3 images, found 0");
    assert!(told(&[image(0.1, 3), image(0.2, 3), image(0.3, 3)]).contains("6 values"));
}

/// That `both` is the networks `image` and `fine`, the second with names of its own.
fn assert_is_sum(both: &NetworkPlan, (image, fine): (&NetworkPlan, &NetworkPlan)) {
    assert_eq!(both.parameters(), image.parameters() + fine.parameters());
    let apart = image.gmac(256, 256) + fine.gmac(256, 256);
    assert!((both.gmac(256, 256) - apart).abs() < 1e-9);
    assert_eq!(both.levels[both.stack(Look::First)], image.levels);
    let second = &both.levels[both.stack(Look::Second)];
    assert_eq!(second.len(), fine.levels.len());
    for (second, fine) in second.iter().zip(&fine.levels) {
        assert_eq!(second.name, format!("second.{}", fine.name));
        assert_eq!((second.input, second.output), (fine.input, fine.output));
    }
}

#[test]
fn other_sides_are_padded_up_to_a_multiple_of_the_latent() {
    assert_eq!(plan(1).padded(256, 640), (256, 640));
    assert_eq!(plan(1).padded(250, 1), (256, 64));
}

#[test]
fn depth_nine_is_refused_with_the_field() {
    let error = NetworkConfig {
        depth: 9,
        ..NetworkConfig::default()
    }
    .plan(3)
    .unwrap_err();
    assert_eq!(error.to_string(), "network.depth: expected 1..=8, found 9");
}

#[test]
fn tensors_hold_the_parameters_and_the_running_statistics() {
    let plan = plan(3);
    let values = |s: &TensorSpec| s.shape.iter().product::<usize>() as u64;
    let total: u64 = plan.tensors().iter().map(values).sum();
    let running: u64 = plan
        .tensors()
        .iter()
        .filter(|s| s.name.contains("running"))
        .map(values)
        .sum();
    assert_eq!(total - running, plan.parameters());
}
