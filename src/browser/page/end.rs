//! How a page ends.

use super::super::error::BrowserError;
use super::super::life::Stage;
use super::super::notice::Notice;
use super::super::progress::CallLog;
use super::super::sync::lock;
use super::Page;
use chromiumoxide::cdp::browser_protocol::page;
use serde_json::json;

impl Page {
    /// Closes it and waits until it is gone; with `run_before_unload` its handlers are asked and nothing is waited for.
    pub async fn close(&self, run_before_unload: bool) -> Result<(), BrowserError> {
        if run_before_unload {
            return self.0.session.send(page::CloseParams::default()).await.map(drop);
        }
        let params = json!({ "targetId": self.0.target });
        let root = self.0.context.browser().root();
        self.0.life.end(async || root.request("Target.closeTarget", &params).raw().await).await
    }

    /// Closes it, without waiting for anything.
    pub fn dismiss(&self) {
        let root = self.0.context.browser().root();
        drop(root.request("Target.closeTarget", &json!({ "targetId": self.0.target })));
    }

    /// Whether somebody closed it, or does so now.
    pub(in crate::browser) fn is_closing(&self) -> bool {
        self.0.life.has_reached(Stage::Closing)
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.0.life.has_reached(Stage::Gone)
    }

    /// Whether its renderer is gone.
    pub fn has_no_renderer(&self) -> bool {
        self.0.crashed.is_cancelled()
    }

    /// Why nothing can be done with it any more; none if something can.
    pub fn why_gone(&self) -> Option<BrowserError> {
        if self.is_closed() {
            return Some(BrowserError::closed());
        }
        self.0.crashed.is_cancelled().then(|| self.crash())
    }

    /// Completes when nothing can be done with it any more.
    pub async fn gone(&self) -> BrowserError {
        tokio::select! {
            biased;
            () = self.0.life.reached(Stage::Gone) => BrowserError::closed(),
            () = self.0.crashed.cancelled() => self.crash(),
        }
    }

    /// The renderer is gone.
    pub(in crate::browser) fn has_crashed(&self) {
        if let Some(why) = self.0.context.browser().why_crashed() {
            // It crashes once.
            let _ = self.0.why_crashed.set(why);
        }
        self.0.crashed.cancel();
        self.0.session.end(&self.crash());
        self.tell(Notice::PageCrashed(self.clone()));
    }

    fn crash(&self) -> BrowserError {
        BrowserError::Crashed { why: self.0.why_crashed.get().cloned(), log: CallLog::default() }
    }

    /// The target is gone.
    pub(in crate::browser) fn has_closed(&self) {
        self.0.life.advance(Stage::Gone);
        let frames = std::mem::take(&mut lock(&self.0.state).frames);
        for frame in frames.into_values() {
            frame.detach();
        }
        for worker in self.workers() {
            self.0.session.connection().end_session(worker.session().id());
        }
        self.0.network.clear();
        self.forget_all();
        self.0.context.browser().forget_page(&self.0.target);
        if self.is_announced() {
            self.tell(Notice::PageClosed(self.clone()));
        }
        self.0.life.advance(Stage::Over);
    }
}
