//! The hub's end of protocol 000. A hub relays payloads as they came, so that fields it does not know survive; what is
//! read here is what it needs to know where they go.

use super::EXTENSION;
use super::fields::{Fields, ID_MAX_BYTES, Malformed};
use crate::model::{AgentId, ExecutionId};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// An agent that tells more about its machine than this is taken to tell nothing, bytes.
const SYSTEM_INFO_MAX_BYTES: usize = 64 << 10;

/// One message of a peer.
#[derive(Debug, Clone, PartialEq)]
pub enum Inbound {
    /// `agent:register`: from now on the peer is an agent.
    Register(Registration),
    /// `agent:heartbeat`.
    Heartbeat,
    /// A client asks for a session.
    Start {
        /// The session's id.
        session: ExecutionId,
        /// What kind of session.
        kind: SessionKind,
        /// The only agent that may have it; an extension.
        agent: Option<AgentId>,
    },
    /// A client says something to its session.
    Control {
        /// The session's id.
        session: ExecutionId,
        /// What it is, as far as that matters on its way.
        control: Control,
    },
    /// An agent says something about a session.
    Event {
        /// The session's id.
        session: ExecutionId,
        /// What it means for the session.
        means: Meaning,
        /// Names the event over redeliveries.
        event_id: Option<String>,
    },
    /// An agent's `error` that names no session.
    AgentError,
    /// `hub:replay`, an extension for dashboards: what was said so far about the sessions of this user, and `hub:session`
    /// from now on.
    Replay,
    /// Not of this protocol.
    Unknown,
}

/// What an agent says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Registration {
    /// Kept by the agent over restarts; agents of others send none.
    pub agent: Option<AgentId>,
    /// For people.
    pub name: String,
    /// As sent.
    pub system_info: Value,
    /// Sessions at the same time.
    pub max_sessions: Option<u32>,
    /// The sessions the agent still answers for.
    pub sessions: Option<Vec<ExecutionId>>,
    /// Whether it speaks our extensions.
    pub extended: bool,
}

/// The two kinds of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionKind {
    /// `execution:…`
    Execution,
    /// `recording:…`
    Recording {
        /// `testFlowId` as sent, for the hub's own answers.
        flow: Value,
    },
}

/// What a client says to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// End it.
    Cancel,
    /// What it must hear, be it late.
    Word,
    /// A hand on the mouse or the keyboard: of no use once the page is another one.
    Input,
}

/// What an event means for its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It goes on.
    Progress,
    /// What it looks like now; of these only the newest counts.
    Picture,
    /// `error`: it goes on, unless these are the first words on it.
    Error,
    /// `…:complete`: nothing follows.
    Complete,
}

/// How an agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentStatus {
    /// Connected, no session runs.
    Online,
    /// Connected, at least one session runs.
    Busy,
    /// Not heard of.
    Offline,
}

impl AgentStatus {
    /// The protocol's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }
}

/// Reads one event by name and first argument.
///
/// # Errors
/// When it is an event of this protocol and its payload lacks what routing needs.
pub fn decode(name: &str, payload: Option<&Value>) -> Result<Inbound, Malformed> {
    match name {
        "agent:register" => register(name, payload),
        "agent:heartbeat" => Ok(Inbound::Heartbeat),
        "hub:replay" => Ok(Inbound::Replay),
        "execution:start" => {
            let fields = Fields::of(name, payload)?;
            let session = fields.execution()?;
            fields.string("code")?;
            Ok(Inbound::Start { session, kind: SessionKind::Execution, agent: wanted(&fields)? })
        }
        "recording:start" => {
            let fields = Fields::of(name, payload)?;
            let session = fields.execution()?;
            fields.string("url")?;
            let flow = fields.map.get("testFlowId").cloned().unwrap_or(Value::Null);
            Ok(Inbound::Start { session, kind: SessionKind::Recording { flow }, agent: wanted(&fields)? })
        }
        "execution:cancel" | "recording:cancel" => control(name, payload, Control::Cancel),
        "recording:stop" | "recording:pause" | "recording:resume" => control(name, payload, Control::Word),
        "recording:input" => control(name, payload, Control::Input),
        "execution:log"
        | "execution:step"
        | "execution:screenshot"
        | "recording:ready"
        | "recording:action"
        | "recording:dialog"
        | "recording:picked"
        | "recording:picker"
        | "recording:mode" => event(name, payload, Meaning::Progress),
        "recording:frame" => event(name, payload, Meaning::Picture),
        "execution:complete" | "recording:complete" => event(name, payload, Meaning::Complete),
        "error" => match payload {
            Some(Value::Object(map)) if map.get("executionId").is_some_and(|id| !id.is_null()) => {
                event(name, payload, Meaning::Error)
            }
            _ => Ok(Inbound::AgentError),
        },
        _ => Ok(Inbound::Unknown),
    }
}

