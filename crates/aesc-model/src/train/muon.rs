//! Muon's direction: a kernel's momentum with all of its singular values brought to about one.

use tch::Tensor;

use crate::ModelError;

/// What the momentum keeps of itself at each step (Jordan et al. 2024).
pub(super) const MOMENTUM: f64 = 0.95;

/// Root mean square of a step's changes at rate 1: what Adam's come to, so that one rate serves both
/// (Liu et al. 2025, equation 4).
const RMS: f64 = 0.2;

/// Newton-Schulz steps, and the factors of each one's polynomial a x + b x^3 + c x^5 (Jordan et al. 2024):
/// singular values from 0.003 of the Frobenius norm up come to 0.68..1.13.
const STEPS: usize = 5;
const A: f64 = 3.4445;
const B: f64 = -4.7750;
const C: f64 = 2.0315;

/// Values of a side from which on a kernel is Muon's; what reads or makes an image has fewer.
const LEAST_SIDE: i64 = 4;

/// Whether a parameter of this shape is Muon's: kernels `[out, in, h, w]` between levels.
pub(super) fn takes(shape: &[i64]) -> bool {
    matches!(shape, [out, into, _, _] if *out.min(into) >= LEAST_SIDE)
}

/// The change of a kernel `[out, in, h, w]` for one unit of rate, from its momentum: read as a matrix
/// `[out, in h w]`, orthogonalised, at a root mean square of 0.2.
pub(super) fn direction(momentum: &Tensor) -> Result<Tensor, ModelError> {
    let shape = momentum.size();
    let matrix = momentum.f_reshape([shape[0], -1])?;
    let long = matrix.size().into_iter().max().unwrap_or(1) as f64;
    let change = orthogonal(&matrix)?.f_mul_scalar(RMS * long.sqrt())?;
    Ok(change.f_reshape(&shape)?)
}

/// A matrix with the singular vectors of `matrix` `[m, n]` and singular values near one.
///
/// Each step multiplies X by a polynomial P of X Xᵀ, and all of these commute: so the steps are taken on
/// the Gram matrix alone, G <- P G P, and their product multiplies X once.
fn orthogonal(matrix: &Tensor) -> Result<Tensor, ModelError> {
    let [m, n] = matrix.size()[..] else {
        return Err(ModelError::images(
            "a matrix",
            format!("{:?}", matrix.size()),
        ));
    };
    if m > n {
        let wide = matrix.f_transpose(0, 1)?;
        return Ok(orthogonal(&wide)?.f_transpose(0, 1)?);
    }
    let norm = matrix.f_norm()?.f_clamp_min(f64::from(f32::MIN_POSITIVE))?;
    let x = matrix.f_div(&norm)?; // [m, n]
    let mut gram = x.f_matmul(&x.f_transpose(0, 1)?)?; // [m, m]
    let mut p = polynomial(&gram)?;
    let mut product = p.shallow_clone();
    for _ in 1..STEPS {
        gram = p.f_matmul(&gram)?.f_matmul(&p)?;
        p = polynomial(&gram)?;
        product = p.f_matmul(&product)?;
    }
    Ok(product.f_matmul(&x)?)
}

/// P = a + b G + c G^2.
fn polynomial(gram: &Tensor) -> Result<Tensor, ModelError> {
    let mut p = gram.f_matmul(gram)?.f_mul_scalar(C)?;
    let _ = p.f_add_(&gram.f_mul_scalar(B)?)?;
    let _ = p.f_diagonal(0, 0, 1)?.f_add_scalar_(A)?;
    Ok(p)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    /// Waves: the same whatever other tests draw.
    fn waves(shape: &[i64]) -> Tensor {
        let n = shape.iter().product::<i64>();
        let at = Tensor::arange(n, (Kind::Float, Device::Cpu));
        (&at * &at * 0.37).sin().view(shape)
    }

    fn largest(tensor: &Tensor) -> f64 {
        tensor.abs().max().double_value(&[])
    }

    #[test]
    fn steps_on_the_gram_matrix_are_those_on_the_matrix() {
        // X <- a X + b (X Xᵀ) X + c (X Xᵀ)² X, as published, from X over its Frobenius norm.
        for shape in [[6, 40], [40, 6], [16, 16]] {
            let matrix = waves(&shape);
            let mut x = &matrix / matrix.norm();
            for _ in 0..STEPS {
                let gram = x.matmul(&x.tr());
                x = A * &x + (B * &gram + C * gram.matmul(&gram)).matmul(&x);
            }
            let ours = orthogonal(&matrix).unwrap();
            assert!(largest(&(&ours - &x)) < 1e-4, "{shape:?}");
        }
    }

    #[test]
    fn singular_values_come_to_about_one_and_their_vectors_stay() {
        let matrix = waves(&[8, 60]) + 1.0;
        let (u, s, v) = matrix.svd(true, true);
        assert!(s.max().double_value(&[]) / s.min().double_value(&[]) > 2.0);
        let ours = orthogonal(&matrix).unwrap();
        // Uᵀ O V is diagonal, and holds the new singular values.
        let inner = u.tr().matmul(&ours).matmul(&v);
        let values = inner.diagonal(0, 0, 1);
        assert!(values.min().double_value(&[]) > 0.67 && values.max().double_value(&[]) < 1.14);
        assert!(largest(&(&inner - Tensor::diag_embed(&values, 0, 0, 1))) < 1e-4);
    }

    #[test]
    fn a_kernels_change_has_the_same_size_whatever_its_shape_and_gradient() {
        for shape in [[8, 4, 5, 5], [128, 4, 5, 5], [16, 32, 5, 5]] {
            for scale in [1e-6, 1.0] {
                let change = direction(&(waves(&shape) * scale)).unwrap();
                let rms = (&change * &change).mean(Kind::Float).sqrt();
                let rms = rms.double_value(&[]);
                // 0.2 where all singular values are 1; they come to 0.68..1.13.
                assert!((0.67 * 0.2..1.14 * 0.2).contains(&rms), "{shape:?} {rms}");
                assert_eq!(change.size(), shape);
            }
        }
        assert!(
            largest(&direction(&Tensor::zeros([4, 4, 5, 5], (Kind::Float, Device::Cpu))).unwrap())
                < 1e-12
        );
    }

    #[test]
    fn kernels_between_levels_are_taken_and_nothing_else() {
        assert!(takes(&[16, 32, 5, 5]));
        for other in [&[16, 3, 5, 5][..], &[3, 16, 5, 5], &[16, 1, 5, 5], &[16]] {
            assert!(!takes(other), "{other:?}");
        }
    }
}
