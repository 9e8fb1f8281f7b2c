//! A network for inference: norms folded into the convolutions, phase kernels made once.

use aesc_artifact::{LevelOp, Look, NetworkPlan};
use tch::{Kind, Tensor};

use super::block::{Network, leaky_relu, with_margin};
use super::convolution::{Fixed, Steps};
use super::{Masks, shown, upconv, wire};
use crate::ModelError;

/// A network that only reconstructs.
#[derive(Debug)]
pub(crate) struct Frozen {
    plan: NetworkPlan,
    /// The convolution of each level, the decoder's in phase form.
    levels: Vec<Fixed>,
    /// What they compute in.
    kind: Kind,
}

impl Frozen {
    /// The network as it stands, its running averages taken for the batch statistics; quickest
    /// with images of `sides`, which divide by `2^depth`.
    pub(crate) fn new(network: &Network, sides: (usize, usize)) -> Result<Self, ModelError> {
        let plan = &network.plan;
        let kernels = plan.kernels(&network.to_tensors()?)?;
        let on_device = |values: &[f32]| {
            let tensor = Tensor::f_from_slice(values)?.f_to_device(network.device.tch())?;
            tensor.f_to_kind(network.kind)
        };
        let levels = kernels.iter().zip(&plan.levels);
        let levels =
            levels
                .zip(plan.shapes(sides.0, sides.1))
                .map(|((found, level), [_, h, w])| {
                    let weight =
                        on_device(&found.weight)?.f_view(found.shape.map(|side| side as i64))?;
                    let bias = on_device(&found.bias)?;
                    let (steps, sides) = match level.op {
                        LevelOp::Down => (Steps::DOWN, [2 * h + 3, 2 * w + 3]),
                        LevelOp::Up | LevelOp::Out => (Steps::UP, [h / 2, w / 2]),
                    };
                    Fixed::new(weight, bias, steps, sides.map(|side| side as i64))
                });
        Ok(Self {
            levels: levels.collect::<Result<_, ModelError>>()?,
            plan: plan.clone(),
            kind: network.kind,
        })
    }

    /// The same network for another thread; the weights are not copied.
    pub(crate) fn shared(&self) -> Self {
        Self {
            plan: self.plan.clone(),
            levels: self.levels.iter().map(Fixed::shared).collect(),
            kind: self.kind,
        }
    }

    /// Reconstructions of `x` `[b, c, h, w]`, sides dividing by `2^depth`, by a look that
    /// reconstructs.
    pub(crate) fn reconstruct(&self, x: &Tensor, look: Look) -> Result<Tensor, ModelError> {
        self.forward(x, look, None)
    }

    /// What each look makes of `x` `[b, c, h, w]`, sides dividing by `2^depth`, in their order.
    pub(crate) fn looks(&self, x: &Tensor) -> Result<Vec<Tensor>, ModelError> {
        let mut made: Vec<Tensor> = Vec::with_capacity(3);
        for look in self.plan.config.looks() {
            made.push(self.forward(x, *look, made.first())?);
        }
        Ok(made)
    }

    /// `first` is what the first look made of `x`, where it is known.
    fn forward(
        &self,
        x: &Tensor,
        look: Look,
        first: Option<&Tensor>,
    ) -> Result<Tensor, ModelError> {
        let first = || match first {
            Some(first) => Ok(first.shallow_clone()),
            None => self.reconstruct(x, Look::First),
        };
        let x = shown(&self.plan, x, look, first)?.f_to_kind(self.kind)?;
        tch::no_grad(|| wire((&self.plan, look), &x, |i, x| self.level(i, x)))
    }

    /// The reconstruction of one image `x` `[1, c, h, w]`, `[1, c, h, w]` too, and the population
    /// variance over the thinned networks' reconstructions, mean over channels, `[h, w]`.
    ///
    /// All passes are one batch, from the first level that drops: those before it see one image.
    pub(crate) fn sample(&self, x: &Tensor, masks: &Masks) -> Result<(Tensor, Tensor), ModelError> {
        tch::no_grad(|| {
            let itself = || Ok(x.shallow_clone());
            let x = shown(&self.plan, x, Look::First, itself)?.f_to_kind(self.kind)?;
            let y = wire((&self.plan, Look::First), &x, |i, x| {
                let h = self.level(i, x)?;
                match &masks.levels[i] {
                    Some(factors) => Ok(h.f_mul(&factors.f_to_kind(self.kind)?)?),
                    None => Ok(h),
                }
            })?; // [1 + samples, c, h, w]
            let passes = y.f_narrow(0, 1, y.size()[0] - 1)?;
            let variance = passes.f_var_dim([0].as_slice(), false, false)?; // [c, h, w]
            let mean = variance.f_mean_dim([0].as_slice(), false, Kind::Float)?;
            Ok((y.f_narrow(0, 0, 1)?, mean))
        })
    }

