//! WebSockets in an archive.

use super::body::{Bodies, Content};
use super::entry::{Begun, Mode, headers, query};
use super::{cookie, iso};
use crate::browser::network::{Frame, Headers, WebSocketEvent};
use serde_json::{Value, json};

/// One, with all that was said.
#[derive(Debug)]
pub(super) struct Socket {
    url: String,
    page: String,
    begun: Begun,
    sent: Headers,
    received: Headers,
    status: i64,
    status_text: String,
    failure: Option<String>,
    messages: Vec<Value>,
    /// When the first and the last message were said.
    span: Option<(f64, f64)>,
}

impl Socket {
    pub(super) fn new(url: &str, page: &str, begun: Begun) -> Self {
        Self {
            url: url.to_owned(),
            page: page.to_owned(),
            begun,
            sent: Headers::new(),
            received: Headers::new(),
            status: -1,
            status_text: String::new(),
            failure: None,
            messages: Vec::new(),
            span: None,
        }
    }

    /// `now` is in milliseconds since 1970.
    pub(super) fn event(&mut self, event: &WebSocketEvent, now: f64, mode: Mode) {
        match event {
            WebSocketEvent::Asked(headers) => self.sent.clone_from(headers),
            WebSocketEvent::Answered { status, status_text, headers } => {
                self.status = *status;
                self.status_text.clone_from(status_text);
                self.received.clone_from(headers);
            }
            WebSocketEvent::Sent(frame) => self.message("send", frame, now, mode),
            WebSocketEvent::Received(frame) => self.message("receive", frame, now, mode),
            WebSocketEvent::Failed(error) => self.failure = Some(error.clone()),
            WebSocketEvent::Opened(_) | WebSocketEvent::Closed => {}
        }
    }

    fn message(&mut self, kind: &str, frame: &Frame, now: f64, mode: Mode) {
        let time = if mode == Mode::Full { json!(now) } else { json!(-1) };
        let opcode = if frame.binary { 2 } else { 1 };
        self.messages.push(json!({ "type": kind, "time": time, "opcode": opcode, "data": frame.data }));
        self.span = Some((self.span.map_or(now, |(first, _)| first), now));
    }

    pub(super) fn entry(&self, number: usize, mode: Mode, bodies: &Bodies) -> Value {
        let full = mode == Mode::Full;
        let cookies = |found: fn(&Headers) -> Vec<Value>, from: &Headers| if full { found(from) } else { Vec::new() };
        let mut whole = json!({
            "startedDateTime": iso(self.begun.wall), "cache": {},
            "time": self.span.filter(|_| full).map_or(-1.0, |(first, last)| last - first),
            "request": {
                "method": "GET", "url": self.url, "httpVersion": "HTTP/1.1", "cookies": cookies(cookie::sent, &self.sent),
                "headers": headers(&self.sent), "queryString": query(&self.url), "headersSize": -1, "bodySize": -1,
            },
            "response": {
                "status": self.status, "statusText": self.status_text, "httpVersion": "HTTP/1.1",
                "cookies": cookies(cookie::received, &self.received), "headers": headers(&self.received),
                "content": { "size": -1, "mimeType": "x-unknown" }, "headersSize": -1, "bodySize": -1, "redirectURL": "",
            },
            "timings": { "send": -1, "wait": -1, "receive": -1 },
            "_monotonicTime": self.begun.time, "_resourceType": "websocket",
        });
        if full {
            whole["pageref"] = json!(self.page);
        }
        if let Some(failure) = &self.failure {
            whole["response"]["_failureText"] = json!(failure);
        }
        match bodies.content() {
            Content::Embed if !self.messages.is_empty() => whole["_webSocketMessages"] = json!(self.messages),
            Content::Attach if !self.messages.is_empty() => {
                let lines: String = self.messages.iter().map(|message| format!("{message}\n")).collect();
                let file = bodies.file(&format!("websocket-{number}.jsonl"), lines.into_bytes());
                whole["response"]["content"]["_file"] = json!(file);
            }
            _ => {}
        }
        whole
    }
}
