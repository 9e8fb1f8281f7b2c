//! A convolution by whichever of two exact ways moves fewer bytes.
//!
//! Deep in the network a kernel is larger than all it is applied to (20 MB against 5 MB at the
//! latent). There libtorch's convolution spends as long on bringing the kernel into its own layout
//! as on multiplying; a plain matrix product reads it as it lies.

use tch::Tensor;

use crate::ModelError;

/// Stride and padding, the same along both axes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    pub(crate) stride: i64,
    pub(crate) padding: i64,
}

impl Steps {
    /// Of a level of the encoder, whose uneven margin is there already.
    pub(crate) const DOWN: Self = Self {
        stride: 2,
        padding: 0,
    };
    /// Of a level of the decoder in phase form.
    pub(crate) const UP: Self = Self {
        stride: 1,
        padding: 1,
    };
}

/// A convolution whose kernel does not change any more.
#[derive(Debug)]
pub(crate) struct Fixed {
    kernel: Tensor,
    bias: Tensor,
    steps: Steps,
}

impl Fixed {
    /// Brings `kernel` `[o, i, k, k]` into the layout that suits inputs of `sides`.
    pub(crate) fn new(
        kernel: Tensor,
        bias: Tensor,
        steps: Steps,
        sides: [i64; 2],
    ) -> Result<Self, ModelError> {
        let shape = kernel.size();
        let input = [1, shape[1], sides[0], sides[1]];
        let kernel = if multiplies(&kernel, &input, steps) {
            kernel
        } else {
            // As NHWC, which takes a tenth of the time to bring into the convolution's own order.
            let nhwc = kernel.f_permute([0, 2, 3, 1])?.f_contiguous()?;
            nhwc.f_permute([0, 3, 1, 2])?
        };
        Ok(Self {
            kernel,
            bias,
            steps,
        })
    }

    /// The same kernel for another thread.
    pub(crate) fn shared(&self) -> Self {
        Self {
            kernel: self.kernel.shallow_clone(),
            bias: self.bias.shallow_clone(),
            steps: self.steps,
        }
    }

    /// `x` `[b, i, h, w]` to `[b, o, h', w']`, sides of any size.
    pub(crate) fn apply(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        convolve(x, &self.kernel, &self.bias, self.steps)
    }
}

/// `x` `[b, i, h, w]` under `weight` `[o, i, k, k]` and `bias` `[o]`: `[b, o, h', w']`.
pub(crate) fn convolve(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    steps: Steps,
) -> Result<Tensor, ModelError> {
    if multiplies(weight, &x.size(), steps) {
        return as_product(x, weight, bias, steps);
    }
    let Steps { stride, padding } = steps;
    Ok(x.f_conv2d(
        weight,
        Some(bias),
        [stride, stride],
        [padding, padding],
        [1, 1],
        1,
    )?)
}

/// Whether the kernel outweighs what it is applied to, `[b, i, h, w]`.
fn multiplies(weight: &Tensor, input: &[i64], steps: Steps) -> bool {
    let [height, width] = output_sides(input, weight.size()[2], steps);
    let positions = input[0] * height * width;
    weight.device() == tch::Device::Cpu && 2 * positions <= weight.size()[0]
}

/// Sides of what a `k` x `k` kernel makes of `[b, i, h, w]`.
fn output_sides(input: &[i64], k: i64, steps: Steps) -> [i64; 2] {
    [input[2], input[3]].map(|side| (side + 2 * steps.padding - k) / steps.stride + 1)
}

/// One column for each output position: what the kernel sees there.
fn as_product(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    steps: Steps,
) -> Result<Tensor, ModelError> {
    let (b, o, k) = (x.size()[0], weight.size()[0], weight.size()[2]);
    let [height, width] = output_sides(&x.size(), k, steps);
    let positions = b * height * width;
    let twice = |side: i64| [side, side];
    let Steps { stride, padding } = steps;
    let seen = x.f_im2col(twice(k), twice(1), twice(padding), twice(stride))?; // [b, i*k*k, h'*w']
    let columns = seen.f_permute([1, 0, 2])?.f_reshape([-1, positions])?; // [i*k*k, b*h'*w']
    let kernel = weight.f_reshape([o, -1])?;
    let product = bias.f_view([o, 1])?.f_addmm(&kernel, &columns)?; // [o, b*h'*w']
    let nhwc = product.f_transpose(0, 1)?.f_contiguous()?;
    Ok(nhwc
        .f_view([b, height, width, o])?
        .f_permute([0, 3, 1, 2])?) // [b, o, h', w']
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;

    #[test]
    fn a_fixed_kernel_convolves_as_any_other_whatever_the_sides() {
        tch::manual_seed(4);
        let options = (Kind::Float, tch::Device::Cpu);
        for (steps, k, sides) in [
            (Steps::UP, 3, [4, 4]),
            (Steps::UP, 3, [9, 9]),
            (Steps::DOWN, 5, [9, 9]),
        ] {
            let (kernel, bias) = (
                Tensor::randn([96, 8, k, k], options),
                Tensor::randn([96], options),
            );
            let fixed =
                Fixed::new(kernel.shallow_clone(), bias.shallow_clone(), steps, sides).unwrap();
            for (b, h, w) in [(1, 5, 9), (1, 9, 9), (4, 9, 9), (2, 15, 11)] {
                let x = Tensor::randn([b, 8, h, w], options);
                let (s, p) = (steps.stride, steps.padding);
                let expected = x.conv2d(&kernel, Some(&bias), [s, s], [p, p], [1, 1], 1);
                let gap = (expected - fixed.apply(&x).unwrap()).abs().max();
                assert!(gap.double_value(&[]) < 1e-4);
            }
        }
    }

    #[test]
    fn the_product_equals_the_convolution_gradients_too() {
        tch::manual_seed(3);
        let options = (Kind::Double, tch::Device::Cpu);
        for (steps, k, side) in [(Steps::UP, 3, 4), (Steps::DOWN, 5, 11)] {
            let leaf = |shape: &[i64]| Tensor::randn(shape, options).set_requires_grad(true);
            let (x, weight, bias) = (leaf(&[2, 3, side, side]), leaf(&[7, 3, k, k]), leaf(&[7]));
            let (s, p) = (steps.stride, steps.padding);
            let expected = x.conv2d(&weight, Some(&bias), [s, s], [p, p], [1, 1], 1);
            let found = as_product(&x, &weight, &bias, steps).unwrap();
            assert_eq!(found.size(), expected.size());
            let direction = Tensor::randn(expected.size(), options);
            let leaves = [&x, &weight, &bias];
            let gradients = |y: &Tensor| {
                let loss = (y * &direction).sum(Kind::Double);
                Tensor::run_backward(&[loss], &leaves, false, false)
            };
            let pairs = gradients(&expected).into_iter().zip(gradients(&found));
            for (a, b) in pairs.chain([(expected, found)]) {
                assert!((a - b).abs().max().double_value(&[]) < 1e-12);
            }
        }
    }
}
