//! Mean, sample standard deviation and quantiles of a few values.

use serde::Serialize;

use crate::error::EvalError;

/// Mean and spread of one value per seed or category.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanSd {
    /// Plain mean.
    pub mean: f64,
    /// Sample standard deviation (divided by n - 1); `None` for a single value, which has none.
    pub sd: Option<f64>,
    /// How many values.
    pub n: u64,
}

/// Mean and sample standard deviation: sqrt(sum of (x - mean)^2 / (n - 1)).
///
/// ```
/// let summary = aesc_eval::mean_sd(&[1.0, 2.0, 3.0, 6.0])?;
/// // Mean 12 / 4; squares 4 + 1 + 0 + 9 = 14, over 3.
/// assert_eq!(summary.mean, 3.0);
/// assert_eq!(summary.sd, Some((14.0_f64 / 3.0).sqrt()));
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// [`EvalError::Empty`] for no value, [`EvalError::NotFinite`] for NaN or an infinity.
pub fn mean_sd(values: &[f64]) -> Result<MeanSd, EvalError> {
    if values.is_empty() {
        return Err(EvalError::Empty { what: "value" });
    }
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(EvalError::NotFinite {
            index,
            value: values[index],
        });
    }
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let sd = (n > 1).then(|| (squares / (n - 1) as f64).sqrt());
    Ok(MeanSd {
        mean,
        sd,
        n: n as u64,
    })
}

/// The `q`-quantile (0..=1) of ascending, non-empty values, by linear interpolation between the
/// two nearest ranks.
pub(crate) fn quantile(ascending: &[f64], q: f64) -> f64 {
    let rank = q * (ascending.len() - 1) as f64;
    let below = ascending[rank.floor() as usize];
    let above = ascending[rank.ceil() as usize];
    below + (above - below) * rank.fract()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_no_spread() {
        assert_eq!(
            mean_sd(&[0.7]),
            Ok(MeanSd {
                mean: 0.7,
                sd: None,
                n: 1
            })
        );
    }

    #[test]
    fn nothing_has_no_mean() {
        assert_eq!(mean_sd(&[]), Err(EvalError::Empty { what: "value" }));
        assert!(matches!(
            mean_sd(&[1.0, f64::NAN]),
            Err(EvalError::NotFinite { index: 1, .. })
        ));
    }

    #[test]
    fn quantiles_lie_between_ranks() {
        let values = [10.0, 20.0, 30.0, 40.0];
        assert_eq!(quantile(&values, 0.0), 10.0);
        assert_eq!(quantile(&values, 0.25), 17.5); // rank 0.75
        assert_eq!(quantile(&values, 0.5), 25.0);
        assert_eq!(quantile(&values, 1.0), 40.0);
        assert_eq!(quantile(&[3.0], 0.75), 3.0);
    }
}
