//! The ONNX file of a model, and a look at what such a file does.

use aesc_artifact::{Look, ModelFile};
use aesc_image::Image;
use prost::Message;
use tract_onnx::pb::{GraphProto, ModelProto, OperatorSetIdProto};

use crate::OnnxError;
use crate::graph::Network;
use crate::proto::entry;
use crate::session::Session;

/// The graph's input: `[batch, c, h, w]`, f32, 0..=1, sides those of the model's preprocessing.
pub const INPUT: &str = "image";

/// The graph's output, of the input's shape and range.
pub const OUTPUT: &str = "reconstruction";

/// The second reconstruction, of a network that has two.
pub const SECOND: &str = "reconstruction.second";

/// The output of a network that segments: `[batch, 1, h, w]`, 0..=1, how surely each pixel is not as
/// in a clean image.
pub const SEGMENTATION: &str = "segmentation";

/// The name of what a look gives.
pub(crate) fn output_of(look: Look) -> &'static str {
    match look {
        Look::First => OUTPUT,
        Look::Second => SECOND,
        Look::Segment => SEGMENTATION,
    }
}

/// The version of ONNX's operators used.
pub const OPSET: i64 = 17;

/// The version of ONNX's file layout that came with the operators.
const IR_VERSION: i64 = 8;

/// A model's graph as the bytes of an ONNX file, [`INPUT`] to [`OUTPUT`] and, of a network that has
/// them, [`SECOND`] and [`SEGMENTATION`], the batch being free.
///
/// `metadata_props` holds the entries of the model file's header (`aesc.preprocess`,
/// `aesc.calibration` and the others, JSON each). The same model always gives the same bytes.
///
/// # Errors
/// [`OnnxError::Artifact`] when the model contradicts itself, [`OnnxError::TooLarge`].
pub fn export(model: &ModelFile) -> Result<Vec<u8>, OnnxError> {
    let preprocess = &model.manifest.preprocess;
    let network = Network::new(model)?;
    let graph = network.graph(
        (preprocess.height, preprocess.width),
        &[],
        network.plan.config.looks(),
    );
    let metadata = model.manifest.to_metadata();
    let proto = ModelProto {
        doc_string:
            "reconstructs the clean version of an image; where the two differ is the defect"
                .to_owned(),
        metadata_props: metadata
            .iter()
            .map(|(key, value)| entry(key, value))
            .collect(),
        ..model_of(graph)
    };
    Ok(proto.encode_to_vec())
}

/// A graph as a whole model without metadata.
pub(crate) fn model_of(graph: GraphProto) -> ModelProto {
    ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPSET,
        }],
        producer_name: "aesc".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph),
        ..ModelProto::default()
    }
}

/// What the graph in the bytes of an exported file makes of images, by tract: for each image a list,
/// an image for each output. Images (0..=1) must have the sides the file was exported for.
///
/// # Errors
/// [`OnnxError::NotOnnx`], [`OnnxError::Images`] or [`OnnxError::Tract`].
pub fn run(onnx: &[u8], images: &[Image]) -> Result<Vec<Vec<Image>>, OnnxError> {
    let proto = ModelProto::decode(onnx).map_err(|e| OnnxError::NotOnnx(e.to_string()))?;
    Session::new(&proto)?.looks(images)
}
