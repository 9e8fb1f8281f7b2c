//! The network's description: levels, shapes, tensors, parameters and cost (method section 3).

use serde::{Deserialize, Serialize};

use crate::{ArtifactError, Look, NetworkInput, SecondLook, Segmentation};

/// How the encoder's activations reach the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// No skip connections: all that passes goes through the bottleneck.
    Ae,
    /// Additive skip connections at every resolution (Collin & De Vleeschouwer 2020, figure 2).
    Aesc,
    /// Skip connections by concatenation, of the same depth and width: the contrast to AESc.
    Unet,
}

impl NetworkKind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Ae, Self::Aesc, Self::Unet];

    /// The name in configurations and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ae => "ae",
            Self::Aesc => "aesc",
            Self::Unet => "unet",
        }
    }
}

/// What the network is, but for the number of image channels, which preprocessing decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// Skip connections or none.
    pub kind: NetworkKind,
    /// Number of stride-2 levels, 1..=8; the latent is `2^depth` times smaller than the image.
    pub depth: usize,
    /// Channels of the first level, 1..=256; every level doubles them.
    pub width: usize,
    /// What of the image it is shown.
    #[serde(skip_serializing_if = "NetworkInput::is_image")]
    pub input: NetworkInput,
    /// The network that reconstructs beside it.
    #[serde(skip_serializing_if = "SecondLook::is_none")]
    pub second: SecondLook,
    /// The network that segments.
    #[serde(skip_serializing_if = "Segmentation::is_none")]
    pub segment: Segmentation,
}

/// The paper's network: AESc, depth 6, width 16.
impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            kind: NetworkKind::Aesc,
            depth: 6,
            width: 16,
            input: NetworkInput::Image,
            second: SecondLook::None,
            segment: Segmentation::None,
        }
    }
}

impl NetworkConfig {
    /// The network laid out for images of `channels` (1 or 3).
    ///
    /// # Errors
    /// [`ArtifactError::Config`] when depth, width or channels are out of range.
    pub fn plan(&self, channels: usize) -> Result<NetworkPlan, ArtifactError> {
        in_range("network.depth", self.depth, 1, 8)?;
        in_range("network.width", self.width, 1, 256)?;
        if channels != 1 && channels != 3 {
            return Err(ArtifactError::config("data.channels", "1 or 3", channels));
        }
        let mut levels = Vec::with_capacity(4 * self.depth);
        for look in self.looks() {
            let shown = self.channels_shown(*look, channels);
            let (prefix, made) = match look {
                Look::First => ("", channels),
                Look::Second => ("second.", channels),
                Look::Segment => ("segment.", 1),
            };
            levels.extend(self.stack(self.kind_of(*look), prefix, (shown, made)));
        }
        Ok(NetworkPlan {
            config: self.clone(),
            channels,
            levels,
        })
    }

    /// The levels of one network, from `input` channels to `output`.
    fn stack(
        &self,
        kind: NetworkKind,
        prefix: &str,
        (input, output): (usize, usize),
    ) -> Vec<Level> {
        let at = |scale: usize| self.width << (scale - 1);
        let mut levels = Vec::with_capacity(2 * self.depth);
        for scale in 1..=self.depth {
            let read = if scale == 1 { input } else { at(scale - 1) };
            let name = format!("{prefix}enc{scale}");
            levels.push(Level::new(name, LevelOp::Down, (read, at(scale)), scale));
        }
        // What a level of the decoder reads: the latent as it is, any other with its skip.
        let fed = |scale: usize| match kind {
            NetworkKind::Unet if scale < self.depth => 2 * at(scale),
            _ => at(scale),
        };
        for scale in (1..self.depth).rev() {
            let name = format!("{prefix}dec{}", self.depth - scale);
            let sides = (fed(scale + 1), at(scale));
            levels.push(Level::new(name, LevelOp::Up, sides, scale));
        }
        let sides = (fed(1), output);
        levels.push(Level::new(format!("{prefix}out"), LevelOp::Out, sides, 0));
        levels
    }
}

fn in_range(
    field: &'static str,
    found: usize,
    low: usize,
    high: usize,
) -> Result<(), ArtifactError> {
    if (low..=high).contains(&found) {
        Ok(())
    } else {
        Err(ArtifactError::config(
            field,
            format!("{low}..={high}"),
            found,
        ))
    }
}

/// What a level does to its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelOp {
    /// 5x5 convolution of stride 2, padded by 1 before and 2 after; `BatchNorm`; `LeakyReLU`.
    Down,
    /// Nearest x2, 5x5 convolution, `BatchNorm`, `LeakyReLU`; then the encoder's activation is
    /// added or, in a U-Net, concatenated.
    Up,
    /// Nearest x2, 5x5 convolution, sigmoid.
    Out,
}

/// One level of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// `enc1`.., `dec1`.., `out`, of another look `second.enc1`.. or `segment.enc1`..: the prefix of
    /// its tensors.
    pub name: String,
    /// What it does.
    pub op: LevelOp,
    /// Channels in.
    pub input: usize,
    /// Channels out.
    pub output: usize,
    /// Its output is `2^scale` times smaller than the image on each side.
    pub scale: usize,
}

