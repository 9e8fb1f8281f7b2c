//! What a backend reconstructs with: norms folded into the convolutions, the decoder in phase form.
//!
//! Computed here in f64 and rounded once, so that every runtime convolves with the same numbers.

use crate::phase::{PHASE_TAPS, TAPS, phase_kernels};
use crate::{ArtifactError, Level, LevelOp, NamedTensor, NetworkPlan};

/// `LeakyReLU`'s slope below zero (method section 3).
pub const LEAKY_SLOPE: f64 = 0.3;

/// `BatchNorm`'s eps (method section 3).
pub const NORM_EPS: f64 = 1e-3;

/// The one convolution of a level, ready to run; behind it only the activation is left.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelKernels {
    /// `[out, in, 5, 5]` in the encoder. In the decoder `[4 out, in, 3, 3]` for the low-resolution
    /// input: kernel `4 o + 2 p + q` makes pixels (2i + p, 2j + q) of channel o, the order of pixel
    /// shuffle and of ONNX's `DepthToSpace` in mode CRD.
    pub shape: [usize; 4],
    /// The kernels, row-major.
    pub weight: Vec<f32>,
    /// One value a kernel.
    pub bias: Vec<f32>,
}

impl NetworkPlan {
    /// The kernels of every level, in the order of the levels, from the tensors of a model file.
    ///
    /// # Errors
    /// [`ArtifactError::Tensor`] when one is missing or of another shape.
    pub fn kernels(&self, tensors: &[NamedTensor]) -> Result<Vec<LevelKernels>, ArtifactError> {
        for spec in self.tensors() {
            let found = tensors.iter().find(|t| t.name == spec.name);
            let n: usize = spec.shape.iter().product();
            let differs = |t: &NamedTensor| t.shape != spec.shape || t.data.len() != n;
            if found.is_none_or(differs) {
                let found = found.map_or("none".to_owned(), |t| {
                    format!("{:?} with {} values", t.shape, t.data.len())
                });
                return Err(ArtifactError::Tensor {
                    name: spec.name,
                    expected: format!("{:?}", spec.shape),
                    found,
                });
            }
        }
        Ok(self
            .levels
            .iter()
            .map(|level| kernels(level, tensors))
            .collect())
    }
}

/// Kernel and bias with the norm behind them folded in: w s and (b - mean) s + shift, where
/// s = scale / sqrt(variance + eps), one for each output channel.
fn kernels(level: &Level, tensors: &[NamedTensor]) -> LevelKernels {
    let part = |part: &str| {
        let is = |t: &&NamedTensor| t.name.strip_prefix(&level.name) == Some(part);
        tensors.iter().find(is).map(|t| t.data.as_slice())
    };
    let value = |name: &str, o: usize, without: f64| {
        part(name).map_or(without, |values| f64::from(values[o]))
    };
    let weight = part(".conv.weight").unwrap_or_default();
    let in_phases = level.op != LevelOp::Down;
    let (phases, side) = if in_phases { (4, 3) } else { (1, 5) };
    let shape = [phases * level.output, level.input, side, side];
    let mut made = LevelKernels {
        shape,
        weight: Vec::with_capacity(shape.iter().product()),
        bias: Vec::with_capacity(shape[0]),
    };
    for (o, of_output) in weight.chunks(level.input * TAPS).enumerate() {
        let (scale, shift) = match level.op {
            LevelOp::Out => (1.0, 0.0),
            _ => (
                value(".bn.weight", o, 1.0) / (value(".bn.running_var", o, 1.0) + NORM_EPS).sqrt(),
                value(".bn.bias", o, 0.0),
            ),
        };
        let bias =
            (value(".conv.bias", o, 0.0) - value(".bn.running_mean", o, 0.0)) * scale + shift;
        made.bias.extend(std::iter::repeat_n(bias as f32, phases));
        if in_phases {
            push_phases(&mut made.weight, of_output, scale);
        } else {
            let scaled = of_output.iter().map(|w| (f64::from(*w) * scale) as f32);
            made.weight.extend(scaled);
        }
    }
    made
}

