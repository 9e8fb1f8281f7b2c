//! The networks' wiring: which level feeds which, shared by training and inference.

mod block;
mod convolution;
mod frozen;
mod input;
mod masks;
mod upconv;

use aesc_artifact::{LevelOp, Look, NetworkKind, NetworkPlan};
use tch::Tensor;

use crate::ModelError;

pub(crate) use block::Network;
pub(crate) use frozen::Frozen;
pub(crate) use input::shown;
pub(crate) use masks::Masks;

/// Runs `x` `[b, c, h, w]` through the levels of one look of `plan`. `level(i, x)` is the work of
/// level `i` up to and with its activation; what is here is the order of levels and the skip connections.
pub(crate) fn wire(
    (plan, look): (&NetworkPlan, Look),
    x: &Tensor,
    mut level: impl FnMut(usize, &Tensor) -> Result<Tensor, ModelError>,
) -> Result<Tensor, ModelError> {
    let mut skips = Vec::with_capacity(plan.config.depth);
    let mut h = x.shallow_clone();
    for i in plan.stack(look) {
        let kind = &plan.levels[i];
        h = level(i, &h)?;
        match (kind.op, plan.config.kind_of(look)) {
            // skips[s - 1] is the encoder's activation at scale s.
            (LevelOp::Down, _) => skips.push(h.shallow_clone()),
            (LevelOp::Up, NetworkKind::Aesc) => h = h.f_add(&skips[kind.scale - 1])?,
            (LevelOp::Up, NetworkKind::Unet) => h = beside(&h, &skips[kind.scale - 1])?,
            _ => {}
        }
    }
    Ok(h)
}

/// Channels of `h` `[b, c, h, w]`, then those of `skip`, which has b images or one for all.
fn beside(h: &Tensor, skip: &Tensor) -> Result<Tensor, ModelError> {
    let shape = [h.size()[0], -1, -1, -1];
    Ok(Tensor::f_cat(&[h, &skip.f_expand(shape, false)?], 1)?)
}
