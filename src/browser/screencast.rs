//! Live pictures of a page: what changes is sent as JPEG, nothing while nothing changes. Chromium waits for a word that a frame was
//! used before it sends another one, so whoever is slow gets fewer frames, never old ones.

use super::cdp::Session;
use super::error::BrowserError;
use super::page::Page;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

/// How the pictures are to be.
#[derive(Debug, Clone, Copy)]
pub struct ScreencastOptions {
    /// JPEG quality, 0 to 100.
    pub quality: u32,
    /// At most so wide and high, pixels; smaller pictures keep the proportions.
    pub most: (u32, u32),
}

impl ScreencastOptions {
    fn params(self) -> Value {
        let (width, height) = self.most;
        json!({ "format": "jpeg", "quality": self.quality, "maxWidth": width, "maxHeight": height })
    }
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreencastFrame {
    /// JPEG.
    pub jpeg: Vec<u8>,
    /// Of the page's visible part, CSS pixels.
    pub width: u32,
    /// Of the page's visible part, CSS pixels.
    pub height: u32,
    number: i64,
}

/// As Chromium tells it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cast {
    data: String,
    metadata: Metadata,
    session_id: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    device_width: f64,
    device_height: f64,
}

/// Pictures of one page. Dropping it ends them.
pub struct Screencast {
    page: Page,
    session: Session,
    casts: watch::Receiver<Option<Cast>>,
}

impl Page {
    /// Begins to send pictures; one that was there before ends.
    ///
    /// # Errors
    /// When the page is gone.
    pub async fn screencast(&self, options: ScreencastOptions) -> Result<Screencast, BrowserError> {
        let (sender, casts) = watch::channel(None);
        self.cast_to(Some(sender));
        let session = self.session().clone();
        session.request("Page.startScreencast", &options.params()).raw().await?;
        Ok(Screencast { page: self.clone(), session, casts })
    }
}

impl Screencast {
    /// The newest picture that was not given out yet; none when the page is gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<ScreencastFrame> {
        loop {
            tokio::select! {
                changed = self.casts.changed() => changed.ok()?,
                _ = self.page.gone() => return None,
            }
            let Some(cast) = self.casts.borrow_and_update().clone() else { continue };
            let Ok(jpeg) = BASE64.decode(&cast.data) else { continue };
            let Metadata { device_width, device_height } = cast.metadata;
            return Some(ScreencastFrame {
                jpeg,
                width: device_width.round() as u32,
                height: device_height.round() as u32,
                number: cast.session_id,
            });
        }
    }

    /// The next pictures are to be like that; one comes soon, whether anything changes or not. None that came before has to be used.
    pub fn change(&self, options: ScreencastOptions) {
        drop(self.session.request("Page.stopScreencast", &json!({})));
        drop(self.session.request("Page.startScreencast", &options.params()));
    }

    /// The picture was used: Chromium may send another one.
    pub fn used(&self, frame: &ScreencastFrame) {
        drop(self.session.request("Page.screencastFrameAck", &json!({ "sessionId": frame.number })));
    }
}

impl Drop for Screencast {
    fn drop(&mut self) {
        drop(self.session.request("Page.stopScreencast", &json!({})));
    }
}