impl Level {
    fn new(name: String, op: LevelOp, (input, output): (usize, usize), scale: usize) -> Self {
        Self {
            name,
            op,
            input,
            output,
            scale,
        }
    }

    fn has_batch_norm(&self) -> bool {
        self.op != LevelOp::Out
    }

    /// Trainable values: kernel, bias, and `BatchNorm`'s two a channel.
    fn parameters(&self) -> u64 {
        let norm = if self.has_batch_norm() {
            2 * self.output
        } else {
            0
        };
        (25 * self.input * self.output + self.output + norm) as u64
    }
}

/// Name and shape of a tensor in the model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// For example `enc1.conv.weight`.
    pub name: String,
    /// `[out, in, 5, 5]` for kernels, `[out]` for the rest.
    pub shape: Vec<usize>,
}

/// A network laid out: its levels from the image to the reconstruction.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkPlan {
    /// What it was made from.
    pub config: NetworkConfig,
    /// Channels of the image and of the reconstruction.
    pub channels: usize,
    /// Encoder, decoder, output, in the order they run; those of other looks behind those of the
    /// first.
    pub levels: Vec<Level>,
}

impl NetworkPlan {
    /// Where in [`Self::levels`] those of a look are; nowhere where there is no such look.
    pub fn stack(&self, look: Look) -> std::ops::Range<usize> {
        let n = 2 * self.config.depth;
        let place = self.config.looks().iter().position(|own| *own == look);
        place.map_or(0..0, |place| place * n..(place + 1) * n)
    }

    /// Channels of what a look makes of the image: the image's, or 1 of a segmentation.
    pub fn channels_of(&self, look: Look) -> usize {
        let last = self.levels[self.stack(look)].last();
        last.map_or(self.channels, |level| level.output)
    }

    /// Every tensor a model file of this network holds, in the order of the levels.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let mut specs = Vec::new();
        for level in &self.levels {
            let spec = |part: &str, shape: &[usize]| TensorSpec {
                name: format!("{}.{part}", level.name),
                shape: shape.to_vec(),
            };
            specs.push(spec("conv.weight", &[level.output, level.input, 5, 5]));
            specs.push(spec("conv.bias", &[level.output]));
            if level.has_batch_norm() {
                for part in ["bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"] {
                    specs.push(spec(part, &[level.output]));
                }
            }
        }
        specs
    }

    /// Number of trainable values.
    pub fn parameters(&self) -> u64 {
        self.levels.iter().map(Level::parameters).sum()
    }

    /// The smallest sides that hold `height` x `width` and divide by `2^depth`.
    pub fn padded(&self, height: usize, width: usize) -> (usize, usize) {
        let step = 1 << self.config.depth;
        (height.next_multiple_of(step), width.next_multiple_of(step))
    }

    /// Output shape `[channels, height, width]` of every level for an image of these sides.
    pub fn shapes(&self, height: usize, width: usize) -> Vec<[usize; 3]> {
        let (h, w) = self.padded(height, width);
        self.levels
            .iter()
            .map(|l| [l.output, h >> l.scale, w >> l.scale])
            .collect()
    }

    /// Multiply-accumulates of one image in units of 10^9, the decoder's kernels taken as 5x5.
    pub fn gmac(&self, height: usize, width: usize) -> f64 {
        self.count_gmac((height, width), 25)
    }

    /// The same in the phase form, where each output pixel of the decoder costs 3x3 products.
    pub fn gmac_phase(&self, height: usize, width: usize) -> f64 {
        self.count_gmac((height, width), 9)
    }

    fn count_gmac(&self, (height, width): (usize, usize), decoder_taps: usize) -> f64 {
        let shapes = self.shapes(height, width);
        let macs = self.levels.iter().zip(shapes).map(|(level, [c, h, w])| {
            let taps = if level.op == LevelOp::Down {
                25
            } else {
                decoder_taps
            };
            (level.input * c * h * w * taps) as f64
        });
        let looks = self.config.looks().iter();
        let n_filtered = looks
            .filter(|look| self.config.needs_high_pass(**look))
            .count();
        let filter = n_filtered * (self.channels + 2 * crate::high_pass_weights().len());
        let (h, w) = self.padded(height, width);
        (macs.sum::<f64>() + (filter * h * w) as f64) / 1e9
    }
}

/// The row or column of a `side` px long image that stands at place `at` when the image is grown by
/// reflection about its first and last row, again and again where the margin is the longer one.
///
/// ```
/// let places: Vec<usize> = (0..6).map(|at| aesc_artifact::reflected(at, 3)).collect();
/// assert_eq!(places, [0, 1, 2, 1, 0, 1]);
/// ```
pub fn reflected(at: usize, side: usize) -> usize {
    if side <= 1 {
        return 0;
    }
    let place = at % (2 * (side - 1));
    place.min(2 * (side - 1) - place)
}

#[cfg(test)]
mod tests;
