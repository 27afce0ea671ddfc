//! Pictures of steps, and files below the artifact folder.

use super::locator::Target;
use super::{Failure, Operations, Outlined, Performed, Shown, files, parse};
use crate::browser::locator::Locator;
use crate::browser::screenshot::{Rect, ScreenshotOptions};
use crate::runner::host::service::{Film, Picture};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Quality of the pictures of steps: text stays readable at a tenth of a PNG's size.
const QUALITY: u8 = 70;

/// Colour of the outline.
const OUTLINE: Rgb<u8> = Rgb([226, 47, 86]);

/// Thickness of the outline, pixels.
const THICKNESS: i64 = 3;

/// A picture of what is shown, begun when it is called.
pub(super) fn of(shown: Shown) -> Picture {
    Box::new(move || {
        let taken = shown.page.glance(u32::from(QUALITY));
        Box::pin(async move {
            let jpeg = taken.await.ok()?;
            let width = shown.page.viewport().map(|size| f64::from(size.width));
            let target = match shown.outlined {
                Outlined::Nothing => None,
                // Another document has nothing there.
                Outlined::Place { rect, document } => (shown.page.main_frame().document() == document).then_some(rect),
                Outlined::Element(locator) => locator.outline().await,
            };
            let film: Film = Box::new(move || match target {
                Some(target) => outlined(&jpeg, target, width).unwrap_or(jpeg),
                None => jpeg,
            });
            Some(film)
        })
    })
}

/// The picture with a frame around `target`; `width` is that of the page in CSS pixels.
fn outlined(jpeg: &[u8], target: Rect, width: Option<f64>) -> Option<Vec<u8>> {
    let mut picture = image::load_from_memory(jpeg).ok()?.into_rgb8();
    let scale = width.map_or(1.0, |width| f64::from(picture.width()) / width.max(1.0));
    outline(&mut picture, target, scale);
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, QUALITY).encode_image(&picture).ok()?;
    Some(out)
}

#[expect(clippy::cast_possible_truncation, reason = "pixels of a picture")]
fn outline(picture: &mut RgbImage, target: Rect, scale: f64) {
    let left = (target.x * scale).floor() as i64;
    let top = (target.y * scale).floor() as i64;
    let right = ((target.x + target.width) * scale).ceil() as i64;
    let bottom = ((target.y + target.height) * scale).ceil() as i64;
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    for y in (top - THICKNESS).max(0)..(bottom + THICKNESS).min(height) {
        for x in (left - THICKNESS).max(0)..(right + THICKNESS).min(width) {
            let inside = (left..right).contains(&x) && (top..bottom).contains(&y);
            if !inside && let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) {
                picture.put_pixel(x, y, OUTLINE);
            }
        }
    }
}

/// What a screenshot is to be: as the worker says, with elements to mask found and style sheets read.
pub(super) async fn options(operations: &Operations, params: &Value) -> Result<ScreenshotOptions, Failure> {
    let mut options: ScreenshotOptions = parse(params.clone())?;
    let Asked { mask, style_path } = parse(params.clone())?;
    for element in mask {
        let locator = element.locator(operations)?;
        options.masks.push(Locator { strict: false, ..locator });
    }
    for path in style_path {
        let style = files::text(&path, operations.readable_files()).await?;
        options.style = Some(options.style.map_or(style.clone(), |before| format!("{before}\n{style}")));
    }
    Ok(options)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Asked {
    mask: Vec<Target>,
    style_path: Vec<String>,
}

#[derive(Deserialize)]
struct Write {
    path: String,
    base64: String,
}

#[derive(Deserialize)]
struct Copy {
    from: String,
    to: String,
}

/// `artifact.write`, `artifact.copy`
pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let written = match operation {
        "write" => {
            let Write { path, base64 } = parse(params)?;
            let bytes = BASE64.decode(base64);
            let bytes = bytes.map_err(|error| Failure::new(format!("failed to decode the artifact: {error}")))?;
            write(operations, &path, &bytes).await?
        }
        "copy" => {
            let Copy { from, to } = parse(params)?;
            let source = place(operations, &from)?;
            let bytes = tokio::fs::read(&source).await;
            let bytes = bytes.map_err(|error| Failure::new(format!("failed to read {from}: {error}")))?;
            write(operations, &to, &bytes).await?
        }
        _ => return Err(Failure::unknown(&format!("artifact.{operation}"))),
    };
    Ok(json!({ "path": written.display().to_string() }).into())
}

pub(super) fn place(operations: &Operations, path: &str) -> Result<PathBuf, Failure> {
    match files::place_to_write(path, operations.readable_files()) {
        Ok(place) if !path.is_empty() => Ok(place),
        // Where a test has no files, it has an artifact folder.
        _ => operations.options.artifacts.resolve(path).map_err(|error| Failure::new(error.to_string())),
    }
}

/// Writes a file where the test may do so: on an agent below the artifact folder, whatever `path` says.
pub(super) async fn write(operations: &Operations, path: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
    let target = place(operations, path)?;
    let failed = |error: std::io::Error| Failure::new(format!("failed to write {}: {error}", target.display()));
    operations.keep(&target, bytes.len() as u64)?;
    if let Some(parent) = target.parent() {
        tokio::fs::create_dir_all(parent).await.map_err(failed)?;
    }
    tokio::fs::write(&target, bytes).await.map_err(failed)?;
    Ok(target)
}

/// Counts a file that is there already; one that there is no room for goes.
pub(super) async fn count(operations: &Operations, file: &Path) -> Result<(), Failure> {
    let bytes = tokio::fs::metadata(file).await.map_or(0, |file| file.len());
    let kept = operations.keep(file, bytes);
    if kept.is_err() {
        // What is told is that it is not kept.
        let _ = tokio::fs::remove_file(file).await;
        operations.options.artifacts.bounds().gone(file);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_outlined() {
        let mut picture = RgbImage::new(20, 20);
        outline(&mut picture, Rect { x: 5.0, y: 5.0, width: 4.0, height: 4.0 }, 1.0);
        assert_eq!(picture.get_pixel(4, 4), &OUTLINE);
        assert_eq!(picture.get_pixel(6, 6), &Rgb([0, 0, 0]));
        assert_eq!(picture.get_pixel(0, 0), &Rgb([0, 0, 0]));
    }
}
