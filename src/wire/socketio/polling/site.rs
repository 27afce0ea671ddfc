//! Where the requests of one session go: its address, and the cookies by which a load balancer knows which of its servers has it.

use crate::wire::client::ConnectError;
use crate::wire::dial::Dialer;
use crate::wire::http::{HttpError, Line, target, whole};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{Response, StatusCode, request};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// What a proxy or a server says of what it refuses is of use up to here, characters.
const WORDS_MAX: usize = 200;

/// Why a request was in vain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SiteError {
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A refusal, in the server's own words where it has some.
    #[error("HTTP {status}{words}")]
    Refused {
        /// The answer's status.
        status: StatusCode,
        /// With what stands before them.
        words: String,
    },
}

impl From<SiteError> for ConnectError {
    fn from(error: SiteError) -> Self {
        match &error {
            SiteError::Refused { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. } => {
                Self::Refused(error.to_string())
            }
            _ => Self::Unreachable(error.to_string()),
        }
    }
}

/// See the module. Each serves one request at a time.
#[derive(Debug)]
pub(super) struct Site {
    url: Url,
    dialer: Dialer,
    line: Line,
    shared: Arc<Shared>,
}

/// What all requests of a session have in common.
#[derive(Debug, Default)]
struct Shared {
    cookies: Mutex<BTreeMap<String, String>>,
    /// Makes every address another one, for who keeps answers that were not meant to be kept.
    requests: AtomicU64,
}

impl Site {
    /// `url` is the engine's, with whatever query the server wants.
    pub(super) fn new(url: &Url, dialer: &Dialer) -> Self {
        let line = Line::new(url.clone(), dialer.clone());
        Self { url: url.clone(), dialer: dialer.clone(), line, shared: Arc::default() }
    }

    /// All further requests belong to this session.
    pub(super) fn joined(&mut self, sid: &str) {
        self.url.query_pairs_mut().append_pair("sid", sid);
    }

    /// For requests beside those of this one.
    pub(super) fn another(&self) -> Self {
        let line = Line::new(self.url.clone(), self.dialer.clone());
        Self { url: self.url.clone(), dialer: self.dialer.clone(), line, shared: self.shared.clone() }
    }

    /// Where a WebSocket of this session goes, and the cookies it brings.
    pub(super) fn upgrade(&self) -> (Url, Option<String>) {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("transport", "websocket");
        (url, self.cookies())
    }

    /// What the server has to say, as soon as it has something.
    pub(super) async fn get(&mut self) -> Result<Bytes, SiteError> {
        let request = self.request(request::Builder::new());
        self.ask(request, Bytes::new()).await
    }

    /// Tells the server.
    pub(super) async fn post(&mut self, body: String) -> Result<(), SiteError> {
        let request = request::Builder::new().method("POST").header(CONTENT_TYPE, "text/plain;charset=UTF-8");
        let request = self.request(request);
        self.ask(request, body.into()).await.map(drop)
    }

    fn request(&self, request: request::Builder) -> request::Builder {
        let mut url = self.url.clone();
        let number = self.shared.requests.fetch_add(1, Ordering::Relaxed);
        url.query_pairs_mut().append_pair("transport", "polling").append_pair("t", &format!("{number:x}"));
        let request = request.uri(target(&url));
        match self.cookies() {
            Some(cookies) => request.header(COOKIE, cookies),
            None => request,
        }
    }

    async fn ask(&mut self, request: request::Builder, body: Bytes) -> Result<Bytes, SiteError> {
        let answer = self.line.ask(whole(request, body)?).await?;
        self.keep_cookies(&answer);
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            status => Err(SiteError::Refused { status, words: words(answer.body()) }),
        }
    }

    fn cookies(&self) -> Option<String> {
        let cookies = self.shared.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// They live as long as the session; what else is said of them is for browsers.
    fn keep_cookies(&self, answer: &Response<Bytes>) {
        let mut cookies = self.shared.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|text| text.split(';').next()?.split_once('='));
            if let Some((name, value)) = pair {
                cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

/// Those of Engine.IO are JSON, an object or a string; those of others are a page at most.
fn words(body: &[u8]) -> String {
    let answer = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let message = answer["message"].as_str().or(answer.as_str());
    message.map(|words| format!(": {}", words.chars().take(WORDS_MAX).collect::<String>())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_told_and_a_page_is_not() {
        assert_eq!(words(br#"{"code":1,"message":"Session ID unknown"}"#), ": Session ID unknown");
        assert_eq!(words(b"\"Invalid session\""), ": Invalid session");
        for other in [&b"<html>no</html>"[..], b"", b"[]", br#"{"message":7}"#] {
            assert_eq!(words(other), "");
        }
    }

    #[test]
    fn cookies_are_brought_back() {
        let site = Site::new(&"http://localhost/socket.io/".parse().unwrap(), &Dialer::default());
        assert_eq!(site.cookies(), None);
        for cookie in ["lb=one; Path=/; HttpOnly", "io=x", "lb=two", "nonsense"] {
            site.keep_cookies(&Response::builder().header(SET_COOKIE, cookie).body(Bytes::new()).unwrap());
        }
        assert_eq!(site.another().cookies().as_deref(), Some("io=x; lb=two"));
    }
}
