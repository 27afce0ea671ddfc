//! A request that waits for a decision.

use super::super::cdp::Session;
use super::super::error::BrowserError;
use super::super::sync::lock;
use super::{Headers, Request, listed};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::fmt;

/// A request that waits for a decision. Clones share it.
#[derive(Clone)]
pub struct Route {
    request: Request,
    session: Session,
    /// Chromium's name of the pause.
    id: String,
}

/// What a test decided about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It went on.
    Continued,
    /// It was answered.
    Fulfilled,
    /// It failed.
    Aborted,
    /// The frame was sent elsewhere, about which the test is asked again.
    Redirected,
}

/// What is changed of a request before it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Where it really goes; the page does not learn of it.
    pub url: Option<String>,
    /// `GET`, …
    pub method: Option<String>,
    /// In place of all.
    pub headers: Option<Headers>,
    /// In place of its own.
    pub body: Option<Vec<u8>>,
}

impl Route {
    pub(super) fn new(request: Request, session: Session, id: String) -> Self {
        Self { request, session, id }
    }

    /// Whose decision it is.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Lets it go, with changes.
    pub async fn resume(&self, mut overrides: Overrides) -> Result<(), BrowserError> {
        if let Some(url) = &overrides.url {
            let scheme = |url: &str| url::Url::parse(url).map(|url| url.scheme().to_owned());
            if scheme(url).map_err(|_| BrowserError::other("Invalid URL"))?
                != scheme(self.request.url()).unwrap_or_default()
            {
                return Err(BrowserError::other("New URL must have same protocol as overridden URL"));
            }
        }
        if let Some(headers) = overrides.headers.take() {
            overrides.headers = Some(allowed(listed(self.request.headers()), headers));
        }
        *lock(&self.request.0.overrides) = overrides.clone();
        let mut params = json!({});
        if let Some(url) = &overrides.url {
            params["url"] = json!(url);
        }
        if let Some(method) = &overrides.method {
            params["method"] = json!(method);
        }
        if let Some(headers) = &overrides.headers {
            params["headers"] = without_cookie(headers);
        }
        if let Some(body) = &overrides.body {
            params["postData"] = json!(BASE64.encode(body));
        }
        *lock(&self.request.0.continued) = Some(params.clone());
        self.decide(Decision::Continued, "Fetch.continueRequest", params).await
    }

    /// Answers it.
    pub async fn fulfill(&self, status: u16, mut headers: Headers, body: &[u8]) -> Result<(), BrowserError> {
        self.allow_origin(&mut headers);
        if !(200..400).contains(&status) {
            self.request.replace_body(body);
        }
        let headers: Vec<(String, String)> = headers
            .into_iter()
            .flat_map(|(name, value)| {
                let several = name.eq_ignore_ascii_case("set-cookie");
                let values: Vec<String> =
                    if several { value.split('\n').map(str::to_owned).collect() } else { vec![value] };
                values.into_iter().map(move |value| (name.clone(), value))
            })
            .collect();
        let params = json!({
            "responseCode": status,
            "responsePhrase": phrase(status),
            "responseHeaders": pairs(&headers),
            "body": BASE64.encode(body),
        });
        self.decide(Decision::Fulfilled, "Fetch.fulfillRequest", params).await
    }

    /// Sends the frame elsewhere.
    pub async fn redirect(&self, url: &str) -> Result<(), BrowserError> {
        let headers = pairs(&vec![("location".into(), url.to_owned())]);
        let params =
            json!({ "responseCode": 302, "responsePhrase": phrase(302), "responseHeaders": headers, "body": "" });
        self.decide(Decision::Redirected, "Fetch.fulfillRequest", params).await
    }

    /// Lets it fail: `failed`, `timedout`, …
    pub async fn abort(&self, code: &str) -> Result<(), BrowserError> {
        let reason = reason(code).ok_or_else(|| BrowserError::other(format!("Unknown error code: {code}")))?;
        self.decide(Decision::Aborted, "Fetch.failRequest", json!({ "errorReason": reason })).await
    }

