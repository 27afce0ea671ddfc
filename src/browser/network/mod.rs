//! Requests of a page and their answers, as far as navigation, watchers and routes need them.

mod answer;
mod events;
mod extra;
mod intercept;
mod kept;
mod preflight;
mod route;
mod routed_socket;
mod told;
mod websocket;

pub use answer::{Response, SecurityDetails, Sizes, Timing};
pub use route::{Decision, Overrides, Route};
pub use routed_socket::{End, RoutedSocket, RoutedSocketEvent, RoutedSocketNotice, Said};
pub use websocket::{Frame, WebSocketEvent, WebSocketNotice};

pub(super) use events::Network;
pub(super) use intercept::intercept_in;
pub(super) use routed_socket::Told;

use super::cdp::Session;
use super::error::BrowserError;
use super::notice::{Notice, Topic};
use super::owner::Owner;
use super::page::Page;
use super::sync::lock;
use answer::Answer;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Names and values in the order in which they crossed the wire.
pub type Headers = Vec<(String, String)>;

/// A request. Clones share it.
#[derive(Clone)]
pub struct Request(Arc<Inner>);

struct Inner {
    owner: Owner,
    /// Moves where an out-of-process frame takes its document over.
    session: Mutex<Session>,
    id: String,
    frame: Option<String>,
    sent: Sent,
    navigation: bool,
    redirected_from: Option<Request>,
    answer: watch::Sender<Answer>,
    overrides: Mutex<Overrides>,
    decision: Mutex<Option<Decision>>,
    /// How the first of a chain of redirects went on; the others go on so too.
    continued: Arc<Mutex<Option<Value>>>,
    /// Somebody was told of one of the chain: the rest of it concerns him.
    known: Arc<AtomicBool>,
}

#[derive(Debug, Clone, Default)]
struct Sent {
    url: String,
    method: String,
    headers: Map<String, Value>,
    body: Option<Vec<u8>>,
    resource_type: &'static str,
    /// Seconds on Chromium's clock, and on the calendar.
    timestamp: f64,
    wall_time: f64,
}

impl Request {
    /// Whether somebody was told of it, or of one that was redirected to it.
    pub(in crate::browser) fn is_known(&self) -> bool {
        self.0.known.load(Ordering::Relaxed)
    }

    pub(in crate::browser) fn make_known(&self) {
        self.0.known.store(true, Ordering::Relaxed);
    }

    /// Chromium's name for it, and how many redirects came before: no two requests of a page share it.
    pub fn id(&self) -> String {
        let redirects = std::iter::successors(self.redirected_from(), |request| request.redirected_from()).count();
        format!("{} {redirects}", self.0.id)
    }

    /// Whose.
    pub fn owner(&self) -> &Owner {
        &self.0.owner
    }

    /// Whose page's; none of a service worker.
    pub fn page(&self) -> Option<&Page> {
        self.0.owner.page()
    }

    /// Which frame asked.
    pub fn frame_id(&self) -> Option<&str> {
        self.0.frame.as_deref()
    }

    /// Where it goes.
    pub fn url(&self) -> &str {
        &self.0.sent.url
    }

    /// `GET`, …
    pub fn method(&self) -> &str {
        &self.0.sent.method
    }

    /// As Chromium reports them before they are complete.
    pub fn headers(&self) -> &Map<String, Value> {
        &self.0.sent.headers
    }

    /// Its body.
    pub fn body_sent(&self) -> Option<&[u8]> {
        self.0.sent.body.as_deref()
    }

    /// `document`, `stylesheet`, `xhr`, `fetch`, …
    pub fn resource_type(&self) -> &str {
        self.0.sent.resource_type
    }

    /// What was changed of it before it went on.
    pub fn overrides(&self) -> Overrides {
        lock(&self.0.overrides).clone()
    }

    /// What a test decided about it, if one did.
    pub fn decision(&self) -> Option<Decision> {
        *lock(&self.0.decision)
    }

    /// Whether it is for the document of a frame.
    pub fn is_navigation(&self) -> bool {
        self.0.navigation
    }

    /// The request whose answer led to this one.
    pub fn redirected_from(&self) -> Option<&Self> {
        self.0.redirected_from.as_ref()
    }

    /// The head of the answer, if it is here.
    pub fn response_now(&self) -> Option<Arc<Response>> {
        self.0.answer.borrow().response.clone()
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<String> {
        self.0.answer.borrow().ended.clone().flatten()
    }

    /// Milliseconds from its start to the end of its answer, once that is there.
    pub fn response_end(&self) -> Option<f64> {
        self.0.answer.borrow().response_end
    }

    /// Waits for the head of the answer; none if the request fails.
    pub async fn response(&self) -> Result<Option<Arc<Response>>, BrowserError> {
        self.answered(|answer| match (&answer.response, &answer.ended) {
            (Some(response), _) => Some(Some(response.clone())),
            (None, ended) => ended.is_some().then_some(None),
        })
        .await
    }

    /// Waits for the end of the answer; why it failed, if it did.
    pub async fn finished(&self) -> Result<Option<String>, BrowserError> {
        self.answered(|answer| answer.ended.clone()).await
    }

    /// Waits for the headers that really left.
    pub async fn all_headers(&self) -> Result<Headers, BrowserError> {
        if let Some(headers) = lock(&self.0.overrides).headers.clone() {
            return Ok(headers);
        }
        self.answered(|answer| answer.sent_headers.clone()).await
    }

    /// Waits until `ready` finds something in the answer.
    async fn answered<T>(&self, ready: impl Fn(&Answer) -> Option<T>) -> Result<T, BrowserError> {
        let mut answer = self.0.answer.subscribe();
        loop {
            if let Some(found) = ready(&answer.borrow_and_update()) {
                return Ok(found);
            }
            tokio::select! {
                // The sender lives as long as this request.
                _ = answer.changed() => {}
                error = self.0.owner.gone() => return Err(error),
            }
        }
    }

    fn session(&self) -> Session {
        lock(&self.0.session).clone()
    }

    /// `told_apart`: the headers as they were on the wire come too.
    fn answer_with(&self, response: Response, told_apart: bool) {
        self.0.answer.send_modify(|answer| answer.response = Some(Arc::new(response)));
        if !told_apart {
            self.sent_headers_known(None);
            self.received_headers_known(None);
        }
        self.owner().tell_if(Topic::Response, || Notice::Response(self.clone()));
    }

    fn end(&self, failure: Option<String>) {
        let failed = failure.is_some();
        self.0.answer.send_modify(|answer| answer.ended = Some(failure));
        if failed {
            self.owner().tell_if(Topic::RequestFailed, || Notice::RequestFailed(self.clone()));
        } else {
            self.owner().tell_if(Topic::RequestFinished, || Notice::RequestFinished(self.clone()));
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("url", &self.url()).finish()
    }
}

/// `{name: value}` with values of several lines as several headers.
fn listed(headers: &Map<String, Value>) -> Headers {
    headers
        .iter()
        .flat_map(|(name, value)| value.as_str().unwrap_or_default().split('\n').map(|one| (name.clone(), one.into())))
        .collect()
}
