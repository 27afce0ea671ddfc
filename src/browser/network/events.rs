//! What Chromium tells about requests, put together. While requests stop at us each is told twice, as sent and as paused, in any
//! order: it begins when both are here.

use super::super::cdp::{Event, Session};
use super::super::frame::Navigated;
use super::super::notice::{Notice, Topic};
use super::super::owner::Owner;
use super::super::sync::lock;
use super::answer::{Answer, Response};
use super::extra::{Extra, ExtraInfo};
use super::route::{Decision, allowed, without_cookie};
use super::told::{AuthRequired, Cached, Failed, Finished, Pause, Paused, Received, WillBeSent, to_be_sent};
use super::{Headers, Inner, Request, Route, listed};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// The requests of one page that are under way, and the last document requests.
#[derive(Default)]
pub(in crate::browser) struct Network {
    state: Mutex<State>,
    /// WebSockets that somebody watches.
    sockets: Mutex<HashSet<String>>,
    /// Frames of workers, by the workers' sessions.
    askers: Mutex<HashMap<String, String>>,
}

#[derive(Default)]
struct State {
    running: HashMap<String, Request>,
    /// By Chromium's name of the document, which is the request's.
    documents: HashMap<String, Request>,
    extra: HashMap<String, Extra>,
    /// Somebody decides about this page's requests.
    routed: bool,
    /// They stop at us.
    intercepting: bool,
    /// Sent, not yet paused.
    sent: HashMap<String, (Session, WillBeSent)>,
    /// Paused, not yet sent.
    paused: HashMap<String, Pause>,
    /// Pauses for which a password was tried.
    authenticated: HashSet<String>,
}

/// Document requests that are remembered; `goto` needs the last one of its frame.
const DOCUMENTS: usize = 64;

impl Network {
    /// The request for the document that Chromium calls `loader`.
    pub(in crate::browser) fn document(&self, loader: &str) -> Option<Request> {
        lock(&self.state).documents.get(loader).cloned()
    }

    /// What is told by this session is asked for in this frame's name.
    pub(in crate::browser) fn asks_from(&self, session: &Session, frame: &str) {
        lock(&self.askers).insert(session.id().to_owned(), frame.to_owned());
    }

    pub(in crate::browser) fn forget_session(&self, session: &Session) {
        lock(&self.askers).remove(session.id());
    }

    pub(super) fn is_routed(&self) -> bool {
        lock(&self.state).routed
    }

    pub(super) fn set_routed(&self, routed: bool) {
        lock(&self.state).routed = routed;
    }

    /// Whether that is a change.
    pub(in crate::browser) fn set_intercepting(&self, intercepting: bool) -> bool {
        std::mem::replace(&mut lock(&self.state).intercepting, intercepting) != intercepting
    }

    pub(in crate::browser) fn event(&self, owner: &Owner, session: &Session, event: &Event<'_>) {
        match event.method {
            method if method.starts_with("Network.webSocket") => {
                if let Some(page) = owner.page() {
                    super::websocket::event(page, &self.sockets, event);
                }
            }
            "Network.requestWillBeSent" => {
                if let Some(sent) = event.params() {
                    self.sent(owner, session, sent);
                }
            }
            "Network.requestWillBeSentExtraInfo" => {
                if let Some(info) = event.params::<ExtraInfo>() {
                    self.extra(&info.request_id, |extra| extra.sent(&info));
                }
            }
            "Network.responseReceivedExtraInfo" => {
                if let Some(info) = event.params::<ExtraInfo>() {
                    self.extra(&info.request_id, |extra| extra.received(&info));
                }
            }
            "Network.requestServedFromCache" => {
                if let Some(cached) = event.params::<Cached>() {
                    self.extra(&cached.request_id, |extra| extra.from_cache = true);
                }
            }
            "Network.responseReceived" => {
                if let Some(Received { request_id, mut response, has_extra_info }) = event.params() {
                    self.begin_unpaused(owner, &request_id);
                    let request = lock(&self.state).running.get(&request_id).cloned();
                    if let Some(request) = request {
                        response.has_extra_info = has_extra_info;
                        self.answered(&request, &request_id, response);
                    }
                }
            }
            "Network.loadingFinished" => {
                if let Some(finished) = event.params() {
                    self.finished(owner, session, &finished);
                }
            }
            "Network.loadingFailed" => {
                if let Some(failed) = event.params() {
                    self.failed(owner, session, failed);
                }
            }
            "Fetch.requestPaused" => {
                if let Some(paused) = event.params() {
                    self.paused(owner, session, paused);
                }
            }
            "Fetch.authRequired" => {
                if let Some(required) = event.params() {
                    self.auth_required(owner, session, required);
                }
            }
            _ => {}
        }
    }

    fn extra(&self, id: &str, change: impl FnOnce(&mut Extra)) {
        let mut state = lock(&self.state);
        let extra = state.extra.entry(id.to_owned()).or_default();
        change(extra);
        if extra.is_complete() {
            state.extra.remove(id);
        }
    }

