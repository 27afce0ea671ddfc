//! Files that pages download: on disk under Chromium's name for them until their context closes.

use super::context::BrowserContext;
use super::instance::Browser;
use super::page::Page;
use super::sync::lock;
use crate::artifacts::Share;
use serde::Deserialize;
use serde_json::json;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::watch;

/// Where a browser's downloads are.
pub(super) enum Folder {
    /// Of its process.
    Own(PathBuf),
    /// Whoever connected to it wants them there, those of its first context too.
    Wanted(PathBuf),
    /// Nobody said anything; none where there is no room for them.
    Fresh(Option<TempDir>),
}

impl Folder {
    /// Of a browser that somebody else started.
    pub(super) fn beside(wanted: Option<PathBuf>) -> Self {
        wanted.map_or_else(|| Self::Fresh(tempfile::tempdir().ok()), Self::Wanted)
    }

    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Own(folder) | Self::Wanted(folder) => Some(folder),
            Self::Fresh(folder) => folder.as_ref().map(TempDir::path),
        }
    }
}

/// How a download went, for those that did not go well.
const CANCELED: &str = "canceled";

/// Same sentence as Playwright.
const REFUSED: &str = "Pass { acceptDownloads: true } when you are creating your browser context.";

/// A file on its way to disk. Clones share it.
#[derive(Clone)]
pub struct Download {
    /// Whose.
    pub page: Page,
    /// Chromium's name for it.
    pub guid: String,
    /// Where it comes from.
    pub url: String,
    /// What the server would call it.
    pub suggested_filename: String,
    /// None while it is on its way; then why it did not arrive.
    state: watch::Sender<Option<Option<String>>>,
    /// Of what its session may write.
    share: Arc<Mutex<Share>>,
}

/// What Chromium tells first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Begun {
    pub(super) frame_id: String,
    guid: String,
    url: String,
    suggested_filename: String,
}

/// What Chromium tells then.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Progressed {
    pub(super) guid: String,
    state: String,
    #[serde(default)]
    received_bytes: f64,
}

impl Download {
    pub(super) fn new(page: Page, begun: Begun) -> Self {
        let Begun { guid, url, suggested_filename, .. } = begun;
        let share = Arc::new(Mutex::new(page.context().bounds().share()));
        Self { page, guid, url, suggested_filename, state: watch::channel(None).0, share }
    }

    pub(super) fn progressed(&self, progressed: &Progressed) {
        let canceled = progressed.state == "canceled";
        if self.state.borrow().is_some() {
            // What was refused is gone now.
            if canceled {
                self.give_back();
            }
            return;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of bytes")]
        let received = progressed.received_bytes as u64;
        let kept = lock(&self.share).is_at_least(received);
        if let Err(spent) = kept {
            self.state.send_replace(Some(Some(spent.to_string())));
            self.cancel();
            // One that was complete already.
            if let Some(folder) = self.page.context().browser().downloads().filter(|_| progressed.state == "completed")
            {
                delete(folder, vec![self.clone()]);
            }
            return;
        }
        if canceled {
            self.give_back();
        }
        let end = match progressed.state.as_str() {
            "completed" => None,
            "canceled" => Some(if self.is_refused() { REFUSED } else { CANCELED }.to_owned()),
            _ => return,
        };
        self.state.send_replace(Some(end));
    }

    fn is_refused(&self) -> bool {
        self.page.context().options().accept_downloads == Some(false)
    }

    /// Waits until it is over; why it failed, if it did. One of a context that closes meanwhile was canceled.
    pub async fn failure(&self) -> Option<String> {
        if self.is_refused() {
            return Some(REFUSED.into());
        }
        let mut state = self.state.subscribe();
        let over = async { state.wait_for(Option::is_some).await.ok().and_then(|end| end.clone()).flatten() };
        tokio::select! {
            biased;
            end = over => end,
            () = self.page.context().gone_for_good() => Some(CANCELED.into()),
        }
    }

    /// Waits until it is there.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn path(&self) -> Result<PathBuf, String> {
        if let Some(why) = self.failure().await {
            return Err(why);
        }
        let (context, browser) = (self.page.context(), self.page.context().browser());
        match browser.downloads().filter(|_| !context.leaves_downloads()) {
            Some(folder) => Ok(folder.join(&self.guid)),
            None => Err("the browser's downloads are left to it".into()),
        }
    }

    /// Deletes it when it is there.
    pub async fn delete(&self) {
        if let Ok(path) = self.path().await {
            // It may be deleted already.
            let _ = tokio::fs::remove_file(path).await;
            self.give_back();
        }
    }

    /// Nothing of it is there any more.
    fn give_back(&self) {
        // Nothing is refused that becomes smaller.
        let _ = lock(&self.share).is_now(0);
    }

    /// No more of it.
    pub fn cancel(&self) {
        let context = self.page.context();
        let params = context.scoped(json!({ "guid": self.guid }));
        drop(context.browser().root().request("Browser.cancelDownload", &params));
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("guid", &self.guid).field("url", &self.url).finish_non_exhaustive()
    }
}

/// What a context's profile does with downloads.
pub(super) fn behavior(browser: &Browser, context: &BrowserContext) -> serde_json::Value {
    let refused = context.options().accept_downloads == Some(false);
    match browser.downloads().filter(|_| !refused) {
        _ if context.leaves_downloads() && !refused => json!({ "behavior": "default", "eventsEnabled": true }),
        Some(folder) => json!({ "behavior": "allowAndName", "downloadPath": folder, "eventsEnabled": true }),
        None => json!({ "behavior": "deny", "eventsEnabled": true }),
    }
}

/// Of a context that is gone.
pub(super) fn delete(folder: &Path, downloads: Vec<Download>) {
    for download in downloads {
        let file = folder.join(&download.guid);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::debug!(path = %file.display(), %error, "failed to delete a download");
            }
            _ => download.give_back(),
        }
    }
}
