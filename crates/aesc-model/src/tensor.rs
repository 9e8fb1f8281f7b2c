//! The one conversion between images and tensors.
//!
//! An image is HWC, so a stack of images is NHWC; permuted to NCHW without moving a byte it is
//! what libtorch calls channels-last, the layout its CPU convolutions like best.

use aesc_artifact::{NamedTensor, NetworkPlan, reflected};
use aesc_image::Image;
use tch::{Kind, Tensor};

use crate::{Device, ModelError};

/// Stacks equal-sized images into `[b, c, h, w]`, f32, on `device`.
pub(crate) fn nchw_from_images(images: &[Image], device: Device) -> Result<Tensor, ModelError> {
    let first = check_same_shape(images)?;
    let mut values = Vec::with_capacity(images.len() * first.data().len());
    for image in images {
        values.extend_from_slice(image.data());
    }
    let shape = [
        images.len(),
        first.height(),
        first.width(),
        first.channels(),
    ];
    nchw_from_nhwc(&values, shape, device)
}

/// The first of the images, which must all be of its shape.
pub(crate) fn check_same_shape(images: &[Image]) -> Result<&Image, ModelError> {
    let first = images.first();
    let first = first.ok_or_else(|| ModelError::images("an image", "none"))?;
    match images.iter().find(|image| !image.same_shape(first)) {
        Some(odd) => Err(ModelError::images(sides(first), sides(odd))),
        None => Ok(first),
    }
}

/// `values` of shape `[b, h, w, c]` as `[b, c, h, w]`, channels-last in memory.
pub(crate) fn nchw_from_nhwc(
    values: &[f32],
    shape: [usize; 4],
    device: Device,
) -> Result<Tensor, ModelError> {
    let shape = shape.map(|side| side as i64);
    let nhwc = Tensor::f_from_slice(values)?.f_view(shape)?; // [b, h, w, c]
    Ok(nhwc.f_to_device(device.tch())?.f_permute([0, 3, 1, 2])?)
}

/// The images of `[b, c, h, w]`.
pub(crate) fn images_from_nchw(nchw: &Tensor) -> Result<Vec<Image>, ModelError> {
    let nhwc = nchw.f_permute([0, 2, 3, 1])?.f_contiguous()?; // [b, h, w, c]
    let [_, height, width, channels] = nhwc.size()[..] else {
        return Err(ModelError::images("four dimensions", nhwc.dim()));
    };
    let values = values(&nhwc)?;
    let (height, width, channels) = (height as usize, width as usize, channels as usize);
    let image = |data: &[f32]| Image::new(height, width, channels, data.to_vec());
    let images = values.chunks(height * width * channels).map(image);
    images
        .collect::<Result<_, _>>()
        .map_err(|e| ModelError::images("an image", e))
}

/// All values of a tensor, row-major, as f32 on the CPU.
pub(crate) fn values(tensor: &Tensor) -> Result<Vec<f32>, ModelError> {
    let flat = tensor
        .f_to_device(tch::Device::Cpu)?
        .f_to_kind(Kind::Float)?
        .f_contiguous()?;
    let mut out = vec![0.0_f32; flat.numel()];
    flat.f_copy_data(&mut out, flat.numel())?;
    Ok(out)
}

/// A named tensor as libtorch's.
pub(crate) fn from_named(tensor: &NamedTensor, device: Device) -> Result<Tensor, ModelError> {
    let shape: Vec<i64> = tensor.shape.iter().map(|&side| side as i64).collect();
    Ok(Tensor::f_from_slice(&tensor.data)?
        .f_reshape(shape)?
        .f_to_device(device.tch())?)
}

/// A tensor of libtorch under a name.
pub(crate) fn to_named(name: &str, tensor: &Tensor) -> Result<NamedTensor, ModelError> {
    let shape = tensor.size().iter().map(|&side| side as usize).collect();
    Ok(NamedTensor {
        name: name.to_owned(),
        shape,
        data: values(&tensor.f_detach()?)?,
    })
}

/// The image grown at the bottom and right to the network's next sides by reflection about its
/// last row and column (again and again where it is smaller than the margin).
pub(crate) fn padded(image: &Image, plan: &NetworkPlan) -> Result<Image, ModelError> {
    let (height, width) = plan.padded(image.height(), image.width());
    let source = |y, x, c| image.at(reflected(y, image.height()), reflected(x, image.width()), c);
    Image::from_fn(height, width, image.channels(), source)
        .map_err(|e| ModelError::images("an image", e))
}

/// The top left `height` x `width` of an image.
pub(crate) fn cropped(image: &Image, height: usize, width: usize) -> Result<Image, ModelError> {
    Image::from_fn(height, width, image.channels(), |y, x, c| image.at(y, x, c))
        .map_err(|e| ModelError::images("an image", e))
}

fn sides(image: &Image) -> String {
    format!(
        "{} x {} x {}",
        image.height(),
        image.width(),
        image.channels()
    )
}

#[cfg(test)]
mod tests {
    use aesc_artifact::NetworkConfig;

    use super::*;

    #[test]
    fn images_survive_the_way_there_and_back() {
        let ramp = |k: usize| {
            Image::from_fn(2, 3, 3, |y, x, c| (k + y * 9 + x * 3 + c) as f32 / 40.0).unwrap()
        };
        let images = [ramp(0), ramp(7)];
        let tensor = nchw_from_images(&images, Device::Cpu).unwrap();
        assert_eq!(tensor.size(), [2, 3, 2, 3]);
        // Value (b 1, c 2, y 1, x 0) is 7 + 9 + 0 + 2 = 18 fortieths.
        assert!((tensor.double_value(&[1, 2, 1, 0]) - 18.0 / 40.0).abs() < 1e-7);
        assert_eq!(images_from_nchw(&tensor).unwrap(), images);
    }

    #[test]
    fn padding_reflects_about_the_last_row_and_column() {
        let image = Image::new(1, 3, 1, vec![0.1, 0.2, 0.3]).unwrap();
        let plan = NetworkConfig {
            depth: 3,
            ..NetworkConfig::default()
        }
        .plan(1)
        .unwrap();
        let grown = padded(&image, &plan).unwrap();
        assert_eq!((grown.height(), grown.width()), (8, 8));
        assert_eq!(grown.data()[..8], [0.1, 0.2, 0.3, 0.2, 0.1, 0.2, 0.3, 0.2]);
        assert_eq!(grown.data()[..8], grown.data()[56..]);
        assert_eq!(cropped(&grown, 1, 3).unwrap(), image);
    }

    #[test]
    fn unequal_images_are_refused() {
        let small = Image::filled(1, 1, 1, 0.0).unwrap();
        let large = Image::filled(1, 2, 1, 0.0).unwrap();
        let message = nchw_from_images(&[small, large], Device::Cpu)
            .unwrap_err()
            .to_string();
        assert_eq!(message, "expected 1 x 1 x 1, found 1 x 2 x 1");
    }
}
