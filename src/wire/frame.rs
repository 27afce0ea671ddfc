//! Engine.IO v4 packets and the Socket.IO v5 packets inside them, text to value and back. Pure; see
//! <https://github.com/socketio/engine.io-protocol> and <https://github.com/socketio/socket.io-protocol>.

use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write as _;

/// Attachments that one packet may announce: what is announced is waited for and kept.
const ATTACHMENTS_MAX: usize = 256;

/// Why a packet cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Nothing where a packet's type should be, or no such type.
    #[error("read the packet type in {0:?}")]
    Type(String),
    /// The payload is not JSON, or nested too deeply.
    #[error("read the packet's JSON: {0}")]
    Json(String),
    /// A type that carries something else than what came.
    #[error("a packet of type {kind:?} carries {wanted}, got {got}")]
    Payload {
        /// The packet's type.
        kind: Kind,
        /// What such a packet carries.
        wanted: &'static str,
        /// What came.
        got: String,
    },
    /// An attachment count that cannot be read or is out of bounds.
    #[error("a binary packet announces between 0 and {ATTACHMENTS_MAX} attachments, got {0:?}")]
    Attachments(String),
    /// An acknowledgement without the number of what it acknowledges.
    #[error("an acknowledgement names what it acknowledges")]
    NoAckId,
}

/// What the server says when an engine opens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handshake {
    /// Names the connection on the server.
    pub sid: String,
    /// Other transports that it takes.
    #[serde(default)]
    pub upgrades: Vec<String>,
    /// Milliseconds between the server's pings.
    #[serde(default = "Handshake::ping_interval")]
    pub ping_interval: u64,
    /// Milliseconds a ping may be late.
    #[serde(default = "Handshake::ping_timeout")]
    pub ping_timeout: u64,
    /// The longest packet the server takes, bytes.
    #[serde(default = "Handshake::max_payload")]
    pub max_payload: usize,
}

impl Handshake {
    /// Engine.IO's own defaults, for servers that leave a field out.
    fn ping_interval() -> u64 {
        25_000
    }
    fn ping_timeout() -> u64 {
        20_000
    }
    fn max_payload() -> usize {
        1_000_000
    }
}

/// One Engine.IO packet that came as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine<'a> {
    /// The first packet of a server.
    Open(Handshake),
    /// The peer is about to close.
    Close,
    /// To be answered by a pong with the same words.
    Ping(&'a str),
    /// Answers a ping.
    Pong(&'a str),
    /// Carries a Socket.IO packet.
    Message(&'a str),
    /// A change of transport, of no meaning on a WebSocket.
    Upgrade,
    /// Nothing.
    Noop,
}

/// Reads one Engine.IO packet. It is one whole WebSocket message: a 0x1e in it is data, not a separator.
///
/// # Errors
/// When the type is unknown or the handshake cannot be read.
pub fn engine(text: &str) -> Result<Engine<'_>, FrameError> {
    let unknown = || FrameError::Type(text.chars().take(20).collect());
    let mut rest = text.chars();
    let kind = rest.next().ok_or_else(unknown)?;
    let rest = rest.as_str();
    Ok(match kind {
        '0' => Engine::Open(serde_json::from_str(rest).map_err(|error| FrameError::Json(error.to_string()))?),
        '1' => Engine::Close,
        '2' => Engine::Ping(rest),
        '3' => Engine::Pong(rest),
        '4' => Engine::Message(rest),
        '5' => Engine::Upgrade,
        '6' => Engine::Noop,
        _ => return Err(unknown()),
    })
}

/// The types of Socket.IO packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Joins a namespace, and the server's yes.
    Connect,
    /// Leaves it, or puts out.
    Disconnect,
    /// A name and arguments.
    Event,
    /// Acknowledges an event.
    Ack,
    /// The server's no to a connect.
    ConnectError,
    /// An event with attachments.
    BinaryEvent,
    /// An acknowledgement with attachments.
    BinaryAck,
}

const KINDS: [Kind; 7] =
    [Kind::Connect, Kind::Disconnect, Kind::Event, Kind::Ack, Kind::ConnectError, Kind::BinaryEvent, Kind::BinaryAck];

/// One Socket.IO packet. Where data has attachments, it holds `{"_placeholder": true, "num": n}` in their places.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    /// Its type.
    pub kind: Kind,
    /// `/` unless said otherwise.
    pub namespace: String,
    /// Asks for an acknowledgement, or says of what this is one.
    pub id: Option<u64>,
    /// Binary messages that follow and belong to it.
    pub attachments: usize,
    /// An array for events and acknowledgements, an object or nothing for the others.
    pub data: Option<Value>,
}

