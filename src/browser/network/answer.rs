//! Answers to requests: heads, bodies, how long and how large.

use super::super::error::BrowserError;
use super::super::sync::lock;
use super::{Headers, Request, listed};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What is known of an answer so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) response: Option<Arc<Response>>,
    /// Over: `Some(None)` is well.
    pub(super) ended: Option<Option<String>>,
    /// What really left, once that is known.
    pub(super) sent_headers: Option<Headers>,
    /// What really came, once that is known.
    pub(super) received: Option<Received>,
    pub(super) response_end: Option<f64>,
    /// Bytes that came, heads included, once all are there; `Some(None)`: nobody counted.
    pub(super) transferred: Option<Option<u64>>,
    /// Instead of what Chromium has kept, which is nothing for some answers that a route gave.
    pub(super) body: Option<Arc<[u8]>>,
}

/// The head of an answer as it was on the wire.
#[derive(Debug, Clone, Default)]
pub(super) struct Received {
    pub(super) headers: Headers,
    /// Its length; none where it has to be guessed.
    pub(super) size: Option<u64>,
}

/// The head of an answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Response {
    /// Where it came from at last.
    pub url: String,
    /// HTTP status.
    pub status: i64,
    /// Its text.
    pub status_text: String,
    /// As Chromium reports them.
    pub headers: Map<String, Value>,
    /// Whether a service worker answered.
    pub from_service_worker: bool,
    /// `http/1.1`, `h2`, …
    pub protocol: Option<String>,
    /// Of the server.
    #[serde(rename = "remoteIPAddress")]
    pub remote_ip_address: Option<String>,
    /// Of the server.
    pub remote_port: Option<u16>,
    /// About its certificate.
    pub security_details: Option<SecurityDetails>,
    timing: Option<ChromiumTiming>,
    /// Whether the real headers are told apart from this.
    #[serde(skip)]
    pub(super) has_extra_info: bool,
    #[serde(skip)]
    pub(super) from_cache: bool,
}

/// About a certificate.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityDetails {
    /// Who signed it.
    pub issuer: String,
    /// `TLS 1.3`, …
    pub protocol: String,
    /// Whose it is.
    pub subject_name: String,
    /// Seconds since 1970.
    pub valid_from: f64,
    /// Seconds since 1970.
    pub valid_to: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChromiumTiming {
    request_time: f64,
    dns_start: f64,
    dns_end: f64,
    connect_start: f64,
    connect_end: f64,
    ssl_start: f64,
    send_start: f64,
    receive_headers_end: f64,
}

/// When things happened, in milliseconds: the start since 1970, the others since the start; -1 where they did not.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timing {
    start_time: f64,
    domain_lookup_start: f64,
    domain_lookup_end: f64,
    connect_start: f64,
    secure_connection_start: f64,
    connect_end: f64,
    request_start: f64,
    response_start: f64,
}

/// In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sizes {
    request_body_size: u64,
    request_headers_size: u64,
    response_body_size: u64,
    response_headers_size: u64,
}

impl Sizes {
    /// Of the request's body.
    pub fn request_body(&self) -> u64 {
        self.request_body_size
    }

    /// Of the request's head.
    pub fn request_headers(&self) -> u64 {
        self.request_headers_size
    }

    /// Of the answer's body as it was sent.
    pub fn response_body(&self) -> u64 {
        self.response_body_size
    }

    /// Of the answer's head.
    pub fn response_headers(&self) -> u64 {
        self.response_headers_size
    }
}

impl Timing {
    /// How long each phase took, in milliseconds, as HAR 1.2 has it; -1 where there was none. `end` is that of the answer.
    pub fn phases(&self, end: f64) -> Value {
        let between = |from: f64, to: f64| if from >= 0.0 && to >= 0.0 { to - from } else { -1.0 };
        json!({
            "dns": between(self.domain_lookup_start, self.domain_lookup_end),
            "connect": between(self.connect_start, self.connect_end),
            "ssl": between(self.secure_connection_start, self.connect_end),
            "send": 0,
            "wait": between(self.request_start, self.response_start),
            "receive": between(self.response_start, end),
        })
    }
}

impl Request {
    /// When things happened, as far as they have.
    pub fn timing(&self) -> Timing {
        let sent = &self.0.sent;
        let mut timing = Timing {
            start_time: sent.wall_time * 1000.0,
            domain_lookup_start: -1.0,
            domain_lookup_end: -1.0,
            connect_start: -1.0,
            secure_connection_start: -1.0,
            connect_end: -1.0,
            request_start: -1.0,
            response_start: -1.0,
        };
        let response = self.response_now();
        if let Some(own) = response.as_ref().filter(|response| !response.from_cache).and_then(|r| r.timing.as_ref()) {
            timing = Timing {
                start_time: (own.request_time - sent.timestamp + sent.wall_time) * 1000.0,
                domain_lookup_start: own.dns_start,
                domain_lookup_end: own.dns_end,
                connect_start: own.connect_start,
                secure_connection_start: own.ssl_start,
                connect_end: own.connect_end,
                request_start: own.send_start,
                response_start: own.receive_headers_end,
            };
        }
        timing
    }

