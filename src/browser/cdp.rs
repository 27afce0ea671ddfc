//! Commands and events over one connection to Chromium, for all its sessions.
//!
//! One task reads. It hands an event to the listener of its session before it looks at the next message: listeners see events and
//! the replies between them in Chromium's order. A message is taken apart only as far as method and session id; who wants the
//! parameters decodes them, and an event nobody knows costs nothing.

use super::error::BrowserError;
use super::sync::lock;
use chromiumoxide::Command;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

#[cfg(test)]
mod tests;

/// Longest wait for the answer to a command that does not run scripts. Chromium answers within milliseconds; a minute means it hangs.
const COMMAND_DEADLINE: Duration = Duration::from_secs(60);

/// Receives the events of one session, in order, on the reading task: must not block.
pub(super) trait Listener: Send + Sync {
    /// Something happened.
    fn event(&self, session: &Session, event: &Event<'_>);
    /// The session ended; nothing more will come.
    fn gone(&self);
}

/// An event, its parameters not yet decoded.
#[derive(Debug)]
pub(super) struct Event<'a> {
    /// `Page.frameNavigated`, …
    pub(super) method: &'a str,
    params: &'a RawValue,
}

impl<'a> Event<'a> {
    /// The parameters, as far as `T` asks for them; none if they do not have its shape.
    pub(super) fn params<T: Deserialize<'a>>(&self) -> Option<T> {
        match serde_json::from_str(self.params.get()) {
            Ok(params) => Some(params),
            Err(error) => {
                tracing::debug!(method = self.method, %error, "event of unexpected shape");
                None
            }
        }
    }
}

/// A connection to one Chromium. Clones share it.
#[derive(Clone)]
pub(super) struct Connection(Arc<Inner>);

struct Inner {
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    next_id: AtomicU64,
    discreet: AtomicBool,
    state: Mutex<State>,
    closed: CancellationToken,
}

#[derive(Default)]
struct State {
    pending: HashMap<u64, Pending>,
    sessions: HashMap<String, (Session, Arc<dyn Listener>)>,
    closed: bool,
}

struct Pending {
    session: Arc<str>,
    reply: Answered,
}

/// What becomes of an answer.
type Answer = Result<Box<RawValue>, BrowserError>;
type Answered = Box<dyn FnOnce(Answer) + Send>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outgoing<'a, P: ?Sized> {
    id: u64,
    method: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    session_id: &'a str,
    params: &'a P,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Incoming<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    session_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
    #[serde(default)]
    data: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detached {
    session_id: String,
}

