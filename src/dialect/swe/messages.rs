//! What is said in protocol 003, from either side: a client's requests, which are acknowledged, and events in envelopes.
//! Public for the two ends of it and for whoever tests them.

use super::events::Event;
use super::rooms::Room;
use crate::dialect::Malformed;
use crate::dialect::reading::{Refusal, quoted, read, refused};
use crate::dialect::values::{Id, Nothing, OurCommand, OurEvent, OurRegistration, messages};
use crate::model::Labels;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// `protocol_version` of `connection_established`.
pub const VERSION: &str = "1.0";

/// One event of Socket.IO: its name and its first argument.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// What a peer asks for.
    Request(Request),
    /// How the connection stands, told by the server.
    Connection {
        /// It.
        told: Connection,
        /// When, RFC 3339.
        timestamp: String,
    },
    /// An extension: what an agent is asked.
    Work {
        /// It.
        work: Box<Work>,
        /// What stands around it; peers may leave that out.
        stamp: Option<Stamp>,
    },
    /// What happened.
    Event(Box<Envelope>),
}

/// An event of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// It.
    pub event: Event,
    /// What stands around it.
    pub stamp: Stamp,
}

/// When and by whom something was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When, RFC 3339.
    pub timestamp: String,
    /// The service that tells it.
    pub source: String,
}

messages! {
    /// What a peer asks for.
    Request {
        /// To hear what is told in a room; acknowledged.
        "subscribe" => Subscribe(Subscription),
        /// Not to hear it any more; acknowledged.
        "unsubscribe" => Unsubscribe(Subscription),
        /// Are you there? Acknowledged.
        "ping" => Ping(Nothing),
        /// An extension: an agent of ours says who it is.
        "understudy:register" => Register(OurRegistration),
        /// An extension: a command in words of no protocol.
        "understudy:command" => Command(OurCommand),
        /// An extension: an event in words of no protocol.
        "understudy:event" => Event(OurEvent),
    }
}

messages! {
    /// What an agent is asked.
    Work {
        /// To do something.
        "workflow.start" => Start(WorkflowStart),
        /// To do no more of it.
        "workflow.cancel" => Cancel(WorkflowCancel),
    }
}

messages! {
    /// How the connection stands.
    Connection {
        /// It is good.
        "connection_established" => Established(Established),
        /// It is not.
        "connection_error" => Refused(Refused),
    }
}

/// `connection_established`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Established {
    /// The connection.
    pub connection_id: Id,
    /// Whose it is.
    pub user_id: Id,
    /// [`VERSION`].
    pub protocol_version: String,
    /// An extension: what the server understands besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// `connection_error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why.
    pub error_code: ErrorCode,
    /// In words.
    pub error_message: String,
    /// The connection, where there was one; written as `null` where not.
    pub connection_id: Option<Id>,
}

/// Why something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The token is not good, or not any more.
    AuthFailed,
    /// There is no token.
    AuthMissing,
    /// The room is not for this user.
    RoomAccessDenied,
    /// There are no rooms of that name.
    InvalidRoom,
}

impl ErrorCode {
    /// The document's words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AuthFailed => "Invalid or expired token",
            Self::AuthMissing => "No authentication provided",
            Self::RoomAccessDenied => "Access denied to room",
            Self::InvalidRoom => "Invalid room format",
        }
    }
}

/// `subscribe` and `unsubscribe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The room.
    pub room: Room,
}

/// `workflow.start`: source or actions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkflowStart {
    /// The workflow.
    pub workflow_id: Id,
    /// Playwright Test source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Actions of a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Value>>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<Id>,
    /// Which agents may have it; for hubs of ours.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// `workflow.cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowCancel {
    /// The workflow.
    pub workflow_id: Id,
}

/// How a request is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Ack {
    /// It is done.
    Success {
        /// The room it was about.
        room: Room,
    },
    /// It is not.
    Error {
        /// Why.
        error_code: ErrorCode,
        /// In words.
        error_message: String,
        /// The room, as it was asked for; nothing where none was.
        room: Option<String>,
    },
    /// To `ping`.
    Pong,
}

impl Ack {
    /// What a subscription is told whose payload cannot be read, or whose room is not for this user.
    #[must_use]
    pub fn refusal(error_code: ErrorCode, payload: Option<&Value>) -> Self {
        let room = payload.and_then(|payload| payload.get("room")).and_then(Value::as_str).map(quoted);
        Self::Error { error_code, error_message: error_code.words().to_owned(), room }
    }
}

/// What the hub answers about its connections by HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Peers.
    pub connections: usize,
    /// Rooms and how many peers are in each.
    pub rooms: BTreeMap<String, usize>,
}

