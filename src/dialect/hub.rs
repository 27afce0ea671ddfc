//! What a hub hears and tells, in the words of no protocol. Each dialect's `hub` translates: what peers say, one by one, and what
//! is told, once for all peers of that dialect.

pub mod plain;
mod report;
mod wanted;

pub use plain::{News, Telling};
pub use report::{Aside, Meaning, Report};
pub use wanted::Wanted;

use super::cloud;
use super::swe::messages::Envelope;
use super::swe::rooms::Room;
use super::{Malformed, Protocol};
use crate::model::recording::RecordingControl;
use crate::model::{AgentId, Command, ExecutionId, Labels};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// One message of a peer.
#[derive(Debug, Serialize, Deserialize)]
pub enum Said {
    /// From now on the peer is an agent.
    Register(Registration),
    /// An agent is still there.
    Heartbeat,
    /// A client asks for a session.
    Start {
        /// What for.
        order: Order,
        /// Who may have it; an extension.
        wanted: Wanted,
    },
    /// A client asks for a run that was made before and is known by this id.
    StartRun(String),
    /// A client says something to its session.
    Control {
        /// What.
        order: Order,
        /// What it is, as far as that matters on its way.
        control: Control,
    },
    /// An agent says something about a session.
    Event {
        /// It.
        report: Report,
        /// Names the event over redeliveries.
        event_id: Option<String>,
    },
    /// An agent that knows nothing of ours says something about a session.
    Told(Telling),
    /// A peer with an agent's token has not said for a while who it is.
    Unannounced,
    /// An agent's complaint that names no session.
    AgentError,
    /// An extension for dashboards: what was said so far about the sessions of this user, and how each stands from now on.
    Replay,
    /// A user stands so.
    Presence(Presence),
    /// Something for a browser that is driven from afar, which is opened where it is not there.
    Live {
        /// What.
        order: Order,
        /// Who may have the browser, where this opens it; an extension.
        wanted: Wanted,
    },
    /// To hear of a session in a protocol in which peers choose, and what was told of it so far.
    Watch(Subject, ExecutionId),
    /// Not to hear of it any more.
    Unwatch(Subject, ExecutionId),
    /// What was told of a session, once more.
    Retell(ExecutionId),
    /// To hear what is told in a room; the answer is whether it may.
    Subscribe(Room),
    /// Not to hear it any more.
    Unsubscribe(Room),
    /// Of no meaning to a hub.
    Unknown,
}

/// What of a session a peer wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// It is an execution.
    Execution,
    /// It is a browser.
    Browser,
    /// The recordings in a browser.
    Recording,
    /// The playbacks in a browser.
    Playback,
}

/// What a connection has to do about a message of its peer.
#[derive(Debug)]
pub enum Heard {
    /// Hand it to the relay.
    Said {
        /// What it was called.
        name: String,
        /// What it says, or why that cannot be understood.
        said: Box<Result<Said, Malformed>>,
    },
    /// Say this.
    Answer(Frame),
    /// Acknowledge it by this.
    Acknowledge(Value),
    /// The peer shows who it is.
    Token(String),
    /// Nothing.
    Nothing,
}

impl Heard {
    /// What a message says.
    #[must_use]
    pub fn said(name: &str, said: Said) -> Self {
        Self::Said { name: name.to_owned(), said: Box::new(Ok(said)) }
    }
}

/// How a user stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Active.
    Online,
    /// Idle.
    Away,
    /// Not to be disturbed.
    Busy,
    /// Gone.
    Offline,
}

/// What an agent says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// Kept by the agent over restarts; agents of others send none.
    pub agent: Option<AgentId>,
    /// For people.
    pub name: String,
    /// As sent.
    pub system_info: Value,
    /// What sessions may ask for.
    #[serde(default)]
    pub labels: Labels,
    /// Sessions at the same time.
    pub max_sessions: Option<u32>,
    /// The sessions the agent still answers for.
    pub sessions: Option<Vec<ExecutionId>>,
    /// Whether it takes no new work and goes when what runs has ended.
    #[serde(default)]
    pub draining: bool,
    /// Whether it speaks our extensions.
    pub extended: bool,
}

/// What a client says to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// End it.
    Cancel,
    /// What it must hear, be it late.
    Word,
    /// A hand on the mouse or the keyboard: of no use once the page is another one.
    Input,
}

/// A message as a peer wrote it: those of the same dialect get it with all its fields, also those that nobody here knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Raw {
    /// How it is written.
    pub protocol: Protocol,
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its payload, JSON text.
    #[serde(with = "json")]
    pub payload: Arc<RawValue>,
}

/// A payload as it is kept and sent: as it is.
mod json {
    use super::{Arc, RawValue};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(payload: &Arc<RawValue>, serializer: S) -> Result<S::Ok, S::Error> {
        payload.as_ref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<RawValue>, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Arc::from)
    }
}

