//! Reconstructions of fixed networks against PyTorch's (`tests/golden/reconstruct.py`).

use std::collections::BTreeMap;

use aesc_artifact::{
    Manifest, ModelFile, NamedTensor, NetworkConfig, NetworkKind, Provenance, RunConfig,
    TensorSpec, TrainRecord,
};
use aesc_detect::McDropout;
use aesc_image::Image;
use aesc_model::{Device, Reconstructor};

/// The values that `reconstruct.py` writes into tensor number `index`.
fn tensor((index, spec): (usize, TensorSpec)) -> NamedTensor {
    let (scale, shift) = match spec.name.split_once('.').map(|(_, part)| part) {
        Some("bn.weight") => (0.5, 1.0),
        Some("bn.running_var") => (0.4, 0.5),
        _ => (0.1, 0.0),
    };
    let n: usize = spec.shape.iter().product();
    let step = |i: usize| ((i * 7919 + index * 104_729) % 2001) as f64 - 1000.0;
    let value = |i| (shift + scale * (step(i) / 1000.0)) as f32;
    NamedTensor {
        name: spec.name,
        shape: spec.shape,
        data: (0..n).map(value).collect(),
    }
}

fn model(kind: NetworkKind) -> ModelFile {
    let mut config = RunConfig {
        network: NetworkConfig {
            kind,
            depth: 3,
            width: 4,
            ..NetworkConfig::default()
        },
        ..RunConfig::default()
    };
    (config.data.height, config.data.width) = (16, 24);
    let plan = config.validate().unwrap();
    let train = TrainRecord {
        config: config.train,
        corruption: config.corruption,
        n_train: 2,
        n_validation: 1,
        kept_step: 1,
        validation_psnr_db: 0.0,
    };
    let manifest = Manifest {
        network: config.network,
        preprocess: config.data,
        score: config.score,
        calibration: None,
        roi: None,
        train,
        provenance: Provenance::default(),
    };
    ModelFile {
        manifest,
        tensors: plan.tensors().into_iter().enumerate().map(tensor).collect(),
    }
}

/// Twelve images over three threads, and over fewer images than threads.
#[test]
fn a_batch_shared_out_is_each_image_alone_in_its_place() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(3)
        .build()
        .unwrap();
    let image = |k: usize, sides: (usize, usize)| {
        let value =
            |y: usize, x: usize, c: usize| ((y * 31 + x * 17 + c * 7 + k * 53) % 256) as f32;
        Image::from_fn(sides.0, sides.1, 3, |y, x, c| value(y, x, c) / 255.0).unwrap()
    };
    pool.install(|| {
        let network = Reconstructor::new(&model(NetworkKind::Aesc), Device::Cpu).unwrap();
        let mc = McDropout {
            samples: 3,
            ..McDropout::default()
        };
        for n in [2, 4, 12] {
            let images: Vec<_> = (0..n).map(|k| image(k, (16, 24))).collect();
            let together = network.clean(&images).unwrap();
            let sampled = network.sample(&images, &mc).unwrap();
            assert_eq!((together.len(), sampled.len()), (n, n));
            for (k, one) in images.iter().enumerate() {
                let one = std::slice::from_ref(one);
                let alone = &network.clean(one).unwrap()[0];
                assert!(gap(together[k].data(), alone.data()) < 1e-5, "{k} of {n}");
                let alone = &network.sample(one, &mc).unwrap()[0];
                assert!(
                    gap(sampled[k].variance.data(), alone.variance.data()) < 1e-6,
                    "{k}"
                );
            }
        }
        let mixed: Vec<_> = (0..6).map(|k| image(k, (16, 24 + k / 3))).collect();
        assert!(network.clean(&mixed).is_err());
    });
}

fn gap(a: &[f32], b: &[f32]) -> f32 {
    let gaps = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    gaps.fold(0.0, f32::max)
}

#[test]
fn reconstructions_are_pytorchs_to_1e_5() {
    let golden = include_str!("../golden/reconstruct.json");
    let golden: BTreeMap<String, Vec<f64>> = serde_json::from_str(golden).unwrap();
    let value = |y: usize, x: usize, c: usize| ((y * 31 + x * 17 + c * 7) % 256) as f32 / 255.0;
    let image = Image::from_fn(16, 24, 3, value).unwrap();
    for kind in NetworkKind::ALL {
        let network = Reconstructor::new(&model(kind), Device::Cpu).unwrap();
        let found = network.clean(std::slice::from_ref(&image)).unwrap();
        let found = found[0].data().iter().step_by(101);
        let expected = &golden[kind.name()];
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.zip(expected) {
            assert!((f64::from(*a) - b).abs() < 1e-5, "{}: {a} {b}", kind.name());
        }
    }
}
