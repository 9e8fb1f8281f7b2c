//! What of the image a network is shown.

use aesc_artifact::{
    HIGH_PASS_GAIN, Look, NOT_SHOWN, NetworkInput, NetworkPlan, high_pass_places, high_pass_weights,
};
use tch::{Kind, Tensor};

use crate::ModelError;

/// The network's input of images `x` `[b, c, h, w]`: themselves, their high pass `[b, 1, h, w]`, or
/// one beside the other `[b, c + 1, h, w]`, of which a second look is shown the last.
pub(crate) fn shown(plan: &NetworkPlan, x: &Tensor, look: Look) -> Result<Tensor, ModelError> {
    tch::no_grad(|| match (plan.config.input, look) {
        (NetworkInput::Image, _) => Ok(x.shallow_clone()),
        (NetworkInput::HighPass, _) => high_pass(x),
        (NetworkInput::Both, Look::First) => Ok(Tensor::f_cat(&[x, &high_pass(x)?], 1)?),
        (NetworkInput::Both, Look::Second) => {
            let hidden = x.f_full_like(NOT_SHOWN)?;
            Ok(Tensor::f_cat(&[hidden, high_pass(x)?], 1)?)
        }
    })
}

/// The same in training, where every second image of a batch is for the second look.
pub(crate) fn shown_in_turn(plan: &NetworkPlan, x: &Tensor) -> Result<Tensor, ModelError> {
    let seen = shown(plan, x, Look::First)?;
    if plan.config.input.looks().contains(&Look::Second) {
        let second = seen.f_slice(0, 1, None, 2)?;
        let mut tones = second.f_narrow(1, 0, plan.channels as i64)?;
        let _ = tones.f_fill_(NOT_SHOWN)?;
    }
    Ok(seen)
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
    use aesc_artifact::NetworkConfig;

    use super::*;

    #[test]
    fn a_plain_surface_and_colour_are_not_shown_and_a_step_is() {
        let config = NetworkConfig {
            input: NetworkInput::HighPass,
            ..NetworkConfig::default()
        };
        let plan = config.plan(3).unwrap();
        let options = (Kind::Float, tch::Device::Cpu);
        let x = Tensor::full([1, 3, 64, 64], 0.25, options);
        let flat = shown(&plan, &x, Look::First).unwrap();
        assert_eq!(flat.size(), [1, 1, 64, 64]);
        assert!(flat.abs().max().double_value(&[]) < 1e-6);
        // Red for green: the same grey.
        let _ = x.narrow(1, 0, 1).narrow(3, 0, 32).fill_(0.5);
        let _ = x.narrow(1, 1, 1).narrow(3, 0, 32).fill_(0.0);
        assert!(
            shown(&plan, &x, Look::First)
                .unwrap()
                .abs()
                .max()
                .double_value(&[])
                < 1e-6
        );
        // A step of grey by 0.1: 4 * 0.1 * (1 - what the Gaussian has to the left) beside it.
        let x = Tensor::full([1, 3, 64, 64], 0.25, options);
        let _ = x.narrow(3, 32, 32).fill_(0.35);
        let beside = shown(&plan, &x, Look::First).unwrap();
        let weights = high_pass_weights();
        let right: f32 = weights[7..].iter().sum();
        let expected = -0.4 * f64::from(right);
        assert!((beside.double_value(&[0, 0, 20, 31]) - expected).abs() < 1e-6);
        assert!(beside.double_value(&[0, 0, 20, 10]).abs() < 1e-6);
    }

    #[test]
    fn every_second_image_of_a_batch_is_shown_its_high_pass_alone() {
        let config = NetworkConfig {
            input: NetworkInput::Both,
            ..NetworkConfig::default()
        };
        let plan = config.plan(3).unwrap();
        let x = Tensor::rand([3, 3, 64, 64], (Kind::Float, tch::Device::Cpu));
        let seen = shown_in_turn(&plan, &x).unwrap();
        assert_eq!(seen.size(), [3, 4, 64, 64]);
        let fine = high_pass(&x).unwrap();
        let apart = (seen.narrow(1, 3, 1) - fine).abs().max();
        assert!(apart.double_value(&[]) < 1e-6);
        for (image, shown) in [(0, true), (1, false), (2, true)] {
            let (tones, of) = (seen.get(image).narrow(0, 0, 3), x.get(image));
            assert_eq!(tones.equal(&of), shown, "{image}");
            assert_eq!(tones.equal(&of.full_like(-1.0)), !shown, "{image}");
        }
    }
}
