//! Adam, `AdamW` and Muon with their state in the open, so that a checkpoint can hold it.

use aesc_artifact::{AdamConfig, NamedTensor, Optimiser as Kind, TrainConfig};
use tch::Tensor;

use super::muon;
use crate::ModelError;
use crate::network::Network;
use crate::tensor::{from_named, to_named};

/// The optimiser (Kingma & Ba 2015; decoupled decay: Loshchilov & Hutter 2019; kernels by Muon: Jordan
/// et al. 2024).
#[derive(Debug)]
pub(crate) struct Optimiser {
    adam: AdamConfig,
    parameters: Vec<Parameter>,
}

#[derive(Debug)]
struct Parameter {
    name: String,
    value: Tensor,
    /// Decaying mean of gradients.
    mean: Tensor,
    /// Decaying mean of squared gradients; Muon has none.
    square: Option<Tensor>,
}

impl Optimiser {
    /// An optimiser that has seen nothing.
    pub(crate) fn new(config: &TrainConfig, network: &Network) -> Result<Self, ModelError> {
        let fresh = |(name, value): (String, Tensor)| {
            let is_muons = config.optimiser == Kind::Muon && muon::takes(&value.size());
            let mean = value.f_zeros_like()?;
            let square = (!is_muons).then(|| value.f_zeros_like()).transpose()?;
            Ok(Parameter {
                name,
                value,
                mean,
                square,
            })
        };
        let parameters = network.trainable().into_iter().map(fresh);
        Ok(Self {
            adam: config.adam.clone(),
            parameters: parameters.collect::<Result<_, ModelError>>()?,
        })
    }

    /// An optimiser with the moments of [`Optimiser::moments`].
    pub(crate) fn from_moments(
        config: &TrainConfig,
        network: &Network,
        moments: &[NamedTensor],
    ) -> Result<Self, ModelError> {
        let mut optimiser = Self::new(config, network)?;
        for parameter in &mut optimiser.parameters {
            let find = |part: &str| {
                let name = format!("{part}.{}", parameter.name);
                let found = moments.iter().find(|tensor| tensor.name == name);
                let found =
                    found.ok_or_else(|| ModelError::images(format!("tensor {name}"), "none"));
                from_named(found?, network.device)
            };
            parameter.mean = find("mean")?;
            if let Some(square) = &mut parameter.square {
                *square = find("square")?;
            }
        }
        Ok(optimiser)
    }

    /// The moments of every parameter, `mean.NAME` and, but for Muon's, `square.NAME`.
    pub(crate) fn moments(&self) -> Result<Vec<NamedTensor>, ModelError> {
        let mut moments = Vec::with_capacity(2 * self.parameters.len());
        for p in &self.parameters {
            moments.push(to_named(&format!("mean.{}", p.name), &p.mean)?);
            if let Some(square) = &p.square {
                moments.push(to_named(&format!("square.{}", p.name), square)?);
            }
        }
        Ok(moments)
    }

    /// Gradients of `loss` by every parameter, in the parameters' order.
    pub(crate) fn gradients(&self, loss: &Tensor) -> Result<Vec<Tensor>, ModelError> {
        let values: Vec<&Tensor> = self.parameters.iter().map(|p| &p.value).collect();
        Ok(Tensor::f_run_backward(&[loss], &values, false, false)?)
    }

    /// Takes the `t`-th step (from 1) down `gradients` at learning rate `rate`.
    pub(crate) fn step(
        &mut self,
        gradients: &[Tensor],
        t: u64,
        rate: f64,
    ) -> Result<(), ModelError> {
        let step = Step::new(&self.adam, t, rate);
        tch::no_grad(|| {
            for (p, gradient) in self.parameters.iter().zip(gradients) {
                let keeps = if p.name.ends_with("conv.weight") {
                    step.keeps
                } else {
                    1.0
                };
                match &p.square {
                    Some(square) => p.take_adams(&step, gradient, square, keeps)?,
                    None => p.take_muons(gradient, rate, keeps)?,
                }
            }
            Ok(())
        })
    }
}

impl Parameter {
    fn take_adams(
        &self,
        step: &Step,
        gradient: &Tensor,
        square: &Tensor,
        keeps: f64,
    ) -> Result<(), ModelError> {
        let flat = |tensor: &Tensor| tensor.f_reshape([-1]);
        let [gradient, value, mean, square] = [gradient, &self.value, &self.mean, square]
            .map(flat)
            .map(|part| part.and_then(|part| part.f_split(PIECE, 0)));
        let pieces = value?
            .into_iter()
            .zip(gradient?)
            .zip(mean?.into_iter().zip(square?));
        for ((value, gradient), (mean, square)) in pieces {
            step.take(value, &gradient, (mean, square), keeps)?;
        }
        Ok(())
    }

    /// Down the direction of Nesterov's momentum, a step ahead of the mean of gradients.
    fn take_muons(&self, gradient: &Tensor, rate: f64, keeps: f64) -> Result<(), ModelError> {
        let [mut mean, mut value] = [&self.mean, &self.value].map(Tensor::shallow_clone);
        let _ = mean.f_lerp_(gradient, 1.0 - muon::MOMENTUM)?;
        let ahead = gradient.f_lerp(&mean, muon::MOMENTUM)?;
        let change = muon::direction(&ahead)?;
        if keeps < 1.0 {
            let _ = value.f_mul_scalar_(keeps)?;
        }
        let _ = value.f_add_(&change.f_mul_scalar(-rate)?)?;
        Ok(())
    }
}

/// Values updated at a time: few enough that all passes over them find them in the cache.
const PIECE: i64 = 1 << 17;

