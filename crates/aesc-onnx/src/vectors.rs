//! Test vectors: images and what the model makes of them, kept beside a model or an exported file
//! so that any other runtime can be held against them.

use aesc_artifact::{Look, ModelFile, NamedTensor, TensorFile};
use aesc_image::Image;
use sha2::{Digest, Sha256};

use crate::export::output_of;
use crate::{INPUT, OUTPUT, OnnxError};

/// The entry that tells the layout.
const FORMAT: (&str, &str) = ("aesc.vectors", "1");
/// The entry that tells whose reconstructions they are.
const WEIGHTS: &str = "aesc.weights";
/// The entry that tells what computed them.
const MADE_BY: &str = "aesc.made_by";

/// Images and their reconstructions, equal in number and shape, values 0..=1.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    /// What goes in.
    pub images: Vec<Image>,
    /// What the model makes of it.
    pub reconstructions: Vec<Image>,
    /// What it makes of it at a second look, of one channel where that segments; none where it looks
    /// once.
    pub seconds: Vec<Image>,
    /// What computed them, for example `libtorch 2.11.0`.
    pub made_by: String,
}

impl Vectors {
    /// What is made of the images by each look.
    pub fn looks(&self) -> impl Iterator<Item = &[Image]> {
        let second = Some(&self.seconds[..]).filter(|images| !images.is_empty());
        std::iter::once(&self.reconstructions[..]).chain(second)
    }

    /// As a file: tensors `image`, `reconstruction` and, of a model that looks twice,
    /// `reconstruction.second` or `segmentation`, `[n, c, h, w]` each, as the graph takes and gives
    /// them, marked with the weights of `model`.
    pub fn to_file(&self, model: &ModelFile) -> TensorFile {
        let entries = [
            (FORMAT.0, FORMAT.1.to_owned()),
            (WEIGHTS, weights_digest(model)),
            (MADE_BY, self.made_by.clone()),
        ];
        let mut tensors = vec![stacked(INPUT, &self.images)];
        let network = &model.manifest.network;
        let names = [Look::First, Look::Second].map(|look| output_of(network, look));
        let made = names.iter().zip(self.looks());
        tensors.extend(made.map(|(name, made)| stacked(name, made)));
        TensorFile {
            metadata: entries.map(|(key, value)| (key.to_owned(), value)).into(),
            tensors,
        }
    }

    /// From a file, for `model`.
    ///
    /// # Errors
    /// [`OnnxError::Vectors`] when the file holds something else, or another model's vectors.
    pub fn from_file(file: &TensorFile, model: &ModelFile) -> Result<Self, OnnxError> {
        let entry = |key: &str| file.metadata.get(key).cloned().unwrap_or_default();
        let expect = |holds: bool, expected: &str, found: String| {
            let expected = expected.to_owned();
            if holds {
                Ok(())
            } else {
                Err(OnnxError::Vectors { expected, found })
            }
        };
        let format = entry(FORMAT.0);
        expect(format == FORMAT.1, "test vectors (aesc.vectors 1)", format)?;
        let weights = entry(WEIGHTS);
        let own = weights_digest(model);
        expect(
            weights == own,
            &format!("vectors of weights {own}"),
            weights,
        )?;
        let preprocess = &model.manifest.preprocess;
        let chw = [
            preprocess.channels.count(),
            preprocess.height,
            preprocess.width,
        ];
        let network = &model.manifest.network;
        let images = |name: &str, chw: [usize; 3]| {
            let tensor = file.tensors.iter().find(|t| t.name == name);
            let fits =
                tensor.filter(|t| t.shape.len() == 4 && t.shape[0] > 0 && t.shape[1..] == chw);
            let expected = format!("{name} of shape [n, {}, {}, {}]", chw[0], chw[1], chw[2]);
            let found = tensor.map_or("none".to_owned(), |t| format!("{:?}", t.shape));
            fits.map(|t| unstacked(&t.data, chw))
                .ok_or(OnnxError::Vectors { expected, found })?
        };
        let twice = network.looks().len() > 1;
        let mut seconds = Vec::new();
        if twice {
            let n_channels = if network.is_segmentation(Look::Second) {
                1
            } else {
                chw[0]
            };
            let name = output_of(network, Look::Second);
            seconds = images(name, [n_channels, chw[1], chw[2]])?;
        }
        let (images, reconstructions) = (images(INPUT, chw)?, images(OUTPUT, chw)?);
        let n = images.len();
        for (made, wanted) in [(&reconstructions, true), (&seconds, twice)] {
            let as_many = !wanted || made.len() == n;
            expect(
                as_many,
                &format!("{n} reconstructions"),
                made.len().to_string(),
            )?;
        }
        Ok(Self {
            images,
            reconstructions,
            seconds,
            made_by: entry(MADE_BY),
        })
    }
}

/// First 16 hex digits of the SHA-256 over all tensors, which thresholds and provenance leave alone.
fn weights_digest(model: &ModelFile) -> String {
    let mut tensors: Vec<&NamedTensor> = model.tensors.iter().collect();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hasher = Sha256::new();
    for tensor in tensors {
        hasher.update(tensor.name.as_bytes());
        for value in &tensor.data {
            hasher.update(value.to_le_bytes());
        }
    }
    hasher
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Equal-sized images as `[n, c, h, w]`.
fn stacked(name: &str, images: &[Image]) -> NamedTensor {
    let first = images.first();
    let side = |of: fn(&Image) -> usize| first.map_or(0, of);
    let mut data = Vec::new();
    for image in images {
        for channel in 0..image.channels() {
            data.extend(image.data().iter().skip(channel).step_by(image.channels()));
        }
    }
    NamedTensor {
        name: name.to_owned(),
        shape: vec![
            images.len(),
            side(Image::channels),
            side(Image::height),
            side(Image::width),
        ],
        data,
    }
}

fn unstacked(data: &[f32], [c, h, w]: [usize; 3]) -> Result<Vec<Image>, OnnxError> {
    let image = |planes: &[f32]| {
        Image::from_fn(h, w, c, |y, x, channel| planes[(channel * h + y) * w + x])
            .map_err(|e| OnnxError::images("an image", e))
    };
    data.chunks(c * h * w).map(image).collect()
}