/// Reads one event of Socket.IO. One of another name is `None`.
///
/// # Errors
/// When it is one of this protocol and cannot be understood.
pub fn decode(name: &str, payload: Option<&Value>) -> Result<Option<Message>, Malformed> {
    match name {
        _ if Request::NAMES.contains(&name) => request(name, payload),
        _ if Work::NAMES.contains(&name) => work(name, payload),
        _ if Connection::NAMES.contains(&name) => connection(name, payload).map(Some),
        _ if Event::NAMES.contains(&name) => {
            event(name, payload).map(|envelope| Some(Message::Event(Box::new(envelope))))
        }
        _ => Ok(None),
    }
}

/// Reads an event as other services post it, by its `type`.
///
/// # Errors
/// When it is none of [`Event::NAMES`], or its fields are not the document's.
pub fn posted(payload: &Value) -> Result<Envelope, Malformed> {
    let Some(Value::String(name)) = payload.get("type") else {
        let refusal = Refusal::expected("a string", payload.get("type")).within("type");
        return Err(refused("event", &refusal, None));
    };
    event(name, Some(payload))
}

/// The event by its name, and what stands around its `data`.
fn event(name: &str, payload: Option<&Value>) -> Result<Envelope, Malformed> {
    let outer = Outer::of(name, name, payload)?;
    let event = Event::read(name, outer.data).map_err(|refusal| outer.refuse(refusal.within("data")))?;
    let Some(event) = event else {
        return Err(outer.refuse(Refusal::new("is no event of this protocol").within("type")));
    };
    Ok(Envelope { event, stamp: Stamp { timestamp: outer.text("timestamp")?, source: outer.text("source")? } })
}

fn connection(name: &str, payload: Option<&Value>) -> Result<Message, Malformed> {
    let outer = Outer::of(name, &name.replace('_', "."), payload)?;
    let told = Connection::read(name, outer.data).map_err(|refusal| outer.refuse(refusal.within("data")))?;
    let Some(told) = told else { return Err(outer.refuse(Refusal::new("is unknown").within("type"))) };
    Ok(Message::Connection { told, timestamp: outer.text("timestamp")? })
}

fn request(name: &str, payload: Option<&Value>) -> Result<Option<Message>, Malformed> {
    let payload = payload.unwrap_or(&Value::Null);
    Request::read(name, payload)
        .map(|request| request.map(Message::Request))
        .map_err(|refusal| refused(name, &refusal, None))
}

/// What an agent is asked comes in an envelope or without one.
fn work(name: &str, payload: Option<&Value>) -> Result<Option<Message>, Malformed> {
    let payload = payload.unwrap_or(&Value::Null);
    let enveloped = payload.get("data").filter(|_| payload.get("workflow_id").is_none());
    let data = enveloped.unwrap_or(payload);
    let stamp = enveloped.and_then(|_| read(payload).ok());
    match Work::read(name, data) {
        Ok(work) => Ok(work.map(|work| Message::Work { work: Box::new(work), stamp })),
        Err(refusal) => Err(refused(name, &refusal, data.get("workflow_id"))),
    }
}

/// What stands around the data of an event.
struct Outer<'a> {
    name: &'a str,
    map: &'a Map<String, Value>,
    data: &'a Value,
}

impl<'a> Outer<'a> {
    fn of(name: &'a str, kind: &str, payload: Option<&'a Value>) -> Result<Self, Malformed> {
        let Some(Value::Object(map)) = payload else {
            return Err(refused(name, &Refusal::expected("an object", payload), None));
        };
        let outer = Self { name, map, data: map.get("data").unwrap_or(&Value::Null) };
        match outer.text("type")? {
            given if given == kind => Ok(outer),
            given => {
                Err(outer.refuse(Refusal::new(format!("must be `{kind}`, got `{}`", quoted(&given))).within("type")))
            }
        }
    }

    fn text(&self, field: &str) -> Result<String, Malformed> {
        match self.map.get(field) {
            None => Err(self.refuse(Refusal::new("is missing").within(field))),
            Some(value) => read(value).map_err(|refusal| self.refuse(Refusal::within(refusal, field))),
        }
    }

    fn refuse(&self, refusal: Refusal) -> Malformed {
        refused(self.name, &refusal, self.data.get("workflow_id"))
    }
}

/// A message as it goes out: its name and its payload.
#[must_use]
pub fn encode(message: &Message) -> (&'static str, Value) {
    match message {
        Message::Request(request) => (request.name(), request.payload()),
        Message::Connection { told, timestamp } => {
            let kind = told.name().replace('_', ".");
            (told.name(), json!({"type": kind, "timestamp": timestamp, "data": told.payload()}))
        }
        Message::Work { work, stamp: None } => (work.name(), work.payload()),
        Message::Work { work, stamp: Some(stamp) } => (work.name(), enveloped(work.name(), stamp, work.payload())),
        Message::Event(envelope) => {
            let Envelope { event, stamp } = &**envelope;
            (event.name(), enveloped(event.name(), stamp, event.payload()))
        }
    }
}

fn enveloped(name: &str, stamp: &Stamp, data: Value) -> Value {
    json!({"type": name, "timestamp": stamp.timestamp, "source": stamp.source, "data": data})
}
