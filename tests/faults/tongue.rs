//! What an agent says of sessions, whatever protocol it speaks, and whether its server is a hub of ours.

use super::checker::What;
use serde_json::Value;
use understudy::dialect::agent::Spoken;
use understudy::dialect::{ai_run, cloud, swe, testbro, testflow};
use understudy::model::{Event, StepState};

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    Testflow,
    AiRun,
    Testbro,
    Swe,
    Cloud,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Packet {
    /// With a number where it wants to be acknowledged.
    Event {
        number: String,
        name: String,
        payload: Value,
    },
    Ack {
        number: String,
        payload: Value,
    },
}

impl Tongue {
    pub(crate) const ALL: [Self; 5] = [Self::Testflow, Self::AiRun, Self::Testbro, Self::Swe, Self::Cloud];

    pub(crate) fn spoken(self) -> Spoken {
        match self {
            Self::Testflow => testflow::agent::SPOKEN,
            Self::AiRun => ai_run::agent::SPOKEN,
            Self::Testbro => testbro::agent::SPOKEN,
            Self::Swe => swe::agent::SPOKEN,
            Self::Cloud => cloud::agent::SPOKEN,
        }
    }

    /// As `--protocol` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Testflow => "testflow",
            Self::AiRun => "ai-run",
            Self::Testbro => "testbro",
            Self::Swe => "swe",
            Self::Cloud => "cloud",
        }
    }

    /// Its messages are texts of a raw WebSocket.
    pub(crate) fn is_raw(self) -> bool {
        matches!(self, Self::AiRun | Self::Cloud)
    }

    /// What a text of a connection is.
    pub(crate) fn packet(self, text: &str) -> Option<Packet> {
        if self.is_raw() {
            let payload: Value = serde_json::from_str(text).ok()?;
            let name = payload["type"].as_str()?.to_owned();
            return Some(Packet::Event { number: String::new(), name, payload });
        }
        let packet = text.strip_prefix('4')?;
        let (kind, rest) = packet.split_at_checked(1)?;
        let rest = rest.strip_prefix("/ws,").unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, body) = (rest[..end].to_owned(), serde_json::from_str::<Value>(&rest[end..]).unwrap_or_default());
        match kind {
            "2" => Some(Packet::Event { number, name: body[0].as_str()?.to_owned(), payload: body[1].clone() }),
            "3" => Some(Packet::Ack { number, payload: body[0].clone() }),
            _ => None,
        }
    }
}

/// What an event of ours carries, which is in `data` where a protocol has everything there.
fn inside<'a>(payload: &'a Value, field: &str) -> &'a Value {
    if payload[field].is_null() { &payload["data"][field] } else { &payload[field] }
}

/// The sessions that an agent has, as it says when it registers with a hub of ours.
pub(crate) fn registered(name: &str, payload: &Value) -> Option<Value> {
    ["agent:register", "understudy:register"].contains(&name).then(|| inside(payload, "sessions").clone())
}

/// The session that a hub of ours wants started.
pub(crate) fn started<'a>(name: &str, payload: &'a Value) -> Option<&'a str> {
    let command = inside(payload, "command");
    match name {
        "execution:start" | "recording:start" => payload["executionId"].as_str(),
        "understudy:command" if command["type"].as_str().is_some_and(|kind| kind.starts_with("start_")) => {
            command["execution"].as_str()
        }
        _ => None,
    }
}

/// What a message says of a session: which, what, and under which id.
pub(crate) fn told(name: &str, payload: &Value) -> Option<(String, Vec<What>, Option<String>)> {
    let id = inside(payload, "eventId").as_str().map(str::to_owned);
    if name == "understudy:event" {
        let event: Event = serde_json::from_value(inside(payload, "event").clone()).expect("an event");
        return Some((event.session()?.to_string(), happened(&event), id));
    }
    let text = |field: &str| payload[field].as_str().map(str::to_owned);
    let data = |field: &str| payload["data"][field].as_str().map(str::to_owned);
    let (session, what) = match name {
        "execution:complete" => (text("executionId")?, vec![What::End(payload["exitCode"].as_i64()?)]),
        "execution:log" => (text("executionId")?, lines(payload["message"].as_str()?)),
        "execution:step" => {
            (text("executionId")?, step(payload["stepNumber"].as_u64()?, payload["status"] == "running"))
        }
        "recording:action" => (text("executionId")?, vec![What::Action(payload["index"].as_u64()?)]),
        "recording:complete" => (text("executionId")?, vec![What::End(i64::from(payload["success"] != true))]),
        // Of 001 and 004, to servers of others.
        "completion" => (text("runId")?, vec![What::End(i64::from(payload["status"] != "success"))]),
        "step_update" => (text("runId")?, vec![What::Step(payload["stepNumber"].as_u64()?)]),
        // That it waits is none.
        "notification" if payload["data"]["level"] == "info" => return None,
        "notification" => (data("taskId")?, vec![What::End(i64::from(payload["data"]["level"] != "success"))]),
        _ => return None,
    };
    Some((session, what, id))
}

fn happened(event: &Event) -> Vec<What> {
    match event {
        Event::ExecutionComplete { exit_code, .. } => vec![What::End(i64::from(*exit_code))],
        Event::RecordingComplete { success, .. } => vec![What::End(i64::from(!success))],
        Event::ExecutionLog { message, .. } => lines(message),
        Event::ExecutionStep { step: its, .. } => step(u64::from(its.number), its.state == StepState::Running),
        Event::RecordingAction { index, .. } => vec![What::Action(*index as u64)],
        _ => Vec::new(),
    }
}

/// A step is told when it begins and when it ends; the checker counts beginnings.
fn step(number: u64, begins: bool) -> Vec<What> {
    if begins { vec![What::Step(number)] } else { vec![What::Stepped(number)] }
}

/// What an execution says is numbers, each in a line; all else is the agent's own.
fn lines(message: &str) -> Vec<What> {
    let numbers: Vec<What> = message.lines().filter_map(|line| line.parse().ok()).map(What::Said).collect();
    if numbers.is_empty() { vec![What::Remark(message.to_owned())] } else { numbers }
}
