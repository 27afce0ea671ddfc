//! Requests with their answers, in the words of HAR 1.2; the bodies are files of the archive.

use super::Event;
use super::context::Shared;
use crate::browser::network::{Headers, Request, Response, Sizes};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// For a body that Chromium has.
const PATIENCE: Duration = Duration::from_secs(2);

/// Requests that are under way, and bodies being read.
#[derive(Default)]
pub(super) struct Requests {
    begun: Mutex<HashMap<String, Begun>>,
    reading: Mutex<JoinSet<()>>,
}

/// When.
#[derive(Debug, Clone, Copy)]
struct Begun {
    time: f64,
    wall: f64,
}

impl Requests {
    /// Waits until what is being read is written.
    pub(super) async fn finish(&self) {
        let mut reading = std::mem::take(&mut *self.reading.lock().unwrap_or_else(PoisonError::into_inner));
        while reading.join_next().await.is_some() {}
    }
}

fn key(request: &Request) -> String {
    format!("{} {}", request.page().id(), request.id())
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
            let body = timeout(PATIENCE, request.body());
            let (body, facts) = tokio::join!(body, Facts::of(&request));
            let body = body.ok().and_then(Result::ok);
            let file = body.as_ref().and_then(|body| {
                let mime = mime_of(request.response_now().as_deref());
                let extension = mime.and_then(|mime| mime_guess::get_mime_extensions_str(&mime)?.first());
                trace.chunk.add("resources", extension.unwrap_or(&"dat"), body)
            });
            let snapshot = entry(&request, begun, body.map(|body| body.len()), file, &facts);
            trace.write_network(&Event::ResourceSnapshot { snapshot });
        }
    });
}

fn mime_of(response: Option<&Response>) -> Option<String> {
    let (_, value) = response?.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"))?;
    Some(value.as_str()?.split(';').next()?.trim().to_owned())
}

fn headers(headers: &Headers) -> Vec<Value> {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// What is known at the end of a request.
struct Facts {
    sent: Headers,
    received: Headers,
    sizes: Option<Sizes>,
}

impl Facts {
    async fn of(request: &Request) -> Self {
        let all = async {
            let sent = request.all_headers().await.unwrap_or_default();
            let received = request.all_response_headers().await.ok().flatten().unwrap_or_default();
            Self { sent, received, sizes: request.sizes().await.ok().flatten() }
        };
        let nothing = Self { sent: Headers::new(), received: Headers::new(), sizes: None };
        timeout(PATIENCE, all).await.unwrap_or(nothing)
    }
}

fn entry(
    request: &Request,
    begun: Begun,
    body: Option<usize>,
    file: Option<String>,
    facts: &Facts,
) -> Map<String, Value> {
    let response = request.response_now();
    let response = response.as_deref();
    let size = |of: fn(&Sizes) -> u64| facts.sizes.as_ref().map_or(json!(-1), |sizes| json!(of(sizes)));
    let version = response.and_then(|response| response.protocol.as_deref()).unwrap_or("HTTP/1.1");
    let mut asked = json!({
        "method": request.method(), "url": request.url(), "httpVersion": version, "cookies": [],
        "headers": headers(&facts.sent), "queryString": query(request.url()), "headersSize": size(Sizes::request_headers),
        "bodySize": request.body_sent().map_or(0, <[u8]>::len),
    });
    if let Some(body) = request.body_sent() {
        let kind = facts.sent.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let kind = kind.map_or("application/octet-stream", |(_, value)| value);
        asked["postData"] = json!({ "mimeType": kind, "text": String::from_utf8_lossy(body), "params": [] });
    }
    let mut content = json!({
        "size": body.map_or(json!(-1), |body| json!(body)),
        "mimeType": mime_of(response).unwrap_or_else(|| "x-unknown".to_owned()),
    });
    if let Some(file) = file {
        content["_file"] = file.into();
    }
    let location = facts.received.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
    let mut answered = json!({
        "status": response.map_or(-1, |response| response.status),
        "statusText": response.map_or("", |response| &response.status_text),
        "httpVersion": version, "cookies": [], "headers": headers(&facts.received), "content": content,
        "headersSize": size(Sizes::response_headers), "bodySize": size(Sizes::response_body),
        "redirectURL": location.map_or("", |(_, value)| value),
    });
    if let Some(failure) = request.failure() {
        answered["_failureText"] = failure.into();
    }
    let timing = request.timing();
    let took = request.response_end().unwrap_or(-1.0);
    let mut whole = json!({
        "pageref": request.page().id(), "_frameref": request.frame_id(), "_monotonicTime": begun.time,
        "startedDateTime": iso(begun.wall), "time": took, "request": asked, "response": answered, "cache": {},
        "timings": timing.phases(took), "_resourceType": request.resource_type(),
    });
    if let Some(address) = response.and_then(|response| response.remote_ip_address.as_deref()) {
        whole["serverIPAddress"] = address.into();
    }
    match whole {
        Value::Object(whole) => whole,
        _ => Map::new(),
    }
}

fn query(url: &str) -> Vec<Value> {
    let Ok(url) = url::Url::parse(url) else { return Vec::new() };
    url.query_pairs().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// A time since 1970 as ISO 8601.
fn iso(ms: f64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs_f64(ms.max(0.0) / 1000.0);
    humantime::format_rfc3339_millis(time).to_string()
}
