//! What an agent hears and tells, in the words of no protocol. Each dialect's `agent` is an [`AgentEnd`]: what the server says becomes
//! [`Inbound`], what happened becomes messages. It has no socket and no clock; it outlives connections.

use super::Malformed;
use crate::model::{AgentId, Command, Event, ExecutionId, Labels, StartExecution};
use serde_json::{Map, Value, json};
use std::fmt;
use std::time::SystemTime;

/// What a server said.
#[derive(Debug, Clone, PartialEq)]
pub enum Inbound {
    /// A request.
    Command(Command),
    /// The server is a hub of ours, which knows every event by its id and takes each once.
    Introduced,
    /// Something that was sent did not please.
    Told {
        /// The server's words.
        message: String,
        /// The session, where one was named.
        execution: Option<ExecutionId>,
    },
    /// A request to execute what the server has under this id.
    Fetch(ExecutionId),
    /// To be said at once; of no use later.
    Reply(Outbound),
    /// Known, and nothing to be done about it.
    Noted,
    /// Of no meaning to an agent.
    Unknown,
}

impl From<Malformed> for Event {
    fn from(error: Malformed) -> Self {
        Self::Error { message: error.message, execution: error.session }
    }
}

/// A message for the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbound {
    /// The event's name; a raw WebSocket has none.
    pub name: &'static str,
    /// What it carries. Of a raw WebSocket the first one is the message; a string goes as it is.
    pub arguments: Vec<Value>,
    /// Whether the server is asked to acknowledge it; its answer goes to [`AgentEnd::answered`].
    pub asks: bool,
}

impl Outbound {
    /// The event of that name.
    #[must_use]
    pub fn event(name: &'static str, payload: Value) -> Self {
        Self { name, arguments: vec![payload], asks: false }
    }

    /// A message of a raw WebSocket.
    #[must_use]
    pub fn message(message: Value) -> Self {
        Self::event("", message)
    }
}

/// What an agent says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// Kept over restarts.
    pub agent: AgentId,
    /// For people.
    pub name: String,
    /// About the machine; keys in the spelling of protocol 000.
    pub system_info: Map<String, Value>,
    /// What sessions may ask for.
    pub labels: Labels,
    /// Sessions at the same time.
    pub max_sessions: usize,
    /// The sessions the agent still answers for: waiting, running, or ended with events still to be sent.
    pub sessions: Vec<ExecutionId>,
    /// The projects it works for, of the protocols that have these.
    pub projects: Vec<String>,
    /// It takes no new work.
    pub draining: bool,
}

/// How an agent stands at this moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Sessions that run.
    pub running: usize,
    /// Sessions that could.
    pub slots: usize,
    /// It takes no new work.
    pub draining: bool,
    /// What its machine has to do, where that was looked at.
    pub load: Option<Load>,
}

/// What a machine has to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Of all processors.
    pub cpu_percent: f64,
    /// Of all memory.
    pub memory_percent: f64,
}

/// The agent's end of a protocol.
pub trait AgentEnd: fmt::Debug + Send {
    /// The connection is there and the server has agreed; what it said until then was heard. Says who the agent is and how it stands.
    fn connected(&mut self, me: &Registration, standing: &Standing, now: SystemTime) -> Vec<Outbound>;

    /// One message of the server.
    ///
    /// # Errors
    /// When it is one of this protocol and cannot be understood.
    fn hear(&mut self, name: &str, arguments: &[Value], now: SystemTime) -> Result<Vec<Inbound>, Malformed>;

    /// The answer to something that asked for one.
    fn answered(&mut self, answer: &[Value]) -> Vec<Inbound> {
        let _ = answer;
        Vec::new()
    }

    /// What tells an event, in order; nothing where the protocol has no words for it. It is called once for each event and kept by the
    /// caller until it has arrived, but once more where the server is another kind than before. `event_id` names the event over
    /// redeliveries, for servers that know them.
    fn tell(&mut self, event: &Event, event_id: Option<&str>, now: SystemTime) -> Vec<Outbound>;

    /// As [`AgentEnd::tell`], for an event whose picture can be seen at `address`.
    fn tell_shown(&mut self, event: &Event, address: &str, event_id: Option<&str>, now: SystemTime) -> Vec<Outbound> {
        let _ = address;
        self.tell(event, event_id, now)
    }

    /// From time to time: what keeps the connection alive.
    fn heartbeat(&mut self, standing: &Standing, now: SystemTime) -> Vec<Outbound>;

    /// The agent stands otherwise than before.
    fn stands(&mut self, standing: &Standing, now: SystemTime) -> Vec<Outbound> {
        let _ = (standing, now);
        Vec::new()
    }

    /// A start is in the queue; says so in these words.
    fn waits(&mut self, execution: &ExecutionId, words: &str, now: SystemTime) -> Vec<Outbound> {
        let _ = (execution, words, now);
        Vec::new()
    }

    /// The agent takes leave.
    fn leaves(&mut self, now: SystemTime) -> Vec<Outbound> {
        let _ = now;
        Vec::new()
    }

    /// The same once more: to find out how long a message would be, say it there.
    fn boxed(&self) -> Box<dyn AgentEnd>;
}

/// A protocol as an agent speaks it.
#[derive(Debug, Clone, Copy)]
pub struct Spoken {
    /// How to get to a server.
    pub way: Way,
    /// What is said there.
    pub end: fn() -> Box<dyn AgentEnd>,
    /// Reads what a server has under the id of a session, where a request may be no more than that.
    pub run: Option<ReadRun>,
    /// It may tell where a picture is in place of the picture: see [`AgentEnd::tell_shown`].
    pub tells_addresses: bool,
    /// What it tells at the end of a session needs what was told before; so an agent that was killed tells its end all of that again.
    pub remembers: bool,
}

/// Reads what is to be executed; says in words why that is nothing.
pub type ReadRun = fn(&ExecutionId, &str) -> Result<StartExecution, String>;

/// How an agent gets to its server.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// What carries the messages.
    pub transport: Transport,
    /// How it shows its token.
    pub token: TokenPlace,
    /// Which of the server's first messages says whether it agrees; none where the transport itself says so.
    pub verdict: Option<fn(&str, &[Value]) -> Verdict>,
    /// A hub of ours says so in a message of its own, soon after the agent has said who it is.
    pub introduces_late: bool,
}

/// What carries messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Socket.IO, in this namespace.
    SocketIo(&'static str),
    /// A raw WebSocket, at this path where the address names none.
    WebSocket(&'static str),
}

/// How a token is shown.
#[derive(Debug, Clone, Copy)]
pub enum TokenPlace {
    /// In the payload of CONNECT.
    Handshake,
    /// In the first message.
    Message(fn(&str) -> Outbound),
    /// In the address.
    Query,
}

impl TokenPlace {
    /// What shows a token over the connection that there is; nothing where the server would not understand. `ours`: it is a hub of ours.
    #[must_use]
    pub fn again(self, token: &str, ours: bool) -> Option<Outbound> {
        match self {
            Self::Message(write) => Some(write(token)),
            // An extension.
            Self::Handshake if ours => {
                Some(Outbound { asks: true, ..Outbound::event("authenticate", json!({ "token": token })) })
            }
            Self::Handshake | Self::Query => None,
        }
    }
}

/// What a server's message says about the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Open,
    /// It is good.
    Welcome,
    /// The server does not want us.
    Refused(String),
}
