//! Away from training: exported graphs, and predictions by tract, with a model made by libtorch.

use std::path::{Path, PathBuf};

use aesc_artifact::{ModelFile, TensorFile};

use crate::{Workbench, json, ok, run, text};

/// A copy of the tiny model and its vectors in the bench's folder.
pub(crate) fn tiny(bench: &Workbench) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures");
    for name in ["tiny.aesc.safetensors", "tiny.vectors.safetensors"] {
        std::fs::copy(fixtures.join(name), bench.at(name)).unwrap();
    }
    bench.at("tiny.aesc.safetensors")
}

/// Changes the vectors beside the tiny model.
fn change_vectors(bench: &Workbench, change: impl Fn(&mut TensorFile)) {
    let path = bench.at("tiny.vectors.safetensors");
    let mut file = TensorFile::read(&path).unwrap();
    change(&mut file);
    file.write(&path).unwrap();
}

#[test]
fn an_export_is_compared_with_the_model_and_leaves_vectors_beside_it() {
    let bench = Workbench::new();
    let (model, onnx) = (tiny(&bench), bench.at("out/tiny.onnx"));
    let args = ["export", text(&model), "--onnx", text(&onnx), "--json"];
    let found = json(&ok(&args));
    assert!(
        found["max_abs_difference"].as_f64().unwrap() <= 1e-4,
        "{found}"
    );
    assert_eq!(
        (&found["n_images"], &found["opset"]),
        (&2.into(), &17.into())
    );
    assert!(
        found["compared_with"]
            .as_str()
            .unwrap()
            .starts_with("libtorch ")
    );
    assert_eq!(
        std::fs::metadata(&onnx).unwrap().len(),
        found["bytes"].as_u64().unwrap()
    );
    let vectors = TensorFile::read(bench.at("out/tiny.vectors.safetensors")).unwrap();
    assert_eq!(vectors.tensors[0].name, "image");
    assert_eq!(vectors.tensors[1].name, "reconstruction");
    assert!(
        vectors
            .tensors
            .iter()
            .all(|tensor| tensor.shape == [2, 3, 32, 32])
    );
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(stderr.contains("--force"), "{stderr}");
    ok(&[
        "export",
        text(&model),
        "--onnx",
        text(&onnx),
        "--force",
        "--n-images",
        "1",
    ]);
}

#[test]
fn a_graph_of_its_models_name_shares_the_models_vectors() {
    let bench = Workbench::new();
    let (model, onnx) = (tiny(&bench), bench.at("tiny.onnx"));
    let kept = std::fs::read(bench.at("tiny.vectors.safetensors")).unwrap();
    ok(&[
        "export",
        text(&model),
        "--onnx",
        text(&onnx),
        "--n-images",
        "1",
    ]);
    assert_eq!(
        std::fs::read(bench.at("tiny.vectors.safetensors")).unwrap(),
        kept
    );
}

#[test]
fn a_graph_that_differs_from_the_model_is_exit_22_and_is_not_written() {
    let bench = Workbench::new();
    let (model, onnx) = (tiny(&bench), bench.at("tiny.onnx"));
    let mut args = vec!["export", text(&model), "--onnx", text(&onnx)];
    if cfg!(feature = "libtorch") {
        // No two runtimes add in the same order.
        args.extend(["--tolerance", "0"]);
    } else {
        change_vectors(&bench, |file| file.tensors[1].data[7] += 0.01);
    }
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 22, "{stderr}");
    assert!(
        stderr.contains("not written: the graph differs"),
        "{stderr}"
    );
    assert!(!onnx.exists());
}

#[test]
fn vectors_of_another_model_and_vectors_that_are_none_are_exit_4() {
    let bench = Workbench::new();
    let (model, onnx) = (tiny(&bench), bench.at("tiny.onnx"));
    let args = ["export", text(&model), "--onnx", text(&onnx)];
    let mut other = ModelFile::read(&model).unwrap();
    other.tensors[0].data[0] += 0.5;
    other.write(&model).unwrap();
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 4);
    assert!(stderr.contains("expected vectors of weights"), "{stderr}");
    tiny(&bench);
    change_vectors(&bench, |file| file.metadata.clear());
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 4);
    assert!(stderr.contains("expected test vectors"), "{stderr}");
    assert!(!onnx.exists());
}

#[test]
fn a_new_threshold_leaves_the_vectors_valid() {
    let bench = Workbench::new();
    let (path, onnx) = (tiny(&bench), bench.at("tiny.onnx"));
    let mut model = ModelFile::read(&path).unwrap();
    model.manifest.calibration.as_mut().unwrap().threshold *= 2.0;
    model.write(&path).unwrap();
    ok(&["export", text(&path), "--onnx", text(&onnx)]);
}

