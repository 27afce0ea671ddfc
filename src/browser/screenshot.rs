//! Pictures of a page.

mod mask;

use super::error::BrowserError;
use super::frame::Frame;
use super::locator::Locator;
use super::page::Page;
use super::progress::Progress;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, serde::Serialize)]
pub struct Rect {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// What a picture is to be.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScreenshotOptions {
    /// `png` (the default) or `jpeg`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Of a jpeg, 0 to 100.
    pub quality: Option<u32>,
    /// All of the document, not only what is visible.
    pub full_page: bool,
    /// Only this part; of the document with `full_page`, else of what is visible.
    pub clip: Option<Rect>,
    /// The clip is an element's place: seen from what is visible, but perhaps larger; in whole pixels.
    #[serde(skip)]
    pub of_element: bool,
    /// Without the white behind a page that has no background.
    pub omit_background: bool,
    /// `css`: one pixel of the picture is one CSS pixel.
    pub scale: Option<String>,
    /// `disabled`: animations stand still at their end.
    pub animations: Option<String>,
    /// `initial`: the caret stays visible.
    pub caret: Option<String>,
    /// A style sheet for the time of the picture.
    pub style: Option<String>,
    /// These elements are painted over.
    #[serde(skip)]
    pub masks: Vec<Locator>,
    /// What with, as CSS has it; pink where nothing is said.
    pub mask_color: Option<String>,
}

impl ScreenshotOptions {
    /// Whether the picture can be taken without a question to the page. While a command has the page go elsewhere, Chromium holds
    /// back all questions until the answer's headers are here, which may be never; pictures it takes.
    fn is_of_what_is_visible(&self) -> bool {
        !self.full_page && self.clip.is_none() && self.masks.is_empty() && self.scale.as_deref() != Some("css")
    }
}

/// Where a page stands: what js/frame.js reports.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    scroll_x: f64,
    scroll_y: f64,
    width: f64,
    height: f64,
    full_width: f64,
    full_height: f64,
    ratio: f64,
}

impl Page {
    /// A picture, encoded.
    pub async fn screenshot(&self, options: &ScreenshotOptions, timeout: u64) -> Result<Vec<u8>, BrowserError> {
        let progress = Progress::new(timeout);
        self.screenshot_within(options, &progress).await
    }

    /// The same as a part of something larger.
    pub async fn screenshot_within(
        &self,
        options: &ScreenshotOptions,
        progress: &Progress,
    ) -> Result<Vec<u8>, BrowserError> {
        if let Some(gone) = self.why_gone() {
            return Err(gone);
        }
        progress.note("taking page screenshot");
        progress
            .run(async {
                self.dress(options, progress).await;
                let picture = self.take(options).await;
                self.undress().await;
                picture
            })
            .await
    }

    /// Gets the page ready for its picture; a deadline that passes meanwhile leaves it to the next one to undo it.
    async fn dress(&self, options: &ScreenshotOptions, progress: &Progress) {
        let still = options.animations.as_deref() == Some("disabled");
        if still {
            progress.note("  disabled all CSS animations");
        }
        let dress = json!({ "caret": options.caret.as_deref() != Some("initial"), "animations": still, "style": options.style });
        progress.note("waiting for fonts to load...");
        for frame in self.answering() {
            // A frame that goes away meanwhile, or whose scripts do not answer, stays as it is.
            let _ = tokio::time::timeout(FRAME_PATIENCE, frame.run("prepareScreenshot", std::slice::from_ref(&dress)))
                .await;
        }
        progress.note("fonts loaded");
    }

    /// Its frames but for those that wait for another document: of these Chromium may hold back all answers.
    fn answering(&self) -> impl Iterator<Item = Frame> {
        self.frames().into_iter().filter(|frame| !frame.awaits_document())
    }

    async fn undress(&self) {
        for frame in self.answering() {
            let _ = tokio::time::timeout(FRAME_PATIENCE, frame.run("finishScreenshot", &[])).await;
        }
    }

    async fn take(&self, options: &ScreenshotOptions) -> Result<Vec<u8>, BrowserError> {
        let frame = self.main_frame();
        if frame.awaits_document() && options.is_of_what_is_visible() {
            return self.encoded(options, json!({})).await;
        }
        let layout = frame.run("layout", &[]).await?;
        let layout: Layout = serde_json::from_value(layout)
            .map_err(|error| BrowserError::other(format!("failed to measure the page: {error}")))?;
        let (clip, beyond) = clip(options, &layout)?;
        let scale = if options.scale.as_deref() == Some("css") { 1.0 / layout.ratio.max(0.1) } else { 1.0 };
        if options.masks.is_empty() {
            return self.capture(options, clip, beyond, scale).await;
        }
        let covered = Rect { x: clip.x - layout.scroll_x, y: clip.y - layout.scroll_y, ..clip };
        let places = mask::places(&options.masks).await;
        let colour = mask::colour(&frame, options.mask_color.as_deref()).await?;
        let picture = self.capture(options, clip, beyond, scale).await?;
        mask::paint(&picture, &places, covered, colour, options.quality)
    }

    async fn capture(
        &self,
        options: &ScreenshotOptions,
        clip: Rect,
        beyond: bool,
        scale: f64,
    ) -> Result<Vec<u8>, BrowserError> {
        let clip = json!({ "x": clip.x, "y": clip.y, "width": clip.width, "height": clip.height, "scale": scale });
        self.encoded(options, json!({ "clip": clip, "captureBeyondViewport": beyond })).await
    }

