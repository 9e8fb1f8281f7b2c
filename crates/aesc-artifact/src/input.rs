//! What a network is shown of the image, and the networks that may look beside it.
//!
//! What a network is not shown its skip connections cannot copy: behind a high pass, the tone and
//! colour of a defect have to be made anew from the edges around it (FAIR, Liu et al. 2023, after
//! `EdgRec`, 2022; there by a Butterworth filter of order 2 that keeps half the power at 30 cycles an
//! image of 256 px, here by taking a Gaussian away, which leaves 0.44 of it there, is a convolution
//! and runs everywhere). What has no skip connections can copy nothing that does not fit through its
//! latent. And what is taught to find corruptions, instead of repairing them, need not copy at all
//! (DRAEM, Zavrtanik et al., ICCV 2021; NSA, Schlüter et al., ECCV 2022).

use aesc_detect::Observation;
use aesc_image::{Image, Map};
use serde::{Deserialize, Serialize};

use crate::{ArtifactError, NetworkConfig, NetworkKind};

/// What of the image the network is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkInput {
    /// The image.
    #[default]
    Image,
    /// The high pass of its grey version, one channel ([`high_pass_weights`]).
    HighPass,
}

impl NetworkInput {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) fn is_image(&self) -> bool {
        *self == Self::Image
    }
}

/// A second network of the same depth and width, trained side by side with the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondLook {
    /// There is none.
    #[default]
    None,
    /// A network without skip connections, shown the image: it cannot copy a large defect.
    Ae,
    /// A network of the first one's kind, shown the high pass.
    HighPass,
}

impl SecondLook {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// A network of the first one's kind, depth and width that does not reconstruct the image: it tells
/// of each pixel, 0..=1, how surely it was changed. Trained side by side with the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Segmentation {
    /// There is none.
    #[default]
    None,
    /// It is shown the image.
    Image,
    /// It is shown what the first look changed instead of the image, x - x̂, [`RESIDUAL_GAIN`] times
    /// as strong: what the product looks like it cannot learn.
    Residual,
    /// It is shown both, the residual's channels behind the image's: what was changed, and where on the
    /// product (as in DRAEM, there image and reconstruction).
    Both,
    /// As [`Segmentation::Both`], but the high pass of the grey image, one channel
    /// ([`high_pass_weights`]), stands for the image: neither its light nor its colour is shown.
    ResidualHighPass,
}

impl Segmentation {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// Which of the looks at an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// The reconstruction that every model has.
    First,
    /// The second reconstruction, where there is one ([`SecondLook`]).
    Second,
    /// The segmentation, where there is one ([`Segmentation`]).
    Segment,
}

impl NetworkConfig {
    /// The looks at each image, in order.
    pub fn looks(&self) -> &'static [Look] {
        match (self.second, self.segment) {
            (SecondLook::None, Segmentation::None) => &[Look::First],
            (SecondLook::None, _) => &[Look::First, Look::Segment],
            (_, Segmentation::None) => &[Look::First, Look::Second],
            _ => &[Look::First, Look::Second, Look::Segment],
        }
    }

    /// Those of them that reconstruct the image.
    pub fn reconstructions(&self) -> &'static [Look] {
        match self.second {
            SecondLook::None => &[Look::First],
            _ => &[Look::First, Look::Second],
        }
    }

    /// What the looks made of an image, one for each in order, as an observation without variance.
    ///
    /// # Errors
    /// [`ArtifactError::Config`] unless there are as many images as looks; as [`Map::new`] when a
    /// segmentation has several channels.
    pub fn observation(&self, made: Vec<Image>) -> Result<Observation, ArtifactError> {
        let (looks, found) = (self.looks(), made.len());
        let mut made = looks.iter().zip(made);
        let first = made.next().filter(|_| found == looks.len());
        let (_, reconstruction) = first.ok_or_else(|| {
            ArtifactError::config("looks", format!("{} images", looks.len()), found)
        })?;
        let mut seen = Observation::of(reconstruction);
        for (look, image) in made {
            if *look == Look::Segment {
                let sides = (image.height(), image.width());
                let map = Map::new(sides.0, sides.1, image.into_data());
                seen.segmentation = Some(map.map_err(ArtifactError::part)?);
            } else {
                seen.second = Some(image);
            }
        }
        Ok(seen)
    }

    /// The kind of the network that looks.
    pub fn kind_of(&self, look: Look) -> NetworkKind {
        match (look, self.second) {
            (Look::Second, SecondLook::Ae) => NetworkKind::Ae,
            _ => self.kind,
        }
    }

    /// What a look that segments is shown; `None` of one that reconstructs.
    pub fn segmentation_of(&self, look: Look) -> Segmentation {
        match look {
            Look::Segment => self.segment,
            Look::First | Look::Second => Segmentation::None,
        }
    }

    /// Channels that a look is shown of an image that has `channels`.
    pub(crate) fn channels_shown(&self, look: Look, channels: usize) -> usize {
        match self.segmentation_of(look) {
            Segmentation::Both => 2 * channels,
            Segmentation::ResidualHighPass => 1 + channels,
            _ if self.is_high_pass(look) => 1,
            _ => channels,
        }
    }

    /// Whether a look is shown the high pass, alone or beside the residual.
    pub(crate) fn needs_high_pass(&self, look: Look) -> bool {
        self.is_high_pass(look) || self.segmentation_of(look) == Segmentation::ResidualHighPass
    }

    /// Whether a look is at the high pass instead of the image.
    pub fn is_high_pass(&self, look: Look) -> bool {
        match look {
            Look::First => self.input == NetworkInput::HighPass,
            Look::Second => self.second == SecondLook::HighPass,
            Look::Segment => false,
        }
    }
}

