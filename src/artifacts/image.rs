//! Pictures for people: what was acted on is outlined, and the result fits a byte budget whatever the page shows.

use image::codecs::jpeg::JpegEncoder;
use image::{ImageReader, Limits, Rgb, RgbImage, imageops};
use std::io::Cursor;

/// A rectangle in CSS pixels of the viewport the picture shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Of the left edge.
    pub x: f64,
    /// Of the top edge.
    pub y: f64,
    /// Not negative.
    pub width: f64,
    /// Not negative.
    pub height: f64,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Not a PNG or JPEG, or one of absurd dimensions.
    #[error("failed to read the picture: {0}")]
    Read(image::ImageError),
    /// Out of memory, practically.
    #[error("failed to write the picture: {0}")]
    Write(image::ImageError),
    /// Even a picture of a few pixels is larger.
    #[error("failed to shrink the picture to {limit} bytes: that is too few for any picture")]
    Limit {
        /// Bytes.
        limit: usize,
    },
}

/// Tried in this order before the picture is made smaller: below the last, blocks are more disturbing than fewer pixels.
const QUALITIES: [u8; 4] = [80, 65, 50, 35];
/// The line around a target, pixels of the picture: visible also where the picture is shown at half its size.
const LINE: u32 = 3;
/// Outside and inside of the line, so that it is seen on any ground.
const EDGE: u32 = 1;
const LINE_COLOR: Rgb<u8> = Rgb([230, 30, 60]);
const EDGE_COLOR: Rgb<u8> = Rgb([255, 255, 255]);
/// Between the target and its outline, pixels.
const GAP: f64 = 2.0;
/// Bytes a decoded picture may need: a page of 1280 × 65,000 pixels.
const LARGEST: u64 = 512 << 20;

/// A JPEG of `screenshot` (PNG or JPEG) with `target` outlined, of at most `limit` bytes. `scale` is picture pixels per CSS
/// pixel. A JPEG without a target that already fits is returned as it is.
///
/// # Errors
/// When it is no picture, or the limit is too small for any.
pub fn outlined(screenshot: &[u8], target: Option<Rect>, scale: f64, limit: usize) -> Result<Vec<u8>, ImageError> {
    if target.is_none() && screenshot.len() <= limit && screenshot.starts_with(&[0xff, 0xd8]) {
        return Ok(screenshot.to_vec());
    }
    let mut picture = read(screenshot)?;
    if let Some(target) = target {
        outline(&mut picture, target, scale);
    }
    shrink(picture, limit)
}

fn read(bytes: &[u8]) -> Result<RgbImage, ImageError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| ImageError::Read(image::ImageError::IoError(error)))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(LARGEST);
    reader.limits(limits);
    Ok(reader.decode().map_err(ImageError::Read)?.into_rgb8())
}

/// Draws frames around the target, each clipped to the picture: one that is partly outside keeps the sides that are inside.
fn outline(picture: &mut RgbImage, target: Rect, scale: f64) {
    let Some([left, top, right, bottom]) = corners(target, scale) else { return };
    let mut distance = 0;
    for (width, color) in [(EDGE, EDGE_COLOR), (LINE, LINE_COLOR), (EDGE, EDGE_COLOR)] {
        for _ in 0..width {
            frame(picture, [left - distance, top - distance, right + distance, bottom + distance], color);
            distance += 1;
        }
    }
}

/// Left, top, right and bottom pixel of the innermost frame; none for what is no rectangle.
fn corners(target: Rect, scale: f64) -> Option<[i64; 4]> {
    let edges =
        [target.x - GAP, target.y - GAP, target.x + target.width + GAP - 1.0, target.y + target.height + GAP - 1.0];
    let edges = edges.map(|edge| (edge * scale).round());
    // Casting floats saturates; far outside is outside, and sums of these stay in range.
    let far = f64::from(u32::MAX);
    edges.iter().all(|edge| edge.is_finite()).then(|| edges.map(|edge| edge.clamp(-far, far) as i64))
}

fn frame(picture: &mut RgbImage, [left, top, right, bottom]: [i64; 4], color: Rgb<u8>) {
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    let mut dot = |x: i64, y: i64| {
        if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
            && let Some(pixel) = picture.get_pixel_mut_checked(x, y)
        {
            *pixel = color;
        }
    };
    for x in left.max(0)..=right.min(width - 1) {
        dot(x, top);
        dot(x, bottom);
    }
    for y in top.max(0)..=bottom.min(height - 1) {
        dot(left, y);
        dot(right, y);
    }
}

