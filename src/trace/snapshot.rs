//! Snapshots of all frames of a page.

use super::tree::Node;
use crate::browser::screenshot::Rect;
use crate::browser::{BrowserError, CallArg, Frame, Page};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// A frame that does not answer (it computes, or shows a dialog) goes without.
const PATIENCE: Duration = Duration::from_millis(500);

/// Deeper than what HTML parsers make; what is below is left out.
const DEEPEST: usize = 512;

/// One document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) nodes: Vec<Node>,
    pub(super) doctype: Option<String>,
    pub(super) url: String,
    pub(super) viewport: Value,
    pub(super) collection_time: f64,
}

/// The documents of all frames of a page as they are now; `target` is marked in the main one.
pub(super) async fn take(page: &Page, target: Option<Rect>) -> Vec<(Frame, Document)> {
    let frames = page.frames();
    let documents = frames.into_iter().map(|frame| async move {
        let target = target.filter(|_| frame.parent().is_none());
        let document = timeout(PATIENCE, document(&frame, target)).await.ok()?.ok()?;
        Some((frame, document))
    });
    join_all(documents).await.into_iter().flatten().collect()
}

async fn document(frame: &Frame, target: Option<Rect>) -> Result<Document, BrowserError> {
    if let Some(owner) = frame.owner_element().await? {
        let name = "function(owner, name) { owner.__understudyFrame = name; }";
        let context = owner.context().clone();
        context.call(name, &[CallArg::Handle(owner), CallArg::Value(frame.id().into())]).await?;
    }
    let params = json!({ "target": target, "deepest": DEEPEST });
    let told = frame.utility_context().await?.call(include_str!("snapshot.js"), &[CallArg::Value(params)]).await?;
    serde_json::from_value(told).map_err(|error| BrowserError::other(format!("a snapshot cannot be read: {error}")))
}
