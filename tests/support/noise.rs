//! Pictures that no codec makes small; the unit tests of `src` take them from here too.

use image::{ImageFormat, Rgb, RgbImage};
use std::io::Cursor;

/// A PNG of this many pixels; always the same one.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut state = 1_u32;
    let pixels = RgbImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
    });
    let mut png = Cursor::new(Vec::new());
    pixels.write_to(&mut png, ImageFormat::Png).expect("memory takes everything");
    png.into_inner()
}
