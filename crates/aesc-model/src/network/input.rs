//! What of the image a network is shown.

use aesc_artifact::{
    HIGH_PASS_GAIN, Look, NetworkPlan, RESIDUAL_GAIN, Segmentation, high_pass_places,
    high_pass_weights,
};
use tch::{Kind, Tensor};

use crate::ModelError;

/// What a look at images `x` `[b, c, h, w]` shows: themselves, their high pass `[b, 1, h, w]`, what is
/// left of them when what `first` gives, the first look's reconstructions, is taken away, or that behind
/// themselves `[b, 2 c, h, w]` or behind their high pass `[b, 1 + c, h, w]`.
pub(crate) fn shown(
    plan: &NetworkPlan,
    x: &Tensor,
    look: Look,
    first: impl FnOnce() -> Result<Tensor, ModelError>,
) -> Result<Tensor, ModelError> {
    let residual =
        || tch::no_grad(|| Ok::<_, ModelError>(x.f_sub(&first()?)?.f_mul_scalar(RESIDUAL_GAIN)?));
    match plan.config.segmentation_of(look) {
        Segmentation::Residual => residual(),
        Segmentation::Both => Ok(Tensor::f_cat(&[x, &residual()?], 1)?),
        Segmentation::ResidualHighPass => {
            let fine = tch::no_grad(|| high_pass(x))?;
            Ok(Tensor::f_cat(&[fine, residual()?], 1)?)
        }
        Segmentation::None | Segmentation::Image => {
            if plan.config.is_high_pass(look) {
                return tch::no_grad(|| high_pass(x));
            }
            Ok(x.shallow_clone())
        }
    }
}

fn high_pass(x: &Tensor) -> Result<Tensor, ModelError> {
    let grey = x.f_mean_dim([1].as_slice(), true, Kind::Float)?; // [b, 1, h, w]
    let mut blurred = grey.shallow_clone();
    let weights = high_pass_weights();
    let n = weights.len() as i64;
    let weights = Tensor::f_from_slice(&weights)?.f_to_device(x.device())?;
    for (axis, kernel) in [(2, [1, 1, n, 1]), (3, [1, 1, 1, n])] {
        let places = high_pass_places(x.size()[axis as usize] as usize);
        let places: Vec<i64> = places.into_iter().map(|place| place as i64).collect();
        let places = Tensor::f_from_slice(&places)?.f_to_device(x.device())?;
        let grown = blurred.f_index_select(axis, &places)?;
        let kernel = weights.f_view(kernel)?;
        blurred = grown.f_conv2d(&kernel, None::<Tensor>, [1, 1], [0, 0], [1, 1], 1)?;
    }
    Ok(grey.f_sub(&blurred)?.f_mul_scalar(HIGH_PASS_GAIN)?)
}

#[cfg(test)]
mod tests {
    use aesc_artifact::{NetworkConfig, NetworkInput, SecondLook, Segmentation};

    use super::*;

    #[test]
    fn what_the_first_look_repaired_is_shown_four_times_as_strong() {
        let x = Tensor::from_slice(&[0.5_f32, 0.75]).view([1, 1, 1, 2]);
        let values = |segment, look| {
            let config = NetworkConfig {
                second: SecondLook::Ae,
                segment,
                ..NetworkConfig::default()
            };
            let plan = config.plan(1).unwrap();
            let shown = shown(&plan, &x, look, || Ok(&x - 0.125)).unwrap();
            Vec::<f32>::try_from(shown.view([-1])).unwrap()
        };
        assert_eq!(values(Segmentation::Residual, Look::Segment), [0.5, 0.5]);
        let both = values(Segmentation::Both, Look::Segment);
        assert_eq!(both, [0.5, 0.75, 0.5, 0.5]);
        // One row: the high pass of 0.5 beside 0.75, mirrored about both.
        let fine = values(Segmentation::ResidualHighPass, Look::Segment);
        let weights = high_pass_weights();
        let odd: f32 = weights.iter().skip(1).step_by(2).sum();
        for (found, expected) in fine.iter().zip([-odd, odd, 0.5, 0.5]) {
            assert!((found - expected).abs() < 1e-6, "{fine:?}");
        }
        for segment in [Segmentation::Residual, Segmentation::Both] {
            assert_eq!(values(segment, Look::First), [0.5, 0.75]);
        }
    }

    #[test]
    fn a_plain_surface_and_colour_are_not_shown_and_a_step_is() {
        let config = NetworkConfig {
            input: NetworkInput::HighPass,
            ..NetworkConfig::default()
        };
        let plan = config.plan(3).unwrap();
        let options = (Kind::Float, tch::Device::Cpu);
        let x = Tensor::full([1, 3, 64, 64], 0.25, options);
        let itself = |x: &Tensor| Ok(x.shallow_clone());
        let high = |x: &Tensor| shown(&plan, x, Look::First, || itself(x)).unwrap();
        let flat = high(&x);
        assert_eq!(flat.size(), [1, 1, 64, 64]);
        assert!(flat.abs().max().double_value(&[]) < 1e-6);
        // Red for green: the same grey.
        let _ = x.narrow(1, 0, 1).narrow(3, 0, 32).fill_(0.5);
        let _ = x.narrow(1, 1, 1).narrow(3, 0, 32).fill_(0.0);
        assert!(high(&x).abs().max().double_value(&[]) < 1e-6);
        // A step of grey by 0.1: 4 * 0.1 * (1 - what the Gaussian has to the left) beside it.
        let x = Tensor::full([1, 3, 64, 64], 0.25, options);
        let _ = x.narrow(3, 32, 32).fill_(0.35);
        let beside = high(&x);
        let weights = high_pass_weights();
        let right: f32 = weights[7..].iter().sum();
        let expected = -0.4 * f64::from(right);
        assert!((beside.double_value(&[0, 0, 20, 31]) - expected).abs() < 1e-6);
        assert!(beside.double_value(&[0, 0, 20, 10]).abs() < 1e-6);
    }
}
