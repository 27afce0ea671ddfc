//! Whether a page's requests stop at us. They do only while somebody has a route or servers may ask for a password.

use super::super::cdp::Session;
use super::super::context::BrowserContext;
use super::super::error::BrowserError;
use super::super::page::Page;
use serde_json::{Value, json};

impl Page {
    /// Whether this page's requests are told as routes, from now on.
    pub async fn set_routed(&self, routed: bool) -> Result<(), BrowserError> {
        self.network().set_routed(routed);
        self.update_interception().await
    }

    /// Whether somebody decides about its requests.
    pub(in crate::browser) fn is_routed(&self) -> bool {
        self.is_hidden() || self.network().is_routed() || self.context().is_routed()
    }

    fn wants_interception(&self) -> bool {
        self.is_routed() || self.context().wants_interception()
    }

    pub(in crate::browser) async fn update_interception(&self) -> Result<(), BrowserError> {
        let wanted = self.wants_interception();
        if !self.network().set_intercepting(wanted) {
            return Ok(());
        }
        let (method, params) = fetch(wanted);
        // Both are under way before one is waited for.
        let cache = json!({ "cacheDisabled": wanted });
        tokio::try_join!(self.broadcast(method, &params), self.broadcast("Network.setCacheDisabled", &cache)).map(drop)
    }

    /// For a session that is being set up.
    pub(in crate::browser) fn intercept_in(&self, session: &Session) {
        let wanted = self.wants_interception();
        self.network().set_intercepting(wanted);
        if wanted {
            intercept_in(session, true);
        }
    }
}

/// Whether what this session asks for stops at us.
pub(in crate::browser) fn intercept_in(session: &Session, wanted: bool) {
    let (method, params) = fetch(wanted);
    drop(session.request(method, &params));
    drop(session.request("Network.setCacheDisabled", &json!({ "cacheDisabled": wanted })));
}

impl BrowserContext {
    /// Whether requests of all its pages and service workers stop at us.
    pub(in crate::browser) fn wants_interception(&self) -> bool {
        let options = self.options();
        let asks = options.gateway.is_none() && options.proxy.is_some_and(|proxy| proxy.username.is_some());
        self.is_routed() || !options.http_credentials.is_empty() || asks
    }

    pub(in crate::browser) fn update_workers(&self) {
        for worker in self.service_workers() {
            worker.update_interception();
        }
    }

    /// Whether the requests of all its pages are told as routes, from now on.
    pub async fn set_routed(&self, routed: bool) -> Result<(), BrowserError> {
        self.keep_routed(routed);
        self.update_workers();
        for page in self.pages() {
            match page.update_interception().await {
                // It closed meanwhile.
                Err(error) if error.is_closed() && !self.is_closed() => {}
                done => done?,
            }
        }
        Ok(())
    }
}

fn fetch(enabled: bool) -> (&'static str, Value) {
    if enabled {
        let patterns = json!([{ "urlPattern": "*", "requestStage": "Request" }]);
        ("Fetch.enable", json!({ "handleAuthRequests": true, "patterns": patterns }))
    } else {
        ("Fetch.disable", json!({}))
    }
}