#[test]
fn a_model_without_vectors_is_exported_where_libtorch_is_there_to_compare_with() {
    let bench = Workbench::new();
    let (model, onnx) = (tiny(&bench), bench.at("tiny.onnx"));
    std::fs::remove_file(bench.at("tiny.vectors.safetensors")).unwrap();
    let args = ["export", text(&model), "--onnx", text(&onnx)];
    let with_images = [&args[..], &["--images", text(&bench.category)]].concat();
    if cfg!(feature = "libtorch") {
        ok(&args);
        assert_eq!(
            json(&ok(&[&with_images[..], &["--force", "--json"]].concat()))["n_images"],
            8
        );
    } else {
        let (code, _, stderr) = run(&args);
        assert_eq!(code, 4);
        assert!(
            stderr.contains("no test vectors: put what training wrote"),
            "{stderr}"
        );
        assert_eq!(run(&with_images).0, 5);
    }
}

#[test]
fn a_backend_that_is_not_there_is_exit_5() {
    let bench = Workbench::new();
    let (model, out) = (tiny(&bench), bench.at("out"));
    let args = [
        "predict",
        text(&model),
        text(&bench.category),
        "--out",
        text(&out),
        "--backend",
    ];
    let (code, _, stderr) = run(&[&args[..], &["tract", "--device", "cuda"]].concat());
    assert_eq!(code, 5);
    assert!(stderr.contains("tract computes on the cpu"), "{stderr}");
    if cfg!(not(feature = "libtorch")) {
        let (code, _, stderr) = run(&[&args[..], &["libtorch"]].concat());
        assert_eq!(code, 5);
        assert!(stderr.contains("built without libtorch"), "{stderr}");
    }
    assert!(!out.exists());
}

/// Maps and decisions of the sample's test images by a backend.
#[cfg(feature = "libtorch")]
fn predicted(bench: &Workbench, model: &Path, backend: &str) -> Vec<(aesc_image::Map, String)> {
    let (test, out) = (bench.category.join("test"), bench.at(backend));
    let args = [
        "predict",
        text(model),
        text(&test),
        "--out",
        text(&out),
        "--device",
        "cpu",
    ];
    ok(&[&args[..], &["--backend", backend]].concat());
    let rows = std::fs::read_to_string(out.join("results.jsonl")).unwrap();
    let found = rows.lines().map(|row| {
        let row = json(row);
        let name = Path::new(row["path"].as_str().unwrap())
            .strip_prefix(&test)
            .unwrap();
        let map = out.join("maps").join(name).with_extension("tiff");
        let map = aesc_data::read_map_tiff(map, &aesc_data::Limits::default()).unwrap();
        (map, row["decision"].as_str().unwrap().to_owned())
    });
    found.collect()
}

#[cfg(feature = "libtorch")]
#[test]
fn tract_gives_the_maps_of_libtorch_and_decides_alike_by_every_strategy() {
    let bench = Workbench::new();
    let path = tiny(&bench);
    let before = ModelFile::read(&path).unwrap();
    for strategy in [
        aesc_detect::Strategy::Residual,
        aesc_detect::Strategy::Uncertainty,
    ] {
        let mut model = before.clone();
        model.manifest.score = before.manifest.score.by(strategy);
        model.manifest.score.mc_dropout.samples = 4;
        if strategy == aesc_detect::Strategy::Uncertainty {
            let scores = scores_of_two(&bench, &model);
            let calibration = aesc_detect::Calibration::max_clean(&scores, &scores);
            let between = f64::midpoint(scores[0], scores[1]);
            model.manifest.calibration = Some(aesc_detect::Calibration {
                threshold: between,
                ..calibration.unwrap()
            });
        }
        model.write(&path).unwrap();
        let (expected, found) = (
            predicted(&bench, &path, "libtorch"),
            predicted(&bench, &path, "tract"),
        );
        std::fs::remove_dir_all(bench.at("libtorch")).unwrap();
        std::fs::remove_dir_all(bench.at("tract")).unwrap();
        assert!(
            expected.iter().any(|(_, decision)| decision == "NOK"),
            "{strategy:?}"
        );
        let largest = expected
            .iter()
            .flat_map(|(map, _)| map.data())
            .copied()
            .fold(0.0, f32::max);
        for ((a, decision), (b, other)) in expected.iter().zip(&found) {
            let pairs = a.data().iter().zip(b.data());
            let gap = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(
                gap <= 1e-4 * largest.min(1.0),
                "{strategy:?}: {gap} of {largest}"
            );
            assert_eq!(decision, other);
        }
    }
}

/// Scores of the first two test images, by tract.
#[cfg(feature = "libtorch")]
fn scores_of_two(bench: &Workbench, model: &ModelFile) -> Vec<f64> {
    let backend = aesc_onnx::Reconstructor::new(model).unwrap();
    let listed = aesc_data::list_images(&[bench.category.join("test")]).unwrap();
    let paths: Vec<PathBuf> = listed.into_iter().take(2).map(|image| image.path).collect();
    let limits = aesc_data::Limits::default();
    let images = aesc_data::load_all(&paths, &model.manifest.preprocess, &limits, |_| ());
    let detector = aesc_detect::Detector::new(backend, model.manifest.score.clone()).unwrap();
    let found = detector.detect(&images.unwrap()).unwrap();
    found.iter().map(|detection| detection.score).collect()
}
