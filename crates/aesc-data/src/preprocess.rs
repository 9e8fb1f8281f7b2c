//! Preprocessing as a model file records it: which size, which channels, which filter.
//!
//! Reference: docs/method.md, section 1.

use std::{borrow::Cow, path::Path};

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
    /// Where present, images keep their own resolution and the network sees tiles of them that
    /// overlap by this many pixels at least; at most half of either side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tile_overlap_px: Option<usize>,
}

impl Default for PreprocessConfig {
    /// 256 x 256 RGB, as the paper trains.
    fn default() -> Self {
        Self {
            height: 256,
            width: 256,
            channels: Channels::Rgb,
            filter: Filter::Lanczos3,
            tile_overlap_px: None,
        }
    }
}

/// An image at a network's input size (or its own, for tiles), and the size its file has.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The image as the backend gets it, 0..=1.
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
        crate::resize::check_side("width", self.width)?;
        match self.tile_overlap_px {
            Some(px) if px > self.height.min(self.width) / 2 => {
                let expected = "at most half of data.height and data.width";
                Err(DataError::setting("data.tile_overlap_px", expected, px))
            }
            _ => Ok(()),
        }
    }

    /// The image as a backend gets it: resized, or where the network sees tiles as it is.
    ///
    /// # Errors
    /// As [`resize`].
    pub fn fit<'a>(&self, image: &'a Image) -> Result<Cow<'a, Image>, DataError> {
        let Filter::Lanczos3 = self.filter;
        let own = (image.height(), image.width());
        if self.tile_overlap_px.is_some() || own == (self.height, self.width) {
            return Ok(Cow::Borrowed(image));
        }
        Ok(Cow::Owned(resize(image, self.height, self.width)?))
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
        let fitted = match self.fit(&decoded.image)? {
            Cow::Owned(image) => Some(image),
            Cow::Borrowed(_) => None,
        };
        Ok(Loaded {
            original_height: decoded.image.height(),
            original_width: decoded.image.width(),
            image: fitted.unwrap_or(decoded.image),
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
    fn images_for_tiles_keep_their_size() {
        let tiles = PreprocessConfig {
            tile_overlap_px: Some(64),
            ..PreprocessConfig::default()
        };
        tiles.validate().unwrap();
        let image = Image::filled(300, 1000, 3, 0.5).unwrap();
        assert_eq!(tiles.fit(&image).unwrap().width(), 1000);
        assert_eq!(
            PreprocessConfig::default().fit(&image).unwrap().width(),
            256
        );
        let wide = PreprocessConfig {
            tile_overlap_px: Some(129),
            ..tiles
        };
        assert!(wide.validate().is_err());
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
