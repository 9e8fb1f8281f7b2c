//! The colour bar beside an overlay: the scale from 0 at the foot to its maximum at the top, with
//! a tick at the threshold. Its colours lie over mid-grey as those of the overlay lie over the
//! picture, so that they look alike.

use crate::{
    OverlayScale,
    heat::blend,
    overlay::{LINE_COLOUR, line_px},
    sheet::PAPER,
};

/// What the picture is taken to be beneath the bar.
const BENEATH: f32 = 0.5;
/// Colour of the tick across the gap between picture and bar.
const TICK_COLOUR: [f32; 3] = [0.0; 3];

/// Columns an overlay of an image `width` px wide has to the right of the picture.
pub fn bar_width(width: usize) -> usize {
    (width / 16).max(12)
}

pub(crate) struct ColourBar {
    height: usize,
    pub(crate) width: usize,
    scale: OverlayScale,
    tick_px: usize,
}

impl ColourBar {
    pub(crate) fn beside(height: usize, width: usize, scale: OverlayScale) -> Self {
        Self {
            height,
            width: bar_width(width),
            scale,
            tick_px: line_px(height, width),
        }
    }

    /// The RGB pixel at row `y`, column `x` of the strip.
    pub(crate) fn pixel(&self, y: usize, x: usize) -> [f32; 3] {
        let on_tick = self.tick_row().abs_diff(y) <= self.tick_px / 2;
        match (x < self.width / 4, on_tick) {
            (true, true) => TICK_COLOUR,
            (true, false) => [PAPER; 3],
            (false, true) => LINE_COLOUR,
            (false, false) => blend(BENEATH, 1.0 - y as f64 / self.last_row()),
        }
    }

    /// The row of the threshold: the top one at the maximum, the lowest at 0.
    fn tick_row(&self) -> usize {
        let share = self.scale.share(self.scale.threshold);
        ((1.0 - share) * self.last_row())
            .round()
            .min((self.height - 1) as f64) as usize
    }

    /// The lowest row, but at least 1 so that it may divide.
    fn last_row(&self) -> f64 {
        (self.height - 1).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(height: usize, threshold: f64) -> ColourBar {
        ColourBar::beside(
            height,
            64,
            OverlayScale {
                max: 2.0,
                threshold,
            },
        )
    }

    #[test]
    fn the_tick_stands_at_the_threshold_share_of_the_height() {
        assert_eq!(bar(101, 0.5).tick_row(), 75); // a quarter up of 100 steps
        assert_eq!(bar(101, 2.0).tick_row(), 0);
        assert_eq!(bar(101, 0.0).tick_row(), 100);
        assert_eq!(bar(101, 7.0).tick_row(), 0); // beyond the scale: held to its top
        assert_eq!(bar(1, 0.0).tick_row(), 0);
    }

    #[test]
    fn the_tick_crosses_gap_and_bar() {
        let bar = bar(101, 0.5);
        assert_eq!(bar.pixel(75, 0), TICK_COLOUR);
        assert_eq!(bar.pixel(75, bar.width - 1), LINE_COLOUR);
        assert_eq!(bar.pixel(70, 0), [PAPER; 3]);
        assert_eq!(bar.pixel(100, bar.width - 1), [BENEATH; 3]);
    }

    #[test]
    fn the_strip_grows_with_the_picture() {
        assert_eq!(
            (bar_width(1), bar_width(256), bar_width(1024)),
            (12, 16, 64)
        );
    }
}
