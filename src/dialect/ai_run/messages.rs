//! What is said in protocol 001, from either side: a client and an agent both connect to the server, which hands on what they say.
//! Public for the two ends of it and for whoever tests them.

use crate::dialect::Malformed;
use crate::dialect::reading::{Refusal, quoted, refused};
use crate::dialect::values::{Id, OurCommand, OurEvent, OurRegistration, messages};
use crate::model::Labels;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What keeps a connection alive: this text, which is no JSON.
pub const PING: &str = "ping";
/// The answer to it.
pub const PONG: &str = "pong";

/// What a peer said.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A message.
    Message(Box<Message>),
    /// [`PING`].
    Ping,
    /// [`PONG`].
    Pong,
    /// A message of another version, of its `type`.
    Unknown(String),
}

messages! {
    /// The messages, by `type`.
    Message {
        /// A client or an agent shows who it is; its first message.
        "authenticate" => Authenticate(Authenticate),
        /// The server's answer.
        "authentication" => Authentication(Authentication),
        /// A client asks the server, and the server an agent, for a run.
        "start_agent" => StartAgent(StartAgent),
        /// A run has done something.
        "step_update" => StepUpdate(StepUpdate),
        /// A run has ended.
        "completion" => Completion(Completion),
        /// Something could not be understood or done.
        "error" => Error(Complaint),
        /// An extension: an agent of ours says who it is.
        "understudy:register" => Register(OurRegistration),
        /// An extension: a command in words of no protocol.
        "understudy:command" => Command(OurCommand),
        /// An extension: an event in words of no protocol.
        "understudy:event" => Event(OurEvent),
    }
}

/// `authenticate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticate {
    /// A JWT.
    pub token: String,
    /// What the peer understands besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// How something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Well.
    Success,
    /// Not.
    Failed,
}

/// `authentication`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// Whether the token is good.
    pub status: Status,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What the server understands besides, of what the peer named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// `start_agent`, and a run as it is created and fetched by HTTP. It says one of the three, or none, and is fetched by its id then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartAgent {
    /// The run.
    pub run_id: Id,
    /// Playwright Test source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Actions of a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<Value>>,
    /// What a machine should find out by itself; reserved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// Which agents may have it; for hubs of ours.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// `step_update`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepUpdate {
    /// From 1, without gaps.
    pub step_number: u32,
    /// The page after it, Base64 without a prefix.
    pub screenshot: String,
    /// What was done.
    pub action: Action,
    /// The same for people.
    pub explanation: String,
    /// An extension: the run, where a connection has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<Id>,
}

/// What was done in a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The kind of action.
    #[serde(rename = "type")]
    pub kind: String,
    /// What belongs to an action of that kind.
    #[serde(flatten)]
    pub details: Map<String, Value>,
}

/// `completion`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Completion {
    /// How it went.
    pub status: Status,
    /// What was done, in order; each can be done again as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commands: Option<Vec<Value>>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// An extension: the run, where a connection has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<Id>,
}

/// `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Complaint {
    /// In words.
    pub error: String,
    /// An extension: the run it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<Id>,
}

/// Reads what came: the value of a JSON text, or a text that is no JSON as a JSON string.
///
/// # Errors
/// When it is no message, or one of this protocol that cannot be understood.
pub fn decode(value: &Value) -> Result<Heard, Malformed> {
    let map = match value {
        Value::String(word) if word == PING => return Ok(Heard::Ping),
        Value::String(word) if word == PONG => return Ok(Heard::Pong),
        Value::Object(map) => map,
        other => return Err(refused("message", &Refusal::expected("a JSON object", Some(other)), None)),
    };
    let Some(Value::String(name)) = map.get("type") else {
        let refusal = Refusal::expected("a string", map.get("type")).within("type");
        return Err(refused("message", &refusal, map.get("runId")));
    };
    match Message::read(name, value) {
        Ok(Some(message)) => Ok(Heard::Message(Box::new(message))),
        Ok(None) => Ok(Heard::Unknown(quoted(name))),
        Err(refusal) => Err(refused(name, &refusal, map.get("runId"))),
    }
}

/// A message as it goes out.
#[must_use]
pub fn encode(message: &Message) -> Value {
    let mut value = message.payload();
    value["type"] = message.name().into();
    value
}
