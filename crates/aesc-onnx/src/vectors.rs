//! Test vectors: images and what the model makes of them, kept beside a model or an exported file
//! so that any other runtime can be held against them.

use aesc_artifact::{Look, ModelFile, NamedTensor, TensorFile};
use aesc_image::Image;
use sha2::{Digest, Sha256};

use crate::export::output_of;
use crate::{INPUT, OnnxError};

/// The entry that tells the layout.
const FORMAT: (&str, &str) = ("aesc.vectors", "1");
/// The entry that tells whose reconstructions they are.
const WEIGHTS: &str = "aesc.weights";
/// The entry that tells what computed them.
const MADE_BY: &str = "aesc.made_by";

/// Images and what a model makes of them, values 0..=1.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    /// What goes in.
    pub images: Vec<Image>,
    /// What the model makes of each: an image for each of its looks, of one channel where that
    /// segments, in the order of [`NetworkConfig::looks`](aesc_artifact::NetworkConfig::looks).
    pub made: Vec<Vec<Image>>,
    /// What computed them, for example `libtorch 2.11.0`.
    pub made_by: String,
}

impl Vectors {
    /// As a file: tensors `image`, `reconstruction` and, of a model that has them,
    /// `reconstruction.second` and `segmentation`, `[n, c, h, w]` each, as the graph takes and gives
    /// them, marked with the weights of `model`.
    pub fn to_file(&self, model: &ModelFile) -> TensorFile {
        let entries = [
            (FORMAT.0, FORMAT.1.to_owned()),
            (WEIGHTS, weights_digest(model)),
            (MADE_BY, self.made_by.clone()),
        ];
        let images: Vec<&Image> = self.images.iter().collect();
        let mut tensors = vec![stacked(INPUT, &images)];
        for (place, look) in model.manifest.network.looks().iter().enumerate() {
            let made = self.made.iter().filter_map(|made| made.get(place));
            tensors.push(stacked(output_of(*look), &made.collect::<Vec<_>>()));
        }
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
        let read = |name: &str, chw: [usize; 3]| {
            let tensor = file.tensors.iter().find(|t| t.name == name);
            let fits =
                tensor.filter(|t| t.shape.len() == 4 && t.shape[0] > 0 && t.shape[1..] == chw);
            let expected = format!("{name} of shape [n, {}, {}, {}]", chw[0], chw[1], chw[2]);
            let found = tensor.map_or("none".to_owned(), |t| format!("{:?}", t.shape));
            fits.map(|t| unstacked(&t.data, chw))
                .ok_or(OnnxError::Vectors { expected, found })?
        };
        let images = read(INPUT, chw)?;
        let mut made = vec![Vec::new(); images.len()];
        for look in model.manifest.network.looks() {
            let n_channels = if *look == Look::Segment { 1 } else { chw[0] };
            let (name, n) = (output_of(*look), images.len());
            let seen = read(name, [n_channels, chw[1], chw[2]])?;
            let found = seen.len().to_string();
            expect(seen.len() == n, &format!("{name} of {n} images"), found)?;
            made.iter_mut()
                .zip(seen)
                .for_each(|(made, one)| made.push(one));
        }
        Ok(Self {
            images,
            made,
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
fn stacked(name: &str, images: &[&Image]) -> NamedTensor {
    let first = images.first();
    let side = |of: fn(&Image) -> usize| first.map_or(0, |image| of(image));
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
