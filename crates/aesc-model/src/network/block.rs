//! A network with its trainable tensors: first weights, forward pass in training.

use aesc_artifact::{
    LEAKY_SLOPE, Level, LevelOp, Look, NORM_EPS, NamedTensor, NetworkPlan, Precision,
};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use super::convolution::{Steps, convolve};
use super::{shown, upconv, wire};
use crate::tensor::{from_named, to_named};
use crate::{Device, ModelError};

/// The tensors of one level.
#[derive(Debug)]
pub(crate) struct LevelTensors {
    /// `[out, in, 5, 5]`.
    pub(crate) weight: Tensor,
    /// `[out]`.
    pub(crate) bias: Tensor,
    /// Absent at the output.
    pub(crate) norm: Option<Norm>,
}

/// `BatchNorm`'s tensors, `[out]` each.
#[derive(Debug)]
pub(crate) struct Norm {
    pub(crate) weight: Tensor,
    pub(crate) bias: Tensor,
    pub(crate) mean: Tensor,
    pub(crate) variance: Tensor,
}

/// A network whose weights can learn.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) plan: NetworkPlan,
    pub(crate) levels: Vec<LevelTensors>,
    pub(crate) device: Device,
    /// What convolutions compute in; everything else is f32.
    pub(crate) kind: Kind,
    map: Tensor,
}

impl Network {
    /// First weights: Glorot-uniform kernels drawn from `seed` alone (the same on every device),
    /// zero biases, identity norms.
    pub(crate) fn init(plan: &NetworkPlan, seed: u64, device: Device) -> Result<Self, ModelError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Streams from 0 up belong to corruption; first weights take the last one.
        rng.set_stream(u64::MAX);
        let drawn = plan.tensors().into_iter().map(|spec| {
            let n = spec.shape.iter().product();
            let data = match spec.shape[..] {
                [o, i, 5, 5] => glorot(&mut rng, (25 * i, 25 * o), n),
                _ if spec.name.ends_with("bn.weight") || spec.name.ends_with("running_var") => {
                    vec![1.0; n]
                }
                _ => vec![0.0; n],
            };
            NamedTensor {
                name: spec.name,
                shape: spec.shape,
                data,
            }
        });
        Self::from_tensors(plan, &drawn.collect::<Vec<_>>(), device)
    }

    /// A network over given tensors.
    pub(crate) fn from_tensors(
        plan: &NetworkPlan,
        tensors: &[NamedTensor],
        device: Device,
    ) -> Result<Self, ModelError> {
        let get = |level: &Level, part: &str| {
            let name = format!("{}.{part}", level.name);
            let tensor = tensors.iter().find(|t| t.name == name);
            let tensor = tensor.ok_or_else(|| ModelError::images(format!("tensor {name}"), "none"));
            from_named(tensor?, device)
        };
        let learns = |level: &Level, part: &str| {
            get(level, part).and_then(|t| Ok(t.f_set_requires_grad(true)?))
        };
        let level = |level: &Level| {
            let norm = if level.op == LevelOp::Out {
                None
            } else {
                Some(Norm {
                    weight: learns(level, "bn.weight")?,
                    bias: learns(level, "bn.bias")?,
                    mean: get(level, "bn.running_mean")?,
                    variance: get(level, "bn.running_var")?,
                })
            };
            let weight = learns(level, "conv.weight")?;
            Ok(LevelTensors {
                weight,
                bias: learns(level, "conv.bias")?,
                norm,
            })
        };
        let levels = plan
            .levels
            .iter()
            .map(level)
            .collect::<Result<_, ModelError>>()?;
        let map = upconv::map_tensor(Kind::Float, device)?;
        Ok(Self {
            plan: plan.clone(),
            levels,
            device,
            kind: Kind::Float,
            map,
        })
    }

    /// The same network, its convolutions in `precision`.
    pub(crate) fn in_precision(self, precision: Precision) -> Self {
        let kind = match precision {
            Precision::F32 => Kind::Float,
            Precision::Bf16 => Kind::BFloat16,
        };
        Self { kind, ..self }
    }

    /// Every tensor under its name, in the plan's order.
    pub(crate) fn to_tensors(&self) -> Result<Vec<NamedTensor>, ModelError> {
        let specs = self.plan.tensors();
        specs
            .iter()
            .zip(self.tensors())
            .map(|(spec, t)| to_named(&spec.name, t))
            .collect()
    }

    /// Every tensor, in the plan's order.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.levels.iter().flat_map(|level| {
            let norm = level
                .norm
                .iter()
                .flat_map(|n| [&n.weight, &n.bias, &n.mean, &n.variance]);
            [&level.weight, &level.bias].into_iter().chain(norm)
        })
    }

    /// The tensors that learn, with their names, in the plan's order.
    pub(crate) fn trainable(&self) -> Vec<(String, Tensor)> {
        let specs = self.plan.tensors();
        let named = specs.into_iter().zip(self.tensors());
        let learns = named.filter(|(_, tensor)| tensor.requires_grad());
        learns
            .map(|(spec, tensor)| (spec.name, tensor.shallow_clone()))
            .collect()
    }

    /// The convolution of level `i`, strided or upsampling.
    fn convolve(&self, i: usize, x: &Tensor) -> Result<Tensor, ModelError> {
        let LevelTensors { weight, bias, .. } = &self.levels[i];
        let cast = |tensor: &Tensor| tensor.f_to_kind(self.kind);
        if self.plan.levels[i].op == LevelOp::Down {
            return down(&cast(x)?, &cast(weight)?, &cast(bias)?);
        }
        let (kernels, bias) = upconv::phase_kernels(weight, bias, &self.map)?;
        upconv::apply(&cast(x)?, &cast(&kernels)?, &cast(&bias)?)
    }

    /// The mean over the looks of `loss`.
    pub(crate) fn mean_loss(
        &self,
        loss: impl Fn(&Self, Look) -> Result<Tensor, ModelError>,
    ) -> Result<Tensor, ModelError> {
        let looks = self.plan.config.looks();
        let mut sum = loss(self, Look::First)?;
        for look in &looks[1..] {
            sum = sum.f_add(&loss(self, *look)?)?;
        }
        match looks.len() {
            1 => Ok(sum),
            n => Ok(sum.f_div_scalar(n as f64)?),
        }
    }

    /// What one look makes of `x` `[b, c, h, w]` by batch statistics, which also move the
    /// running averages by `momentum`. Sides must divide by `2^depth`.
    pub(crate) fn forward_train(
        &self,
        x: &Tensor,
        look: Look,
        momentum: f64,
    ) -> Result<Tensor, ModelError> {
        // What another look learns from the first one does not move the first one's averages.
        let first = || self.forward_train(x, Look::First, 0.0);
        let x = shown(&self.plan, x, look, first)?;
        wire((&self.plan, look), &x, |i, x| {
            let level = &self.levels[i];
            let y = self.convolve(i, x)?;
            match &level.norm {
                None => Ok(y.f_to_kind(Kind::Float)?.f_sigmoid()?),
                Some(norm) => leaky_relu(&y.f_batch_norm(
                    Some(&norm.weight),
                    Some(&norm.bias),
                    Some(&norm.mean),
                    Some(&norm.variance),
                    true,
                    momentum,
                    NORM_EPS,
                    true,
                )?),
            }
        })
    }
}

