//! After an action: if it made the page go elsewhere, the next operation should find the new document.

use super::error::BrowserError;
use super::page::Page;
use super::progress::Progress;
use serde_json::json;

/// Made before an action, finished after it.
pub struct Barrier {
    page: Page,
    requests: u64,
}

impl Page {
    /// Remembers what navigations the main frame has asked for until now.
    pub fn barrier(&self) -> Barrier {
        Barrier { page: self.clone(), requests: self.main_frame().peek(|state| state.requests) }
    }
}

impl Barrier {
    /// Waits until all is told that the action caused at once.
    pub async fn settle(&self) -> Result<(), BrowserError> {
        // The answer comes the same way as the request for a navigation does, after it.
        match self.page.session().request("Page.enable", &json!({})).unlimited().raw().await {
            // The action closed the page: that is an end too.
            Err(error) if !error.is_closed() => Err(error),
            _ => Ok(()),
        }
    }

    /// When the main frame asks for a navigation; for ever where it does not.
    pub async fn asked(&self) {
        let asked = self.page.main_frame();
        let asked = asked.when(|frame| frame.peek(|state| state.requests > self.requests).then_some(()));
        if asked.await.is_err() {
            // Who waits for something else hears of the end there.
            std::future::pending().await
        }
    }

    /// After [`Self::settle`]: waits for the navigation of the main frame that the action asked for, if it did, until it is committed or given up.
    pub async fn finish(self, progress: &Progress) -> Result<(), BrowserError> {
        let frame = self.page.main_frame();
        let asked = |requests: u64, requested: bool| requests > self.requests && requested;
        if !frame.peek(|state| asked(state.requests, state.requested)) {
            return Ok(());
        }
        let finished = frame.when(|frame| {
            let waiting = frame.peek(|state| asked(state.requests, state.requested));
            (!waiting).then_some(())
        });
        match progress.run(finished).await {
            // The action closed the page: that is an end too.
            Err(error) if error.is_closed() => Ok(()),
            result => result,
        }
    }
}
