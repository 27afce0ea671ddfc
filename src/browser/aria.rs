//! Aria snapshots of an element, with what is in its frames.

use super::error::BrowserError;
use super::frame::Frame;
use super::locator::{Attempts, Locator, Place, World};
use super::progress::{CallLog, Progress};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a snapshot shall tell.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SnapshotOptions {
    mode: SnapshotMode,
    /// Levels below the first; 0 is all.
    depth: i64,
    /// With the place of each element.
    boxes: bool,
}

/// For whom a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SnapshotMode {
    /// For people, and to compare with.
    #[default]
    Default,
    /// For machines: with names to act by, and frames.
    Ai,
}

/// A snapshot of one document.
#[derive(Deserialize)]
struct Tree {
    json: Value,
    /// Depths of frames that are in it, by their refs.
    frames: BTreeMap<String, i64>,
}

impl Locator {
    /// The accessibility tree as YAML.
    pub async fn aria_snapshot(&self, options: SnapshotOptions, timeout: u64) -> Result<Value, BrowserError> {
        self.snapshot(options, timeout, true).await
    }

    /// The accessibility tree as JSON.
    pub async fn aria_json(&self, options: SnapshotOptions, timeout: u64) -> Result<Value, BrowserError> {
        self.snapshot(options, timeout, false).await
    }

    async fn snapshot(&self, options: SnapshotOptions, timeout: u64, yaml: bool) -> Result<Value, BrowserError> {
        let progress = Progress::new(timeout);
        if options.mode == SnapshotMode::Default {
            self.note_waiting(&progress, "");
        }
        self.within(&progress, async {
            let mut attempts = Attempts::new(&progress);
            loop {
                attempts.next().await;
                if let Some(snapshot) = self.retriable(self.snapshot_once(options, yaml, &progress).await)? {
                    return Ok(snapshot);
                }
            }
        })
        .await
    }

    async fn snapshot_once(
        &self,
        options: SnapshotOptions,
        yaml: bool,
        progress: &Progress,
    ) -> Result<Option<Value>, BrowserError> {
        let Some(place) = self.place(World::Utility).await? else { return Ok(None) };
        let of_machines = CallLog::default();
        let log = if options.mode == SnapshotMode::Ai { &of_machines } else { &progress.log };
        let Some(tree) = place.tree(options, log).await? else {
            if options.mode == SnapshotMode::Ai && self.strict {
                return Err(BrowserError::other(format!("Selector \"{}\" does not match any element", self.selector)));
            }
            return Ok(None);
        };
        let json = place.with_frames(tree, options).await;
        if !yaml {
            return Ok(Some(json));
        }
        place.call(&CallLog::default(), "yaml", json!({ "json": json }), &[]).await.map(Some)
    }
}

impl Place {
    async fn tree(&self, options: SnapshotOptions, log: &CallLog) -> Result<Option<Tree>, BrowserError> {
        let SnapshotOptions { mode, depth, boxes } = options;
        let mode = if mode == SnapshotMode::Ai { "ai" } else { "default" };
        let number = self.frame.number();
        let prefix = if number > 0 { format!("f{number}") } else { String::new() };
        let params = json!({ "mode": mode, "depth": depth, "boxes": boxes, "prefix": prefix });
        Ok(serde_json::from_value(self.call(log, "snapshot", params, &[]).await?).unwrap_or_default())
    }

    /// Puts what is in the frames of a tree where the frames are. A frame that cannot be looked into stays empty.
    fn with_frames(&self, tree: Tree, options: SnapshotOptions) -> BoxFuture<'_, Value> {
        async move {
            let Tree { mut json, frames } = tree;
            let inside = join_all(frames.into_iter().map(|(reference, level)| async move {
                let depth = if options.depth == 0 { 0 } else { options.depth - level - 1 };
                let children = self.inside(&reference, SnapshotOptions { depth, ..options }).await?;
                Some((reference, children))
            }));
            let inside: BTreeMap<_, _> = inside.await.into_iter().flatten().collect();
            fill(&mut json, &inside);
            json
        }
        .boxed()
    }

    async fn inside(&self, reference: &str, options: SnapshotOptions) -> Option<Value> {
        let params = json!({ "selector": format!("aria-ref={reference}"), "strict": false, "handle": false });
        let owner = self.engine.element("", params, &[]).await.ok()??;
        let frame: Frame = owner.content_frame().await.ok()??;
        let body = Locator { strict: false, ..Locator::new(&frame, "body,frameset") };
        let place = body.place(World::Utility).await.ok()??;
        let tree = place.tree(options, &CallLog::default()).await.ok()??;
        Some(place.with_frames(tree, options).await)
    }
}

fn fill(json: &mut Value, inside: &BTreeMap<String, Value>) {
    match json {
        Value::Array(nodes) => nodes.iter_mut().for_each(|node| fill(node, inside)),
        Value::Object(node) if node.get("role").is_some_and(|role| role == "iframe") => {
            let children = node.get("ref").and_then(Value::as_str).and_then(|reference| inside.get(reference));
            if let Some(children) = children.filter(|children| **children != json!([])) {
                node.remove("text");
                node.insert("children".into(), children.clone());
            }
        }
        Value::Object(node) => {
            if let Some(children) = node.get_mut("children") {
                fill(children, inside);
            }
        }
        _ => {}
    }
}