fn shrink(mut picture: RgbImage, limit: usize) -> Result<Vec<u8>, ImageError> {
    let mut size = 0;
    for quality in QUALITIES {
        let jpeg = encode(&picture, quality)?;
        if jpeg.len() <= limit {
            return Ok(jpeg);
        }
        size = jpeg.len();
    }
    while picture.width() > 1 || picture.height() > 1 {
        // Bytes go with the area; a little less than that, so that one step is mostly enough.
        let factor = ((limit as f64 / size as f64).sqrt() * 0.95).min(0.9);
        let side = |length: u32| ((f64::from(length) * factor) as u32).max(1);
        picture = imageops::thumbnail(&picture, side(picture.width()), side(picture.height()));
        let jpeg = encode(&picture, QUALITIES[QUALITIES.len() - 1])?;
        if jpeg.len() <= limit {
            return Ok(jpeg);
        }
        size = jpeg.len();
    }
    Err(ImageError::Limit { limit })
}

fn encode(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(picture).map_err(ImageError::Write)?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::ImageFormat;

    const GROUND: Rgb<u8> = Rgb([10, 20, 30]);

    fn png(picture: &RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    /// As incompressible as a page can be.
    fn noise(width: u32, height: u32) -> RgbImage {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        RgbImage::from_fn(width, height, |_, _| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let [r, g, b, ..] = state.to_le_bytes();
            Rgb([r, g, b])
        })
    }

    #[test]
    fn noise_fits_every_reasonable_limit() {
        let page = png(&noise(640, 480));
        for limit in [2_000_000, 200_000, 50_000, 4_000, 1_000] {
            let jpeg = outlined(&page, None, 1.0, limit).unwrap();
            assert!(jpeg.len() <= limit, "{} bytes for a limit of {limit}", jpeg.len());
            let read = read(&jpeg).unwrap();
            assert!(limit < 200_000 || read.width() > 300, "{} pixels wide for {limit} bytes", read.width());
        }
        assert!(matches!(outlined(&page, None, 1.0, 100), Err(ImageError::Limit { limit: 100 })));
    }

    #[test]
    fn a_jpeg_that_fits_is_left_alone() {
        let jpeg = encode(&noise(40, 30), 90).unwrap();
        assert_eq!(outlined(&jpeg, None, 1.0, 100_000).unwrap(), jpeg);
    }

    #[test]
    fn targets_are_outlined_as_far_as_they_are_seen() {
        let rect = |x, y, width, height| Rect { x, y, width, height };
        // Name, target, scale, a point of the line, a point that keeps the ground.
        let cases = [
            ("inside", rect(30.0, 20.0, 20.0, 10.0), 1.0, Some((26, 25)), (40, 25)),
            ("scaled", rect(15.0, 10.0, 10.0, 5.0), 2.0, Some((23, 25)), (40, 25)),
            ("partly outside", rect(-10.0, 20.0, 40.0, 10.0), 1.0, Some((10, 16)), (0, 25)),
            ("outside", rect(300.0, 300.0, 10.0, 10.0), 1.0, None, (50, 25)),
            ("not a number", rect(f64::NAN, 0.0, 1.0, 1.0), 1.0, None, (50, 25)),
            ("huge", rect(-1e300, -1e300, f64::MAX, f64::MAX), 1.0, None, (50, 25)),
            ("empty", rect(30.0, 20.0, 0.0, 0.0), 1.0, Some((26, 20)), (60, 40)),
        ];
        for (name, target, scale, line, ground) in cases {
            let mut picture = RgbImage::from_pixel(100, 60, GROUND);
            outline(&mut picture, target, scale);
            if let Some((x, y)) = line {
                assert_eq!(*picture.get_pixel(x, y), LINE_COLOR, "{name}");
            } else {
                assert!(picture.pixels().all(|pixel| *pixel == GROUND), "{name}");
            }
            assert_eq!(*picture.get_pixel(ground.0, ground.1), GROUND, "{name}");
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for bytes in [&b""[..], b"<svg/>", b"\x89PNG\r\n\x1a\nbroken", &[0xff, 0xd8, 0xff, 0x00]] {
            let target = Some(Rect { x: 0.0, y: 0.0, width: 1.0, height: 1.0 });
            assert!(matches!(outlined(bytes, target, 1.0, 1000), Err(ImageError::Read(_))), "{bytes:?}");
        }
    }
}
