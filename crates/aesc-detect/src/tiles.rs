//! Tiles: images far larger than the network's input, reconstructed piece by piece at their own
//! resolution and put together without seams.
//!
//! Neighbours overlap; across an overlap the weight of the one falls as that of the other rises.
//! The grid covers every pixel: the first tile begins at one edge, the last ends at the other.

use aesc_image::{Image, Map, ShapeError};

use crate::{BackendError, McDropout, Reconstruct, Sampled};

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
/// Beside the image it holds its reconstruction and sixteen tiles: 8 bytes a pixel and channel in
/// all, and what the backend takes for a batch.
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

    /// Puts together what `see` makes of each tile, in planes of `channels` values a pixel.
    fn whole<const N: usize>(
        &self,
        image: &Image,
        channels: [usize; N],
        see: impl Fn(&[Image]) -> Result<Vec<[Vec<f32>; N]>, BackendError>,
    ) -> Result<[Vec<f32>; N], BackendError> {
        let sides = (image.height(), image.width());
        let mut canvas = channels.map(|c| Canvas::new(self.grid, sides, c));
        for corners in self.grid.corners(sides.0, sides.1).chunks(BATCH) {
            let cut = corners.iter().map(|&corner| self.grid.cut(image, corner));
            let tiles = cut.collect::<Result<Vec<_>, _>>()?;
            let seen = see(&tiles)?;
            if seen.len() != tiles.len() {
                let (expected, found) = (tiles.len(), seen.len());
                return Err(format!("expected {expected} tiles, found {found}").into());
            }
            for (&corner, planes) in corners.iter().zip(seen) {
                for (canvas, plane) in canvas.iter_mut().zip(planes) {
                    canvas.add(corner, &plane)?;
                }
            }
        }
        Ok(canvas.map(Canvas::blended))
    }
}

impl<R: Reconstruct> Tiled<R> {
    /// Images put together of what `look` makes of their tiles, of one channel or, unless told, as
    /// many as they have.
    fn images(
        &self,
        images: &[Image],
        channels: Option<usize>,
        look: impl Fn(&[Image]) -> Result<Vec<Image>, BackendError>,
    ) -> Result<Vec<Image>, BackendError> {
        let see = |tiles: &[Image]| {
            let seen = look(tiles)?.into_iter();
            Ok(seen.map(|tile| [tile.into_data()]).collect())
        };
        let one = |image: &Image| {
            let (height, width) = (image.height(), image.width());
            let channels = channels.unwrap_or(image.channels());
            let [data] = self.whole(image, [channels], see)?;
            Ok(Image::new(height, width, channels, data)?)
        };
        images.iter().map(one).collect()
    }
}