    /// The part of the page that `params` say, or what is visible, as `options` want it encoded.
    async fn encoded(&self, options: &ScreenshotOptions, mut params: Value) -> Result<Vec<u8>, BrowserError> {
        let jpeg = options.kind.as_deref() == Some("jpeg");
        params["format"] = json!(if jpeg { "jpeg" } else { "png" });
        if jpeg {
            params["quality"] = json!(options.quality.unwrap_or(80));
        }
        let transparent = options.omit_background && !jpeg;
        if transparent {
            self.background(json!({ "color": { "r": 0, "g": 0, "b": 0, "a": 0 } }));
        }
        let picture = self.picture(&params).await;
        if transparent {
            self.background(json!({}));
        }
        picture
    }

    fn background(&self, params: Value) {
        drop(self.session().request("Emulation.setDefaultBackgroundColorOverride", &params));
    }

    /// Asks for it at once.
    fn picture(&self, params: &Value) -> impl Future<Output = Result<Vec<u8>, BrowserError>> + Send + use<> {
        #[derive(Deserialize)]
        struct Captured {
            data: String,
        }
        let captured = self.session().request("Page.captureScreenshot", params).parse::<Captured>();
        async move {
            BASE64
                .decode(captured.await?.data)
                .map_err(|error| BrowserError::other(format!("failed to decode the screenshot: {error}")))
        }
    }

    /// What is visible now, as a jpeg, quickly: nothing in the page is touched. It is asked for at once.
    pub fn glance(&self, quality: u32) -> impl Future<Output = Result<Vec<u8>, BrowserError>> + Send + use<> {
        self.picture(&json!({ "format": "jpeg", "quality": quality, "optimizeForSpeed": true }))
    }
}

impl Locator {
    /// A picture of the element, encoded; it is scrolled into view for it.
    pub async fn screenshot(&self, options: &ScreenshotOptions, timeout: u64) -> Result<Vec<u8>, BrowserError> {
        let picture = self.screenshot_within(options, &Progress::new(timeout)).await;
        picture.map_err(|error| self.of_element(error))
    }

    /// The same as a part of something larger.
    pub async fn screenshot_within(
        &self,
        options: &ScreenshotOptions,
        progress: &Progress,
    ) -> Result<Vec<u8>, BrowserError> {
        self.read_within("box", json!({}), progress).await?;
        progress.note("taking element screenshot");
        let page = self.frame.page();
        progress
            .run(async {
                page.dress(options, progress).await;
                let picture = self.in_view(options, progress).await;
                page.undress().await;
                picture
            })
            .await
    }

    async fn in_view(&self, options: &ScreenshotOptions, progress: &Progress) -> Result<Vec<u8>, BrowserError> {
        progress.note("attempting scroll into view action");
        progress.note("  waiting for element to be stable");
        self.simply("scrollIntoView", false, 0).await?;
        let place = self.read("box", json!({}), 0).await?;
        let clip = serde_json::from_value(place).map_err(|_| BrowserError::other("Element is not visible"))?;
        let options = ScreenshotOptions { clip: Some(clip), of_element: true, full_page: false, ..options.clone() };
        self.frame.page().take(&options).await
    }
}

/// Longest wait for a frame to get ready for its picture.
const FRAME_PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

/// An element's place in the document, in pixels that hold all of it.
fn whole_pixels(rect: Rect, layout: &Layout) -> Rect {
    /// What rounding errors may amount to.
    const LITTLE: f64 = 1e-3;
    let (left, top) = (rect.x + layout.scroll_x, rect.y + layout.scroll_y);
    let (x, y) = ((left + LITTLE).floor(), (top + LITTLE).floor());
    let (right, bottom) = ((left + rect.width - LITTLE).ceil(), (top + rect.height - LITTLE).ceil());
    Rect { x, y, width: right - x, height: bottom - y }
}

/// What is to be captured, in the document's coordinates, and whether it is more than what is visible.
fn clip(options: &ScreenshotOptions, layout: &Layout) -> Result<(Rect, bool), BrowserError> {
    let visible = Rect { x: 0.0, y: 0.0, width: layout.width, height: layout.height };
    let full = Rect { x: 0.0, y: 0.0, width: layout.full_width, height: layout.full_height };
    let within = if options.full_page { full } else { visible };
    let mut rect = match options.clip {
        None => within,
        Some(clip) => {
            if clip.width <= 0.0 || clip.height <= 0.0 {
                return Err(BrowserError::other("Expected options.clip to have positive width and height."));
            }
            if options.of_element {
                return Ok((whole_pixels(clip, layout), true));
            }
            let (x, y) = (clip.x.max(0.0), clip.y.max(0.0));
            let right = (clip.x + clip.width).min(within.width);
            let bottom = (clip.y + clip.height).min(within.height);
            if right <= x || bottom <= y {
                return Err(BrowserError::other("Clipped area is either empty or outside the resulting image"));
            }
            Rect { x, y, width: right - x, height: bottom - y }
        }
    };
    if !options.full_page {
        rect.x += layout.scroll_x;
        rect.y += layout.scroll_y;
    }
    let beyond = rect.x < layout.scroll_x
        || rect.y < layout.scroll_y
        || rect.x + rect.width > layout.scroll_x + layout.width
        || rect.y + rect.height > layout.scroll_y + layout.height;
    Ok((rect, beyond))
}