    /// Level `i` up to and with its activation.
    fn level(&self, i: usize, x: &Tensor) -> Result<Tensor, ModelError> {
        let level = &self.levels[i];
        match self.plan.levels[i].op {
            LevelOp::Down => leaky_relu(&level.apply(&with_margin(x)?)?),
            LevelOp::Up => leaky_relu(&upconv::shuffled(&level.apply(x)?)?),
            LevelOp::Out => {
                let y = upconv::shuffled(&level.apply(x)?)?;
                Ok(y.f_to_kind(Kind::Float)?.f_sigmoid()?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use aesc_artifact::{
        NORM_EPS, NamedTensor, NetworkConfig, NetworkInput, NetworkKind, SecondLook, Segmentation,
        dropout_mask,
    };
    use aesc_detect::McDropout;
    use rand::{RngExt, SeedableRng};

    use super::super::block::down;
    use super::*;
    use crate::Device;

    /// Every network, of depth 3 and width 4.
    fn every() -> impl Iterator<Item = NetworkConfig> {
        let small = NetworkConfig {
            depth: 3,
            width: 4,
            ..NetworkConfig::default()
        };
        let plain = NetworkKind::ALL.map(|kind| NetworkConfig {
            kind,
            ..small.clone()
        });
        let aesc = move |(input, second, segment)| NetworkConfig {
            input,
            second,
            segment,
            ..small.clone()
        };
        let more = [
            (NetworkInput::HighPass, SecondLook::None, Segmentation::None),
            (
                NetworkInput::Image,
                SecondLook::HighPass,
                Segmentation::None,
            ),
            (NetworkInput::Image, SecondLook::Ae, Segmentation::None),
            (NetworkInput::Image, SecondLook::None, Segmentation::Image),
            (
                NetworkInput::Image,
                SecondLook::None,
                Segmentation::Residual,
            ),
            (
                NetworkInput::HighPass,
                SecondLook::Ae,
                Segmentation::Residual,
            ),
            (NetworkInput::Image, SecondLook::Ae, Segmentation::Both),
            (
                NetworkInput::Image,
                SecondLook::Ae,
                Segmentation::ResidualHighPass,
            ),
        ];
        plain.into_iter().chain(more.map(aesc))
    }

    /// The slow twin: each step of method section 3 written out, nothing folded, no phase form.
    fn plain_forward(network: &Network, x: &Tensor, look: Look) -> Tensor {
        let first = || Ok(plain_forward(network, x, Look::First));
        let x = shown(&network.plan, x, look, first).unwrap();
        wire((&network.plan, look), &x, |i, x| plain_level(network, i, x)).unwrap()
    }

    fn plain_level(network: &Network, i: usize, x: &Tensor) -> Result<Tensor, ModelError> {
        let level = &network.levels[i];
        let y = if network.plan.levels[i].op == LevelOp::Down {
            down(x, &level.weight, &level.bias)?
        } else {
            let up = x.upsample_nearest2d([x.size()[2] * 2, x.size()[3] * 2], None, None);
            up.conv2d(&level.weight, Some(&level.bias), [1, 1], [2, 2], [1, 1], 1)
        };
        let Some(norm) = &level.norm else {
            return Ok(y.sigmoid());
        };
        let channel = |t: &Tensor| t.view([1, -1, 1, 1]);
        let root = (channel(&norm.variance) + NORM_EPS).sqrt();
        let y = (y - channel(&norm.mean)) / root * channel(&norm.weight) + channel(&norm.bias);
        Ok(y.maximum(&(&y * 0.3)))
    }

    /// The slow twin of [`Frozen::sample`]: one thinned network after the other, moments by hand.
    fn plain_sample(network: &Network, x: &Tensor, mc: &McDropout) -> Tensor {
        let plan = &network.plan;
        let rates = plan.dropout_rates(mc).unwrap();
        let pass = |pass: u32| {
            let y = wire(
                (plan, Look::First),
                &shown(plan, x, Look::First, || Ok(x.shallow_clone())).unwrap(),
                |i, x| {
                    let h = plain_level(network, i, x)?;
                    let [_, c, height, width] = h.size()[..] else {
                        return Err(ModelError::images("four dimensions", h.dim()));
                    };
                    let n = (c * height * width) as usize;
                    let factors = dropout_mask(mc.seed, (pass, i as u32), rates[i], n);
                    let factors = Tensor::from_slice(&factors).view([1, height, width, c]);
                    Ok(h * factors.permute([0, 3, 1, 2]))
                },
            );
            y.unwrap().squeeze_dim(0) // [c, h, w]
        };
        let passes: Vec<Tensor> = (0..mc.samples as u32).map(pass).collect();
        let n = passes.len() as f64;
        let mean = passes.iter().map(|y| y / n).reduce(|a, b| a + b).unwrap();
        let squares = passes.iter().map(|y| (y - &mean).square() / n);
        let variance = squares.reduce(|a, b| a + b).unwrap();
        variance.mean_dim([0].as_slice(), false, Kind::Float)
    }

    /// Random tensors everywhere, variances positive.
    fn random(plan: &NetworkPlan) -> Vec<NamedTensor> {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let draw = |spec: aesc_artifact::TensorSpec| {
            let n = spec.shape.iter().product();
            let range = match spec.name.rsplit('.').next() {
                Some("running_var") => 0.2..0.5,
                _ => -0.1..0.1_f32,
            };
            let data = (0..n).map(|_| rng.random_range(range.clone())).collect();
            NamedTensor {
                name: spec.name,
                shape: spec.shape,
                data,
            }
        };
        plan.tensors().into_iter().map(draw).collect()
    }

    #[test]
    fn equals_the_network_written_out() {
        for config in every() {
            let plan = config.plan(3).unwrap();
            let network = Network::from_tensors(&plan, &random(&plan), Device::Cpu).unwrap();
            let x = Tensor::rand([2, 3, 16, 24], (Kind::Float, tch::Device::Cpu));
            let frozen = Frozen::new(&network, (16, 24)).unwrap();
            let seen = frozen.looks(&x).unwrap();
            let gap = |a: &Tensor, b: &Tensor| (a - b).abs().max().double_value(&[]);
            assert_eq!(seen.len(), config.looks().len());
            for (&look, found) in config.looks().iter().zip(&seen) {
                let expected = tch::no_grad(|| plain_forward(&network, &x, look));
                let apart = gap(&expected, found);
                assert!(apart < 1e-5, "{config:?} {look:?}: {apart}");
                assert_eq!(found.size()[1] as usize, plan.channels_of(look));
                let first = look == Look::First;
                assert!(first || gap(found, &seen[0]) > 1e-4, "{config:?} {look:?}");
            }
        }
    }

    #[test]
    fn sampling_in_one_batch_equals_one_pass_after_the_other() {
        let mc = McDropout {
            samples: 5,
            seed: 11,
            rates: Some(vec![0.0, 0.3, 0.5]),
        };
        for config in every() {
            let plan = config.plan(3).unwrap();
            let network = Network::from_tensors(&plan, &random(&plan), Device::Cpu).unwrap();
            let x = Tensor::rand([1, 3, 16, 24], (Kind::Float, tch::Device::Cpu));
            let expected = tch::no_grad(|| plain_sample(&network, &x, &mc));
            let frozen = Frozen::new(&network, (16, 24)).unwrap();
            let masks = Masks::draw(&plan, &mc, (16, 24), Device::Cpu).unwrap();
            let (whole, variance) = frozen.sample(&x, &masks).unwrap();
            let gap = |a: &Tensor, b: &Tensor| (a - b).abs().max().double_value(&[]);
            let largest = expected.max().double_value(&[]);
            assert!(largest > 0.0, "{config:?}");
            let apart = gap(&expected, &variance);
            assert!(apart < 1e-4 * largest, "{config:?}: {apart} of {largest}");
            let plain = frozen.reconstruct(&x, Look::First).unwrap();
            assert!(gap(&plain, &whole) < 1e-6, "{config:?}");
        }
    }
}
