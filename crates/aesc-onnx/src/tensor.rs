//! The one conversion between images and tensors of `[1, c, h, w]`.

use aesc_image::Image;
use tract_onnx::prelude::Tensor;

use crate::OnnxError;

/// An image as `[1, c, h, w]`.
pub(crate) fn nchw_from_image(image: &Image) -> Result<Tensor, OnnxError> {
    let hwc = [image.height(), image.width(), image.channels()];
    nchw_from_hwc(image.data(), hwc)
}

/// Values of shape `[h, w, c]` as `[1, c, h, w]`.
pub(crate) fn nchw_from_hwc(values: &[f32], [h, w, c]: [usize; 3]) -> Result<Tensor, OnnxError> {
    let mut planes: Vec<f32> = Vec::with_capacity(values.len());
    for channel in 0..c {
        planes.extend(values.iter().skip(channel).step_by(c));
    }
    Tensor::from_shape(&[1, c, h, w], &planes).map_err(OnnxError::tract)
}

/// The image of `[1, c, h, w]`.
pub(crate) fn image_from_nchw(tensor: &Tensor) -> Result<Image, OnnxError> {
    let &[1, c, h, w] = tensor.shape() else {
        return Err(OnnxError::images(
            "[1, c, h, w]",
            format!("{:?}", tensor.shape()),
        ));
    };
    let planes = values(tensor)?;
    let mut data = vec![0.0; planes.len()];
    for (channel, plane) in planes.chunks(h * w).enumerate() {
        let places = data.iter_mut().skip(channel).step_by(c);
        places.zip(plane).for_each(|(place, value)| *place = *value);
    }
    Image::new(h, w, c, data).map_err(|e| OnnxError::images("an image", e))
}

/// All values, row-major.
pub(crate) fn values(tensor: &Tensor) -> Result<&[f32], OnnxError> {
    let plain = tensor.try_as_plain_ram().map_err(OnnxError::tract)?;
    plain.as_slice::<f32>().map_err(OnnxError::tract)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_survive_the_way_there_and_back() {
        let ramp = |y, x, c| (y * 9 + x * 3 + c) as f32 / 40.0;
        let image = Image::from_fn(2, 3, 3, ramp).unwrap();
        let tensor = nchw_from_image(&image).unwrap();
        assert_eq!(tensor.shape(), [1, 3, 2, 3]);
        // Value (c 2, y 1, x 0) is 9 + 0 + 2 = 11 fortieths and stands at 2 * 6 + 3.
        assert!((values(&tensor).unwrap()[15] - 11.0 / 40.0).abs() < 1e-7);
        assert_eq!(image_from_nchw(&tensor).unwrap(), image);
    }
}