    fn sent(&self, owner: &Owner, session: &Session, sent: WillBeSent) {
        if sent.request.url.starts_with("data:") {
            return;
        }
        let paused = {
            let mut state = lock(&self.state);
            match state.paused.remove(&sent.request_id) {
                None if state.intercepting => {
                    state.sent.insert(sent.request_id.clone(), (session.clone(), sent));
                    return;
                }
                paused => paused,
            }
        };
        self.begin(owner, session, sent, paused);
    }

    fn paused(&self, owner: &Owner, session: &Session, event: Paused) {
        let resume = |params: Value| resume(session, &event.request_id, params);
        let Some(id) = &event.network_id else { return resume(json!({})) };
        let (sent, running) = {
            let mut state = lock(&self.state);
            (state.sent.remove(id), state.running.get(id).cloned())
        };
        if let Some((sender, sent)) = sent {
            return self.begin(owner, &sender, sent, Some(Pause { session: session.clone(), event }));
        }
        // The same request once more: with a password, say.
        if event.redirected_request_id.is_none()
            && let Some(running) = running
        {
            let continued = lock(&running.0.continued).clone();
            return resume(continued.unwrap_or_else(|| json!({})));
        }
        let id = id.clone();
        lock(&self.state).paused.insert(id, Pause { session: session.clone(), event });
    }

    /// A request that goes its way without having stopped at us.
    fn begin_unpaused(&self, owner: &Owner, id: &str) {
        let sent = lock(&self.state).sent.remove(id);
        if let Some((session, sent)) = sent {
            self.begin(owner, &session, sent, None);
        }
    }

    fn begin(&self, owner: &Owner, session: &Session, mut sent: WillBeSent, pause: Option<Pause>) {
        let redirected_from = sent.redirect_response.take().and_then(|mut response| {
            let request = lock(&self.state).running.remove(&sent.request_id)?;
            response.has_extra_info = sent.redirect_has_extra_info;
            self.answered(&request, &sent.request_id, response);
            request.transferred(sent.timestamp, None);
            request.end(None);
            Some(request)
        });
        if let Some(pause) = &pause
            && pause.is_preflight_of(&sent)
            && owner.is_routed()
        {
            return pause.allow_preflight();
        }
        let navigation = sent.kind == "Document" && sent.request_id == sent.loader_id;
        if !navigation && sent.is_of_browser() {
            if let Some(pause) = pause {
                pause.leave_to_browser(&sent);
            }
            return;
        }
        let told = sent.frame_id.take().or_else(|| pause.as_ref().and_then(|pause| pause.event.frame_id.clone()));
        let frame = told.filter(|id| !id.is_empty()).or_else(|| lock(&self.askers).get(session.id()).cloned());
        let id = sent.request_id.clone();
        let request = Request(Arc::new(Inner {
            owner: owner.clone(),
            session: Mutex::new(session.clone()),
            id: id.clone(),
            frame,
            navigation,
            continued: redirected_from.as_ref().map(|from| from.0.continued.clone()).unwrap_or_default(),
            known: redirected_from.as_ref().map(|from| from.0.known.clone()).unwrap_or_default(),
            redirected_from,
            answer: watch::channel(Answer::default()).0,
            overrides: Mutex::default(),
            decision: Mutex::default(),
            sent: to_be_sent(sent, pause.as_ref()),
        }));
        {
            let mut state = lock(&self.state);
            if navigation {
                if state.documents.len() >= DOCUMENTS {
                    state.documents.retain(|_, request| request.0.answer.borrow().ended.is_none());
                }
                state.documents.insert(id.clone(), request.clone());
            }
            state.running.insert(id.clone(), request.clone());
        }
        if let Some(frame) = request.frame_id().and_then(|id| owner.frame(id)) {
            if navigation {
                frame.with_state(|state| state.pending = Some(id.clone()));
            }
            // A stream of events is open as long as its page is.
            if request.resource_type() != "eventsource" {
                frame.request_began(&id);
            }
        }
        if let Some(page) = owner.page() {
            page.keep_request(request.clone());
        }
        if request.is_known() {
            owner.tell(Notice::Request(request.clone()));
        } else {
            owner.tell_if(Topic::Request, || Notice::Request(request.clone()));
        }
        if let Some(pause) = pause {
            decide(owner, request, pause);
        }
    }

    fn answered(&self, request: &Request, id: &str, mut response: Response) {
        let mut state = lock(&self.state);
        response.from_cache = state.extra.get(id).is_some_and(|extra| extra.from_cache);
        response.url = lock(&request.0.overrides).url.clone().unwrap_or_else(|| request.url().to_owned());
        let told_apart = response.has_extra_info && !response.from_cache;
        if told_apart {
            state.extra.entry(id.to_owned()).or_default().answered(request);
        }
        drop(state);
        request.answer_with(response, told_apart);
    }

