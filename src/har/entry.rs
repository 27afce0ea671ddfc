//! One request with its answer, in the words of HAR 1.2.

use super::{cookie, iso};
use crate::browser::network::{Decision, Headers, Request, Response, Sizes};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// For what Chromium has of an answer that is over.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// All.
    #[default]
    Full,
    /// What it takes to answer out of the archive.
    Minimal,
}

/// When a request began.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    /// Milliseconds of whoever asks.
    pub time: f64,
    /// Milliseconds since 1970.
    pub wall: f64,
}

/// Who has the bodies, and notes in the entry where.
pub trait Keeper {
    /// Of an answer; `content` has a `mimeType`.
    fn received(&self, body: &[u8], content: &mut Map<String, Value>);
    /// Of a request; `data` has a `mimeType`, a `text` and `params`.
    fn sent(&self, body: &[u8], data: &mut Map<String, Value>);
}

/// What is known at the end of a request.
#[derive(Debug, Default)]
pub struct Facts {
    sent: Headers,
    received: Headers,
    sizes: Option<Sizes>,
    body: Option<Vec<u8>>,
}

impl Facts {
    /// Of a request that is over.
    pub async fn of(request: &Request) -> Self {
        let all = async {
            let sent = request.all_headers().await.unwrap_or_default();
            let received = request.all_response_headers().await.ok().flatten().unwrap_or_default();
            (sent, received, request.sizes().await.ok().flatten())
        };
        let (all, body) = tokio::join!(timeout(PATIENCE, all), timeout(PATIENCE, request.body()));
        let body = body.ok().and_then(Result::ok);
        match all {
            Ok((sent, received, sizes)) => Self { sent, received, sizes, body },
            Err(_) => Self { body, ..Self::now(request) },
        }
    }

    /// Of one that still runs.
    pub fn now(request: &Request) -> Self {
        let listed = |headers: &Map<String, Value>| {
            headers.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
        };
        let received = request.response_now().map(|response| listed(&response.headers)).unwrap_or_default();
        Self { sent: listed(request.headers()), received, sizes: None, body: None }
    }
}

/// The entry of a request.
pub fn entry(request: &Request, begun: Begun, facts: &Facts, mode: Mode, keeper: &dyn Keeper) -> Map<String, Value> {
    let response = request.response_now();
    let response = response.as_deref();
    let full = mode == Mode::Full;
    let timings = timings(request, full && response.is_some());
    let mut whole = json!({
        "startedDateTime": iso(begun.wall), "time": total(&timings, request), "request": asked(request, facts, full, keeper),
        "response": answered(request, response, facts, full, keeper), "cache": {}, "timings": timings,
        "_frameref": request.frame_id(), "_monotonicTime": begun.time, "_resourceType": request.resource_type(),
    });
    if full {
        if let Some(page) = request.page() {
            whole["pageref"] = page.id().into();
        }
        if let Some(address) = response.and_then(|response| response.remote_ip_address.as_deref()) {
            whole["serverIPAddress"] = address.into();
        }
        if let Some(port) = response.and_then(|response| response.remote_port) {
            whole["_serverPort"] = port.into();
        }
        if let Some(details) = response.and_then(|response| response.security_details.as_ref()) {
            whole["_securityDetails"] = json!(details);
        }
    }
    match request.decision() {
        Some(Decision::Aborted) => whole["_wasAborted"] = true.into(),
        Some(Decision::Fulfilled) => whole["_wasFulfilled"] = true.into(),
        Some(Decision::Continued) => whole["_wasContinued"] = true.into(),
        Some(Decision::Redirected) | None => {}
    }
    match whole {
        Value::Object(whole) => whole,
        _ => Map::new(),
    }
}

pub(super) fn headers(headers: &Headers) -> Vec<Value> {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

pub(super) fn query(url: &str) -> Vec<Value> {
    let Ok(url) = url::Url::parse(url) else { return Vec::new() };
    url.query_pairs().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

pub(super) fn header<'a>(headers: &'a Headers, wanted: &str) -> Option<&'a str> {
    headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
}

