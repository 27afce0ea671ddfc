//! The hub's end of protocol 000. A hub relays payloads as they came, so that fields it does not know survive.

use super::agent::{self, encode};
use super::{EXTENSION, commands};
use crate::dialect::agent::Inbound;
use crate::dialect::fields::{Fields, ID_MAX_BYTES};
use crate::dialect::hub::{
    AgentStatus, Frame, Meaning, Order, Raw, Registration, Report, Said, SessionView, Translator, Wanted, Word,
};
use crate::dialect::reading::{read, refused};
use crate::dialect::values::OurEvent;
use crate::dialect::{Malformed, Protocol};
use crate::model::{AgentId, Command, ExecutionId, Labels};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::slice;
use std::time::SystemTime;

/// An agent that tells more about its machine than this is taken to tell nothing, bytes.
const SYSTEM_INFO_MAX_BYTES: usize = 64 << 10;

/// Whether a message of this name says that its peer speaks this protocol: on the same socket others speak 002.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    name == "error" || ["agent:", "execution:", "recording:", "hub:"].iter().any(|prefix| name.starts_with(prefix))
}

/// Reads one event by name and first argument.
///
/// # Errors
/// When it is an event of this protocol and its payload lacks what it must have.
pub fn decode(name: &str, payload: Option<&Value>) -> Result<Said, Malformed> {
    match name {
        "agent:register" => register(name, payload),
        "agent:heartbeat" => Ok(Said::Heartbeat),
        "hub:replay" => Ok(Said::Replay),
        "execution:log" | "execution:plan" | "execution:step" | "recording:ready" | "recording:dialog"
        | "recording:picked" | "recording:picker" | "recording:mode" => event(name, payload, Meaning::Progress),
        "execution:screenshot" => event(name, payload, Meaning::Screenshot),
        "recording:action" => {
            let index = payload.and_then(|payload| payload.get("index")).and_then(Value::as_u64);
            event(name, payload, Meaning::Action(index))
        }
        "recording:frame" => event(name, payload, Meaning::Picture),
        "execution:complete" | "recording:complete" => event(name, payload, Meaning::Complete),
        "error" => match payload {
            Some(Value::Object(map)) if map.get("executionId").is_some_and(|id| !id.is_null()) => {
                event(name, payload, Meaning::Error)
            }
            _ => Ok(Said::AgentError),
        },
        "understudy:event" => ours(name, payload),
        "agent:registered" => Ok(Said::Unknown),
        _ => command(name, payload),
    }
}

/// What a client asks an agent for.
fn command(name: &str, payload: Option<&Value>) -> Result<Said, Malformed> {
    let Inbound::Command(command) = agent::decode(name, payload.map_or(&[], slice::from_ref))? else {
        return Ok(Said::Unknown);
    };
    let raw = raw(name, payload);
    let wanted = match &command {
        Command::StartExecution(_) | Command::StartRecording(_) | Command::Live { .. } => {
            wanted(&Fields::of(name, payload)?)?
        }
        _ => Wanted::default(),
    };
    Ok(Order { command, raw }.said(wanted))
}

fn raw(name: &str, payload: Option<&Value>) -> Raw {
    Raw::new(Protocol::Testflow, name.to_owned(), payload.unwrap_or(&Value::Null))
}

/// `agentId` and `labels` of what starts something.
fn wanted(fields: &Fields<'_>) -> Result<Wanted, Malformed> {
    let labels = match fields.map.get("labels") {
        None | Some(Value::Null) => Labels::default(),
        Some(labels) => {
            let texts: BTreeMap<String, String> =
                read(labels).map_err(|refusal| fields.malformed(&refusal.within("labels").to_string()))?;
            Labels::try_from(texts).map_err(|error| fields.malformed(&format!("`labels`: {error}")))?
        }
    };
    Ok(Wanted { agent: agent(fields)?, labels })
}

/// `agentId`.
fn agent(fields: &Fields<'_>) -> Result<Option<AgentId>, Malformed> {
    match fields.map.get("agentId") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => fields.id("agentId").map(|id| Some(AgentId(id))),
    }
}