impl Packet {
    /// A packet without id and attachments.
    #[must_use]
    pub fn new(kind: Kind, namespace: &str, data: Option<Value>) -> Self {
        Self { kind, namespace: namespace.to_owned(), id: None, attachments: 0, data }
    }

    /// An event.
    #[must_use]
    pub fn event(namespace: &str, name: &str, arguments: Vec<Value>) -> Self {
        let mut data = vec![Value::String(name.to_owned())];
        data.extend(arguments);
        Self::new(Kind::Event, namespace, Some(Value::Array(data)))
    }

    /// Reads the text of an Engine.IO message.
    ///
    /// # Errors
    /// When it is not a Socket.IO packet, or one that lacks what its type needs.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        let digit = text.chars().next().and_then(|c| c.to_digit(10));
        let kind = digit.and_then(|n| KINDS.get(n as usize).copied());
        let kind = kind.ok_or_else(|| FrameError::Type(text.chars().take(20).collect()))?;
        let mut rest = &text[1..];

        let mut attachments = 0;
        if matches!(kind, Kind::BinaryEvent | Kind::BinaryAck) {
            let bad = |got: &str| FrameError::Attachments(got.chars().take(20).collect());
            let (count, after) = rest.split_once('-').ok_or_else(|| bad(rest))?;
            attachments = count.parse().ok().filter(|n| *n <= ATTACHMENTS_MAX).ok_or_else(|| bad(count))?;
            rest = after;
        }
        let mut namespace = "/";
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
            // Old servers put a query behind the namespace.
            namespace = namespace.split_once('?').map_or(namespace, |(path, _)| path);
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let id = match &rest[..digits] {
            "" => None,
            number => Some(number.parse().map_err(|_| FrameError::Json(format!("{number} is no packet number")))?),
        };
        let data = match &rest[digits..] {
            "" => None,
            json => Some(serde_json::from_str(json).map_err(|error| FrameError::Json(error.to_string()))?),
        };
        let packet = Self { kind, namespace: namespace.to_owned(), id, attachments, data };
        packet.check()?;
        Ok(packet)
    }

    fn check(&self) -> Result<(), FrameError> {
        let wanted = match (self.kind, &self.data) {
            (Kind::Event | Kind::BinaryEvent, Some(Value::Array(items)))
                if items.first().is_some_and(Value::is_string) =>
            {
                return Ok(());
            }
            (Kind::Event | Kind::BinaryEvent, _) => "an array that begins with a name",
            (Kind::Ack | Kind::BinaryAck, Some(Value::Array(_))) if self.id.is_none() => {
                return Err(FrameError::NoAckId);
            }
            (Kind::Ack | Kind::BinaryAck, Some(Value::Array(_))) => return Ok(()),
            (Kind::Ack | Kind::BinaryAck, _) => "an array",
            (Kind::Connect, None | Some(Value::Object(_))) | (Kind::Disconnect, None) => return Ok(()),
            (Kind::Connect, _) => "an object or nothing",
            (Kind::Disconnect, _) => "nothing",
            // Socket.IO 2 sent the bare message.
            (Kind::ConnectError, Some(Value::Object(_) | Value::String(_))) => return Ok(()),
            (Kind::ConnectError, _) => "an object",
        };
        let got = match &self.data {
            None => "nothing".to_owned(),
            Some(value) => value.to_string().chars().take(40).collect(),
        };
        Err(FrameError::Payload { kind: self.kind, wanted, got })
    }

    /// As the text of an Engine.IO message, the engine's own `4` in front.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::from("4");
        let digit = KINDS.iter().position(|kind| *kind == self.kind).unwrap_or_default();
        let _ = write!(text, "{digit}");
        if matches!(self.kind, Kind::BinaryEvent | Kind::BinaryAck) {
            let _ = write!(text, "{}-", self.attachments);
        }
        if self.namespace != "/" {
            text.push_str(&self.namespace);
            text.push(',');
        }
        if let Some(id) = self.id {
            let _ = write!(text, "{id}");
        }
        if let Some(data) = &self.data {
            let _ = write!(text, "{data}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn engine_packets() {
        for (text, expected) in [
            ("1", Engine::Close),
            ("2", Engine::Ping("")),
            ("2probe", Engine::Ping("probe")),
            ("3probe", Engine::Pong("probe")),
            ("42[\"a\u{1e}b\"]", Engine::Message("2[\"a\u{1e}b\"]")),
            ("5", Engine::Upgrade),
            ("6", Engine::Noop),
        ] {
            assert_eq!(engine(text), Ok(expected), "{text:?}");
        }
        let full = r#"0{"sid":"x","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000}"#;
        let expected = Handshake {
            sid: "x".to_owned(),
            upgrades: vec!["websocket".to_owned()],
            ping_interval: 300,
            ping_timeout: 200,
            max_payload: 1000,
        };
        assert_eq!(engine(full), Ok(Engine::Open(expected)));
        let bare = Handshake {
            sid: "x".to_owned(),
            upgrades: vec![],
            ping_interval: 25_000,
            ping_timeout: 20_000,
            max_payload: 1_000_000,
        };
        assert_eq!(engine(r#"0{"sid":"x"}"#), Ok(Engine::Open(bare)));
        for text in ["", "7", "é", "x", "0", "0{}", "0[]", "0{\"sid\":1}", "0{\"sid\":\"x\",\"pingInterval\":-1}"] {
            assert!(engine(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn packets_are_read_and_written_the_same() {
        for (text, kind, namespace, id, attachments, data) in [
            ("0", Kind::Connect, "/", None, 0, None),
            (r#"0{"token":"t"}"#, Kind::Connect, "/", None, 0, Some(json!({"token": "t"}))),
            (r#"0/ws,{"sid":"s"}"#, Kind::Connect, "/ws", None, 0, Some(json!({"sid": "s"}))),
            ("1", Kind::Disconnect, "/", None, 0, None),
            ("1/ws,", Kind::Disconnect, "/ws", None, 0, None),
            (r#"2["a",1,null]"#, Kind::Event, "/", None, 0, Some(json!(["a", 1, null]))),
            (r#"212["a"]"#, Kind::Event, "/", Some(12), 0, Some(json!(["a"]))),
            (r#"2/ws,0["a"]"#, Kind::Event, "/ws", Some(0), 0, Some(json!(["a"]))),
            (r#"30[]"#, Kind::Ack, "/", Some(0), 0, Some(json!([]))),
            (r#"3/ws,7[{"ok":true}]"#, Kind::Ack, "/ws", Some(7), 0, Some(json!([{"ok": true}]))),
            (r#"4{"message":"no"}"#, Kind::ConnectError, "/", None, 0, Some(json!({"message": "no"}))),
            (
                r#"51-["a",{"_placeholder":true,"num":0}]"#,
                Kind::BinaryEvent,
                "/",
                None,
                1,
                Some(json!(["a", {"_placeholder": true, "num": 0}])),
            ),
            (r#"62-/ws,3[1]"#, Kind::BinaryAck, "/ws", Some(3), 2, Some(json!([1]))),
            (r#"2["a\u001eb"]"#, Kind::Event, "/", None, 0, Some(json!(["a\u{1e}b"]))),
        ] {
            let expected = Packet { kind, namespace: namespace.to_owned(), id, attachments, data };
            assert_eq!(Packet::parse(text), Ok(expected.clone()), "{text}");
            let written = expected.to_text();
            assert_eq!(Packet::parse(&written[1..]), Ok(expected), "{written}");
            assert!(written.starts_with('4'));
        }
        assert_eq!(Packet::parse("0/ws").unwrap().namespace, "/ws");
        assert_eq!(Packet::parse("0/ws?token=1,").unwrap().namespace, "/ws");
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        let deep = format!("2[\"a\",{}{}]", "[".repeat(5000), "]".repeat(5000));
        for text in [
            "",
            "7[]",
            "x",
            "é[]",
            "2",
            "2{}",
            "2[]",
            "2[1]",
            "2\"a\"",
            "2[\"a\"",
            "2[\"a\"]x",
            "3[]",
            "31",
            "31{}",
            "0[]",
            "0 ",
            "0tru",
            "1{}",
            "4",
            "4[]",
            "5[\"a\"]",
            "5-[\"a\"]",
            "5x-[\"a\"]",
            "5-1-[\"a\"]",
            "5257-[\"a\"]",
            "599999999999999999999-[\"a\"]",
            "299999999999999999999999[\"a\"]",
            "2/ws[\"a\"]",
            "\u{0}",
            &deep,
        ] {
            assert!(Packet::parse(text).is_err(), "{text:?} was read as {:?}", Packet::parse(text));
        }
    }
}
