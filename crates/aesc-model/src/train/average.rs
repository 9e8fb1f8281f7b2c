//! Averaged weights: a decaying mean over the steps, which may be kept instead of the last ones.

use aesc_artifact::NamedTensor;

use crate::ModelError;
use crate::network::Network;

/// A decaying mean of every tensor of a network, running averages too (after Polyak & Juditsky 1992, whose mean
/// does not decay).
#[derive(Debug)]
pub(crate) struct Average {
    decay: f64,
    network: Network,
}

impl Average {
    /// A mean that stands at `tensors`, for a network like `network`.
    pub(crate) fn at(
        decay: f64,
        network: &Network,
        tensors: &[NamedTensor],
    ) -> Result<Self, ModelError> {
        let mut mean = Network::from_tensors(&network.plan, tensors, network.device)?;
        mean.kind = network.kind;
        Ok(Self {
            decay,
            network: mean,
        })
    }

    /// The network of the means.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Follows `network`, of which `t` steps are done (from 1). Early on the mean forgets faster,
    /// or short runs would still remember their first weights.
    pub(crate) fn follow(&mut self, network: &Network, t: u64) -> Result<(), ModelError> {
        let share = 1.0 - decay_at(self.decay, t);
        tch::no_grad(|| {
            for (mean, value) in self.network.tensors().zip(network.tensors()) {
                let _ = mean.shallow_clone().f_lerp_(value, share)?;
            }
            Ok(())
        })
    }
}

/// What the mean keeps of itself at step `t`: `decay`, or (1 + t) / (10 + t) while that is less.
fn decay_at(decay: f64, t: u64) -> f64 {
    let t = t as f64;
    decay.min((1.0 + t) / (10.0 + t))
}

#[cfg(test)]
mod tests {
    use aesc_artifact::NetworkConfig;

    use super::*;
    use crate::Device;

    #[test]
    fn the_mean_follows_its_recurrence() {
        let plan = NetworkConfig {
            depth: 1,
            width: 2,
            ..NetworkConfig::default()
        }
        .plan(1)
        .unwrap();
        let network = Network::init(&plan, 0, Device::Cpu).unwrap();
        let filled = |value: f64| {
            tch::no_grad(|| {
                for tensor in network.tensors() {
                    let _ = tensor.shallow_clone().fill_(value);
                }
            });
        };
        filled(1.0);
        let mut average = Average::at(0.25, &network, &network.to_tensors().unwrap()).unwrap();
        // Step 1 keeps 2/11 of 1, for (1 + 1) / (10 + 1) is below 0.25; step 5 keeps a quarter.
        filled(12.0);
        average.follow(&network, 1).unwrap();
        let first = 12.0 - 11.0 * 2.0 / 11.0;
        filled(2.0);
        average.follow(&network, 5).unwrap();
        let second = 0.25 * first + 0.75 * 2.0;
        for tensor in average.network().to_tensors().unwrap() {
            let close = |value: &f32| (f64::from(*value) - second).abs() < 1e-5;
            assert!(tensor.data.iter().all(close), "{tensor:?}");
        }
    }
}
