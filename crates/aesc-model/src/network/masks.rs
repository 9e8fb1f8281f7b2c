//! Dropout masks of all passes as tensors, ready to be multiplied.

use aesc_artifact::{NetworkPlan, dropout_mask};
use aesc_detect::McDropout;
use tch::Tensor;

use crate::tensor::nchw_from_nhwc;
use crate::{Device, ModelError};

/// The factors of every level that drops, for images of one size.
#[derive(Debug)]
pub(crate) struct Masks {
    /// What they were drawn for.
    pub(crate) mc_dropout: McDropout,
    /// Sides of the image, divisible by `2^depth`.
    pub(crate) sides: (usize, usize),
    /// For each level `[1 + samples, c, h, w]`, or none where nothing is dropped. The first of
    /// the batch is all ones: the whole network, riding along with its thinned copies.
    pub(crate) levels: Vec<Option<Tensor>>,
}

impl Masks {
    /// Draws the masks of a network for images of `sides`.
    pub(crate) fn draw(
        plan: &NetworkPlan,
        mc_dropout: &McDropout,
        sides: (usize, usize),
        device: Device,
    ) -> Result<Self, ModelError> {
        let rates = plan.dropout_rates(mc_dropout)?;
        let shapes = plan.shapes(sides.0, sides.1);
        let mut levels = Vec::with_capacity(rates.len());
        for ((level, rate), [c, h, w]) in (0_u32..).zip(rates).zip(shapes) {
            if rate <= 0.0 {
                levels.push(None);
                continue;
            }
            let n = c * h * w;
            let mut factors = vec![1.0; n];
            for pass in 0..mc_dropout.samples as u32 {
                factors.extend(dropout_mask(mc_dropout.seed, (pass, level), rate, n));
            }
            let shape = [1 + mc_dropout.samples, h, w, c];
            levels.push(Some(nchw_from_nhwc(&factors, shape, device)?));
        }
        Ok(Self {
            mc_dropout: mc_dropout.clone(),
            sides,
            levels,
        })
    }
}
