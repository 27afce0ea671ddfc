//! Pixel by pixel: what `pixelmatch` counts, with a picture that shows where.

use super::antialiasing::smooths;
use super::colour::{FARTHEST, distance, pale};
use image::{Rgba, RgbaImage};

const DIFFERENT: Rgba<u8> = Rgba([255, 0, 0, 255]);
const SMOOTHED: Rgba<u8> = Rgba([255, 255, 0, 255]);

/// How two pictures of one size differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differences {
    /// Pixels that are not the same, without those that only smooth an edge.
    pub pixels: u64,
    /// The first picture in pale grey, what differs in red, smoothed edges that differ in yellow.
    pub shown: RgbaImage,
}

/// Compares pictures of one size; `threshold` is how far colours may be apart, 0 is not at all and 1 any.
#[must_use]
pub fn difference(one: &RgbaImage, other: &RgbaImage, threshold: f64) -> Differences {
    let farthest = FARTHEST * threshold * threshold;
    let mut pixels = 0;
    let shown = RgbaImage::from_fn(one.width(), one.height(), |x, y| {
        let (a, b) = (*one.get_pixel(x, y), *other.get_pixel(x, y));
        if a == b || distance(a, b) <= farthest {
            return pale(a);
        }
        if smooths(one, x, y, other) || smooths(other, x, y, one) {
            return SMOOTHED;
        }
        pixels += 1;
        DIFFERENT
    });
    Differences { pixels, shown }
}