fn register(name: &str, payload: Option<&Value>) -> Result<Said, Malformed> {
    let fields = Fields::of(name, payload)?;
    let agent = agent(&fields)?;
    let sessions = match fields.map.get("sessions") {
        Some(Value::Array(ids)) => {
            Some(ids.iter().filter_map(Value::as_str).map(ExecutionId::from).collect::<Vec<_>>())
        }
        _ => None,
    };
    Ok(Said::Register(Registration {
        agent,
        name: fields.id("name")?,
        system_info: fields
            .map
            .get("systemInfo")
            .filter(|info| info.to_string().len() <= SYSTEM_INFO_MAX_BYTES)
            .cloned()
            .unwrap_or(Value::Null),
        labels: fields.map.get("labels").and_then(|labels| Labels::deserialize(labels).ok()).unwrap_or_default(),
        max_sessions: fields.map.get("maxSessions").and_then(Value::as_u64).map(|n| n.min(u32::MAX.into()) as u32),
        sessions,
        draining: fields.map.get("draining").and_then(Value::as_bool).unwrap_or(false),
        extended: fields
            .map
            .get("extensions")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|one| one == EXTENSION)),
    }))
}

fn event(name: &str, payload: Option<&Value>, means: Meaning) -> Result<Said, Malformed> {
    let fields = Fields::of(name, payload)?;
    let event_id = fields.map.get("eventId").and_then(Value::as_str).filter(|id| id.len() <= ID_MAX_BYTES);
    let event_id = event_id.map(str::to_owned);
    Ok(Said::Event { report: Report::heard(fields.execution()?, means, raw(name, payload)), event_id })
}

/// An extension: an event that this protocol has no words for.
fn ours(name: &str, payload: Option<&Value>) -> Result<Said, Malformed> {
    let OurEvent { event, event_id } =
        read(payload.unwrap_or(&Value::Null)).map_err(|refusal| refused(name, &refusal, None))?;
    Ok(match Report::of(event) {
        Some(report) => Said::Event { report, event_id: event_id.map(|id| id.to_string()) },
        None => Said::AgentError,
    })
}

/// Says everything in this protocol's words.
#[derive(Debug, Clone, Copy)]
pub struct Teller;

impl Translator for Teller {
    fn tell(&mut self, word: &Word, _: SystemTime) -> Vec<Frame> {
        let frame = match word {
            Word::Command(order) | Word::Work(order) => commands::told(order),
            Word::Session(report) => match (report.original(Protocol::Testflow), report.event()) {
                (Some(raw), _) => Frame::from(raw),
                (None, Some(event)) => {
                    let told = encode(event, None);
                    Frame::new(told.name, told.arguments.first().unwrap_or(&Value::Null))
                }
                (None, None) => return Vec::new(),
            },
            Word::Agent { agent, status, .. } => agent_status(agent, *status),
            Word::Registered(agent) => registered(agent),
            Word::View(view) => session(view),
            Word::Replayed => Frame::new("hub:replayed", &json!({})),
            Word::Presence { .. } | Word::Watched(..) | Word::Service(_) => return Vec::new(),
            Word::Refused { message, session } => error(message, session.as_ref()),
        };
        vec![frame]
    }
}

fn agent_status(agent: &AgentId, status: AgentStatus) -> Frame {
    Frame::new("agent:status", &json!({"agentId": agent, "status": status.as_str()}))
}

/// The answer to a registration that announced our extensions.
fn registered(agent: &AgentId) -> Frame {
    Frame::new("agent:registered", &json!({"agentId": agent, "extensions": [EXTENSION]}))
}

fn error(message: &str, session: Option<&ExecutionId>) -> Frame {
    let mut payload = json!({"message": message});
    if let Some(session) = session {
        payload["executionId"] = json!(session);
    }
    Frame::new("error", &payload)
}

/// `hub:session`, for those who sent `hub:replay`.
fn session(view: &SessionView) -> Frame {
    let mut payload = json!({
        "executionId": view.id,
        "phase": view.phase,
        "agentId": view.agent,
        "ageMs": u64::try_from(view.age.as_millis()).unwrap_or(u64::MAX),
    });
    if let Some(reason) = &view.reason {
        payload["reason"] = json!(reason);
    }
    if let Some(order) = &view.start {
        let Frame { name, payload: start } = commands::told(order);
        let mut start = serde_json::from_str::<Value>(start.get()).unwrap_or_default();
        // For the agent alone.
        if let Some(config) = start.get_mut("config").and_then(Value::as_object_mut) {
            config.remove("env");
        }
        payload["start"] = json!({"event": name, "payload": start});
    }
    Frame::new("hub:session", &payload)
}
