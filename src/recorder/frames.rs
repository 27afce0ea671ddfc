//! The way from a page's main frame into one of its frames: as the code will write it, and by numbers.

use crate::browser::Frame;
use serde::Deserialize;
use std::collections::HashMap;

/// Ways that were found, by the frame's id: elements of frames rarely change their names.
#[derive(Default)]
pub(super) struct Ways(HashMap<String, Way>);

/// Both empty for a main frame.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    /// Ends where a selector can go on.
    pub(super) selector: String,
    /// The how-manieth child of each frame on the way.
    pub(super) path: Vec<usize>,
}

impl Ways {
    pub(super) async fn to(&mut self, frame: &Frame) -> Way {
        if frame.parent().is_none() {
            return Way::default();
        }
        if let Some(way) = self.0.get(frame.id()) {
            return way.clone();
        }
        let mut way = Way::default();
        let mut inner = frame.clone();
        while let Some(outer) = inner.parent() {
            let element = element_of(&inner, &outer).await;
            way.selector = format!("{} >> internal:control=enter-frame >> {}", element.selector, way.selector);
            way.path.insert(0, element.index);
            inner = outer;
        }
        self.0.insert(frame.id().to_owned(), way.clone());
        way
    }
}

/// What `js/main.js` says of the element that holds a frame.
#[derive(Deserialize)]
struct Element {
    selector: String,
    /// Among all such elements of its document.
    index: usize,
}

async fn element_of(inner: &Frame, outer: &Frame) -> Element {
    let named = async {
        let element = inner.owner_element().await.ok()??;
        let said = outer.call_resident("nameOf", serde_json::Value::Null, Some(element)).await.ok()?;
        serde_json::from_value(said).ok()
    };
    match named.await {
        Some(element) => element,
        // It is gone already.
        None if !inner.name().is_empty() => {
            Element { selector: format!("iframe[name={}]", quoted(&inner.name())), index: 0 }
        }
        None => Element { selector: format!("iframe[src={}]", quoted(&inner.url())), index: 0 },
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Of what the network has shown.
pub(super) fn origin_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.origin().ascii_serialization())
}
