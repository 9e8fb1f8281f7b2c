//! A graph made ready for this processor by tract, run one image at a time, images in parallel.

use std::sync::Arc;

use aesc_image::Image;
use rayon::prelude::*;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;

use crate::OnnxError;
use crate::tensor::{image_from_nchw, nchw_from_image};

/// A graph that runs.
#[derive(Debug)]
pub(crate) struct Session {
    plan: Arc<TypedRunnableModel>,
    /// `[1, c, h, w]` of the image.
    input: Vec<usize>,
}

impl Session {
    /// Prepares a graph, every input of it being one image's.
    pub(crate) fn new(proto: &ModelProto) -> Result<Self, OnnxError> {
        let prepared = prepared(proto).map_err(OnnxError::tract)?;
        let fact = prepared.model().input_fact(0).map_err(OnnxError::tract)?;
        let free = || OnnxError::NotOnnx("the input's sides are left open".to_owned());
        Ok(Self {
            input: fact.shape.as_concrete().ok_or_else(free)?.to_vec(),
            plan: prepared,
        })
    }

    /// The first output for one image and what else the graph takes.
    pub(crate) fn run(&self, image: &Image, others: Vec<Tensor>) -> Result<Arc<Tensor>, OnnxError> {
        let output = self.outputs(image, others)?.into_iter().next();
        output.ok_or_else(|| OnnxError::Tract("the graph gave nothing".to_owned()))
    }

    /// Every output.
    fn outputs(&self, image: &Image, others: Vec<Tensor>) -> Result<Vec<Arc<Tensor>>, OnnxError> {
        let found = [1, image.channels(), image.height(), image.width()];
        if self.input != found {
            let expected = format!(
                "an image of {:?} (channels, height, width)",
                &self.input[1..]
            );
            return Err(OnnxError::images(expected, format!("{:?}", &found[1..])));
        }
        let first = nchw_from_image(image)?;
        let inputs = std::iter::once(first)
            .chain(others)
            .map(TValue::from)
            .collect();
        let outputs = self.plan.run(inputs).map_err(OnnxError::tract)?;
        Ok(outputs.into_iter().map(TValue::into_arc_tensor).collect())
    }

    /// What the outputs are for each image, a list for each.
    pub(crate) fn looks(&self, images: &[Image]) -> Result<Vec<Vec<Image>>, OnnxError> {
        let one = |image| {
            let made = self.outputs(image, Vec::new())?;
            made.iter().map(|output| image_from_nchw(output)).collect()
        };
        images.par_iter().map(one).collect()
    }
}

fn prepared(proto: &ModelProto) -> TractResult<Arc<TypedRunnableModel>> {
    let mut model = tract_onnx::onnx().model_for_proto_model(proto)?;
    for input in 0..model.inputs.len() {
        let mut fact = model.input_fact(input)?.clone();
        fact.shape.set_dim(0, 1.to_dim());
        model.set_input_fact(input, fact)?;
    }
    model.into_optimized()?.into_runnable()
}
