//! Preprocessing as a model file records it: which size, which channels, which filter.
//!
//! Reference: docs/method.md, section 1.

use std::path::Path;

use aesc_image::Image;
use serde::{Deserialize, Serialize};

use crate::{Channels, DataError, Limits, Warning, decode_image, read_bytes, resize};

/// The resampling filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Filter {
    /// Lanczos of three lobes, anti-aliased.
    #[default]
    Lanczos3,
}

/// How a file becomes a network's input.
///
/// ```
/// use aesc_data::{Channels, PreprocessConfig};
/// let paper = PreprocessConfig::default();
/// assert_eq!((paper.height, paper.width, paper.channels), (256, 256, Channels::Rgb));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PreprocessConfig {
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Channels of the input.
    pub channels: Channels,
    /// How it is resized.
    pub filter: Filter,
}

impl Default for PreprocessConfig {
    /// 256 x 256 RGB, as the paper trains.
    fn default() -> Self {
        Self {
            height: 256,
            width: 256,
            channels: Channels::Rgb,
            filter: Filter::Lanczos3,
        }
    }
}

/// An image at a network's input size, and the size its file has.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The resized image, 0..=1.
    pub image: Image,
    /// Rows of the upright image in the file.
    pub original_height: usize,
    /// Columns of the upright image in the file.
    pub original_width: usize,
    /// What a person should know about the file.
    pub warnings: Vec<Warning>,
}

impl PreprocessConfig {
    /// Whether the size can be worked on.
    ///
    /// # Errors
    /// [`DataError::Setting`] when a side is not in 1..=65535.
    pub fn validate(&self) -> Result<(), DataError> {
        crate::resize::check_side("height", self.height)?;
        crate::resize::check_side("width", self.width)
    }

    /// The file at `path`, decoded and resized.
    ///
    /// # Errors
    /// As [`read_image`](crate::read_image) and [`resize`].
    pub fn load(&self, path: impl AsRef<Path>, limits: &Limits) -> Result<Loaded, DataError> {
        let path = path.as_ref();
        self.decode(&read_bytes(path, limits)?, path, limits)
    }

    /// [`PreprocessConfig::load`] of a file already in memory; `path` only names it in errors.
    ///
    /// # Errors
    /// As [`decode_image`] and [`resize`].
    pub fn decode(
        &self,
        bytes: &[u8],
        path: impl AsRef<Path>,
        limits: &Limits,
    ) -> Result<Loaded, DataError> {
        let decoded = decode_image(bytes, path, self.channels, limits)?;
        let Filter::Lanczos3 = self.filter;
        Ok(Loaded {
            original_height: decoded.image.height(),
            original_width: decoded.image.width(),
            image: resize(&decoded.image, self.height, self.width)?,
            warnings: decoded.warnings,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_keys_are_refused() {
        let misspelt = serde_json::from_str::<PreprocessConfig>(r#"{"heigth": 256}"#);
        assert!(misspelt.unwrap_err().to_string().contains("heigth"));
    }

    #[test]
    fn the_written_form_is_readable() {
        let text = serde_json::to_string(&PreprocessConfig::default()).unwrap();
        let expected = r#"{"height":256,"width":256,"channels":"rgb","filter":"lanczos3"}"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_size_of_zero_is_invalid() {
        let config = PreprocessConfig {
            width: 0,
            ..PreprocessConfig::default()
        };
        assert!(config.validate().is_err());
    }
}
