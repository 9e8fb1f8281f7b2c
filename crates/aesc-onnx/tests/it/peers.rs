//! The exported file in ONNX's own checker, ONNX Runtime and OpenVINO.
//!
//! `ONNX_PYTHON` names a Python that has the packages; what it lacks is skipped, with a line that
//! says so.

use std::process::Command;

use aesc_artifact::{Look, NamedTensor, TensorFile};
use aesc_onnx::{INPUT, OUTPUT, SECOND, SEGMENTATION, export};

use crate::models::{every, noise, of};
use crate::written_out;

/// Checks one file with one package; prints `skip: why` where the package is absent.
const CHECK: &str = r#"
import sys
package, onnx_path, vectors_path = sys.argv[1:]
try:
    import numpy as np
    if package == "onnx":
        import onnx
    elif package == "onnxruntime":
        import onnxruntime
    else:
        import openvino
except ImportError as error:
    print(f"skip: {error}")
    sys.exit(0)
import json, struct
raw = open(vectors_path, "rb").read()
(size,) = struct.unpack("<Q", raw[:8])
header, body = json.loads(raw[8:8 + size]), raw[8 + size:]
def tensor(name):
    begin, end = header[name]["data_offsets"]
    return np.frombuffer(body[begin:end], "<f4").reshape(header[name]["shape"])
image = tensor("image")
names = [name for name in header if name not in ("image", "__metadata__")]
expected = [tensor(name) for name in names]
if package == "onnx":
    model = onnx.load(onnx_path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    assert model.opset_import[0].version >= 17
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert json.loads({e.key: e.value for e in model.metadata_props}["aesc.preprocess"])["height"] == image.shape[2]
    sys.exit(0)
def run(batch):
    if package == "onnxruntime":
        session = onnxruntime.InferenceSession(onnx_path, providers=["CPUExecutionProvider"])
        return session.run(names, {"image": batch})
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(onnx_path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    made = compiled({"image": batch})
    return [made[compiled.output(name)] for name in names]
for n in (len(image), 1):
    for name, found, wanted in zip(names, run(image[:n]), expected):
        gap = float(np.abs(found - wanted[:n]).max())
        assert gap < 1e-4, f"{package} {name}: {gap}"
"#;

/// Every network, some with sides to be padded, in one package.
fn check(package: &str) {
    let Some(python) = std::env::var_os("ONNX_PYTHON") else {
        eprintln!("skipped: ONNX_PYTHON names no Python with {package}");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let sides = [(16, 24), (16, 16), (13, 21)].into_iter().cycle();
    for (network, sides) in every().into_iter().zip(sides) {
        let looks = network.looks();
        let model = of(network.clone(), sides);
        let (onnx, vectors) = (
            folder.path().join("m.onnx"),
            folder.path().join("v.safetensors"),
        );
        std::fs::write(&onnx, export(&model).unwrap()).unwrap();
        let images = [noise(1, sides), noise(2, sides)];
        let mut tensors = vec![nchw(INPUT, &images)];
        for &look in looks {
            let name = match look {
                Look::First => OUTPUT,
                Look::Second => SECOND,
                Look::Segment => SEGMENTATION,
            };
            let made = images.each_ref();
            let made = made.map(|image| written_out::looked(&model, image, look));
            tensors.push(nchw(name, &made));
        }
        let file = TensorFile {
            tensors,
            ..TensorFile::default()
        };
        file.write(&vectors).unwrap();
        let mut command = Command::new(&python);
        let output = command
            .args(["-c", CHECK, package])
            .arg(&onnx)
            .arg(&vectors)
            .output();
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", python.display()));
        let told = String::from_utf8_lossy(&output.stdout);
        if let Some(reason) = told.trim().strip_prefix("skip: ") {
            eprintln!("skipped: {reason}");
            return;
        }
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{package} {network:?}: {error}");
    }
}

fn nchw(name: &str, images: &[aesc_image::Image]) -> NamedTensor {
    let (h, w, c) = (images[0].height(), images[0].width(), images[0].channels());
    let value = |i: usize| images[i / (c * h * w)].at(i / w % h, i % w, i / (h * w) % c);
    NamedTensor {
        name: name.to_owned(),
        shape: vec![images.len(), c, h, w],
        data: (0..images.len() * c * h * w).map(value).collect(),
    }
}

#[test]
fn onnx_finds_nothing_wrong_with_the_file() {
    check("onnx");
}

#[test]
fn onnx_runtime_reconstructs_the_same_at_batch_1_and_2() {
    check("onnxruntime");
}

#[test]
fn openvino_reconstructs_the_same_at_batch_1_and_2() {
    check("openvino");
}
