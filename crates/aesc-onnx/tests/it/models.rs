//! Small models with random weights, and images.

use aesc_artifact::{
    Manifest, ModelFile, NamedTensor, NetworkConfig, NetworkInput, NetworkKind, Provenance,
    SecondLook, Segmentation, TensorSpec, TrainConfig, TrainRecord,
};
use aesc_image::Image;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// A network of depth 3 and width 4.
fn small(kind: NetworkKind) -> NetworkConfig {
    NetworkConfig {
        kind,
        depth: 3,
        width: 4,
        ..NetworkConfig::default()
    }
}

/// Several such networks: every way to look at an image more than once.
pub(crate) fn looking_again() -> Vec<NetworkConfig> {
    let several = |second, segment| NetworkConfig {
        second,
        segment,
        ..small(NetworkKind::Aesc)
    };
    vec![
        several(SecondLook::Ae, Segmentation::None),
        several(SecondLook::HighPass, Segmentation::None),
        several(SecondLook::None, Segmentation::Image),
        several(SecondLook::None, Segmentation::Residual),
        several(SecondLook::Ae, Segmentation::Residual),
        several(SecondLook::Ae, Segmentation::Both),
        several(SecondLook::HighPass, Segmentation::ResidualHighPass),
    ]
}

/// Every network that exports.
pub(crate) fn every() -> Vec<NetworkConfig> {
    let plain = NetworkKind::ALL.map(small);
    let high_pass = NetworkConfig {
        input: NetworkInput::HighPass,
        ..small(NetworkKind::Aesc)
    };
    let again = looking_again();
    plain.into_iter().chain([high_pass]).chain(again).collect()
}

/// A model of `kind`, depth 3 and width 4, for RGB images of `sides`; variances are positive.
pub(crate) fn model(kind: NetworkKind, sides: (usize, usize)) -> ModelFile {
    of(small(kind), sides)
}

/// The same of any network.
pub(crate) fn of(network: NetworkConfig, sides: (usize, usize)) -> ModelFile {
    let plan = network.plan(3).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let draw = |spec: TensorSpec| {
        let range = match spec.name.rsplit('.').next() {
            Some("running_var") => 0.2..0.5,
            Some("weight") => -0.3..0.3,
            _ => -0.1..0.1_f32,
        };
        let n = spec.shape.iter().product();
        NamedTensor {
            data: (0..n).map(|_| rng.random_range(range.clone())).collect(),
            name: spec.name,
            shape: spec.shape,
        }
    };
    let tensors = plan.tensors().into_iter().map(draw).collect();
    let preprocess = json!({ "height": sides.0, "width": sides.1, "channels": "rgb" });
    let manifest = Manifest {
        network,
        preprocess: serde_json::from_value(preprocess).unwrap(),
        score: serde_json::from_value(json!({})).unwrap(),
        calibration: None,
        roi: None,
        train: TrainRecord {
            config: TrainConfig::default(),
            corruption: serde_json::from_value(json!({ "kind": "none" })).unwrap(),
            n_train: 8,
            n_validation: 2,
            kept_step: 125,
            validation_psnr_db: 30.0,
        },
        provenance: Provenance::default(),
    };
    ModelFile { manifest, tensors }
}

/// An image of noise.
pub(crate) fn noise(seed: u64, (height, width): (usize, usize)) -> Image {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Image::from_fn(height, width, 3, |_, _, _| rng.random_range(0.0..1.0)).unwrap()
}

/// The largest difference of two images of one shape.
pub(crate) fn gap(a: &Image, b: &Image) -> f32 {
    assert!(a.same_shape(b));
    let pairs = a.data().iter().zip(b.data());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