    /// Chromium's objections are of use only where the caller can do something about them: most mean that nobody asks any more.
    async fn decide(&self, what: Decision, method: &'static str, mut params: Value) -> Result<(), BrowserError> {
        *lock(&self.request.0.decision) = Some(what);
        params["requestId"] = json!(self.id);
        match self.session.request(method, &params).raw().await {
            Err(error @ BrowserError::Protocol { .. }) => {
                let text = error.to_string();
                let matters = ["Invalid http status code or phrase", "Unsafe header"];
                if matters.iter().any(|one| text.contains(one)) { Err(error) } else { Ok(()) }
            }
            Err(error) if error.is_closed() => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// An answer of ours is meant for the page, whatever its origin.
    fn allow_origin(&self, headers: &mut Headers) {
        let origin = listed(self.request.headers()).into_iter().find(|(name, _)| name.eq_ignore_ascii_case("origin"));
        let (Some((_, origin)), Ok(url)) = (origin, url::Url::parse(self.request.url())) else { return };
        let says = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("access-control-allow-origin"));
        if says || !url.scheme().starts_with("http") || url.origin().ascii_serialization() == origin.trim() {
            return;
        }
        headers.push(("access-control-allow-origin".into(), origin));
        headers.push(("access-control-allow-credentials".into(), "true".into()));
        headers.push(("vary".into(), "Origin".into()));
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Route").field(&self.request).finish()
    }
}

pub(super) fn pairs(headers: &Headers) -> Value {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// Cookies come from the jar alone.
pub(super) fn without_cookie(headers: &Headers) -> Value {
    let rest = headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
    pairs(&rest.cloned().collect())
}

/// `wanted` as far as a page could have asked so; the others stay as they were.
pub(super) fn allowed(original: Headers, wanted: Headers) -> Headers {
    let mut all: Headers = Vec::new();
    let kept = original.into_iter().filter(|(name, value)| is_forbidden(name, value));
    for (name, value) in wanted.into_iter().filter(|(name, value)| !is_forbidden(name, value)).chain(kept) {
        match all.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(&name)) {
            Some(header) => *header = (name, value),
            None => all.push((name, value)),
        }
    }
    all
}

/// Header names that the Fetch standard keeps to the browser.
const FORBIDDEN: [&str; 21] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "cookie",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "access-control-request-private-network",
];

fn is_forbidden(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let overriding = ["x-http-method", "x-http-method-override", "x-method-override"].contains(&&*name);
    FORBIDDEN.contains(&&*name)
        || name.starts_with("proxy-")
        || name.starts_with("sec-")
        || (overriding && ["CONNECT", "TRACE", "TRACK"].iter().any(|method| value.eq_ignore_ascii_case(method)))
}

/// The reason phrase of a status.
pub(super) fn phrase(status: u16) -> &'static str {
    http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown")
}

fn reason(code: &str) -> Option<&'static str> {
    Some(match code {
        "aborted" => "Aborted",
        "accessdenied" => "AccessDenied",
        "addressunreachable" => "AddressUnreachable",
        "blockedbyclient" => "BlockedByClient",
        "blockedbyresponse" => "BlockedByResponse",
        "connectionaborted" => "ConnectionAborted",
        "connectionclosed" => "ConnectionClosed",
        "connectionfailed" => "ConnectionFailed",
        "connectionrefused" => "ConnectionRefused",
        "connectionreset" => "ConnectionReset",
        "internetdisconnected" => "InternetDisconnected",
        "namenotresolved" => "NameNotResolved",
        "timedout" => "TimedOut",
        "failed" => "Failed",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_own_headers_stay() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let original = vec![header("Referer", "http://a/"), header("x-a", "1"), header("Sec-Fetch-Mode", "cors")];
        let wanted = vec![header("X-A", "2"), header("referer", "http://b/"), header("x-b", "3")];
        let expected = vec![
            header("X-A", "2"),
            header("x-b", "3"),
            header("Referer", "http://a/"),
            header("Sec-Fetch-Mode", "cors"),
        ];
        assert_eq!(allowed(original, wanted), expected);
    }
}