/// `agentId` of a start.
fn wanted(fields: &Fields<'_>) -> Result<Option<AgentId>, Malformed> {
    match fields.map.get("agentId") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => fields.id("agentId").map(|id| Some(AgentId(id))),
    }
}

fn control(name: &str, payload: Option<&Value>, control: Control) -> Result<Inbound, Malformed> {
    Ok(Inbound::Control { session: Fields::of(name, payload)?.execution()?, control })
}

fn register(name: &str, payload: Option<&Value>) -> Result<Inbound, Malformed> {
    let fields = Fields::of(name, payload)?;
    let agent = wanted(&fields)?;
    let sessions = match fields.map.get("sessions") {
        Some(Value::Array(ids)) => {
            Some(ids.iter().filter_map(Value::as_str).map(ExecutionId::from).collect::<Vec<_>>())
        }
        _ => None,
    };
    Ok(Inbound::Register(Registration {
        agent,
        name: fields.id("name")?,
        system_info: fields
            .map
            .get("systemInfo")
            .filter(|info| info.to_string().len() <= SYSTEM_INFO_MAX_BYTES)
            .cloned()
            .unwrap_or(Value::Null),
        max_sessions: fields.map.get("maxSessions").and_then(Value::as_u64).map(|n| n.min(u32::MAX.into()) as u32),
        sessions,
        extended: fields
            .map
            .get("extensions")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|one| one == EXTENSION)),
    }))
}

fn event(name: &str, payload: Option<&Value>, means: Meaning) -> Result<Inbound, Malformed> {
    let fields = Fields::of(name, payload)?;
    let event_id = fields.map.get("eventId").and_then(Value::as_str).filter(|id| id.len() <= ID_MAX_BYTES);
    let event_id = event_id.map(str::to_owned);
    Ok(Inbound::Event { session: fields.execution()?, means, event_id })
}

/// An event to send: its name and its payload.
pub type Outbound = (&'static str, Value);

/// `agent:status`.
#[must_use]
pub fn agent_status(agent: &AgentId, status: AgentStatus) -> Outbound {
    ("agent:status", json!({"agentId": agent, "status": status.as_str()}))
}

/// `agent:registered`, the answer to a registration that announced our extensions.
#[must_use]
pub fn registered(agent: &AgentId) -> Outbound {
    ("agent:registered", json!({"agentId": agent, "extensions": [EXTENSION]}))
}

/// `error`.
#[must_use]
pub fn error(message: &str, session: Option<&ExecutionId>) -> Outbound {
    let mut payload = json!({"message": message});
    if let Some(session) = session {
        payload["executionId"] = json!(session);
    }
    ("error", payload)
}

/// The `execution:log` by which the hub tells that a session waits.
#[must_use]
pub fn waits(session: &ExecutionId, message: &str) -> Outbound {
    ("execution:log", json!({"executionId": session, "message": message, "level": "info"}))
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
    /// The name and the payload of the command that started it.
    pub start: Option<(String, Arc<RawValue>)>,
}

/// `hub:session`, for those who sent `hub:replay`.
#[must_use]
pub fn session(view: &SessionView) -> Outbound {
    let mut payload = json!({
        "executionId": view.id,
        "phase": view.phase,
        "agentId": view.agent,
        "ageMs": u64::try_from(view.age.as_millis()).unwrap_or(u64::MAX),
    });
    if let Some((name, start)) = &view.start {
        let mut start = serde_json::from_str::<Value>(start.get()).unwrap_or_default();
        // For the agent alone.
        if let Some(config) = start.get_mut("config").and_then(Value::as_object_mut) {
            config.remove("env");
        }
        payload["start"] = json!({"event": name, "payload": start});
    }
    ("hub:session", payload)
}

/// The end of a session that was cancelled before an agent had it.
#[must_use]
pub fn cancelled(session: &ExecutionId, kind: &SessionKind) -> Outbound {
    match kind {
        SessionKind::Execution => {
            ("execution:complete", json!({"executionId": session, "exitCode": 130, "duration": 0}))
        }
        SessionKind::Recording { flow } => (
            "recording:complete",
            json!({
                "testFlowId": flow, "executionId": session, "success": false, "message": "Recording cancelled",
            }),
        ),
    }
}
