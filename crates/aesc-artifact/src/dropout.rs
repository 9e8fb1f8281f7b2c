//! Monte Carlo dropout's masks: which activations each thinned network keeps (method section 5).
//!
//! Drawn here and not by a runtime, so that the same seed thins the network alike on every backend
//! and for every image.

use aesc_detect::McDropout;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{ArtifactError, LevelOp, Look, NetworkPlan};

impl NetworkPlan {
    /// The dropout rate behind each level's activation, in the order of the levels: an encoder
    /// level's own, a decoder level's that of the encoder level of the same resolution, 0 at the
    /// output and in all looks but the first.
    ///
    /// # Errors
    /// [`ArtifactError::Config`] when the rates given are not as many as the network is deep, or
    /// none is above 0.
    pub fn dropout_rates(&self, mc_dropout: &McDropout) -> Result<Vec<f64>, ArtifactError> {
        let rates = mc_dropout.rates_for(self.config.depth);
        if rates.len() != self.config.depth || rates.iter().all(|rate| *rate <= 0.0) {
            let field = "score.mc_dropout.rates";
            let expected = format!("{} rates, one above 0 at least", self.config.depth);
            return Err(ArtifactError::config(field, expected, format!("{rates:?}")));
        }
        let rate = |level: &crate::Level| match level.op {
            LevelOp::Out => 0.0,
            _ => rates[level.scale - 1],
        };
        let mut found: Vec<f64> = self.levels.iter().map(rate).collect();
        found[self.stack(Look::First).end..].fill(0.0);
        Ok(found)
    }
}

/// The mask of one pass behind one level: `n` factors, 0 where an activation is dropped and
/// `1 / (1 - rate)` where it is kept (inverted dropout), each dropped with probability `rate`.
///
/// Elements run row-major over `[height, width, channels]` of the level's output. `level` counts
/// from 0 in the order of [`NetworkPlan::levels`]; `rate` is 0..1.
///
/// ```
/// use aesc_artifact::dropout_mask;
/// let mask = dropout_mask(7, (0, 4), 0.25, 1000);
/// assert_eq!(mask, dropout_mask(7, (0, 4), 0.25, 1000));
/// assert_ne!(mask, dropout_mask(7, (1, 4), 0.25, 1000));
/// assert!(mask.iter().all(|factor| [0.0, 1.0_f32 / 0.75].contains(factor)));
/// ```
pub fn dropout_mask(seed: u64, (pass, level): (u32, u32), rate: f64, n: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(pass) << 32 | u64::from(level));
    let below = (rate * 2.0_f64.powi(32)) as u64;
    let kept = (1.0 / (1.0 - rate)) as f32;
    let mut factor = || {
        if u64::from(rng.next_u32()) < below {
            0.0
        } else {
            kept
        }
    };
    (0..n).map(|_| factor()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NetworkConfig;

    #[test]
    fn rates_follow_the_resolution_through_encoder_and_decoder() {
        let plan = NetworkConfig::default().plan(3).unwrap();
        let found = plan.dropout_rates(&McDropout::default()).unwrap();
        // Method section 5: d1..d6 behind E1..E6, d5..d1 behind D1..D5, none at the output.
        let expected = [0.0, 0.0, 0.1, 0.2, 0.3, 0.4, 0.3, 0.2, 0.1, 0.0, 0.0, 0.0];
        assert_eq!(found.len(), expected.len());
        assert!(
            found
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
    }

    #[test]
    fn as_many_rates_as_levels_are_wanted() {
        let plan = NetworkConfig::default().plan(3).unwrap();
        let config = McDropout {
            rates: Some(vec![0.5, 0.5]),
            ..McDropout::default()
        };
        let message = plan.dropout_rates(&config).unwrap_err().to_string();
        assert_eq!(
            message,
            "score.mc_dropout.rates: expected 6 rates, one above 0 at least, found [0.5, 0.5]"
        );
    }

    #[test]
    fn the_share_dropped_is_the_rate_and_the_mean_stays_one() {
        for rate in [0.1, 0.4, 0.9] {
            let n = 200_000;
            let mask = dropout_mask(1, (3, 2), rate, n);
            let dropped = mask.iter().filter(|factor| **factor < 0.5).count() as f64 / n as f64;
            // Five standard deviations of a share.
            let tolerance = 5.0 * (rate * (1.0 - rate) / n as f64).sqrt();
            assert!((dropped - rate).abs() < tolerance, "{rate}: {dropped}");
            let mean = mask.iter().map(|f| f64::from(*f)).sum::<f64>() / n as f64;
            assert!(
                (mean - 1.0).abs() < tolerance / (1.0 - rate),
                "{rate}: {mean}"
            );
        }
    }

    #[test]
    fn a_rate_of_0_keeps_everything() {
        assert!(
            dropout_mask(9, (0, 0), 0.0, 64)
                .iter()
                .all(|f| *f > 0.999 && *f < 1.001)
        );
    }
}