impl Connection {
    /// What is to be written comes out of the receiver, one JSON message each; what was read goes to [`Connection::receive`].
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Vec<u8>>) {
        let (outgoing, receiver) = mpsc::unbounded_channel();
        let inner = Inner {
            outgoing,
            next_id: AtomicU64::new(1),
            discreet: AtomicBool::new(false),
            state: Mutex::default(),
            closed: CancellationToken::new(),
        };
        (Self(Arc::new(inner)), receiver)
    }

    /// The session of the browser itself.
    pub(super) fn root(&self) -> Session {
        self.session("")
    }

    /// Events of `session` go to `listener` from now on.
    pub(super) fn attach(&self, session: &Session, listener: Arc<dyn Listener>) {
        lock(&self.0.state).sessions.insert(session.id().to_owned(), (session.clone(), listener));
    }

    /// The session Chromium calls `id`.
    pub(super) fn session(&self, id: &str) -> Session {
        Session { connection: self.clone(), id: Arc::from(id), end: Arc::default() }
    }

    /// How many sessions there are, and commands without an answer.
    pub(super) fn held(&self) -> (usize, usize) {
        let state = lock(&self.0.state);
        (state.sessions.len(), state.pending.len())
    }

    /// Completes when the browser is gone.
    pub(super) async fn closed(&self) {
        self.0.closed.cancelled().await;
    }

    /// Whether the browser is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.0.closed.is_cancelled()
    }

    /// From now on nothing is logged of what passes: a person types secrets.
    pub(super) fn be_discreet(&self) {
        self.0.discreet.store(true, Ordering::Relaxed);
    }

    fn is_discreet(&self) -> bool {
        self.0.discreet.load(Ordering::Relaxed)
    }

    /// One message from Chromium.
    pub(super) fn receive(&self, message: &[u8]) {
        if !self.is_discreet() {
            tracing::trace!(message = %String::from_utf8_lossy(message), "from Chromium");
        }
        let incoming: Incoming<'_> = match serde_json::from_slice(message) {
            Ok(incoming) => incoming,
            Err(error) => return tracing::debug!(%error, "message of unexpected shape"),
        };
        if let Some(id) = incoming.id {
            let Some(pending) = lock(&self.0.state).pending.remove(&id) else { return };
            let result = match (incoming.error, incoming.result) {
                (Some(refusal), _) => Err(refused(refusal)),
                (None, Some(result)) => Ok(result.to_owned()),
                (None, None) => Ok(RawValue::NULL.to_owned()),
            };
            return (pending.reply)(result);
        }
        let Some(method) = incoming.method else { return };
        let event = Event { method: &method, params: incoming.params.unwrap_or(RawValue::NULL) };
        let id = incoming.session_id.as_deref().unwrap_or("");
        let listener = lock(&self.0.state).sessions.get(id).cloned();
        if let Some((session, listener)) = listener {
            listener.event(&session, &event);
        }
        if method == "Target.detachedFromTarget"
            && let Some(detached) = event.params::<Detached>()
        {
            self.end_session(&detached.session_id);
        }
    }

    /// Fails what waits in this session, and forgets it.
    pub(super) fn end_session(&self, id: &str) {
        let removed = lock(&self.0.state).sessions.remove(id);
        if let Some((session, listener)) = removed {
            listener.gone();
            session.end(&BrowserError::closed());
        }
    }

    /// The browser is gone: fails everything that waits.
    pub(super) fn close(&self) {
        let (pending, sessions) = {
            let mut state = lock(&self.0.state);
            state.closed = true;
            (std::mem::take(&mut state.pending), std::mem::take(&mut state.sessions))
        };
        self.0.closed.cancel();
        for (_, listener) in sessions.into_values() {
            listener.gone();
        }
        for pending in pending.into_values() {
            (pending.reply)(Err(BrowserError::closed()));
        }
    }
}

fn refused(refusal: Refusal) -> BrowserError {
    let message = match refusal.data.as_ref().and_then(|data| data.as_str()) {
        Some(data) => format!("{} {data}", refusal.message),
        None => refusal.message,
    };
    BrowserError::protocol("", message)
}

/// One target's end of the connection. Clones share it.
#[derive(Clone)]
pub(super) struct Session {
    connection: Connection,
    id: Arc<str>,
    /// Why nothing that is sent would be answered any more.
    end: Arc<OnceLock<BrowserError>>,
}

impl Session {
    /// Chromium's name for it; empty for the browser's own.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whose session it is.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Sends a command now; the future is its answer and need not be awaited.
    pub(super) fn send<C: Command>(
        &self,
        command: C,
    ) -> impl Future<Output = Result<C::Response, BrowserError>> + Send + use<C> {
        let reply = self.request(command.identifier(), &command);
        async move { reply.parse().await }
    }

    /// Sends a command whose answer nobody needs.
    pub(super) fn post<C: Command>(&self, command: C) {
        drop(self.request(command.identifier(), &command));
    }

    /// Sends any command now; the answer can be awaited.
    pub(super) fn request<P: Serialize + ?Sized>(&self, method: impl Into<Cow<'static, str>>, params: &P) -> Reply {
        let method = method.into();
        let (sender, receiver) = oneshot::channel();
        // The caller may have lost interest.
        self.request_then(&method, params, move |answer| drop(sender.send(answer)));
        let browser = self.id.is_empty().then(|| self.connection.clone());
        Reply { method, receiver, deadline: Some(COMMAND_DEADLINE), browser }
    }