    /// The end of the answer in milliseconds since the start, at this time of Chromium's clock.
    pub(super) fn ends_at(&self, timestamp: f64) -> f64 {
        let end = ((timestamp - self.0.sent.timestamp) * 1_000_000.0).floor() / 1000.0;
        end.max(self.timing().response_start)
    }

    /// The body of the answer; waits for its end.
    pub async fn body(&self) -> Result<Vec<u8>, BrowserError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            body: String,
            base64_encoded: bool,
        }
        let failure = self.finished().await?;
        if self.response_now().is_some_and(|response| (300..400).contains(&response.status)) {
            return Err(BrowserError::other("Response body is unavailable for redirect responses"));
        }
        if let Some(body) = self.0.answer.borrow().body.clone() {
            return Ok(body.to_vec());
        }
        if let Some(failure) = failure {
            return Err(BrowserError::other(failure));
        }
        let reply = self.session().request("Network.getResponseBody", &json!({ "requestId": self.0.id }));
        let body: Body = reply.parse().await.map_err(left)?;
        if body.body.is_empty()
            && let Some(kept) = self.kept_body().await
        {
            return Ok(kept);
        }
        if !body.base64_encoded {
            return Ok(body.body.into_bytes());
        }
        BASE64.decode(body.body).map_err(|error| BrowserError::other(format!("failed to decode the body: {error}")))
    }

    pub(super) fn replace_body(&self, body: &[u8]) {
        self.0.answer.send_modify(|answer| answer.body = Some(body.into()));
    }

    /// Waits for the headers that really came; none if the request fails before.
    pub async fn all_response_headers(&self) -> Result<Option<Headers>, BrowserError> {
        Ok(self.received().await?.map(|received| received.headers))
    }

    async fn received(&self) -> Result<Option<Received>, BrowserError> {
        self.answered(|answer| match (&answer.received, &answer.response, &answer.ended) {
            (Some(received), ..) => Some(Some(received.clone())),
            (None, None, Some(_)) => Some(None),
            _ => None,
        })
        .await
    }

    /// Waits for the end of the answer; none if there is none.
    pub async fn sizes(&self) -> Result<Option<Sizes>, BrowserError> {
        let Some(response) = self.response().await? else { return Ok(None) };
        let sent = self.all_headers().await?;
        let Some(received) = self.received().await? else { return Ok(None) };
        let transferred = self.answered(|answer| answer.transferred).await?;
        let header = |name: &str| received.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        let length = || header("content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        let head =
            received.size.unwrap_or_else(|| (17 + response.status_text.len()) as u64 + headers_size(&received.headers));
        let path = url::Url::parse(self.url()).map_or(0, |url| url.path().len());
        let overridden = lock(&self.0.overrides).body.as_ref().map(Vec::len);
        Ok(Some(Sizes {
            request_body_size: overridden.or_else(|| self.body_sent().map(<[u8]>::len)).unwrap_or(0) as u64,
            request_headers_size: (12 + self.method().len() + path) as u64 + headers_size(&sent),
            response_body_size: transferred.map_or_else(length, |all| all.saturating_sub(head)),
            response_headers_size: head,
        }))
    }

    pub(super) fn sent_headers_known(&self, headers: Option<Headers>) {
        let headers = headers.unwrap_or_else(|| listed(self.headers()));
        self.0.answer.send_modify(|answer| {
            answer.sent_headers.get_or_insert(headers);
        });
    }

    pub(super) fn received_headers_known(&self, received: Option<Received>) {
        self.0.answer.send_modify(|answer| {
            let provisional = || Received {
                headers: answer.response.as_ref().map(|response| listed(&response.headers)).unwrap_or_default(),
                size: None,
            };
            let received = received.unwrap_or_else(provisional);
            answer.received.get_or_insert(received);
        });
    }

    /// All of the answer is here, or all that will come: `timestamp` on Chromium's clock.
    pub(super) fn transferred(&self, timestamp: f64, bytes: Option<u64>) {
        let end = self.ends_at(timestamp);
        self.0.answer.send_modify(|answer| {
            answer.transferred = Some(bytes);
            answer.response_end = Some(end);
        });
    }
}

/// `name: value` and a line break each.
fn headers_size(headers: &Headers) -> u64 {
    headers.iter().map(|(name, value)| (name.len() + value.len() + 4) as u64).sum()
}

fn left(error: BrowserError) -> BrowserError {
    match error {
        BrowserError::Protocol { method, message, .. } => BrowserError::protocol(
            method,
            format!(
                "{message}\nResponse body is not available for a response that was navigated away from. Read response.body() before triggering any navigation."
            ),
        ),
        other => other,
    }
}
