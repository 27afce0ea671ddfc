//! A request that no browser made with its answer, in the words of HAR 1.2.

use super::entry::{Keeper, Mode, header, headers, query};
use super::{cookie, iso};
use crate::browser::network::Headers;
use serde_json::{Map, Value, json};
use std::net::SocketAddr;

/// What a request and its answer were.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// Whose: a name for people.
    pub context: &'a str,
    /// `GET`, …
    pub method: &'a str,
    /// Where to.
    pub url: &'a str,
    /// With cookies.
    pub sent: &'a Headers,
    /// What was sent.
    pub body: Option<&'a [u8]>,
    /// Status.
    pub status: u16,
    /// Its text, in the server's words.
    pub status_text: &'a str,
    /// As they came.
    pub received: &'a Headers,
    /// Unpacked; none where another request followed because of this answer.
    pub content: Option<&'a [u8]>,
    /// Of the server.
    pub address: SocketAddr,
    /// `protocol`, `issuer`, … of a connection over TLS.
    pub security: Option<Value>,
    /// When it began, in milliseconds since 1970.
    pub wall: f64,
    /// Milliseconds since then: the name is known, connected, secured (-1 without TLS), sent, answered, over.
    pub times: [f64; 6],
}

impl Exchange<'_> {
    /// Milliseconds in all.
    pub fn took(&self) -> f64 {
        self.times[5]
    }

    /// The entry, of a request that began at `began` on the clock of whoever asks.
    pub fn entry(&self, began: f64, mode: Mode, keeper: &dyn Keeper) -> Map<String, Value> {
        let full = mode == Mode::Full;
        let timings = if full { self.timings() } else { json!({ "send": -1, "wait": -1, "receive": -1 }) };
        let took: f64 = ["dns", "connect", "wait", "receive"]
            .iter()
            .filter_map(|phase| timings[phase].as_f64())
            .filter(|took| *took > 0.0)
            .sum();
        let mut entry = Map::new();
        entry.insert("_apiRequestRef".into(), json!(self.context));
        entry.insert("startedDateTime".into(), json!(iso(self.wall)));
        entry.insert("time".into(), if full { json!(took) } else { json!(-1) });
        entry.insert("request".into(), self.asked(full, keeper));
        entry.insert("response".into(), self.answered(full, keeper));
        entry.insert("cache".into(), json!({}));
        entry.insert("timings".into(), timings);
        entry.insert("_monotonicTime".into(), json!(began));
        if full {
            entry.insert("serverIPAddress".into(), json!(self.address.ip().to_string()));
            entry.insert("_serverPort".into(), json!(self.address.port()));
            if let Some(security) = &self.security {
                entry.insert("_securityDetails".into(), security.clone());
            }
        }
        entry
    }

    fn asked(&self, full: bool, keeper: &dyn Keeper) -> Value {
        let mut asked = json!({
            "method": self.method, "url": self.url, "httpVersion": "HTTP/1.1",
            "cookies": if full { cookie::sent(self.sent) } else { Vec::new() },
            "headers": headers(self.sent), "queryString": query(self.url), "headersSize": -1,
            "bodySize": if full { json!(self.body.map_or(0, <[u8]>::len)) } else { json!(-1) },
        });
        if let Some(body) = self.body {
            let mime = header(self.sent, "content-type").unwrap_or("application/octet-stream");
            let mut data = Map::new();
            data.insert("mimeType".into(), json!(mime));
            data.insert("text".into(), json!(""));
            let pairs = (mime == "application/x-www-form-urlencoded").then(|| url::form_urlencoded::parse(body));
            let pairs = pairs.into_iter().flatten().map(|(name, value)| json!({ "name": name, "value": value }));
            data.insert("params".into(), pairs.collect());
            keeper.sent(body, &mut data);
            asked["postData"] = Value::Object(data);
        }
        asked
    }

    fn answered(&self, full: bool, keeper: &dyn Keeper) -> Value {
        let mut content = Map::new();
        let size = self.content.filter(|_| full).map_or(json!(-1), |content| json!(content.len()));
        content.insert("size".into(), size.clone());
        content.insert("mimeType".into(), json!(header(self.received, "content-type").unwrap_or("x-unknown")));
        if let Some(body) = self.content {
            keeper.received(body, &mut content);
        }
        let mut answered = json!({
            "status": self.status, "statusText": self.status_text, "httpVersion": "1.1",
            "cookies": if full { cookie::received(self.received) } else { Vec::new() },
            "headers": headers(self.received), "content": content, "headersSize": -1,
            "bodySize": size,
            "redirectURL": header(self.received, "location").unwrap_or_default(),
        });
        if full {
            answered["_transferSize"] = json!(-1);
        }
        answered
    }

    fn timings(&self) -> Value {
        let [known, connected, secured, sent, answered, over] = self.times;
        let ssl = if secured < 0.0 { -1.0 } else { secured - connected };
        json!({
            "dns": known, "connect": connected.max(secured), "ssl": ssl, "blocked": -1,
            "send": sent, "wait": answered - sent, "receive": over - answered,
        })
    }
}
