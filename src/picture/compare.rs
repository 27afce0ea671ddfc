//! Whether a picture is the one that was expected, and what is said where it is not.

use super::difference::{Differences, difference};
use image::codecs::png::PngEncoder;
use image::{ImageEncoder, ImageFormat, RgbaImage};

/// How much may differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Of colours, 0 to 1.
    pub threshold: f64,
    /// So many pixels.
    pub pixels: Option<u64>,
    /// Such a part of all pixels, 0 to 1.
    pub ratio: Option<f64>,
}

impl Default for Limits {
    /// Playwright's.
    fn default() -> Self {
        Self { threshold: 0.2, pixels: None, ratio: None }
    }
}

impl Limits {
    /// The stricter one of both, of so many pixels.
    #[expect(clippy::cast_precision_loss, reason = "pixels of a picture")]
    fn allowed(&self, all: u64) -> f64 {
        let pixels = self.pixels.map(|pixels| pixels as f64);
        let ratio = self.ratio.map(|ratio| ratio * all as f64);
        match (pixels, ratio) {
            (Some(pixels), Some(ratio)) => pixels.min(ratio),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => 0.0,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// Alike enough.
    Same,
    /// Not alike.
    Different {
        /// In words.
        why: String,
        /// A PNG that shows where.
        shown: Vec<u8>,
    },
    /// One of them is no picture.
    Unreadable {
        /// In words.
        why: String,
    },
}

/// Compares two encoded pictures.
#[must_use]
pub fn compare(expected: &[u8], actual: &[u8], limits: &Limits) -> Comparison {
    if expected == actual {
        return Comparison::Same;
    }
    let unreadable = |which: &str| Comparison::Unreadable { why: format!("Could not decode {which} image as PNG.") };
    let Some(expected) = read(expected) else { return unreadable("expected") };
    let Some(actual) = read(actual) else { return unreadable("actual") };
    let (size, received) = (expected.dimensions(), actual.dimensions());
    let (width, height) = (size.0.max(received.0), size.1.max(received.1));
    let Differences { pixels, shown } =
        difference(&padded(expected, width, height), &padded(actual, width, height), limits.threshold);
    let all = u64::from(width) * u64::from(height);
    let mut why = String::new();
    if size != received {
        let ((w, h), (rw, rh)) = (size, received);
        why += &format!("Expected an image {w}px by {h}px, received {rw}px by {rh}px. ");
    }
    #[expect(clippy::cast_precision_loss, reason = "pixels of a picture")]
    if pixels as f64 > limits.allowed(all) {
        let ratio = (pixels as f64 / all as f64 * 100.0).ceil() / 100.0;
        why += &format!("{pixels} pixels (ratio {ratio:.2} of all image pixels) are different.");
    }
    match encode(&shown) {
        _ if why.is_empty() => Comparison::Same,
        Some(shown) => Comparison::Different { why, shown },
        None => Comparison::Unreadable { why },
    }
}

fn read(bytes: &[u8]) -> Option<RgbaImage> {
    let format =
        image::guess_format(bytes).ok().filter(|format| matches!(format, ImageFormat::Png | ImageFormat::Jpeg))?;
    Some(image::load_from_memory_with_format(bytes, format).ok()?.into_rgba8())
}

fn encode(picture: &RgbaImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(picture, picture.width(), picture.height(), image::ExtendedColorType::Rgba8)
        .ok()?;
    Some(bytes)
}

/// At the top left of a transparent one that is large enough.
fn padded(picture: RgbaImage, width: u32, height: u32) -> RgbaImage {
    if picture.dimensions() == (width, height) {
        return picture;
    }
    let mut large = RgbaImage::new(width, height);
    image::imageops::replace(&mut large, &picture, 0, 0);
    large
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    fn png(width: u32, height: u32, red: u32) -> Vec<u8> {
        let picture = RgbaImage::from_fn(width, height, |x, y| {
            if y * width + x < red { Rgba([255, 0, 0, 255]) } else { Rgba([255, 255, 255, 255]) }
        });
        encode(&picture).expect("a picture")
    }

    #[test]
    fn limits_hold() {
        let limits = |pixels, ratio| Limits { threshold: 0.2, pixels, ratio };
        let cases = [
            (limits(None, None), Some("50 pixels (ratio 0.25 of all image pixels) are different.")),
            (limits(Some(50), None), None),
            (limits(Some(49), None), Some("50 pixels (ratio 0.25 of all image pixels) are different.")),
            (limits(None, Some(0.25)), None),
            (limits(Some(100), Some(0.2)), Some("50 pixels (ratio 0.25 of all image pixels) are different.")),
            (Limits { threshold: 1.0, ..Limits::default() }, None),
        ];
        for (limits, expected) in cases {
            let why = match compare(&png(20, 10, 0), &png(20, 10, 50), &limits) {
                Comparison::Same => None,
                Comparison::Different { why, .. } | Comparison::Unreadable { why } => Some(why),
            };
            assert_eq!(why.as_deref(), expected, "{limits:?}");
        }
    }

    #[test]
    fn sizes_are_told() {
        let Comparison::Different { why, shown } = compare(&png(20, 10, 0), &png(10, 12, 0), &Limits::default()) else {
            panic!("they are the same");
        };
        assert_eq!(why, "Expected an image 20px by 10px, received 10px by 12px. ");
        let shown = read(&shown).expect("a picture");
        assert_eq!(shown.dimensions(), (20, 12));
    }

    #[test]
    fn what_is_no_picture_is_told() {
        let why = "Could not decode actual image as PNG.".to_owned();
        assert_eq!(compare(&png(2, 2, 0), b"text", &Limits::default()), Comparison::Unreadable { why });
    }
}
