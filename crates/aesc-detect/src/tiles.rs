//! Tiles: images far larger than the network's input, reconstructed piece by piece at their own
//! resolution and put together without seams.
//!
//! Neighbours overlap; across an overlap the weight of the one falls as that of the other rises.
//! The grid covers every pixel: the first tile begins at one edge, the last ends at the other.

use aesc_image::{Image, Map, ShapeError};

use crate::{BackendError, McDropout, Observation, Reconstruct, Sampled};

/// Tiles reconstructed at once.
const BATCH: usize = 16;

/// The sides of a tile and how far neighbours overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileGrid {
    /// Rows of a tile, at least 1.
    pub height: usize,
    /// Columns of a tile, at least 1.
    pub width: usize,
    /// Pixels that neighbours share at least, below both sides.
    pub overlap_px: usize,
}

impl TileGrid {
    /// Top left corners (y, x) of the tiles of an image, row by row.
    ///
    /// ```
    /// use aesc_detect::TileGrid;
    /// let grid = TileGrid { height: 4, width: 4, overlap_px: 1 };
    /// // Columns 0..4, 3..7 and 6..10 share one each; four rows are one tile high.
    /// assert_eq!(grid.corners(4, 10), [(0, 0), (0, 3), (0, 6)]);
    /// ```
    pub fn corners(&self, height: usize, width: usize) -> Vec<(usize, usize)> {
        let columns = self.starts(width, self.width);
        let row = |y: usize| columns.iter().map(move |&x| (y, x)).collect::<Vec<_>>();
        self.starts(height, self.height)
            .into_iter()
            .flat_map(row)
            .collect()
    }

    /// Where the tiles of a side begin, evenly spread.
    fn starts(&self, side: usize, tile: usize) -> Vec<usize> {
        if side <= tile {
            return vec![0];
        }
        let step = tile.saturating_sub(self.overlap_px).max(1);
        let n = (side - tile).div_ceil(step);
        (0..=n).map(|i| (i * (side - tile) + n / 2) / n).collect()
    }

    /// The tile of an image at a corner; beyond the image's last row or column, where the image is
    /// smaller than a tile, it is mirrored about them.
    ///
    /// # Errors
    /// [`ShapeError`] when a side of the tile is zero.
    pub fn cut(&self, image: &Image, (top, left): (usize, usize)) -> Result<Image, ShapeError> {
        let source = |y, x, c| {
            image.at(
                mirrored(top + y, image.height()),
                mirrored(left + x, image.width()),
                c,
            )
        };
        Image::from_fn(self.height, self.width, image.channels(), source)
    }

    /// The weight of each place along a tile's side: rising over the overlap at one end, falling
    /// at the other, above 0 everywhere.
    fn ramp(&self, tile: usize) -> Vec<f32> {
        let reach = self.overlap_px.max(1) as f32;
        let place = |i: usize| (i.min(tile - 1 - i) as f32 + 0.5) / reach;
        (0..tile).map(|i| place(i).min(1.0)).collect()
    }
}

fn mirrored(at: usize, side: usize) -> usize {
    if side == 1 {
        return 0;
    }
    let place = at % (2 * (side - 1));
    place.min(2 * (side - 1) - place)
}

/// A backend that sees images of any size, tile by tile.
///
/// Beside the image it holds what the backend makes of it and sixteen tiles: 4 bytes a pixel and
/// channel for each reconstruction, 4 a pixel for a segmentation, and what the backend takes for a batch.
#[derive(Debug, Clone)]
pub struct Tiled<R> {
    inner: R,
    grid: TileGrid,
}

impl<R: Reconstruct> Tiled<R> {
    /// The backend `inner`, whose network sees tiles of `grid`.
    pub fn new(inner: R, grid: TileGrid) -> Self {
        Self { inner, grid }
    }

    /// Puts together what `see` makes of each tile of an image.
    fn whole(
        &self,
        image: &Image,
        see: impl Fn(&[Image]) -> Result<Vec<Observation>, BackendError>,
    ) -> Result<Observation, BackendError> {
        let (height, width) = (image.height(), image.width());
        let mut canvases: [Option<Canvas>; 4] = Default::default();
        for corners in self.grid.corners(height, width).chunks(BATCH) {
            let cut = corners.iter().map(|&corner| self.grid.cut(image, corner));
            let tiles = cut.collect::<Result<Vec<_>, _>>()?;
            let seen = see(&tiles)?;
            if seen.len() != tiles.len() {
                let (expected, found) = (tiles.len(), seen.len());
                return Err(format!("expected {expected} tiles, found {found}").into());
            }
            for (&corner, seen) in corners.iter().zip(seen) {
                for (canvas, plane) in canvases.iter_mut().zip(planes(seen)) {
                    if let Some((channels, data)) = plane {
                        let new = || Canvas::new(self.grid, (height, width), channels);
                        canvas.get_or_insert_with(new).add(corner, &data)?;
                    }
                }
            }
        }
        let [reconstruction, second, segmentation, variance] = canvases;
        let image = |of: Canvas| Image::new(height, width, of.channels, of.blended());
        let map = |of: Canvas| Map::new(height, width, of.blended());
        Ok(Observation {
            reconstruction: image(reconstruction.ok_or("expected tiles, found none")?)?,
            second: second.map(image).transpose()?,
            segmentation: segmentation.map(map).transpose()?,
            variance: variance.map(map).transpose()?,
        })
    }
}