/// What x - x̂ is multiplied by for a look that is shown the residual.
pub const RESIDUAL_GAIN: f64 = 4.0;

/// Standard deviation of the Gaussian that is taken away, px at network resolution.
const SIGMA_PX: f64 = 2.0;
/// Weights to either side of the middle one.
const REACH: usize = 6;

/// What the differences are multiplied by, so that they fill about -1..=1.
pub const HIGH_PASS_GAIN: f64 = 4.0;

/// Weights of the Gaussian along one axis, 13 of them summing to 1.
///
/// With g the mean over channels, the network is given `HIGH_PASS_GAIN` (g - G g), G being these
/// weights along rows and along columns and the image reflected about its border pixels
/// ([`high_pass_places`]).
pub fn high_pass_weights() -> Vec<f32> {
    let bell = |at: usize| {
        let distance = at.abs_diff(REACH) as f64 / SIGMA_PX;
        (-0.5 * distance * distance).exp()
    };
    let total: f64 = (0..=2 * REACH).map(bell).sum();
    (0..=2 * REACH)
        .map(|at| (bell(at) / total) as f32)
        .collect()
}

/// The rows (or columns) that a side of `side` px is grown to before the weights run over it: 6 by
/// reflection before, itself, 6 by reflection behind.
pub fn high_pass_places(side: usize) -> Vec<usize> {
    let grown = 0..side + 2 * REACH;
    grown
        .map(|at| crate::reflected(at.abs_diff(REACH), side))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_sum_to_one_and_fall_off_evenly() {
        let weights = high_pass_weights();
        assert_eq!(weights.len(), 13);
        assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(weights[..7].is_sorted());
        let mirrored: Vec<f32> = weights.iter().rev().copied().collect();
        assert_eq!(weights, mirrored);
        // exp(-0.5) a sigma from the middle.
        assert!((weights[4] / weights[6] - (-0.5_f32).exp()).abs() < 1e-6);
    }

    #[test]
    fn what_is_left_of_30_cycles_is_what_a_gaussian_leaves() {
        // The response of 1 - G at a frequency is 1 less the sum of w cos; of a Gaussian that is
        // not cut off, 1 - exp(-(2 pi f sigma)^2 / 2).
        let phase = std::f64::consts::TAU * 30.0 / 256.0;
        let weights = high_pass_weights().into_iter().zip(-6_i32..);
        let kept: f64 = weights
            .map(|(w, at)| f64::from(w) * (phase * f64::from(at)).cos())
            .sum();
        let whole = (-0.5 * (2.0 * phase).powi(2)).exp();
        assert!((kept - whole).abs() < 3e-3, "{kept} {whole}");
        assert!(((1.0 - kept).powi(2) - 0.44).abs() < 0.005);
    }

    #[test]
    fn the_border_pixel_is_not_repeated() {
        let places = high_pass_places(8);
        assert_eq!(places[..8], [6, 5, 4, 3, 2, 1, 0, 1]);
        assert_eq!(places[12..], [6, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(high_pass_places(1), [0; 13]);
    }
}
