//! A Chromium that somebody else uses: a context that stands for all its pages, in whichever window or profile they are. Nothing of it
//! is changed, and it lives on.

use super::context::{BrowserContext, ContextOptions};
use super::error::BrowserError;
use super::instance::Browser;
use super::page::Page;
use serde::Deserialize;
use serde_json::{Value, json};

/// No context of Chromium's is called so.
pub(super) const GUEST: &str = "";

/// Pages that are parts of the browser itself.
const INNER: [&str; 4] = ["devtools://", "chrome-extension://", "chrome-untrusted://", "chrome://omnibox"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    target_infos: Vec<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    target_id: String,
    browser_context_id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    url: String,
}

/// Whether a person would call it a page.
pub(super) fn is_a_page(kind: &str, url: &str) -> bool {
    kind == "page" && !INNER.iter().any(|inner| url.starts_with(inner))
}

impl Browser {
    /// Stands for everything that is open in it, and opens from now on.
    pub async fn visit(&self) -> Result<BrowserContext, BrowserError> {
        self.stand_for(ContextOptions { viewport: Some(None), ..ContextOptions::default() }).await
    }

    /// Stands for what is open in the context that the browser began with, with these options for its pages.
    ///
    /// # Errors
    /// When the browser is gone, or refuses an option.
    pub async fn inhabit(&self, options: ContextOptions) -> Result<BrowserContext, BrowserError> {
        self.keep_to_own_context().await?;
        self.stand_for(options).await
    }

    async fn stand_for(&self, options: ContextOptions) -> Result<BrowserContext, BrowserError> {
        let context = BrowserContext::new(self.clone(), GUEST.to_owned(), options);
        self.know_context(&context);
        context.prepare().await?;
        Ok(context)
    }
}

impl BrowserContext {
    /// Whether it stands for a browser that somebody else uses.
    pub fn is_guest(&self) -> bool {
        self.id() == GUEST
    }

    /// Whether its downloads are where a person wants them.
    pub(super) fn leaves_downloads(&self) -> bool {
        self.is_guest() && (self.browser().leaves_downloads() || self.options().as_it_is)
    }

    /// Parameters of a command for this context; those of the browser's own context name none.
    pub(super) fn scoped(&self, mut params: Value) -> Value {
        if !self.is_guest() {
            params["browserContextId"] = json!(self.id());
        }
        params
    }

    /// Comes to the pages that are open already; returns when it is in all of them.
    pub async fn join(&self) -> Result<Vec<Page>, BrowserError> {
        let root = self.browser().root();
        let targets: Targets = root.request("Target.getTargets", &json!({})).parse().await?;
        let mut pages = Vec::new();
        for target in targets.target_infos.iter().filter(|target| is_a_page(&target.kind, &target.url)) {
            // Of somebody else, or it opened after the context was there.
            if self.browser().is_foreign(target.browser_context_id.as_deref())
                || self.pages().iter().any(|page| page.id() == target.target_id)
            {
                continue;
            }
            let params = json!({ "targetId": target.target_id, "flatten": true });
            if root.request("Target.attachToTarget", &params).raw().await.is_err() {
                // It was closed meanwhile.
                continue;
            }
            let page = self.browser().page(&target.target_id).await?;
            page.ready().await?;
            pages.push(page);
        }
        Ok(pages)
    }

    /// The first page of a browser that opens one as it starts; waits until it is there.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn first_page(&self) -> Result<Page, BrowserError> {
        self.join().await?;
        let page = self.browser().page_where(|page| page.context() == self).await?;
        page.ready().await?;
        page.was_set_up().await?;
        Ok(page)
    }

    /// Leaves its pages as they are.
    pub(super) fn depart(&self) {
        for page in self.pages() {
            let params = json!({ "sessionId": page.session().id() });
            drop(self.browser().root().request("Target.detachFromTarget", &params));
        }
    }
}
