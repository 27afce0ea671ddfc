//! A session of the protocol for whoever speaks it himself: beside ours, so that what he enables and disables there is nothing of ours.

use super::cdp::{Event, Listener, Session};
use super::error::BrowserError;
use super::frame::Frame;
use super::instance::Browser;
use super::page::Page;
use super::sync::lock;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// Is told what happens in a session, on the reading task: must not block.
pub type RawObserver = Arc<dyn Fn(RawEvent) + Send + Sync>;

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub enum RawEvent {
    /// Chromium tells it.
    Told {
        /// `Network.requestWillBeSent`, …
        method: String,
        /// As they came.
        params: Value,
    },
    /// The session ended; nothing more will come.
    Closed,
}

/// A session. Clones share it; it ends when it is detached, or with what it is about.
#[derive(Clone)]
pub struct RawSession {
    session: Session,
    parent: Session,
    closed: CancellationToken,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attached {
    session_id: String,
}

impl Browser {
    /// A session of the browser itself.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn raw_session(&self, observer: RawObserver) -> Result<RawSession, BrowserError> {
        let root = self.root();
        let attached: Attached = root.request("Target.attachToBrowserTarget", &json!({})).parse().await?;
        Ok(RawSession::begin(root, &attached.session_id, observer))
    }

    async fn raw_session_of(&self, target: &str, observer: RawObserver) -> Result<RawSession, BrowserError> {
        // Attached to by our own root, it would be taken for a page that opened.
        let parent = self.visitors().await?;
        let params = json!({ "targetId": target, "flatten": true });
        let attached: Attached = parent.request("Target.attachToTarget", &params).parse().await?;
        Ok(RawSession::begin(&parent, &attached.session_id, observer))
    }
}

impl Page {
    /// A session of this page.
    ///
    /// # Errors
    /// When the page is gone.
    pub async fn raw_session(&self, observer: RawObserver) -> Result<RawSession, BrowserError> {
        self.context().browser().raw_session_of(self.id(), observer).await
    }
}

impl Frame {
    /// A session of this frame, where it is a process of its own.
    ///
    /// # Errors
    /// When it is none, or gone.
    pub async fn raw_session(&self, observer: RawObserver) -> Result<RawSession, BrowserError> {
        let page = self.page();
        let own =
            self.id() == page.id() || self.parent().is_none_or(|parent| parent.session().id() != self.session().id());
        if !own {
            return Err(BrowserError::other(
                "This frame does not have a separate CDP session, it is a part of the parent frame's session",
            ));
        }
        page.context().browser().raw_session_of(self.id(), observer).await
    }
}

impl RawSession {
    fn begin(parent: &Session, id: &str, observer: RawObserver) -> Self {
        let session = parent.connection().session(id);
        let closed = CancellationToken::new();
        let ears = Ears { observer: Mutex::new(Some(observer)), closed: closed.clone() };
        session.connection().attach(&session, Arc::new(ears));
        Self { session, parent: parent.clone(), closed }
    }

    /// Sends any command; the answer is as it came, after as long as it takes.
    ///
    /// # Errors
    /// When Chromium refuses it, or the session ended.
    pub async fn send(&self, method: &str, params: &Value) -> Result<Value, BrowserError> {
        if self.is_closed() {
            return Err(BrowserError::closed());
        }
        self.session.request(method.to_owned(), params).unlimited().parse().await
    }

    /// Sends a command now; `then` is called with its answer, in order with the events: must not block.
    pub(super) fn ask(
        &self,
        method: &str,
        params: &Value,
        then: impl FnOnce(Result<Value, BrowserError>) + Send + 'static,
    ) {
        self.session.request_then(method, params, |answer| {
            then(answer.map(|raw| serde_json::from_str(raw.get()).unwrap_or_default()));
        });
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it has ended already.
    pub async fn detach(&self) -> Result<(), BrowserError> {
        if self.is_closed() {
            return Err(BrowserError::closed());
        }
        self.parent.request("Target.detachFromTarget", &json!({ "sessionId": self.session.id() })).raw().await?;
        self.end();
        Ok(())
    }

    /// Ends it, whether it has ended or not.
    pub fn end(&self) {
        if !self.is_closed() {
            drop(self.parent.request("Target.detachFromTarget", &json!({ "sessionId": self.session.id() })));
            self.session.connection().end_session(self.session.id());
        }
    }

    /// Whether nothing more will come.
    pub fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }
}

impl fmt::Debug for RawSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RawSession").field(&self.session.id()).finish()
    }
}

struct Ears {
    observer: Mutex<Option<RawObserver>>,
    closed: CancellationToken,
}

impl Listener for Ears {
    fn event(&self, _: &Session, event: &Event<'_>) {
        let observer = lock(&self.observer).clone();
        if let (Some(observer), Some(params)) = (observer, event.params()) {
            observer(RawEvent::Told { method: event.method.to_owned(), params });
        }
    }

    fn gone(&self) {
        self.closed.cancel();
        let observer = lock(&self.observer).take();
        if let Some(observer) = observer {
            observer(RawEvent::Closed);
        }
    }
}
