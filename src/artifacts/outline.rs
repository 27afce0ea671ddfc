//! Pictures of steps: the target of the step with a line around it.

use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, Rgb, RgbImage};
use std::io::Cursor;

/// In pixels of the image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rectangle {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Across.
    pub width: f64,
    /// Down.
    pub height: f64,
}

const COLOR: Rgb<u8> = Rgb([229, 57, 53]);
/// Pixels.
const THICKNESS: i64 = 3;
/// Between target and line, pixels: what is outlined stays readable.
const GAP: i64 = 2;
/// Like the browser's own pictures; half the bytes of 95 and as readable.
const QUALITY: u8 = 80;

/// Draws a line around `target`; the parts of it that lie outside the picture are left out. JPEG to JPEG.
///
/// # Errors
/// When the bytes are no JPEG.
pub fn outline(jpeg: &[u8], target: Rectangle) -> Result<Vec<u8>, image::ImageError> {
    let mut picture = image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg)?.into_rgb8();
    // Whatever a page claims, it stays within what can be counted.
    let pixels = |value: f64| value.clamp(-1e6, 1e6) as i64;
    let left = pixels(target.x.floor()) - GAP;
    let top = pixels(target.y.floor()) - GAP;
    let right = pixels((target.x + target.width).ceil()) + GAP;
    let bottom = pixels((target.y + target.height).ceil()) + GAP;
    for line in 0..THICKNESS {
        let (left, top, right, bottom) = (left - line, top - line, right + line, bottom + line);
        for x in visible(left, right, picture.width()) {
            paint(&mut picture, x, top);
            paint(&mut picture, x, bottom - 1);
        }
        for y in visible(top, bottom, picture.height()) {
            paint(&mut picture, left, y);
            paint(&mut picture, right - 1, y);
        }
    }
    let mut bytes = Cursor::new(Vec::with_capacity(jpeg.len()));
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&picture)?;
    Ok(bytes.into_inner())
}

/// The part of a stretch that lies in the picture: a page may say that its element is a million pixels wide.
fn visible(from: i64, to: i64, size: u32) -> std::ops::Range<i64> {
    from.clamp(0, i64::from(size))..to.clamp(0, i64::from(size))
}

fn paint(picture: &mut RgbImage, x: i64, y: i64) {
    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
        && let Some(pixel) = picture.get_pixel_mut_checked(x, y)
    {
        *pixel = COLOR;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_drawn_around_what_is_visible() {
        let white = RgbImage::from_pixel(80, 60, Rgb([255, 255, 255]));
        let mut jpeg = Cursor::new(Vec::new());
        JpegEncoder::new_with_quality(&mut jpeg, 100).encode_image(&white).unwrap();
        let jpeg = jpeg.into_inner();
        let cases = [
            ("inside", Rectangle { x: 20.0, y: 20.0, width: 30.0, height: 20.0 }, (16, 30), true),
            ("not on it", Rectangle { x: 20.0, y: 20.0, width: 30.0, height: 20.0 }, (35, 30), false),
            ("partly outside", Rectangle { x: -10.0, y: 20.0, width: 50.0, height: 1e9 }, (10, 16), true),
            ("far outside", Rectangle { x: 1e18, y: -1e18, width: f64::NAN, height: f64::INFINITY }, (40, 30), false),
        ];
        for (name, target, (x, y), red) in cases {
            let drawn = image::load_from_memory(&outline(&jpeg, target).unwrap()).unwrap().into_rgb8();
            let Rgb([r, g, _]) = *drawn.get_pixel(x, y);
            assert_eq!(r > 150 && g < 140, red, "{name}: {r} {g}");
        }
        assert!(outline(b"nonsense", Rectangle { x: 0.0, y: 0.0, width: 1.0, height: 1.0 }).is_err());
    }
}