    fn finished(&self, owner: &Owner, session: &Session, finished: &Finished) {
        let id = &finished.request_id;
        self.begin_unpaused(owner, id);
        let request = self.ended(id);
        if let Some(request) = request {
            request.move_to(session);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of bytes")]
            request.transferred(finished.timestamp, Some(finished.encoded_data_length as u64));
            request.end(None);
            is_over(owner, &request);
        }
    }

    fn ended(&self, id: &str) -> Option<Request> {
        let mut state = lock(&self.state);
        if let Some(extra) = state.extra.get_mut(id) {
            extra.ends();
            if extra.is_complete() {
                state.extra.remove(id);
            }
        }
        state.running.remove(id)
    }

    fn failed(&self, owner: &Owner, session: &Session, failed: Failed) {
        self.begin_unpaused(owner, &failed.request_id);
        let Some(request) = self.ended(&failed.request_id) else { return };
        request.move_to(session);
        let error = match failed.blocked_reason {
            Some(reason) if failed.error_text.is_empty() => reason,
            _ => owner.context().unveiled(request.url(), failed.error_text),
        };
        request.transferred(failed.timestamp, None);
        let response = request.response_now();
        if response.is_none() {
            request.sent_headers_known(None);
        }
        if request.is_navigation()
            && let Some(frame) = request.frame_id().and_then(|id| owner.frame(id))
        {
            let loader = failed.request_id;
            frame.with_state(|state| {
                if state.pending.take_if(|pending| *pending == loader).is_some() {
                    state.requested = false;
                }
            });
            let hint = if failed.canceled { "; maybe frame was detached?" } else { "" };
            frame.announce(Navigated::Aborted { loader, error: format!("{error}{hint}") });
        }
        let is_well = !request.is_navigation() && response.is_some_and(|response| response.status == 204);
        request.end((!is_well).then_some(error));
        is_over(owner, &request);
    }

    fn auth_required(&self, owner: &Owner, session: &Session, required: AuthRequired) {
        let AuthRequired { request_id, request, auth_challenge } = required;
        let from_proxy = auth_challenge.source.as_deref() == Some("Proxy");
        let options = owner.context().options();
        let for_proxy = options.proxy.and_then(|proxy| Some((proxy.username?, proxy.password.unwrap_or_default())));
        let for_server = options.http_credentials.into_iter().find(|own| own.fit(&request.url));
        let for_server = for_server.map(|own| (own.username, own.password));
        let credentials = if from_proxy { for_proxy } else { for_server };
        let answer = match credentials {
            _ if !lock(&self.state).authenticated.insert(request_id.clone()) => json!({ "response": "CancelAuth" }),
            Some((user, password)) => {
                json!({ "response": "ProvideCredentials", "username": user, "password": password })
            }
            None => json!({ "response": "Default" }),
        };
        let params = json!({ "requestId": request_id, "authChallengeResponse": answer });
        drop(session.request("Fetch.continueWithAuth", &params));
    }

    /// The page is gone: nothing will be answered.
    pub(in crate::browser) fn clear(&self) {
        let mut state = lock(&self.state);
        state.running.clear();
        state.documents.clear();
        state.extra.clear();
        state.sent.clear();
        state.paused.clear();
    }
}

impl Request {
    /// Who finishes it has its body.
    fn move_to(&self, session: &Session) {
        if session.id() != self.owner().session().id() && self.is_navigation() {
            *lock(&self.0.session) = session.clone();
        }
    }
}

/// Its frame waits for it no longer.
fn is_over(owner: &Owner, request: &Request) {
    if let Some(frame) = request.frame_id().and_then(|id| owner.frame(id)) {
        frame.request_ended(&request.0.id);
    }
}

/// Redirected requests go on as the first of them did.
fn decide(owner: &Owner, request: Request, Pause { session, event }: Pause) {
    let is_asked = |from: &Request| from.decision() == Some(Decision::Redirected);
    if request.redirected_from().is_none_or(is_asked) && owner.is_routed() {
        request.sent_headers_known(None);
        return owner.tell(Notice::Route(Route::new(request, session, event.request_id)));
    }
    let headers = lock(&request.0.continued).as_ref().and_then(|continued| {
        let wanted = continued["headers"].as_array()?.iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Some(wanted.map(|header| (text(&header["name"]), text(&header["value"]))).collect::<Headers>())
    });
    let params = match headers.filter(|_| request.redirected_from().is_some()) {
        Some(headers) => json!({ "headers": without_cookie(&allowed(listed(request.headers()), headers)) }),
        None => json!({}),
    };
    resume(&session, &event.request_id, params);
}

fn resume(session: &Session, id: &str, mut params: Value) {
    params["requestId"] = json!(id);
    drop(session.request("Fetch.continueRequest", &params));
}