/// The constants of one step.
struct Step {
    beta1: f64,
    beta2: f64,
    /// eps · sqrt(1 - beta2^t)
    eps: f64,
    /// rate · sqrt(1 - beta2^t) / (1 - beta1^t)
    rate: f64,
    /// What decoupled decay leaves of a kernel.
    keeps: f64,
}

impl Step {
    fn new(config: &AdamConfig, t: u64, rate: f64) -> Self {
        let t = i32::try_from(t).unwrap_or(i32::MAX);
        let (correct1, correct2) = (1.0 - config.beta1.powi(t), 1.0 - config.beta2.powi(t));
        Self {
            beta1: config.beta1,
            beta2: config.beta2,
            eps: config.eps * correct2.sqrt(),
            rate: rate * correct2.sqrt() / correct1,
            keeps: 1.0 - rate * config.weight_decay,
        }
    }

    /// value -= rate · mean / correct1 / (sqrt(square / correct2) + eps), constants gathered.
    fn take(
        &self,
        mut value: Tensor,
        gradient: &Tensor,
        (mut mean, mut square): (Tensor, Tensor),
        keeps: f64,
    ) -> Result<(), ModelError> {
        let _ = mean.f_lerp_(gradient, 1.0 - self.beta1)?;
        let _ = square.f_lerp_(&gradient.f_square()?, 1.0 - self.beta2)?;
        let mut root = square.f_sqrt()?;
        let _ = root.f_add_scalar_(self.eps)?;
        let _ = root.f_mul_scalar_(-1.0 / self.rate)?;
        if keeps < 1.0 {
            let _ = value.f_mul_scalar_(keeps)?;
        }
        let _ = value.f_addcdiv_(&mean, &root)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(value: f64, adam: AdamConfig) -> Optimiser {
        let value = Tensor::from_slice(&[value]).set_requires_grad(true);
        let (mean, square) = (value.zeros_like(), value.zeros_like());
        let parameter = Parameter {
            name: "x.conv.weight".into(),
            value,
            mean,
            square: Some(square),
        };
        Optimiser {
            adam,
            parameters: vec![parameter],
        }
    }

    fn step_on_square(adam: &mut Optimiser, t: u64) -> f64 {
        let x = adam.parameters[0].value.shallow_clone();
        let gradients = adam.gradients(&(&x * &x).sum(tch::Kind::Double)).unwrap();
        adam.step(&gradients, t, 0.1).unwrap();
        x.double_value(&[0])
    }

    #[test]
    fn the_first_step_is_the_rate_whatever_the_gradient() {
        // m/(1-b1) = g and v/(1-b2) = g^2, so the step is rate * g / (|g| + eps).
        let mut adam = scalar(3.0, AdamConfig::default());
        assert!((step_on_square(&mut adam, 1) - 2.9).abs() < 1e-7);
    }

    #[test]
    fn the_second_step_follows_the_formula() {
        // g1 = 6, g2 = 5.8 at x = 2.9. m = 0.09*6 + 0.1*5.8 = ... written out in f64:
        let mut adam = scalar(
            3.0,
            AdamConfig {
                eps: 1e-8,
                ..AdamConfig::default()
            },
        );
        let x1 = step_on_square(&mut adam, 1);
        let (g1, g2) = (6.0, 2.0 * x1);
        let mean = (0.9 * 0.1 * g1 + 0.1 * g2) / (1.0 - 0.81);
        let square = (0.999 * 0.001 * g1 * g1 + 0.001 * g2 * g2) / (1.0 - 0.999_f64.powi(2));
        let expected = x1 - 0.1 * mean / (square.sqrt() + 1e-8);
        assert!((step_on_square(&mut adam, 2) - expected).abs() < 1e-9);
    }

    #[test]
    fn weight_decay_is_decoupled() {
        let config = AdamConfig {
            weight_decay: 0.5,
            ..AdamConfig::default()
        };
        let mut adam = scalar(3.0, config);
        // Decay first: 3 (1 - 0.1 * 0.5) = 2.85; then the rate.
        assert!((step_on_square(&mut adam, 1) - 2.75).abs() < 1e-7);
    }

    #[test]
    fn muons_second_step_follows_the_formula() {
        let f32s = (tch::Kind::Float, tch::Device::Cpu);
        let wave = |by: f64| (Tensor::arange(400, f32s) * by).sin().view([4, 4, 5, 5]);
        let start = wave(0.7);
        let mut optimiser = Optimiser {
            adam: AdamConfig {
                weight_decay: 0.5,
                ..AdamConfig::default()
            },
            parameters: vec![Parameter {
                name: "x.conv.weight".into(),
                value: start.copy(),
                mean: start.zeros_like(),
                square: None,
            }],
        };
        let gradients = [wave(1.3), wave(2.9)];
        let mut expected = start;
        // m1 = 0.05 g1, m2 = 0.95 m1 + 0.05 g2; what is followed is 0.05 g + 0.95 m, after the decay.
        let means = [
            0.05 * &gradients[0],
            0.95 * 0.05 * &gradients[0] + 0.05 * &gradients[1],
        ];
        for (t, (gradient, mean)) in gradients.iter().zip(&means).enumerate() {
            let parameters = std::slice::from_ref(gradient);
            optimiser.step(parameters, t as u64 + 1, 0.1).unwrap();
            let change = muon::direction(&(0.05 * gradient + 0.95 * mean)).unwrap();
            expected = expected * (1.0 - 0.1 * 0.5) - 0.1 * change;
        }
        let off = &optimiser.parameters[0].value - expected;
        assert!(off.abs().max().double_value(&[]) < 1e-5);
    }
}