impl Raw {
    /// The message of that name.
    #[must_use]
    pub fn new(protocol: Protocol, name: impl Into<Cow<'static, str>>, payload: &Value) -> Self {
        Self { protocol, name: name.into(), payload: json_text(payload) }
    }
}

/// A request for an agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// What is to be done.
    pub command: Command,
    /// As it came.
    pub raw: Raw,
}

impl Order {
    /// It as what a client says. `wanted` may have what it starts.
    #[must_use]
    pub fn said(self, wanted: Wanted) -> Said {
        let control = match &self.command {
            Command::StartExecution(_) | Command::StartRecording(_) => return Said::Start { order: self, wanted },
            Command::Live { .. } => return Said::Live { order: self, wanted },
            Command::CancelExecution { .. } | Command::CancelRecording { .. } => Control::Cancel,
            Command::ControlRecording { control: RecordingControl::Input(_), .. } => Control::Input,
            Command::ControlRecording { .. } => Control::Word,
        };
        Said::Control { order: self, control }
    }
}

/// How an agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentStatus {
    /// Connected, no session runs.
    Online,
    /// Connected, at least one session runs.
    Busy,
    /// Not heard of.
    Offline,
}

impl AgentStatus {
    /// As most protocols call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }
}

/// Where a session is, as watchers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionPhase {
    /// For an agent.
    Waiting,
    /// On an agent.
    Running,
    /// Its agent is away for too long, or has refused it.
    Lost,
    /// Nothing follows.
    Ended,
}

/// One session, as watchers are told.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Its id.
    pub id: ExecutionId,
    /// Where it is.
    pub phase: SessionPhase,
    /// Who has it.
    pub agent: Option<AgentId>,
    /// Since its start was heard.
    pub age: Duration,
    /// Why it waits, for people.
    pub reason: Option<String>,
    /// What started it.
    pub start: Option<Arc<Order>>,
}

/// What other services tell, each in the words of the protocol that has words for it.
#[derive(Debug, Clone)]
pub enum Service {
    /// In those of protocol 003.
    Event(Box<Envelope>),
    /// In those of protocol 004.
    Message(Box<cloud::messages::Message>),
}

/// What a hub tells.
#[derive(Debug, Clone)]
pub enum Word {
    /// An agent is to do this.
    Command(Arc<Order>),
    /// The same for one that knows nothing of ours.
    Work(Arc<Order>),
    /// This happened in a session.
    Session(Report),
    /// An agent stands so.
    Agent {
        /// Its id.
        agent: AgentId,
        /// Its name, for people.
        name: String,
        /// How it stands.
        status: AgentStatus,
    },
    /// A user stands so.
    Presence {
        /// Who.
        user: String,
        /// How.
        presence: Presence,
    },
    /// The answer to a registration that announced our extensions.
    Registered(AgentId),
    /// From now on a peer hears of a session.
    Watched(Subject, ExecutionId),
    /// A session stands so; for watchers.
    View(SessionView),
    /// Everything that was said so far about a user's sessions has been told to one who asked for it.
    Replayed,
    /// A service tells something.
    Service(Service),
    /// What a peer said did not please.
    Refused {
        /// What was tried, what was seen, what to do.
        message: String,
        /// The session, where one could be read.
        session: Option<ExecutionId>,
    },
}

impl Word {
    /// What it weighs where it is kept, roughly, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        /// Ids, numbers.
        const FIXED: usize = 128;
        FIXED
            + match self {
                Self::Command(order) | Self::Work(order) => order.raw.payload.get().len(),
                Self::Session(report) => report.bytes(),
                Self::Refused { message, .. } => message.len(),
                Self::Agent { .. }
                | Self::Presence { .. }
                | Self::Registered(_)
                | Self::Watched(..)
                | Self::View(_)
                | Self::Replayed
                | Self::Service(_) => 0,
            }
    }

    /// What happened in a session.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Session(report) => Some(report),
            _ => None,
        }
    }
}

/// A message for peers of one dialect.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The event's name; a raw WebSocket has none.
    pub name: Cow<'static, str>,
    /// JSON text.
    pub payload: Arc<RawValue>,
}

impl Frame {
    /// The frame of that name.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, payload: &Value) -> Self {
        Self { name: name.into(), payload: json_text(payload) }
    }
}

impl From<&Raw> for Frame {
    fn from(raw: &Raw) -> Self {
        Self { name: raw.name.clone(), payload: raw.payload.clone() }
    }
}

/// Puts words into a dialect, each once however many peers read it. It may remember what it has seen of a session until that
/// completes, so it has to see every word of every session.
pub trait Translator: Send {
    /// The frames for those whom the word is for; none where the dialect has nothing for it.
    fn tell(&mut self, word: &Word, now: SystemTime) -> Vec<Frame>;
}

fn json_text(payload: &Value) -> Arc<RawValue> {
    // A `Value` has string keys and finite numbers: it always serializes.
    to_raw_value(payload).unwrap_or_else(|_| RawValue::NULL.to_owned()).into()
}
