//! The exported file as another program would read it.

use aesc_artifact::{Look, NetworkKind};
use aesc_onnx::{Reconstructor, Vectors, export, run};
use prost::Message;
use tract_onnx::pb::ModelProto;

use crate::models::{every, gap, looking_again, model, noise, of};

fn ops(proto: &ModelProto) -> Vec<String> {
    let graph = proto.graph.as_ref().unwrap();
    graph.node.iter().map(|node| node.op_type.clone()).collect()
}

#[test]
fn the_decoder_is_a_convolution_of_3x3_and_a_depth_to_space_a_level() {
    let bytes = export(&model(NetworkKind::Aesc, (16, 16))).unwrap();
    let proto = ModelProto::decode(bytes.as_slice()).unwrap();
    let down = ["Conv", "LeakyRelu"];
    let up = ["Conv", "LeakyRelu", "DepthToSpace", "Add"];
    let out = ["Conv", "Sigmoid", "DepthToSpace"];
    let expected = [&down[..], &down, &down, &up, &up, &out].concat();
    assert_eq!(ops(&proto), expected);
    let graph = proto.graph.unwrap();
    // dec1: 8 channels in 4 phases from 16; out: 3 channels in 4 phases from 4.
    let dims = |name: &str| {
        let constant = graph.initializer.iter().find(|one| one.name == name);
        constant.unwrap().dims.clone()
    };
    assert_eq!(dims("enc3.weight"), [16, 8, 5, 5]);
    assert_eq!(dims("dec1.weight"), [32, 16, 3, 3]);
    assert_eq!(dims("out.weight"), [12, 4, 3, 3]);
    assert_eq!(
        (graph.input.len(), graph.input[0].name.as_str()),
        (1, "image")
    );
    assert_eq!(graph.output[0].name, "reconstruction");
}

#[test]
fn a_model_has_an_output_for_each_look() {
    for network in looking_again() {
        let named = |look: &Look| match look {
            Look::First => "reconstruction",
            Look::Second => "reconstruction.second",
            Look::Segment => "segmentation",
        };
        let names: Vec<&str> = network.looks().iter().map(named).collect();
        let model = of(network, (13, 21));
        let proto = ModelProto::decode(export(&model).unwrap().as_slice()).unwrap();
        let graph = proto.graph.unwrap();
        let outputs: Vec<&str> = graph.output.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(outputs, names);
        let values = graph.node.iter().flat_map(|node| &node.output);
        let constants = graph.initializer.iter().map(|constant| &constant.name);
        let mut names: Vec<&String> = values.chain(constants).collect();
        let n_names = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), n_names);
    }
}

#[test]
fn vectors_of_every_network_are_read_as_they_were_written() {
    for network in every() {
        let model = of(network.clone(), (13, 21));
        let backend = Reconstructor::new(&model).unwrap();
        let images = vec![noise(1, (13, 21)), noise(2, (13, 21))];
        let vectors = Vectors {
            made: backend.looks(&images).unwrap(),
            images,
            made_by: "tract".to_owned(),
        };
        let mut file = vectors.to_file(&model);
        assert_eq!(Vectors::from_file(&file, &model).unwrap(), vectors);
        // Without what the last look gives, they are not this model's.
        let last = file.tensors.pop().unwrap();
        let told = Vectors::from_file(&file, &model).unwrap_err().to_string();
        assert!(told.contains(&last.name), "{told}");
    }
}

#[test]
fn the_model_files_entries_are_the_metadata() {
    let model = model(NetworkKind::Ae, (16, 16));
    let proto = ModelProto::decode(export(&model).unwrap().as_slice()).unwrap();
    let found: std::collections::BTreeMap<String, String> = proto
        .metadata_props
        .into_iter()
        .map(|entry| (entry.key, entry.value))
        .collect();
    assert_eq!(found, model.manifest.to_metadata());
    assert!(found["aesc.preprocess"].contains("\"height\":16"));
    assert_eq!(proto.opset_import[0].version, 17);
}

#[test]
fn the_files_bytes_do_what_the_backend_does_and_never_vary() {
    for network in every() {
        let sides = (13, 21);
        let model = of(network, sides);
        let bytes = export(&model).unwrap();
        assert_eq!(bytes, export(&model).unwrap());
        let images = [noise(1, sides), noise(2, sides)];
        let found = run(&bytes, &images).unwrap();
        let backend = Reconstructor::new(&model).unwrap();
        let expected = backend.looks(&images).unwrap();
        assert_eq!((found.len(), expected.len()), (2, 2));
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.len(), model.manifest.network.looks().len());
            for (found, expected) in found.iter().zip(expected) {
                assert!(gap(found, expected) < 1e-6);
            }
        }
    }
}

#[test]
fn bytes_that_are_no_graph_are_an_error() {
    let bytes = export(&model(NetworkKind::Ae, (16, 16))).unwrap();
    let image = [noise(1, (16, 16))];
    assert!(run(b"no graph", &image).is_err());
    assert!(run(&[], &image).is_err());
    assert!(run(&bytes[..bytes.len() / 2], &image).is_err());
    let message = run(&bytes, &[noise(1, (8, 8))]).unwrap_err().to_string();
    assert!(
        message.contains("expected an image of [3, 16, 16]"),
        "{message}"
    );
}
