//! Elements of a picture that are painted over.

use super::Rect;
use crate::browser::error::BrowserError;
use crate::browser::frame::Frame;
use crate::browser::locator::Locator;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ImageFormat, Pixel, Rgba, RgbaImage};
use serde_json::json;

/// Pink, as Playwright paints.
const USUAL: Rgba<u8> = Rgba([255, 0, 255, 255]);

/// Where all elements of these locators are, seen from what is visible.
pub(super) async fn places(masks: &[Locator]) -> Vec<Rect> {
    let mut places = Vec::new();
    for mask in masks {
        let count = mask.ask("count", json!({ "strict": false }), json!(0)).await;
        for n in 0..count.ok().and_then(|count| count.as_u64()).unwrap_or(0) {
            let one = Locator { selector: format!("{} >> nth={n}", mask.selector), ..mask.clone() };
            // One that is gone by now needs no paint.
            let read = tokio::time::timeout(super::FRAME_PATIENCE, one.read("box", json!({}), 0)).await;
            places.extend(read.ok().and_then(Result::ok).and_then(|rect| serde_json::from_value::<Rect>(rect).ok()));
        }
    }
    places
}

/// A colour as CSS writes it; the page knows them all.
pub(super) async fn colour(frame: &Frame, text: Option<&str>) -> Result<Rgba<u8>, BrowserError> {
    let Some(text) = text else { return Ok(USUAL) };
    let read = frame.run("colour", &[json!(text)]).await?;
    let [r, g, b, a] =
        serde_json::from_value(read).map_err(|_| BrowserError::other(format!("maskColor: {text:?} is no colour")))?;
    Ok(Rgba([r, g, b, a]))
}

/// Paints over these places of a picture of `covered`.
pub(super) fn paint(
    picture: &[u8],
    places: &[Rect],
    covered: Rect,
    colour: Rgba<u8>,
    quality: Option<u32>,
) -> Result<Vec<u8>, BrowserError> {
    let failed = |error: image::ImageError| BrowserError::other(format!("failed to mask the screenshot: {error}"));
    let jpeg = image::guess_format(picture).map_err(failed)? == ImageFormat::Jpeg;
    let mut pixels = image::load_from_memory(picture).map_err(failed)?.into_rgba8();
    let scale = f64::from(pixels.width()) / covered.width.max(1.0);
    for place in places {
        fill(&mut pixels, *place, covered, scale, colour);
    }
    let mut bytes = Vec::new();
    if jpeg {
        let quality = u8::try_from(quality.unwrap_or(80)).unwrap_or(80).clamp(1, 100);
        let pixels = image::DynamicImage::from(pixels).into_rgb8();
        JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&pixels).map_err(failed)?;
    } else {
        pixels.write_with_encoder(PngEncoder::new(&mut bytes)).map_err(failed)?;
    }
    Ok(bytes)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of a picture; negative ones are 0")]
fn fill(pixels: &mut RgbaImage, place: Rect, covered: Rect, scale: f64, colour: Rgba<u8>) {
    let at = |edge: f64, limit: u32| ((edge * scale).round() as u32).min(limit);
    let (left, top) = (place.x - covered.x, place.y - covered.y);
    let (width, height) = pixels.dimensions();
    for y in at(top, height)..at(top + place.height, height) {
        for x in at(left, width)..at(left + place.width, width) {
            pixels.get_pixel_mut(x, y).blend(&colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_painted_as_far_as_they_are_in_the_picture() {
        let mut pixels = RgbaImage::new(10, 10);
        let covered = Rect { x: 100.0, y: 50.0, width: 5.0, height: 5.0 };
        fill(&mut pixels, Rect { x: 99.0, y: 53.0, width: 3.0, height: 10.0 }, covered, 2.0, USUAL);
        let painted: Vec<_> = pixels.enumerate_pixels().filter(|(_, _, pixel)| **pixel == USUAL).collect();
        assert_eq!(painted.len(), 16);
        assert!(painted.iter().all(|(x, y, _)| *x < 4 && *y >= 6));
    }
}
