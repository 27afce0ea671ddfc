//! The way from a page's main frame into one of its frames, as the code will write it.

use crate::browser::Frame;
use std::collections::HashMap;

/// Ways that were found, by the frame's id: elements of frames rarely change their names.
#[derive(Default)]
pub(super) struct Ways(HashMap<String, String>);

impl Ways {
    /// Empty for a main frame; else it ends where a selector can go on.
    pub(super) async fn to(&mut self, frame: &Frame) -> String {
        if frame.parent().is_none() {
            return String::new();
        }
        if let Some(way) = self.0.get(frame.id()) {
            return way.clone();
        }
        let mut way = String::new();
        let mut inner = frame.clone();
        while let Some(outer) = inner.parent() {
            way = format!("{} >> internal:control=enter-frame >> {way}", element_of(&inner, &outer).await);
            inner = outer;
        }
        self.0.insert(frame.id().to_owned(), way.clone());
        way
    }
}

/// A selector of the element that holds `inner`.
async fn element_of(inner: &Frame, outer: &Frame) -> String {
    let named = async {
        let element = inner.owner_element().await.ok()??;
        let name = outer.call_resident("nameOf", serde_json::Value::Null, Some(element)).await.ok()?;
        name.as_str().map(str::to_owned)
    };
    match named.await {
        Some(selector) => selector,
        // It is gone already.
        None if !inner.name().is_empty() => format!("iframe[name={}]", quoted(&inner.name())),
        None => format!("iframe[src={}]", quoted(&inner.url())),
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
