//! Requests with their answers, in the words of HAR 1.2; the bodies are files of the archive.

use super::context::Shared;
use super::{Chunk, Event};
use crate::browser::network::Request;
use crate::har::{self, Begun, Facts, Keeper, Mode};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// Requests that are under way, and bodies being read.
#[derive(Default)]
pub(super) struct Requests {
    begun: Mutex<HashMap<String, Begun>>,
    reading: Mutex<JoinSet<()>>,
}

impl Requests {
    /// Waits until what is being read is written.
    pub(super) async fn finish(&self) {
        let mut reading = std::mem::take(&mut *self.reading.lock().unwrap_or_else(PoisonError::into_inner));
        while reading.join_next().await.is_some() {}
    }
}

impl Keeper for Chunk {
    fn received(&self, body: &[u8], content: &mut Map<String, Value>) {
        let extension = har::extension(content.get("mimeType").and_then(Value::as_str).unwrap_or_default());
        if let Some(file) = self.add("resources", extension, body) {
            content.insert("_file".into(), json!(file));
        }
    }

    fn sent(&self, body: &[u8], data: &mut Map<String, Value>) {
        data.insert("text".into(), json!(String::from_utf8_lossy(body)));
    }
}

fn key(request: &Request) -> String {
    format!("{} {}", request.owner().id(), request.id())
}

/// It goes out.
pub(super) fn begun(trace: &Arc<Shared>, request: &Request) {
    let begun = Begun { time: trace.clock.now(), wall: trace.clock.wall() };
    trace.requests.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(key(request), begun);
}

/// Its answer is there, or there will be none.
pub(super) fn ended(trace: &Arc<Shared>, request: &Request) {
    let now = Begun { time: trace.clock.now(), wall: trace.clock.wall() };
    let begun =
        trace.requests.begun.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(request)).unwrap_or(now);
    let (trace, request) = (trace.clone(), request.clone());
    let mut reading = trace.requests.reading.lock().unwrap_or_else(PoisonError::into_inner);
    while reading.try_join_next().is_some() {}
    reading.spawn({
        let trace = trace.clone();
        async move {
            let facts = Facts::of(&request).await;
            let mut snapshot = har::entry(&request, begun, &facts, Mode::Full, &*trace.chunk);
            redirected(&mut snapshot);
            trace.write_network(&Event::ResourceSnapshot { snapshot });
        }
    });
}

/// Where it was sent on to, as the server said.
fn redirected(snapshot: &mut Map<String, Value>) {
    let Some(response) = snapshot.get_mut("response") else { return };
    let headers = response["headers"].as_array().into_iter().flatten();
    let location = headers
        .filter(|header| header["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("location")))
        .find_map(|header| header["value"].as_str())
        .map(str::to_owned);
    if let Some(location) = location {
        response["redirectURL"] = json!(location);
    }
}