impl<R: Reconstruct> Reconstruct for Tiled<R> {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        self.images(images, None, |tiles| self.inner.reconstruct(tiles))
    }

    fn looks_twice(&self) -> bool {
        self.inner.looks_twice()
    }

    fn segments(&self) -> bool {
        self.inner.segments()
    }

    fn second(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        let channels = self.segments().then_some(1);
        self.images(images, channels, |tiles| self.inner.second(tiles))
    }

    fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, BackendError> {
        let one = |image: &Image| {
            let see = |tiles: &[Image]| {
                let seen = self.inner.sample(tiles, mc)?.into_iter();
                let planes = seen.map(|s| [s.reconstruction.into_data(), s.variance.into_data()]);
                Ok(planes.collect())
            };
            let [data, variance] = self.whole(image, [image.channels(), 1], see)?;
            let (height, width) = (image.height(), image.width());
            Ok(Sampled {
                reconstruction: Image::new(height, width, image.channels(), data)?,
                variance: Map::new(height, width, variance)?,
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives back what it gets, each tile lifted by as much as its own mean.
    struct Lifting(f32);

    impl Reconstruct for Lifting {
        fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
            let lifted = |image: &Image| {
                let mean = image.data().iter().sum::<f32>() / image.data().len() as f32;
                let mut lifted = image.clone();
                lifted
                    .data_mut()
                    .iter_mut()
                    .for_each(|v| *v += self.0 * mean);
                lifted
            };
            Ok(images.iter().map(lifted).collect())
        }
    }

    const GRID: TileGrid = TileGrid {
        height: 8,
        width: 12,
        overlap_px: 3,
    };

    proptest! {
        #[test]
        fn every_pixel_is_covered_and_neighbours_overlap(side in 1_usize..200, overlap_px in 0_usize..11) {
            let grid = TileGrid { overlap_px, ..GRID };
            let starts = grid.starts(side, 12);
            prop_assert_eq!(starts[0], 0);
            let last = starts[starts.len() - 1];
            prop_assert!(last + 12 == side || (side < 12 && last == 0));
            for pair in starts.windows(2) {
                prop_assert!(pair[0] < pair[1] && pair[0] + 12 >= pair[1] + overlap_px);
            }
        }

        #[test]
        fn tiles_of_an_image_make_the_image_again(height in 1_usize..40, width in 1_usize..40) {
            let value = |y: usize, x: usize, c: usize| ((y * 7 + x * 3 + c) % 11) as f32 / 11.0;
            let image = Image::from_fn(height, width, 3, value).unwrap();
            let whole = Tiled::new(Lifting(0.0), GRID).reconstruct(std::slice::from_ref(&image)).unwrap();
            prop_assert!(whole[0].same_shape(&image));
            for (a, b) in whole[0].data().iter().zip(image.data()) {
                prop_assert!((a - b).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn tiles_that_disagree_leave_no_seam() {
        // A ramp from 0 to 1 over 40 columns: tiles begin 7 columns apart, so that their means are
        // 7/40 apart, which the blend spreads over the three columns of the overlap.
        let image = Image::from_fn(8, 40, 1, |_, x, _| x as f32 / 40.0).unwrap();
        let whole = Tiled::new(Lifting(1.0), GRID)
            .reconstruct(&[image])
            .unwrap();
        let row = &whole[0].data()[..40];
        let steps: Vec<f32> = row.windows(2).map(|pair| pair[1] - pair[0]).collect();
        // Cut hard, the step at a seam would be 1/40 + 7/40; a third of the 7/40 may be left.
        let largest = steps.iter().copied().fold(0.0, f32::max);
        assert!(largest <= 1.0 / 40.0 + 7.0 / 40.0 / 3.0, "{largest}");
        assert!(steps.iter().all(|step| *step > 0.0));
    }

    #[test]
    fn an_image_smaller_than_a_tile_is_mirrored_and_cut_back() {
        let image = Image::new(1, 3, 1, vec![0.1, 0.2, 0.3]).unwrap();
        let tile = GRID.cut(&image, (0, 0)).unwrap();
        assert_eq!(tile.data()[..5], [0.1, 0.2, 0.3, 0.2, 0.1]);
        let whole = Tiled::new(Lifting(0.0), GRID)
            .reconstruct(std::slice::from_ref(&image))
            .unwrap();
        assert_eq!(whole[0].data().len(), 3);
    }

    #[test]
    fn a_second_look_is_put_together_too() {
        struct Twice {
            segments: bool,
        }
        impl Reconstruct for Twice {
            fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
                Lifting(0.0).reconstruct(images)
            }

            fn looks_twice(&self) -> bool {
                true
            }

            fn segments(&self) -> bool {
                self.segments
            }

            fn second(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
                let dark = |image: &Image| Image::filled(image.height(), image.width(), 1, 0.25);
                Ok(images.iter().map(dark).collect::<Result<_, _>>()?)
            }
        }
        let image = Image::from_fn(20, 30, 1, |y, x, _| (y + x) as f32 / 50.0).unwrap();
        let tiled = Tiled::new(Twice { segments: false }, GRID);
        let seen = &crate::observe(&tiled, &[image], None).unwrap()[0];
        let second = seen.second.as_ref().unwrap();
        assert!(second.data().iter().all(|v| (v - 0.25).abs() < 1e-6));
        let rgb = Image::filled(20, 30, 3, 0.5).unwrap();
        let tiled = Tiled::new(Twice { segments: true }, GRID);
        let seen = &crate::observe(&tiled, &[rgb], None).unwrap()[0];
        assert!(seen.second.is_none());
        let p = seen.segmentation.as_ref().unwrap();
        assert_eq!((p.height(), p.width()), (20, 30));
        assert!(p.data().iter().all(|v| (v - 0.25).abs() < 1e-6));
        let once = Tiled::new(Lifting(0.0), GRID);
        let image = Image::filled(20, 30, 1, 0.5).unwrap();
        assert!(!once.looks_twice() && once.second(&[image]).is_err());
    }

    #[test]
    fn a_backend_that_gives_other_shapes_is_told() {
        struct Small;
        impl Reconstruct for Small {
            fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
                Ok(vec![Image::filled(1, 1, 1, 0.0)?; images.len()])
            }
        }
        let image = Image::filled(8, 12, 1, 0.0).unwrap();
        let error = Tiled::new(Small, GRID).reconstruct(&[image]).unwrap_err();
        assert_eq!(error.to_string(), "expected 96 values, found 1");
    }
}