fn version(response: Option<&Response>) -> &str {
    match response.and_then(|response| response.protocol.as_deref()) {
        None | Some("http/1.1") => "HTTP/1.1",
        Some("h2") => "HTTP/2.0",
        Some(other) => other,
    }
}

fn asked(request: &Request, facts: &Facts, full: bool, keeper: &dyn Keeper) -> Value {
    let overrides = request.overrides();
    let url = overrides.url.as_deref().unwrap_or_else(|| request.url());
    let body = overrides.body.as_deref().or_else(|| request.body_sent());
    let size =
        |of: fn(&Sizes) -> u64| facts.sizes.as_ref().filter(|_| full).map_or(json!(-1), |sizes| json!(of(sizes)));
    let mut asked = json!({
        "method": overrides.method.as_deref().unwrap_or_else(|| request.method()), "url": url,
        "httpVersion": version(request.response_now().as_deref()),
        "cookies": if full { cookie::sent(&facts.sent) } else { Vec::new() },
        "headers": headers(&facts.sent), "queryString": query(url), "headersSize": size(Sizes::request_headers),
        "bodySize": if full { json!(body.map_or(0, <[u8]>::len)) } else { json!(-1) },
    });
    if let Some(body) = body {
        let mime = header(&facts.sent, "content-type").unwrap_or("application/octet-stream");
        let mut params = Vec::new();
        if mime == "application/x-www-form-urlencoded" {
            let pairs = url::form_urlencoded::parse(body);
            params = pairs.map(|(name, value)| json!({ "name": name, "value": value })).collect();
        }
        let mut data = Map::new();
        data.insert("mimeType".into(), json!(mime));
        data.insert("text".into(), json!(""));
        data.insert("params".into(), json!(params));
        keeper.sent(body, &mut data);
        asked["postData"] = Value::Object(data);
    }
    asked
}

fn answered(request: &Request, response: Option<&Response>, facts: &Facts, full: bool, keeper: &dyn Keeper) -> Value {
    let size =
        |of: fn(&Sizes) -> u64| facts.sizes.as_ref().filter(|_| full).map_or(json!(-1), |sizes| json!(of(sizes)));
    let mut content = Map::new();
    content.insert("size".into(), json!(-1));
    content.insert("mimeType".into(), json!(header(&facts.received, "content-type").unwrap_or("x-unknown")));
    if let Some(body) = &facts.body {
        if full {
            content.insert("size".into(), json!(body.len()));
        }
        keeper.received(body, &mut content);
    }
    if let Some(sizes) = facts.sizes.as_ref().filter(|_| full) {
        let length = facts.body.as_ref().map_or(0, |body| body.len() as u64);
        content.insert("compression".into(), json!(length.saturating_sub(sizes.response_body())));
    }
    let mut answered = json!({
        "status": response.map_or(-1, |response| response.status),
        "statusText": response.map_or("", |response| &response.status_text),
        "httpVersion": version(response), "cookies": if full { cookie::received(&facts.received) } else { Vec::new() },
        "headers": headers(&facts.received), "content": content,
        "headersSize": size(Sizes::response_headers), "bodySize": size(Sizes::response_body), "redirectURL": "",
    });
    if full {
        let transferred = facts.sizes.as_ref().map(|sizes| sizes.response_headers() + sizes.response_body());
        answered["_transferSize"] = transferred.map_or(json!(-1), |bytes| json!(bytes));
    }
    if let Some(failure) = request.failure() {
        answered["_failureText"] = failure.into();
    }
    answered
}

fn timings(request: &Request, known: bool) -> Value {
    if known {
        request.timing().phases(request.response_end().unwrap_or(-1.0))
    } else {
        json!({ "send": -1, "wait": -1, "receive": -1 })
    }
}

/// Where nothing is known of an answer, until it ended.
fn total(timings: &Value, request: &Request) -> f64 {
    if request.failure().is_some() {
        return request.response_end().unwrap_or(-1.0);
    }
    let phases = ["dns", "connect", "ssl", "wait", "receive"].map(|name| timings[name].as_f64().unwrap_or(-1.0));
    phases.into_iter().filter(|took| *took > 0.0).sum()
}
