//! Which map tells what is anomalous: residual, uncertainty, or both; and how dropout is sampled.

use serde::{Deserialize, Serialize};

use crate::DetectError;

/// What the anomaly map of an image is made of (method section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The difference between an image and its reconstruction.
    #[default]
    Residual,
    /// The variance over Monte Carlo dropout passes.
    Uncertainty,
    /// The mean of the two, each divided by its mean over clean images.
    Fusion,
    /// What `aesc advise` found best for this model; the residual until it was asked.
    Auto,
}

impl Strategy {
    /// Every strategy that makes a map, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Residual, Self::Uncertainty, Self::Fusion];

    /// The name in configurations and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Residual => "residual",
            Self::Uncertainty => "uncertainty",
            Self::Fusion => "fusion",
            Self::Auto => "auto",
        }
    }

    /// Whether its map needs Monte Carlo dropout passes.
    pub fn samples(self) -> bool {
        matches!(self, Self::Uncertainty | Self::Fusion)
    }
}

/// Monte Carlo dropout: how many thinned networks look at an image, and how they are drawn.
///
/// ```
/// use aesc_detect::McDropout;
/// let rates = McDropout::default().rates_for(6);
/// let expected = [0.0, 0.0, 0.1, 0.2, 0.3, 0.4]; // method section 5
/// assert!(rates.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct McDropout {
    /// Passes, 2..=1000.
    pub samples: usize,
    /// Decides which activations each pass drops.
    pub seed: u64,
    /// Dropout rate of each encoder level, first level first, each 0..1, at least one above 0;
    /// the decoder's level of the same resolution has the same. Absent: 0.4 at the deepest level,
    /// 0.1 less at each level above it, never below 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rates: Option<Vec<f64>>,
}

impl Default for McDropout {
    fn default() -> Self {
        Self {
            samples: 30,
            seed: 0,
            rates: None,
        }
    }
}

impl McDropout {
    /// The rates of a network of `depth` levels, first level first.
    pub fn rates_for(&self, depth: usize) -> Vec<f64> {
        let by_depth = |level: usize| (0.4 - 0.1 * (depth - 1 - level) as f64).max(0.0);
        let default = || (0..depth).map(by_depth).collect();
        self.rates.clone().unwrap_or_else(default)
    }

    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`DetectError::OutOfRange`] naming the first setting that is not.
    pub fn validate(&self) -> Result<(), DetectError> {
        if !(2..=1000).contains(&self.samples) {
            let field = "mc_dropout.samples";
            return Err(DetectError::out_of_range(field, "2..=1000", &self.samples));
        }
        let Some(rates) = &self.rates else {
            return Ok(());
        };
        let field = "mc_dropout.rates";
        if let Some(rate) = rates.iter().find(|rate| !(0.0..1.0).contains(*rate)) {
            return Err(DetectError::out_of_range(field, "0 or more, below 1", rate));
        }
        if rates.iter().all(|rate| *rate <= 0.0) {
            let found = format!("{rates:?}");
            return Err(DetectError::out_of_range(field, "a rate above 0", &found));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shallow_networks_keep_the_rates_of_the_deepest_levels() {
        assert_eq!(McDropout::default().rates_for(1), [0.4]);
        let rates = McDropout::default().rates_for(3);
        assert!((rates[0] - 0.2).abs() < 1e-12 && (rates[2] - 0.4).abs() < 1e-12);
    }

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let with = |samples, rates: &[f64]| McDropout {
            samples,
            rates: Some(rates.to_vec()),
            ..McDropout::default()
        };
        for (config, field) in [
            (with(1, &[0.5]), "mc_dropout.samples"),
            (with(1001, &[0.5]), "mc_dropout.samples"),
            (with(30, &[0.5, 1.0]), "mc_dropout.rates"),
            (with(30, &[-0.1]), "mc_dropout.rates"),
            (with(30, &[f64::NAN]), "mc_dropout.rates"),
            (with(30, &[0.0, 0.0]), "mc_dropout.rates"),
            (with(30, &[]), "mc_dropout.rates"),
        ] {
            let message = config.validate().unwrap_err().to_string();
            assert!(message.starts_with(field), "{message}");
        }
        assert!(with(2, &[0.0, 0.5]).validate().is_ok());
    }

    #[test]
    fn names_are_those_of_configurations() {
        for strategy in Strategy::ALL.into_iter().chain([Strategy::Auto]) {
            let json = serde_json::to_value(strategy).unwrap();
            assert_eq!(json, strategy.name());
        }
    }
}
