//! Requests of a page and their answers, as far as navigation and watchers need them.

use super::cdp::{Event, Session};
use super::error::BrowserError;
use super::frame::Navigated;
use super::notice::{Notice, Topic};
use super::page::Page;
use super::sync::lock;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// A request. Clones share it.
#[derive(Clone)]
pub struct Request(Arc<Inner>);

struct Inner {
    page: Page,
    session: Session,
    id: String,
    frame: Option<String>,
    sent: Sent,
    navigation: bool,
    redirected_from: Option<Request>,
    answer: watch::Sender<Answer>,
}

#[derive(Debug, Clone, Default)]
struct Answer {
    response: Option<Arc<Response>>,
    /// Over: `Some(None)` is well.
    ended: Option<Option<String>>,
}

#[derive(Debug, Clone, Default)]
struct Sent {
    url: String,
    method: String,
    headers: Map<String, Value>,
    post_data: Option<String>,
    resource_type: String,
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
}

impl Request {
    /// Chromium's name for it, and how many redirects came before: no two requests of a page share it.
    pub fn id(&self) -> String {
        let redirects = std::iter::successors(self.redirected_from(), |request| request.redirected_from()).count();
        format!("{} {redirects}", self.0.id)
    }

    /// Whose.
    pub fn page(&self) -> &Page {
        &self.0.page
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

    /// As Chromium reports them.
    pub fn headers(&self) -> &Map<String, Value> {
        &self.0.sent.headers
    }

    /// Its body, if it is text.
    pub fn post_data(&self) -> Option<&str> {
        self.0.sent.post_data.as_deref()
    }

    /// `document`, `stylesheet`, `xhr`, `fetch`, …
    pub fn resource_type(&self) -> &str {
        &self.0.sent.resource_type
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

    /// Waits for the head of the answer; none if the request fails.
    pub async fn response(&self) -> Result<Option<Arc<Response>>, BrowserError> {
        let mut answer = self.0.answer.subscribe();
        tokio::select! {
            answer = answer.wait_for(|answer| answer.response.is_some() || answer.ended.is_some()) =>
                Ok(answer.ok().and_then(|answer| answer.response.clone())),
            error = self.0.page.gone() => Err(error),
        }
    }

    /// Waits for the end of the answer; why it failed, if it did.
    pub async fn finished(&self) -> Result<Option<String>, BrowserError> {
        let mut answer = self.0.answer.subscribe();
        tokio::select! {
            answer = answer.wait_for(|answer| answer.ended.is_some()) =>
                Ok(answer.ok().and_then(|answer| answer.ended.clone()).flatten()),
            error = self.0.page.gone() => Err(error),
        }
    }

    /// The body of the answer; waits for its end.
    pub async fn body(&self) -> Result<Vec<u8>, BrowserError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            body: String,
            base64_encoded: bool,
        }
        if let Some(failure) = self.finished().await? {
            return Err(BrowserError::other(failure));
        }
        let reply = self.0.session.request("Network.getResponseBody", &json!({ "requestId": self.0.id }));
        let body: Body = reply.parse().await?;
        if !body.base64_encoded {
            return Ok(body.body.into_bytes());
        }
        BASE64.decode(body.body).map_err(|error| BrowserError::other(format!("failed to decode the body: {error}")))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("url", &self.url()).finish()
    }
}

/// The requests of one page that are under way, and the last document requests.
#[derive(Default)]
pub(super) struct Network(Mutex<State>);

#[derive(Default)]
struct State {
    running: HashMap<String, Request>,
    /// By Chromium's name of the document, which is the request's.
    documents: HashMap<String, Request>,
}

