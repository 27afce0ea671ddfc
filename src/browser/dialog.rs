//! `alert`, `confirm`, `prompt`, `beforeunload`.

use super::cdp::Session;
use super::error::BrowserError;
use super::page::Page;
use serde_json::json;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A dialog that holds its page until it is answered.
#[derive(Clone)]
pub struct Dialog(Arc<Inner>);

struct Inner {
    page: Page,
    session: Session,
    kind: String,
    message: String,
    default_value: String,
    answered: AtomicBool,
}

impl Dialog {
    pub(super) fn new(page: Page, session: Session, kind: String, message: String, default_value: String) -> Self {
        Self(Arc::new(Inner { page, session, kind, message, default_value, answered: AtomicBool::new(false) }))
    }

    /// Whose.
    pub fn page(&self) -> &Page {
        &self.0.page
    }

    /// `alert`, `confirm`, `prompt` or `beforeunload`.
    pub fn kind(&self) -> &str {
        &self.0.kind
    }

    /// What it asks.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What a prompt suggests.
    pub fn default_value(&self) -> &str {
        &self.0.default_value
    }

    /// OK, with this text if it is a prompt.
    pub async fn accept(&self, text: Option<&str>) -> Result<(), BrowserError> {
        self.answer("accept", json!({ "accept": true, "promptText": text.unwrap_or_default() })).await
    }

    /// Cancel.
    pub async fn dismiss(&self) -> Result<(), BrowserError> {
        self.answer("dismiss", json!({ "accept": false })).await
    }

    async fn answer(&self, what: &str, params: serde_json::Value) -> Result<(), BrowserError> {
        if self.0.answered.swap(true, Ordering::SeqCst) {
            return Err(BrowserError::other(format!("Cannot {what} dialog which is already handled!")));
        }
        self.0.session.request("Page.handleJavaScriptDialog", &params).raw().await?;
        Ok(())
    }

    /// What happens when nobody cares: leave the page if that is the question, else cancel.
    pub(super) fn close_by_default(&self) {
        if !self.0.answered.swap(true, Ordering::SeqCst) {
            let params = json!({ "accept": self.0.kind == "beforeunload" });
            drop(self.0.session.request("Page.handleJavaScriptDialog", &params));
        }
    }
}

impl fmt::Debug for Dialog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialog").field("kind", &self.0.kind).field("message", &self.0.message).finish()
    }
}
