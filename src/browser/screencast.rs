//! Live pictures of a page: what changes is sent as JPEG, nothing while nothing changes. Chromium waits for a word that a frame was
//! used before it sends another one, so whoever is slow gets fewer frames, never old ones. It lets two of them be unused at a time and
//! drops what comes meanwhile, without making up for it later: whoever was slow asks for one more at the end, else a page that stands
//! still from then on would be shown as it was before.

use super::cdp::Session;
use super::error::BrowserError;
use super::page::Page;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// A page that shows nothing new for so long stands still.
const QUIET: Duration = Duration::from_millis(100);

/// No picture comes for so long after Chromium was asked for one: it forgets that where a document is just being replaced.
/// A page that is not seen paints nothing, so it is asked ever less often.
const FORGOTTEN: Duration = Duration::from_millis(500);
const FORGOTTEN_MAX: Duration = Duration::from_secs(8);

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
    count: u64,
}

/// As Chromium tells it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cast {
    data: String,
    metadata: Metadata,
    session_id: i64,
    /// How many have come until this one.
    #[serde(skip)]
    count: u64,
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
    options: ScreencastOptions,
    /// The frame that was given out last.
    given: u64,
    /// When to ask for one more, should none come until then.
    asks: Option<Instant>,
    /// How long to wait after the next time.
    patience: Duration,
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
        Ok(Screencast {
            page: self.clone(),
            session,
            casts,
            options,
            given: 0,
            asks: Some(Instant::now() + FORGOTTEN),
            patience: FORGOTTEN,
        })
    }
}

impl Cast {
    /// It came after that one.
    pub(super) fn after(self, before: Option<&Self>) -> Self {
        Self { count: before.map_or(0, |before| before.count) + 1, ..self }
    }
}

impl Screencast {
    /// The newest picture that was not given out yet; none when the page is gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<ScreencastFrame> {
        loop {
            let asks = self.asks;
            tokio::select! {
                biased;
                changed = self.casts.changed() => changed.ok()?,
                _ = self.page.gone() => return None,
                () = until(asks) => {
                    self.change(self.options);
                    self.patience = (self.patience * 2).min(FORGOTTEN_MAX);
                    continue;
                }
            }
            let Some(cast) = self.casts.borrow_and_update().clone() else { continue };
            // Those in between are not used by anybody.
            let skipped = self.given + 1..cast.count;
            self.asks = (!skipped.is_empty()).then(|| Instant::now() + QUIET);
            skipped.for_each(|_| self.acknowledge(cast.session_id));
            self.given = cast.count;
            self.patience = FORGOTTEN;
            let Ok(jpeg) = BASE64.decode(&cast.data) else { continue };
            let Metadata { device_width, device_height } = cast.metadata;
            return Some(ScreencastFrame {
                jpeg,
                width: device_width.round() as u32,
                height: device_height.round() as u32,
                number: cast.session_id,
                count: cast.count,
            });
        }
    }

    /// The next pictures are to be like that; one comes soon, whether anything changes or not. None that came before has to be used.
    pub fn change(&mut self, options: ScreencastOptions) {
        self.options = options;
        self.asks = Some(Instant::now() + self.patience);
        drop(self.session.request("Page.stopScreencast", &json!({})));
        drop(self.session.request("Page.startScreencast", &options.params()));
    }

    /// One more picture, should none come by itself.
    pub fn once_more(&mut self) {
        self.asks.get_or_insert_with(|| Instant::now() + QUIET);
    }

    /// The picture was used: Chromium may send another one.
    pub fn used(&mut self, frame: &ScreencastFrame) {
        let is_newest = self.casts.borrow().as_ref().is_none_or(|newest| newest.count == frame.count);
        if !is_newest || self.asks.is_some() {
            self.asks = Some(Instant::now() + QUIET);
        }
        self.acknowledge(frame.number);
    }

    fn acknowledge(&self, session: i64) {
        drop(self.session.request("Page.screencastFrameAck", &json!({ "sessionId": session })));
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

impl Drop for Screencast {
    fn drop(&mut self) {
        drop(self.session.request("Page.stopScreencast", &json!({})));
    }
}
