//! Nearest x2 followed by a 5x5 convolution, computed in its exact phase form.
//!
//! One low-resolution 3x3 convolution to four times the channels (one 3x3 kernel per output
//! phase) and a pixel shuffle: 9 products an output pixel instead of 25, and no upsampled copy.

use aesc_artifact::phase::{PHASE_TAPS, TAPS, phase_map};
use tch::{Kind, Tensor};

use super::convolution::{Steps, convolve};
use crate::{Device, ModelError};

/// The map from 5x5 kernels to phase kernels, `[25, 36]`.
pub(crate) fn map_tensor(kind: Kind, device: Device) -> Result<Tensor, ModelError> {
    let map = Tensor::f_from_slice(&phase_map())?.f_view([TAPS as i64, PHASE_TAPS as i64])?;
    Ok(map.f_to_kind(kind)?.f_to_device(device.tch())?)
}

/// The phase kernels of `weight` `[o, i, 5, 5]`, `[4o, i, 3, 3]`, and its bias for each phase.
pub(crate) fn phase_kernels(
    weight: &Tensor,
    bias: &Tensor,
    map: &Tensor,
) -> Result<(Tensor, Tensor), ModelError> {
    let (o, i) = (weight.size()[0], weight.size()[1]);
    let folded = weight.f_reshape([o * i, TAPS as i64])?.f_matmul(map)?; // [o*i, 36]
    let kernels = folded.f_view([o, i, 4, 3, 3])?.f_permute([0, 2, 1, 3, 4])?; // [o, 4, i, 3, 3]
    let bias = bias
        .f_view([o, 1])?
        .f_expand([o, 4], false)?
        .f_reshape([4 * o])?;
    Ok((kernels.f_reshape([4 * o, i, 3, 3])?, bias))
}

/// `x` `[b, i, h, w]` to `[b, o, 2h, 2w]` by phase kernels.
pub(crate) fn apply(x: &Tensor, kernels: &Tensor, bias: &Tensor) -> Result<Tensor, ModelError> {
    shuffled(&convolve(x, kernels, bias, Steps::UP)?)
}

/// The phases `[b, 4o, h, w]` in their places, `[b, o, 2h, 2w]`.
pub(crate) fn shuffled(phases: &Tensor) -> Result<Tensor, ModelError> {
    Ok(phases.f_pixel_shuffle(2)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slow twin: what the phase form replaces.
    fn plain(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Tensor {
        let up = x.upsample_nearest2d([x.size()[2] * 2, x.size()[3] * 2], None, None);
        up.conv2d(weight, Some(bias), [1, 1], [2, 2], [1, 1], 1)
    }

    fn phase(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Tensor {
        let map = map_tensor(weight.kind(), Device::Cpu).unwrap();
        let (kernels, bias) = phase_kernels(weight, bias, &map).unwrap();
        apply(x, &kernels, &bias).unwrap()
    }

    /// Output and the gradients of input, weight and bias under a random linear loss.
    fn with_gradients(
        form: impl Fn(&Tensor, &Tensor, &Tensor) -> Tensor,
        kind: Kind,
        (h, w): (i64, i64),
    ) -> Vec<Tensor> {
        tch::manual_seed(7);
        let options = (kind, tch::Device::Cpu);
        let x = Tensor::randn([2, 5, h, w], options).set_requires_grad(true);
        let weight = Tensor::randn([3, 5, 5, 5], options).set_requires_grad(true);
        let bias = Tensor::randn([3], options).set_requires_grad(true);
        let direction = Tensor::randn([2, 3, 2 * h, 2 * w], options);
        let out = form(&x, &weight, &bias);
        (&out * direction).sum(kind).backward();
        vec![out.detach(), x.grad(), weight.grad(), bias.grad()]
    }

    fn assert_equal_forms(kind: Kind, sides: (i64, i64), tolerance: f64) {
        let expected = with_gradients(plain, kind, sides);
        let found = with_gradients(phase, kind, sides);
        for (a, b) in expected.iter().zip(&found) {
            let largest = a.abs().max().double_value(&[]);
            let gap = (a - b).abs().max().double_value(&[]);
            assert!(gap <= tolerance * largest, "{sides:?}: {gap} of {largest}");
        }
    }

    #[test]
    fn equals_the_plain_form_in_f64_borders_and_gradients_too() {
        for sides in [(1, 1), (1, 4), (2, 2), (5, 3), (8, 8)] {
            assert_equal_forms(Kind::Double, sides, 1e-12);
        }
    }

    #[test]
    fn equals_the_plain_form_in_f32_to_1e_4_of_the_largest_value() {
        for sides in [(1, 1), (4, 4), (9, 6)] {
            assert_equal_forms(Kind::Float, sides, 1e-4);
        }
    }
}
