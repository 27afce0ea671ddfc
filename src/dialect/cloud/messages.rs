//! What is said in protocol 004, from either side: `{type, data?, timestamp?}`, in which the server writes the time.
//! Public for the two ends of it and for whoever tests them.

use crate::dialect::Malformed;
pub use crate::dialect::hub::Presence;
use crate::dialect::reading::{Refusal, refused};
use crate::dialect::values::{Id, Nothing, OurCommand, OurEvent, OurRegistration, Percent, messages};
use crate::model::Labels;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// What the protocol has to say about input that cannot be read.
pub const INVALID: &str = "Invalid message format";

/// A message and when it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// It.
    pub message: Message,
    /// Written by the server, RFC 3339.
    pub timestamp: Option<String>,
}

messages! {
    /// The messages, by `type`.
    Message {
        /// Whether the token is good; the server's first message.
        "auth" => Auth(Auth),
        /// Are you there?
        "ping" => Ping(Nothing),
        /// Yes.
        "pong" => Pong(Nothing),
        /// How an agent stands.
        "agent_status" => AgentStatus(AgentStatus),
        /// Something was said in a conversation.
        "chat_message" => ChatMessage(ChatMessage),
        /// Something to know.
        "notification" => Notification(Notification),
        /// How a user stands: of a client about itself, of the server about anybody.
        "user_presence" => UserPresence(UserPresence),
        /// Something could not be understood or done.
        "error" => Error(Complaint),
        /// An extension: work for an agent.
        "task" => Task(Task),
        /// An extension: an agent of ours says who it is.
        "understudy:register" => Register(OurRegistration),
        /// An extension: a command in words of no protocol.
        "understudy:command" => Command(OurCommand),
        /// An extension: an event in words of no protocol.
        "understudy:event" => Event(OurEvent),
    }
}

/// `auth`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// Whether it is.
    pub success: bool,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Id>,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What the server understands besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Ready for work.
    Idle,
    /// A task.
    Working,
    /// Nothing, and it takes no work.
    Stopped,
}

/// `agent_status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentStatus {
    /// Which agent.
    pub agent_name: String,
    /// What it does.
    pub state: AgentState,
    /// The task, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_task: Option<String>,
    /// How much of it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Percent>,
    /// An extension: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<Id>,
    /// An extension: what it understands besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// `chat_message`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// The conversation.
    pub conversation_id: Id,
    /// The message.
    pub message_id: Id,
    /// What was said.
    pub content: String,
    /// By whom.
    pub sender: String,
    /// When, RFC 3339.
    pub timestamp: String,
}

/// How serious a notification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    /// To know.
    Info,
    /// It went well.
    Success,
    /// To look at.
    Warning,
    /// It did not go well.
    Error,
}

/// `notification`, and what other services post to have it sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// How serious.
    pub level: NoticeLevel,
    /// In words.
    pub message: String,
    /// An extension: the task that ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Id>,
    /// The only user who gets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Id>,
}

/// `user_presence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum UserPresence {
    /// A client's own.
    Own(Presence),
    /// Somebody's, as the server tells all.
    Of(UserStatus),
}

/// How somebody stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserStatus {
    /// Who.
    pub user_id: Id,
    /// How.
    pub status: Presence,
}

impl<'de> Deserialize<'de> for UserPresence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = UserPresence;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an object")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<UserPresence, E> {
                Presence::deserialize(StrDeserializer::new(word)).map(UserPresence::Own)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<UserPresence, A::Error> {
                UserStatus::deserialize(MapAccessDeserializer::new(map)).map(UserPresence::Of)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// In words.
    pub error: String,
}

/// `task`: source or actions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// The task.
    pub task_id: Id,
    /// Playwright Test source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Actions of a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Value>>,
    /// Which agents may have it; for hubs of ours.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// Reads what came: the value of a JSON text, or a text that is no JSON as a JSON string. A `type` of another version is `None`.
///
/// # Errors
/// When it is no message, or one of this protocol that cannot be understood. Peers are told [`INVALID`], whatever it is.
pub fn decode(value: &Value) -> Result<Option<Envelope>, Malformed> {
    let Value::Object(map) = value else {
        return Err(refused("message", &Refusal::expected("a JSON object", Some(value)), None));
    };
    let data = map.get("data").unwrap_or(&Value::Null);
    let refused = |name: &str, refusal: Refusal| refused(name, &refusal, data.get("taskId"));
    let Some(Value::String(name)) = map.get("type") else {
        return Err(refused("message", Refusal::expected("a string", map.get("type")).within("type")));
    };
    let timestamp = match map.get("timestamp") {
        None | Some(Value::Null) => None,
        Some(Value::String(timestamp)) => Some(timestamp.clone()),
        other => return Err(refused(name, Refusal::expected("a string", other).within("timestamp"))),
    };
    let message = Message::read(name, data).map_err(|refusal| refused(name, refusal.within("data")))?;
    Ok(message.map(|message| Envelope { message, timestamp }))
}

/// A message as it goes out.
#[must_use]
pub fn encode(message: &Message, timestamp: Option<&str>) -> Value {
    let mut value = json!({"type": message.name()});
    if !matches!(message, Message::Ping(_) | Message::Pong(_)) {
        value["data"] = message.payload();
    }
    if let Some(timestamp) = timestamp {
        value["timestamp"] = timestamp.into();
    }
    value
}