/// The kernels of one output channel, `[in, 5, 5]`, as `[4, in, 3, 3]`, scaled.
fn push_phases(into: &mut Vec<f32>, of_output: &[f32], scale: f64) {
    let (kernels, _) = of_output.as_chunks::<TAPS>();
    let folded: Vec<[f64; PHASE_TAPS]> = kernels
        .iter()
        .map(|kernel| phase_kernels(&kernel.map(|tap| f64::from(tap) * scale)))
        .collect();
    for phase in 0..4 {
        let taps = folded
            .iter()
            .flat_map(|phases| &phases[9 * phase..9 * phase + 9]);
        into.extend(taps.map(|tap| *tap as f32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NetworkConfig;

    fn tensors(plan: &NetworkPlan, value: impl Fn(&str, usize) -> f32) -> Vec<NamedTensor> {
        let fill = |spec: crate::TensorSpec| NamedTensor {
            data: (0..spec.shape.iter().product())
                .map(|i| value(&spec.name, i))
                .collect(),
            name: spec.name,
            shape: spec.shape,
        };
        plan.tensors().into_iter().map(fill).collect()
    }

    fn tiny() -> NetworkPlan {
        let config = NetworkConfig {
            depth: 1,
            width: 2,
            ..NetworkConfig::default()
        };
        config.plan(1).unwrap()
    }

    #[test]
    fn a_norm_scales_the_kernel_and_moves_the_bias() {
        // s = 3 / sqrt(0.249 + 0.001) = 6; weight 0.5 * 6 = 3; bias (1 - 0.5) * 6 + 2 = 5.
        let plan = tiny();
        let made = plan.kernels(&tensors(&plan, |name, _| match name {
            "enc1.conv.bias" => 1.0,
            "enc1.bn.weight" => 3.0,
            "enc1.bn.bias" => 2.0,
            "enc1.conv.weight" | "enc1.bn.running_mean" => 0.5,
            "enc1.bn.running_var" => 0.249,
            _ => 0.0,
        }));
        let first = &made.unwrap()[0];
        assert_eq!(first.shape, [2, 1, 5, 5]);
        assert!(first.weight.iter().all(|w| (w - 3.0).abs() < 1e-5));
        assert!(first.bias.iter().all(|b| (b - 5.0).abs() < 1e-5));
    }

    #[test]
    fn the_output_has_four_phases_a_channel_and_no_norm() {
        // `[1, 2, 5, 5]`: input channel 0 has ones, input channel 1 has twos. Of five ones in a
        // row phase 0 folds 2 2 1, so its corner is 2 * 2 and its last tap 1 * 1.
        let plan = tiny();
        let made = plan.kernels(&tensors(&plan, |name, i| match name {
            "out.conv.weight" => (i / 25 + 1) as f32,
            "out.conv.bias" => 0.25,
            _ => 1.0,
        }));
        let out = &made.unwrap()[1];
        assert_eq!(out.shape, [4, 2, 3, 3]);
        assert_eq!(out.bias, [0.25; 4]);
        assert_eq!(
            out.weight[..9],
            [4.0, 4.0, 2.0, 4.0, 4.0, 2.0, 2.0, 2.0, 1.0]
        );
        assert_eq!(
            out.weight[9..18],
            [8.0, 8.0, 4.0, 8.0, 8.0, 4.0, 4.0, 4.0, 2.0]
        );
        // Phase (1, 1) folds 1 2 2 in both directions.
        assert_eq!(
            out.weight[54..63],
            [1.0, 2.0, 2.0, 2.0, 4.0, 4.0, 2.0, 4.0, 4.0]
        );
    }

    #[test]
    fn a_missing_and_a_misshapen_tensor_are_named() {
        let plan = tiny();
        let mut all = tensors(&plan, |_, _| 1.0);
        all[1].data.pop();
        let message = plan.kernels(&all).unwrap_err().to_string();
        assert_eq!(
            message,
            "tensor enc1.conv.bias: expected [2], found [2] with 1 values"
        );
        all.remove(1);
        let message = plan.kernels(&all).unwrap_err().to_string();
        assert_eq!(message, "tensor enc1.conv.bias: expected [2], found none");
    }
}