    /// Sends any command now; `then` is called with the answer on the reading task, in order with the events: must not block.
    pub(super) fn request_then<P: Serialize + ?Sized>(
        &self,
        method: &str,
        params: &P,
        then: impl FnOnce(Answer) + Send + 'static,
    ) {
        let inner = &self.connection.0;
        let id = inner.next_id.fetch_add(1, Ordering::Relaxed);
        let bytes = match serde_json::to_vec(&Outgoing { id, method, session_id: &self.id, params }) {
            Ok(bytes) => bytes,
            Err(error) => return then(Err(BrowserError::other(format!("failed to encode {method}: {error}")))),
        };
        if !self.connection.is_discreet() {
            tracing::trace!(message = %String::from_utf8_lossy(&bytes), "to Chromium");
        }
        let error = {
            let mut state = lock(&inner.state);
            match self.end.get() {
                None if !state.closed => {
                    state.pending.insert(id, Pending { session: self.id.clone(), reply: Box::new(then) });
                    // Under the lock, so that numbers and order on the wire agree. The writer's end is a closed connection.
                    let _ = inner.outgoing.send(bytes);
                    return;
                }
                end => end.cloned().unwrap_or_else(BrowserError::closed),
            }
        };
        then(Err(error));
    }

    /// Lets a target that waits for us run without us; `parent` told of it. Detached sooner, a service worker waits for ever.
    pub(super) fn let_go(&self, parent: &Self) {
        let detach = serde_json::json!({ "sessionId": self.id() });
        let parent = parent.clone();
        self.request_then("Runtime.runIfWaitingForDebugger", &serde_json::json!({}), move |_| {
            drop(parent.request("Target.detachFromTarget", &detach));
        });
    }

    /// From now on nobody answers here: fails what waits, and what will be sent.
    pub(super) fn end(&self, error: &BrowserError) {
        let failed: Vec<Pending> = {
            let mut state = lock(&self.connection.0.state);
            // What came first is the reason.
            let _ = self.end.set(error.clone());
            let mut ids: Vec<u64> =
                state.pending.iter().filter(|(_, pending)| pending.session == self.id).map(|(id, _)| *id).collect();
            ids.sort_unstable();
            ids.into_iter().filter_map(|id| state.pending.remove(&id)).collect()
        };
        for pending in failed {
            (pending.reply)(Err(error.clone()));
        }
    }
}

/// An answer under way. Dropping it changes nothing for Chromium.
#[must_use]
pub(super) struct Reply {
    method: Cow<'static, str>,
    receiver: oneshot::Receiver<Answer>,
    deadline: Option<Duration>,
    /// What hangs as a whole when there is no answer.
    browser: Option<Connection>,
}

impl Reply {
    /// Waits for ever: for commands that run a page's scripts.
    pub(super) fn unlimited(mut self) -> Self {
        self.deadline = None;
        self
    }

    /// The answer as text.
    pub(super) async fn raw(self) -> Result<Box<RawValue>, BrowserError> {
        let Self { method, receiver, deadline, browser } = self;
        let answer = match deadline {
            None => receiver.await,
            Some(deadline) => match tokio::time::timeout(deadline, receiver).await {
                Ok(answer) => answer,
                Err(_) => {
                    if let Some(browser) = browser {
                        tracing::warn!("Chromium did not answer {method} within {deadline:?}: it hangs, and is ended");
                        browser.close();
                    }
                    return Err(BrowserError::other(format!("Chromium did not answer {method} within {deadline:?}")));
                }
            },
        };
        match answer {
            Ok(Err(BrowserError::Protocol { message, .. })) => Err(BrowserError::protocol(method, message)),
            Ok(result) => result,
            Err(_) => Err(BrowserError::closed()),
        }
    }

    /// The answer, decoded as far as `T` asks for it.
    pub(super) async fn parse<T: DeserializeOwned>(self) -> Result<T, BrowserError> {
        let method = self.method.clone();
        let raw = self.raw().await?;
        let mut decoder = serde_json::Deserializer::from_str(raw.get());
        // Chromium itself writes nothing that is nested deeper than 300 times.
        decoder.disable_recursion_limit();
        T::deserialize(&mut decoder)
            .map_err(|error| BrowserError::other(format!("failed to decode the answer to {method}: {error}")))
    }
}
