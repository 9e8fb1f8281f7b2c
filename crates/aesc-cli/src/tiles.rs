//! Tiles to train on: images cut at their own resolution, as many as memory should hold.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use aesc_data::{Dataset, Limits, PreprocessConfig, read_size};
use aesc_detect::{Roi, TileGrid};
use aesc_image::Image;
use rayon::prelude::*;

use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Tiles kept of all images together: 1.5 GiB at 256 x 256 RGB.
pub(crate) const MAX_TILES: usize = 2048;
/// An image is cut into tiles by itself where it is this many times the network's input.
const MIN_FACTOR: usize = 2;
/// Images looked at to find that out.
const PROBED: usize = 16;

/// What `--tile` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TileChoice {
    /// Tiles where the images are much larger than the network's input.
    Auto,
    /// Images are resized.
    Off,
    /// Tiles that overlap by this many pixels at least.
    Overlap(usize),
}

impl std::str::FromStr for TileChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            number => number
                .parse()
                .map(Self::Overlap)
                .map_err(|_| "expected auto, off, or the overlap in pixels".to_owned()),
        }
    }
}

impl TileChoice {
    /// Writes the choice into `preprocess`, by the sizes of the first images where it is `auto`.
    pub(crate) fn settle(
        self,
        preprocess: &mut PreprocessConfig,
        dataset: &Dataset,
    ) -> Result<(), Failure> {
        let smaller = preprocess.height.min(preprocess.width);
        preprocess.tile_overlap_px = match self {
            Self::Off => None,
            Self::Overlap(px) => Some(px),
            Self::Auto => are_large(preprocess, dataset)?.then_some(smaller / 4),
        };
        Ok(preprocess.validate()?)
    }
}

/// Whether most of the first images are at least twice the network's input in both sides.
fn are_large(preprocess: &PreprocessConfig, dataset: &Dataset) -> Result<bool, Failure> {
    let probed = dataset.train.iter().take(PROBED);
    let sizes = probed.map(|sample| read_size(&sample.path, &Limits::default()));
    let sizes = sizes.collect::<Result<Vec<_>, _>>()?;
    let is_large = |&&(height, width): &&(usize, usize)| {
        height >= MIN_FACTOR * preprocess.height && width >= MIN_FACTOR * preprocess.width
    };
    Ok(2 * sizes.iter().filter(is_large).count() > sizes.len())
}

/// At most `most` tiles of the images, evenly spread over each; of a region of interest only the
/// tiles that are half inside at least. One image a thread is decoded at a time.
pub(crate) fn load_tiles(
    paths: &[PathBuf],
    (preprocess, grid): (&PreprocessConfig, TileGrid),
    (roi, most): (Option<&Roi>, usize),
    context: &Context,
) -> Result<Vec<Image>, Failure> {
    let phase = context.output.phase("cut tiles", paths.len() as u64);
    let quota = most.div_ceil(paths.len().max(1));
    let done = AtomicU64::new(0);
    let cut = |path: &PathBuf| {
        let image = preprocess.load(path, &Limits::default())?.image;
        let tiles = tiles_of(&image, grid, (roi, quota));
        phase.at(done.fetch_add(1, Ordering::Relaxed) + 1);
        tiles
    };
    let cut: Vec<Vec<Image>> = paths.par_iter().map(cut).collect::<Result<_, Failure>>()?;
    let tiles: Vec<Image> = cut.into_iter().flatten().take(most.max(1)).collect();
    if tiles.is_empty() {
        let message = "no tile of any image lies half inside the region of interest";
        return Err(Failure::text(ExitCode::Data, message));
    }
    Ok(tiles)
}

fn tiles_of(
    image: &Image,
    grid: TileGrid,
    (roi, quota): (Option<&Roi>, usize),
) -> Result<Vec<Image>, Failure> {
    let mut corners = grid.corners(image.height(), image.width());
    if let Some(roi) = roi {
        let inside = roi.at(image.height(), image.width())?;
        corners.retain(|&(top, left)| {
            let (bottom, right) = (
                inside.height().min(top + grid.height),
                inside.width().min(left + grid.width),
            );
            let pixels = (top..bottom).flat_map(|y| (left..right).map(move |x| (y, x)));
            let n_inside = pixels.filter(|&(y, x)| inside.at(y, x)).count();
            2 * n_inside >= (bottom - top) * (right - left)
        });
    }
    let n = corners.len().min(quota);
    let spread = (0..n).map(|i| corners[i * corners.len() / n]);
    let cut = spread.map(|corner| grid.cut(image, corner));
    let tiles = cut.collect::<Result<Vec<_>, _>>();
    tiles.map_err(|e| Failure::new(ExitCode::Unexpected, e))
}

#[cfg(test)]
mod tests {
    use aesc_image::Mask;

    use super::*;

    const GRID: TileGrid = TileGrid {
        height: 4,
        width: 4,
        overlap_px: 0,
    };

    #[test]
    fn a_quota_takes_tiles_from_all_over_the_image() {
        let image = Image::from_fn(4, 32, 1, |_, x, _| x as f32 / 32.0).unwrap();
        let tiles = tiles_of(&image, GRID, (None, 4)).unwrap();
        // Eight tiles of four columns: every second.
        let firsts: Vec<f32> = tiles.iter().map(|tile| tile.at(0, 0, 0) * 32.0).collect();
        assert_eq!(firsts, [0.0, 8.0, 16.0, 24.0]);
    }

    #[test]
    fn tiles_mostly_outside_the_region_are_left_out() {
        let image = Image::filled(4, 12, 1, 0.5).unwrap();
        // Columns 2..=7: half of the first tile, all of the second, none of the third.
        let inside = (0..48).map(|i| (2..8).contains(&(i % 12))).collect();
        let roi = Roi::new(Mask::new(4, 12, inside).unwrap()).unwrap();
        assert_eq!(tiles_of(&image, GRID, (Some(&roi), 9)).unwrap().len(), 2);
    }

    #[test]
    fn the_choice_is_a_word_or_a_number() {
        assert_eq!("auto".parse(), Ok(TileChoice::Auto));
        assert_eq!("off".parse(), Ok(TileChoice::Off));
        assert_eq!("64".parse(), Ok(TileChoice::Overlap(64)));
        assert!("-3".parse::<TileChoice>().is_err());
    }
}
