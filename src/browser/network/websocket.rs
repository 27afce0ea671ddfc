//! WebSockets of a page, for who watches them.

use super::super::cdp::Event;
use super::super::notice::{Notice, Topic};
use super::super::page::Page;
use super::super::sync::lock;
use super::{Headers, listed};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Mutex;

/// Something happened to a WebSocket; only told if wanted.
#[derive(Debug, Clone)]
pub struct WebSocketNotice {
    /// Whose.
    pub page: Page,
    /// No two sockets of a page share it.
    pub id: String,
    /// What.
    pub what: WebSocketEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebSocketEvent {
    /// It connects to this URL.
    Opened(String),
    /// So it asked.
    Asked(Headers),
    /// So the server answered.
    Answered {
        /// 101, if all is well.
        status: i64,
        /// Its text.
        status_text: String,
        /// Of the answer.
        headers: Headers,
    },
    /// The page said something.
    Sent(Frame),
    /// The server said something.
    Received(Frame),
    /// Something went wrong.
    Failed(String),
    /// It is over.
    Closed,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Bytes, in base64; else text.
    pub binary: bool,
    /// What was said.
    pub data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    request_id: String,
    url: Option<String>,
    request: Option<Payload>,
    response: Option<Payload>,
    error_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Payload {
    opcode: f64,
    payload_data: String,
    status: i64,
    status_text: String,
    headers: Map<String, Value>,
}

const TEXT: f64 = 1.0;
const BINARY: f64 = 2.0;
const SWITCHING_PROTOCOLS: i64 = 101;

/// Who is told of a socket's beginning is told of the rest; `told` are those.
pub(super) fn event(page: &Page, told: &Mutex<HashSet<String>>, event: &Event<'_>) {
    let wanted = page.wants(Topic::WebSocket);
    if !wanted && lock(told).is_empty() {
        return;
    }
    let Some(Told { request_id: id, url, request, response, error_message }) = event.params() else { return };
    if event.method == "Network.webSocketCreated" {
        if !wanted {
            return;
        }
        lock(told).insert(id.clone());
    } else if !lock(told).contains(&id) {
        return;
    }
    let tell = |what| page.tell(Notice::WebSocket(WebSocketNotice { page: page.clone(), id: id.clone(), what }));
    let what = match (event.method, request.or(response)) {
        ("Network.webSocketCreated", _) => {
            let url = url.unwrap_or_default();
            let bare = url.split_once('#').map_or(url.as_str(), |(bare, _)| bare);
            WebSocketEvent::Opened(bare.to_owned())
        }
        ("Network.webSocketFrameSent", Some(payload)) => match frame(payload) {
            Some(frame) => WebSocketEvent::Sent(frame),
            None => return,
        },
        ("Network.webSocketFrameReceived", Some(payload)) => match frame(payload) {
            Some(frame) => WebSocketEvent::Received(frame),
            None => return,
        },
        ("Network.webSocketWillSendHandshakeRequest", Some(Payload { headers, .. })) => {
            WebSocketEvent::Asked(listed(&headers))
        }
        ("Network.webSocketHandshakeResponseReceived", Some(Payload { status, status_text, headers, .. })) => {
            let failed = (status != SWITCHING_PROTOCOLS).then(|| format!("{status_text}: {status}"));
            let headers = listed(&headers);
            tell(WebSocketEvent::Answered { status, status_text, headers });
            match failed {
                Some(error) => WebSocketEvent::Failed(error),
                None => return,
            }
        }
        ("Network.webSocketFrameError", _) => WebSocketEvent::Failed(error_message.unwrap_or_default()),
        ("Network.webSocketClosed", _) => {
            lock(told).remove(&id);
            WebSocketEvent::Closed
        }
        _ => return,
    };
    tell(what);
}

/// None for pings and for nothing.
fn frame(payload: Payload) -> Option<Frame> {
    let known = payload.opcode == TEXT || payload.opcode == BINARY;
    (known && !payload.payload_data.is_empty())
        .then_some(Frame { binary: payload.opcode == BINARY, data: payload.payload_data })
}
