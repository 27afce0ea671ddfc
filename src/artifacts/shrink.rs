//! A picture within a byte budget, whatever it shows.

use image::codecs::jpeg::JpegEncoder;
use image::{ImageReader, Limits, RgbImage, imageops};
use std::io::Cursor;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ShrinkError {
    /// Not a PNG or JPEG, or one of absurd dimensions.
    #[error("read the picture: {0}")]
    Read(image::ImageError),
    /// Out of memory, practically.
    #[error("write the picture: {0}")]
    Write(image::ImageError),
    /// Even a picture of a few pixels is larger.
    #[error("shrink the picture to {limit} bytes: that is too few for any picture")]
    Limit {
        /// Bytes.
        limit: usize,
    },
}

/// Tried in this order before the picture gets fewer pixels: below the last, blocks disturb more than lost detail.
const QUALITIES: [u8; 4] = [80, 65, 50, 35];
/// Bytes a decoded picture may need: a page of 1280 × 65,000 pixels.
const DECODED_MAX_BYTES: u64 = 512 << 20;

/// `picture` (PNG or JPEG) as a JPEG of at most `limit` bytes; one that fits already is returned as it is.
///
/// # Errors
/// When it is no picture, or the limit is too small for any.
pub fn shrink(picture: &[u8], limit: usize) -> Result<Vec<u8>, ShrinkError> {
    if picture.len() <= limit {
        return Ok(picture.to_vec());
    }
    let mut pixels = read(picture)?;
    let mut size = 0;
    for quality in QUALITIES {
        let jpeg = write(&pixels, quality)?;
        if jpeg.len() <= limit {
            return Ok(jpeg);
        }
        size = jpeg.len();
    }
    while pixels.width() > 1 || pixels.height() > 1 {
        // Bytes go with the area; a little less than that, so that one step is mostly enough.
        let factor = ((limit as f64 / size as f64).sqrt() * 0.95).min(0.9);
        let side = |length: u32| ((f64::from(length) * factor) as u32).max(1);
        pixels = imageops::thumbnail(&pixels, side(pixels.width()), side(pixels.height()));
        let jpeg = write(&pixels, QUALITIES[QUALITIES.len() - 1])?;
        if jpeg.len() <= limit {
            return Ok(jpeg);
        }
        size = jpeg.len();
    }
    Err(ShrinkError::Limit { limit })
}

fn read(bytes: &[u8]) -> Result<RgbImage, ShrinkError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| ShrinkError::Read(image::ImageError::IoError(error)))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODED_MAX_BYTES);
    reader.limits(limits);
    Ok(reader.decode().map_err(ShrinkError::Read)?.into_rgb8())
}

fn write(pixels: &RgbImage, quality: u8) -> Result<Vec<u8>, ShrinkError> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(pixels).map_err(ShrinkError::Write)?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifacts::noise;

    #[test]
    fn noise_fits_any_budget_that_a_picture_fits() {
        let png = noise::png(400, 300);
        for limit in [200_000, 50_000, 10_000, 2000, 800] {
            let jpeg = shrink(&png, limit).unwrap();
            assert!(jpeg.len() <= limit, "{} bytes for {limit}", jpeg.len());
            assert!(image::load_from_memory(&jpeg).is_ok());
        }
        assert!(matches!(shrink(&png, 10), Err(ShrinkError::Limit { limit: 10 })));
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let png = noise::png(8, 8);
        assert_eq!(shrink(&png, png.len()).unwrap(), png);
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        for bytes in [&[0; 64][..], b"\x89PNG\r\n\x1a\nrest of it is not there"] {
            assert!(matches!(shrink(bytes, 8), Err(ShrinkError::Read(_))));
        }
    }
}
