//! A region of interest as a person draws it: a mask, or polygons in TOML.

use std::path::Path;

use aesc_data::{Limits, read_mask};
use aesc_detect::{DetectError, Roi};
use serde::Deserialize;

use crate::config;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Polygons over an image of a size; their union counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Drawing {
    /// Rows of the image they were drawn on.
    height: usize,
    /// Columns of it.
    width: usize,
    /// Each a list of corners [x, y], in pixels from the top left corner.
    polygons: Vec<Vec<[f64; 2]>>,
}

/// Reads `path`: polygons where it ends in `.toml`, else a picture that is white where pixels
/// count. Its size need not be that of the images, its shape is brought to theirs.
pub(crate) fn read(path: &Path) -> Result<Roi, Failure> {
    let blame = |code| {
        move |error: DetectError| {
            let place = path.display().to_string();
            Failure::new(code, anyhow::Error::new(error).context(place))
        }
    };
    if path
        .extension()
        .is_some_and(|extension| extension == "toml")
    {
        let drawing: Drawing = config::document(path)?;
        let size = (drawing.height, drawing.width);
        return Roi::from_polygons(size, &drawing.polygons).map_err(blame(ExitCode::Usage));
    }
    Roi::new(read_mask(path, &Limits::default())?).map_err(blame(ExitCode::Data))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Roi, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roi.toml");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn polygons_come_with_the_size_they_were_drawn_on() {
        let text = "height = 2\nwidth = 4\npolygons = [[[0, 0], [2, 0], [2, 2], [0, 2]]]\n";
        assert!((read_text(text).unwrap().share() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn drawings_that_mean_nothing_are_exit_2() {
        for text in [
            "height = 2\nwidth = 4\npolygons = []\n",
            "height = 2\nwidth = 4\npolygons = [[[0, 0], [2, 0]]]\n",
            "height = 0\nwidth = 4\npolygons = [[[0, 0], [2, 0], [2, 2]]]\n",
            "height = 2\nwidth = 4\npolygon = [[[0, 0], [2, 0], [2, 2]]]\n",
            "height = 2\n",
        ] {
            assert_eq!(read_text(text).unwrap_err().code, ExitCode::Usage, "{text}");
        }
    }
}