fn glorot(rng: &mut impl Rng, (fan_in, fan_out): (usize, usize), n: usize) -> Vec<f32> {
    let limit = (6.0 / (fan_in + fan_out) as f64).sqrt() as f32;
    (0..n).map(|_| rng.random_range(-limit..limit)).collect()
}

/// Stride 2, padded by 1 before and 2 after: output i reads x(2i + k - 1), k = 0..5.
pub(crate) fn down(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor, ModelError> {
    convolve(&with_margin(x)?, weight, bias, Steps::DOWN) // [b, o, h/2, w/2]
}

/// `x` `[b, i, h, w]` with one row and column of zeros before and two behind.
pub(crate) fn with_margin(x: &Tensor) -> Result<Tensor, ModelError> {
    // Padded as NHWC: the gradient of a padded NCHW tensor comes back contiguous, and every
    // layer before it would then run in the slower layout.
    let nhwc = x
        .f_permute([0, 2, 3, 1])?
        .f_constant_pad_nd([0, 0, 1, 2, 1, 2])?;
    Ok(nhwc.f_permute([0, 3, 1, 2])?) // [b, i, h + 3, w + 3]
}

/// x above zero, 0.3 x below.
pub(crate) fn leaky_relu(x: &Tensor) -> Result<Tensor, ModelError> {
    // tch's own leaky_relu has a fixed slope of 0.01. The function's derivative times x is the
    // function itself, and autograd of that kernel in x is right.
    Ok(x.f_detach()?.f_leaky_relu_backward(x, LEAKY_SLOPE, false)?)
}

#[cfg(test)]
mod tests {
    use aesc_artifact::{NetworkConfig, SecondLook, Segmentation};

    use super::*;

    #[test]
    fn leaky_relu_and_its_gradient_have_slope_0_3_below_zero() {
        let x = Tensor::from_slice(&[-2.0_f64, -0.5, 0.5, 3.0]).set_requires_grad(true);
        let y = leaky_relu(&x).unwrap();
        assert_eq!(Vec::<f64>::try_from(&y).unwrap(), [-0.6, -0.15, 0.5, 3.0]);
        y.sum(Kind::Double).backward();
        assert_eq!(
            Vec::<f64>::try_from(x.grad()).unwrap(),
            [0.3, 0.3, 1.0, 1.0]
        );
    }

    #[test]
    fn the_encoder_reads_from_one_before_to_three_after() {
        // A kernel that is 1 at tap (0, 0) only moves x(2i - 1) to output i; the first is padding.
        let x = Tensor::arange(16, (Kind::Float, tch::Device::Cpu)).view([1, 1, 4, 4]);
        let weight = Tensor::zeros([1, 1, 5, 5], (Kind::Float, tch::Device::Cpu));
        let _ = weight.get(0).get(0).get(0).get(0).fill_(1.0);
        let y = down(&x, &weight, &Tensor::from_slice(&[0.0_f32])).unwrap();
        let values = Vec::<f32>::try_from(y.view([4])).unwrap();
        assert_eq!(values, [0.0, 0.0, 0.0, 5.0]); // rows -1 and 1, columns -1 and 1
    }

    #[test]
    fn bf16_gives_what_f32_gives_to_two_digits() {
        let plan = NetworkConfig {
            depth: 3,
            width: 8,
            ..NetworkConfig::default()
        }
        .plan(3)
        .unwrap();
        // Waves: the same whatever other tests draw.
        let x = Tensor::arange(4 * 3 * 32 * 32, (Kind::Float, tch::Device::Cpu));
        let x = ((x * 0.37).sin() * 0.5 + 0.5).view([4, 3, 32, 32]);
        let run = |precision| {
            let network = Network::init(&plan, 1, Device::Cpu).unwrap();
            let network = network.in_precision(precision);
            let y = network.forward_train(&x, Look::First, 0.1).unwrap();
            let leaf = &network.levels[0].weight;
            let gradient =
                Tensor::run_backward(&[(&y - &x).square().mean(None)], &[leaf], false, false);
            [y.detach(), gradient[0].shallow_clone()]
        };
        for (full, half) in run(Precision::F32).iter().zip(&run(Precision::Bf16)) {
            assert_eq!(half.kind(), Kind::Float);
            let norm = |tensor: &Tensor| tensor.square().sum(Kind::Double).sqrt().double_value(&[]);
            let apart = norm(&(full - half)) / norm(full);
            // A rounding to 8 bits is off by up to 1/512. Six levels round input, kernel and
            // output, some 20 roundings there and 20 back: sqrt(40) / 512 is about a hundredth.
            assert!(apart > 0.0 && apart < 0.05, "{apart}");
        }
    }

    #[test]
    fn every_levels_shape_is_the_plans() {
        let plan = NetworkConfig::default().plan(3).unwrap();
        let network = Network::init(&plan, 1, Device::Cpu).unwrap();
        let x = Tensor::rand([2, 3, 64, 128], (Kind::Float, tch::Device::Cpu));
        let mut shapes = Vec::new();
        let y = wire((&plan, Look::First), &x, |i, x| {
            let y = network.convolve(i, x)?;
            shapes.push([
                y.size()[1] as usize,
                y.size()[2] as usize,
                y.size()[3] as usize,
            ]);
            Ok(y)
        });
        assert_eq!(y.unwrap().size(), [2, 3, 64, 128]);
        assert_eq!(shapes, plan.shapes(64, 128));
    }

    #[test]
    fn the_first_look_does_not_learn_from_the_one_that_is_shown_its_residual() {
        let config = NetworkConfig {
            depth: 2,
            width: 2,
            second: SecondLook::Ae,
            segment: Segmentation::Residual,
            ..NetworkConfig::default()
        };
        let plan = config.plan(1).unwrap();
        let network = Network::init(&plan, 1, Device::Cpu).unwrap();
        let before = network.to_tensors().unwrap();
        let x = Tensor::rand([2, 1, 16, 16], (Kind::Float, tch::Device::Cpu));
        let y = network.forward_train(&x, Look::Segment, 0.5).unwrap();
        y.square().sum(Kind::Float).backward();
        let learns = |look| {
            let own = &network.levels[plan.stack(look)];
            own.iter().any(|level| level.weight.grad().defined())
        };
        let looks = [Look::First, Look::Second, Look::Segment];
        assert_eq!(looks.map(learns), [false, false, true]);
        let after = network.to_tensors().unwrap();
        let moved = before.iter().zip(&after).filter(|(old, new)| old != new);
        let mut moved = moved.map(|(old, _)| old.name.as_str());
        assert!(moved.clone().count() > 0 && moved.all(|name| name.starts_with("segment.")));
    }

    #[test]
    fn trainable_values_are_8_736_515() {
        let plan = NetworkConfig::default().plan(3).unwrap();
        let network = Network::init(&plan, 1, Device::Cpu).unwrap();
        let count: usize = network.trainable().iter().map(|(_, t)| t.numel()).sum();
        assert_eq!(count, 8_736_515);
    }

    #[test]
    fn the_seed_decides_the_first_weights() {
        let plan = NetworkConfig {
            depth: 2,
            width: 2,
            ..NetworkConfig::default()
        }
        .plan(1)
        .unwrap();
        let weights = |seed| {
            Network::init(&plan, seed, Device::Cpu)
                .unwrap()
                .to_tensors()
                .unwrap()
        };
        assert_eq!(weights(3), weights(3));
        assert_ne!(weights(3), weights(4));
    }
}
