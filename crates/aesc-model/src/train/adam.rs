//! Adam and `AdamW` with their state in the open, so that a checkpoint can hold it.

use aesc_artifact::{AdamConfig, NamedTensor};
use tch::Tensor;

use crate::ModelError;
use crate::network::Network;
use crate::tensor::{from_named, to_named};

/// The optimiser (Kingma & Ba 2015; decoupled decay: Loshchilov & Hutter 2019).
#[derive(Debug)]
pub(crate) struct Adam {
    config: AdamConfig,
    parameters: Vec<Parameter>,
}

#[derive(Debug)]
struct Parameter {
    name: String,
    value: Tensor,
    /// Decaying mean of gradients.
    mean: Tensor,
    /// Decaying mean of squared gradients.
    square: Tensor,
}

impl Adam {
    /// An optimiser that has seen nothing.
    pub(crate) fn new(config: &AdamConfig, network: &Network) -> Result<Self, ModelError> {
        let fresh = |(name, value): (String, Tensor)| {
            let (mean, square) = (value.f_zeros_like()?, value.f_zeros_like()?);
            Ok(Parameter {
                name,
                value,
                mean,
                square,
            })
        };
        let parameters = network.trainable().into_iter().map(fresh);
        Ok(Self {
            config: config.clone(),
            parameters: parameters.collect::<Result<_, ModelError>>()?,
        })
    }

    /// An optimiser with the moments of [`Adam::moments`].
    pub(crate) fn from_moments(
        config: &AdamConfig,
        network: &Network,
        moments: &[NamedTensor],
    ) -> Result<Self, ModelError> {
        let mut adam = Self::new(config, network)?;
        for parameter in &mut adam.parameters {
            let find = |part: &str| {
                let name = format!("{part}.{}", parameter.name);
                let found = moments.iter().find(|tensor| tensor.name == name);
                found.ok_or_else(|| ModelError::images(format!("tensor {name}"), "none"))
            };
            let (mean, square) = (find("mean")?, find("square")?);
            parameter.mean = from_named(mean, network.device)?;
            parameter.square = from_named(square, network.device)?;
        }
        Ok(adam)
    }

    /// Both moments of every parameter, `mean.NAME` and `square.NAME`.
    pub(crate) fn moments(&self) -> Result<Vec<NamedTensor>, ModelError> {
        let mut moments = Vec::with_capacity(2 * self.parameters.len());
        for p in &self.parameters {
            moments.push(to_named(&format!("mean.{}", p.name), &p.mean)?);
            moments.push(to_named(&format!("square.{}", p.name), &p.square)?);
        }
        Ok(moments)
    }

    /// Takes the `t`-th step (from 1) down the gradients at learning rate `rate`; clears them.
    pub(crate) fn step(&mut self, t: u64, rate: f64) -> Result<(), ModelError> {
        let AdamConfig {
            beta1,
            beta2,
            eps,
            weight_decay,
        } = self.config;
        let t = i32::try_from(t).unwrap_or(i32::MAX);
        let (correct1, correct2) = (1.0 - beta1.powi(t), 1.0 - beta2.powi(t));
        tch::no_grad(|| {
            for p in &mut self.parameters {
                let mut gradient = p.value.f_grad()?;
                let _ = p.mean.f_lerp_(&gradient, 1.0 - beta1)?;
                let _ = p.square.f_lerp_(&gradient.f_square()?, 1.0 - beta2)?;
                let mut root = p.square.f_sqrt()?;
                // mean / correct1 / (sqrt(square / correct2) + eps), constants gathered.
                let _ = root.f_add_scalar_(eps * correct2.sqrt())?;
                let mut change = p.mean.f_div(&root)?;
                let _ = change.f_mul_scalar_(rate * correct2.sqrt() / correct1)?;
                if weight_decay > 0.0 && p.name.ends_with("conv.weight") {
                    let _ = p.value.f_mul_scalar_(1.0 - rate * weight_decay)?;
                }
                let _ = p.value.f_sub_(&change)?;
                let _ = gradient.f_zero_()?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(value: f64, config: AdamConfig) -> Adam {
        let value = Tensor::from_slice(&[value]).set_requires_grad(true);
        let (mean, square) = (value.zeros_like(), value.zeros_like());
        let parameter = Parameter {
            name: "x.conv.weight".into(),
            value,
            mean,
            square,
        };
        Adam {
            config,
            parameters: vec![parameter],
        }
    }

    fn step_on_square(adam: &mut Adam, t: u64) -> f64 {
        let x = adam.parameters[0].value.shallow_clone();
        (&x * &x).sum(tch::Kind::Double).backward();
        adam.step(t, 0.1).unwrap();
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
}