/// The parts of an observation, values with how many of them a pixel has.
fn planes(seen: Observation) -> [Option<(usize, Vec<f32>)>; 4] {
    let image = |image: Image| (image.channels(), image.into_data());
    let map = |map: Map| (1, map.into_data());
    [
        Some(image(seen.reconstruction)),
        seen.second.map(image),
        seen.segmentation.map(map),
        seen.variance.map(map),
    ]
}

impl<R: Reconstruct> Reconstruct for Tiled<R> {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        let see = |tiles: &[Image]| {
            let made = self.inner.reconstruct(tiles)?.into_iter();
            Ok(made.map(Observation::of).collect())
        };
        let one = |image: &Image| Ok(self.whole(image, see)?.reconstruction);
        images.iter().map(one).collect()
    }

    fn looks_again(&self) -> bool {
        self.inner.looks_again()
    }

    fn look(&self, images: &[Image]) -> Result<Vec<Observation>, BackendError> {
        let see = |tiles: &[Image]| self.inner.look(tiles);
        images.iter().map(|image| self.whole(image, see)).collect()
    }

    fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, BackendError> {
        let see = |tiles: &[Image]| {
            let seen = self.inner.sample(tiles, mc)?.into_iter();
            let seen = seen.map(|one| Observation {
                variance: Some(one.variance),
                ..Observation::of(one.reconstruction)
            });
            Ok(seen.collect())
        };
        let one = |image: &Image| {
            let seen = self.whole(image, see)?;
            Ok(Sampled {
                reconstruction: seen.reconstruction,
                variance: seen.variance.ok_or("expected a variance, found none")?,
            })
        };
        images.iter().map(one).collect()
    }
}

/// A plane in the making: the weighted sum of its tiles.
struct Canvas {
    grid: TileGrid,
    sides: (usize, usize),
    channels: usize,
    sum: Vec<f32>,
    /// Weight of each row, and of each column, over all tiles: a pixel's is their product.
    rows: Vec<f32>,
    columns: Vec<f32>,
    ramps: (Vec<f32>, Vec<f32>),
}

impl Canvas {
    fn new(grid: TileGrid, sides: (usize, usize), channels: usize) -> Self {
        let ramps = (grid.ramp(grid.height), grid.ramp(grid.width));
        let total = |side: usize, tile: usize, ramp: &[f32]| {
            let mut total = vec![0.0_f32; side];
            for start in grid.starts(side, tile) {
                for (sum, weight) in total[start..].iter_mut().zip(ramp) {
                    *sum += weight;
                }
            }
            total
        };
        Self {
            grid,
            sides,
            channels,
            sum: vec![0.0; sides.0 * sides.1 * channels],
            rows: total(sides.0, grid.height, &ramps.0),
            columns: total(sides.1, grid.width, &ramps.1),
            ramps,
        }
    }

    fn add(&mut self, (top, left): (usize, usize), tile: &[f32]) -> Result<(), ShapeError> {
        let (n, c) = (self.grid.width * self.channels, self.channels);
        let expected = self.grid.height * n;
        if tile.len() != expected {
            let found = tile.len();
            return Err(ShapeError::Length { expected, found });
        }
        let (height, width) = self.sides;
        let kept = self.grid.width.min(width - left);
        for (y, row) in tile.chunks_exact(n).enumerate().take(height - top) {
            let start = ((top + y) * width + left) * c;
            let target = self.sum[start..start + kept * c].chunks_exact_mut(c);
            for ((sum, pixel), weight) in target.zip(row.chunks_exact(c)).zip(&self.ramps.1) {
                let weight = weight * self.ramps.0[y];
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += weight * value;
                }
            }
        }
        Ok(())
    }

    fn blended(mut self) -> Vec<f32> {
        let row = self.sides.1 * self.channels;
        for (line, down) in self.sum.chunks_exact_mut(row).zip(&self.rows) {
            for (pixel, across) in line.chunks_exact_mut(self.channels).zip(&self.columns) {
                for value in pixel {
                    *value /= down * across;
                }
            }
        }
        self.sum
    }
}

#[cfg(test)]
mod tests;
