//! The whole configuration of a run, as written in TOML and stored with every result.

use aesc_data::PreprocessConfig;
use aesc_detect::ScoreConfig;
use aesc_noise::CorruptionConfig;
use serde::{Deserialize, Serialize};

use crate::file::MAX_FILE_BYTES;
use crate::{ArtifactError, NetworkConfig, NetworkPlan, TrainConfig};

/// The version of the configuration's layout.
pub const CONFIG_SCHEMA: u32 = 1;

/// Everything that decides a run's result, but for the images. Defaults are the paper's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// [`CONFIG_SCHEMA`].
    pub schema: u32,
    /// Decides first weights, validation split, order and corruption.
    pub seed: u64,
    /// Working size and colour of images.
    pub data: PreprocessConfig,
    /// The network.
    pub network: NetworkConfig,
    /// What is done to clean images in training.
    pub corruption: CorruptionConfig,
    /// The training recipe.
    pub train: TrainConfig,
    /// How a map and a score are made from a reconstruction.
    pub score: ScoreConfig,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            schema: CONFIG_SCHEMA,
            seed: 0,
            data: PreprocessConfig::default(),
            network: NetworkConfig::default(),
            corruption: CorruptionConfig::default(),
            train: TrainConfig::default(),
            score: ScoreConfig::default(),
        }
    }
}

impl RunConfig {
    /// Checks every part and lays the network out.
    ///
    /// # Errors
    /// [`ArtifactError::Config`] naming field, expected and found.
    pub fn validate(&self) -> Result<NetworkPlan, ArtifactError> {
        if self.schema != CONFIG_SCHEMA {
            return Err(ArtifactError::config("schema", CONFIG_SCHEMA, self.schema));
        }
        self.data.validate().map_err(ArtifactError::part)?;
        self.corruption.validate().map_err(ArtifactError::part)?;
        self.score.validate().map_err(ArtifactError::part)?;
        self.train.validate()?;
        let plan = self.network.plan(self.data.channels.count())?;
        plan.dropout_rates(&self.score.mc_dropout)?;
        // With room for running averages.
        let checkpoint = plan.parameters() * 4 * self.train.copies_in_checkpoint();
        if checkpoint > MAX_FILE_BYTES / 100 * 99 {
            let expected = "a network whose checkpoint stays under 4 GiB";
            let found = format!("{} parameters", plan.parameters());
            return Err(ArtifactError::config("network.width", expected, found));
        }
        Ok(plan)
    }
}