/// Document requests that are remembered; `goto` needs the last one of its frame.
const DOCUMENTS: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WillBeSent {
    request_id: String,
    #[serde(default)]
    loader_id: String,
    request: SentRequest,
    redirect_response: Option<Response>,
    #[serde(rename = "type", default)]
    kind: String,
    frame_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentRequest {
    url: String,
    url_fragment: Option<String>,
    method: String,
    headers: Map<String, Value>,
    post_data: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    request_id: String,
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Finished {
    request_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    request_id: String,
    error_text: String,
    blocked_reason: Option<String>,
}

impl Network {
    /// The request for the document that Chromium calls `loader`.
    pub(super) fn document(&self, loader: &str) -> Option<Request> {
        lock(&self.0).documents.get(loader).cloned()
    }

    pub(super) fn event(&self, page: &Page, session: &Session, event: &Event<'_>) {
        match event.method {
            "Network.requestWillBeSent" => {
                if let Some(sent) = event.params() {
                    self.sent(page, session, sent);
                }
            }
            "Network.responseReceived" => {
                let Some(received) = event.params::<Received>() else { return };
                let request = lock(&self.0).running.get(&received.request_id).cloned();
                if let Some(request) = request {
                    request.answer_with(received.response);
                }
            }
            "Network.loadingFinished" => {
                let Some(finished) = event.params::<Finished>() else { return };
                let request = lock(&self.0).running.remove(&finished.request_id);
                if let Some(request) = request {
                    request.end(None);
                }
            }
            "Network.loadingFailed" => {
                let Some(failed) = event.params::<Failed>() else { return };
                let request = lock(&self.0).running.remove(&failed.request_id);
                let Some(request) = request else { return };
                let error = match failed.blocked_reason {
                    Some(reason) if failed.error_text.is_empty() => reason,
                    _ => failed.error_text,
                };
                if request.is_navigation()
                    && let Some(frame) = request.frame_id().and_then(|id| page.frame(id))
                {
                    let loader = failed.request_id;
                    frame.with_state(|state| {
                        if state.pending.take_if(|pending| *pending == loader).is_some() {
                            state.requested = false;
                        }
                    });
                    frame.wake_parents();
                    frame.announce(Navigated::Aborted { loader, error: error.clone() });
                }
                request.end(Some(error));
            }
            _ => {}
        }
    }

    fn sent(&self, page: &Page, session: &Session, sent: WillBeSent) {
        if sent.request.url.starts_with("data:") {
            return;
        }
        let mut redirected_from = None;
        if let Some(response) = sent.redirect_response {
            redirected_from = lock(&self.0).running.remove(&sent.request_id);
            if let Some(request) = &redirected_from {
                request.answer_with(response);
                request.end(None);
            }
        }
        let navigation = sent.kind == "Document" && sent.request_id == sent.loader_id;
        let request = Request(Arc::new(Inner {
            page: page.clone(),
            session: session.clone(),
            id: sent.request_id.clone(),
            frame: sent.frame_id,
            sent: Sent {
                url: sent.request.url + sent.request.url_fragment.as_deref().unwrap_or_default(),
                method: sent.request.method,
                headers: sent.request.headers,
                post_data: sent.request.post_data,
                resource_type: sent.kind.to_lowercase(),
            },
            navigation,
            redirected_from,
            answer: watch::channel(Answer::default()).0,
        }));
        {
            let mut state = lock(&self.0);
            if navigation {
                if state.documents.len() >= DOCUMENTS {
                    state.documents.retain(|_, request| request.0.answer.borrow().ended.is_none());
                }
                state.documents.insert(sent.request_id.clone(), request.clone());
            }
            state.running.insert(sent.request_id.clone(), request.clone());
        }
        if navigation && let Some(frame) = request.frame_id().and_then(|id| page.frame(id)) {
            frame.with_state(|state| state.pending = Some(sent.request_id));
        }
        page.tell_if(Topic::Request, || Notice::Request(request));
    }

    /// The page is gone: nothing will be answered.
    pub(super) fn clear(&self) {
        let mut state = lock(&self.0);
        state.running.clear();
        state.documents.clear();
    }
}

impl Request {
    fn answer_with(&self, response: Response) {
        self.0.answer.send_modify(|answer| answer.response = Some(Arc::new(response)));
        self.page().tell_if(Topic::Response, || Notice::Response(self.clone()));
    }

    fn end(&self, failure: Option<String>) {
        let failed = failure.is_some();
        self.0.answer.send_modify(|answer| answer.ended = Some(failure));
        if failed {
            self.page().tell_if(Topic::RequestFailed, || Notice::RequestFailed(self.clone()));
        } else {
            self.page().tell_if(Topic::RequestFinished, || Notice::RequestFinished(self.clone()));
        }
    }
}
