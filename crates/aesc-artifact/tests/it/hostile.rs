//! Damaged model files: an error or a usable model, never a panic, never memory without bound.

use std::path::Path;
use std::sync::OnceLock;

use aesc_artifact::{
    Manifest, ModelFile, NamedTensor, NetworkConfig, Provenance, TensorFile, TrainConfig,
    TrainRecord,
};
use proptest::prelude::*;

use crate::mutation::{changed, changes};
use crate::peak::peak;

/// Reading holds at most this many times the file's length, and [`SMALL`] bytes: the file, its
/// tensors, and the header parsed.
const TIMES: usize = 64;
/// What is allocated whatever the file.
const SMALL: usize = 64 << 10;

/// The bytes of a good model file, and where its header ends.
fn good() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let network = NetworkConfig {
            depth: 2,
            width: 1,
            ..NetworkConfig::default()
        };
        let plan = network.plan(3).unwrap();
        let filled = |spec: aesc_artifact::TensorSpec| NamedTensor {
            data: vec![0.25; spec.shape.iter().product()],
            name: spec.name,
            shape: spec.shape,
        };
        let model = ModelFile {
            tensors: plan.tensors().into_iter().map(filled).collect(),
            manifest: Manifest {
                network,
                preprocess: aesc_data::PreprocessConfig::default(),
                score: aesc_detect::ScoreConfig::default(),
                calibration: aesc_detect::Calibration::max_clean(&[1.0, 2.0], &[0.5, 0.25]).ok(),
                roi: None,
                train: TrainRecord {
                    config: TrainConfig::default(),
                    corruption: aesc_noise::CorruptionConfig::default(),
                    n_train: 8,
                    n_validation: 2,
                    kept_step: 125,
                    validation_psnr_db: 30.0,
                },
                provenance: Provenance::default(),
            },
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.aesc.safetensors");
        model.write(&path).unwrap();
        std::fs::read(path).unwrap()
    })
}

/// Bytes up to the first tensor's.
fn header_length() -> usize {
    let (prefix, _) = good().split_first_chunk::<8>().unwrap();
    8 + u64::from_le_bytes(*prefix) as usize
}

/// Reads `bytes` in every way there is; gives the model where it is one.
fn read(path: &Path, bytes: &[u8]) -> Option<ModelFile> {
    std::fs::write(path, bytes).unwrap();
    let (model, most) = peak(|| {
        let _ = (Manifest::read(path), TensorFile::read(path));
        ModelFile::read(path)
    });
    let bound = TIMES * bytes.len() + SMALL;
    assert!(
        most <= bound,
        "{most} bytes held for a file of {}",
        bytes.len()
    );
    model.ok()
}

/// What a model that was read promises: a plan, kernels for it, finite values.
fn is_usable(model: &ModelFile) {
    let plan = model.manifest.plan().unwrap();
    let kernels = plan.kernels(&model.tensors).unwrap();
    assert_eq!(kernels.len(), plan.levels.len());
    assert!(
        model
            .tensors
            .iter()
            .all(|t| t.data.iter().all(|v| v.is_finite()))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_anywhere_is_an_error_or_a_usable_model(changes in changes()) {
        let folder = tempfile::tempdir().unwrap();
        if let Some(model) = read(&folder.path().join("m"), &changed(good(), &changes)) {
            is_usable(&model);
        }
    }

    #[test]
    fn damage_to_a_header_of_the_right_length_is_an_error_or_a_usable_model(changes in changes()) {
        let (header, tensors) = good().split_at(header_length());
        let header = changed(&header[8..], &changes);
        let length = (header.len() as u64).to_le_bytes();
        let bytes = [&length[..], &header, tensors].concat();
        let folder = tempfile::tempdir().unwrap();
        if let Some(model) = read(&folder.path().join("m"), &bytes) {
            is_usable(&model);
        }
    }
}

#[test]
fn the_undamaged_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    is_usable(&read(&folder.path().join("m"), good()).unwrap());
}

/// A file with a header of our choice and `n` bytes behind it.
fn with_header(header: &str, n: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + n, 0);
    bytes
}

#[test]
fn shapes_and_offsets_beyond_all_memory_allocate_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m");
    for (shape, offsets) in [
        ("[18446744073709551615]", "[0,4]"),
        ("[4294967296,4294967296,4294967296]", "[0,4]"),
        ("[1]", "[0,18446744073709551615]"),
        ("[1]", "[18446744073709551612,4]"),
        ("[1]", "[4,0]"),
        ("[0]", "[0,0]"),
    ] {
        let header =
            format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#);
        assert!(
            read(&path, &with_header(&header, 4)).is_none(),
            "{shape} {offsets}"
        );
    }
}

#[test]
fn a_header_nested_without_end_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let header = "[".repeat(500_000);
    assert!(read(&folder.path().join("m"), &with_header(&header, 0)).is_none());
}

#[test]
fn a_header_of_more_than_a_mebibyte_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m");
    std::fs::write(&path, with_header(&" ".repeat((1 << 20) + 1), 0)).unwrap();
    let (read, most) = peak(|| ModelFile::read(&path).map(|_| ()));
    assert!(
        read.unwrap_err()
            .to_string()
            .contains("a header of 1048577 bytes")
    );
    assert!(most < SMALL, "{most}");
}
