//! The agent's end of protocol 000.

use super::EXTENSION;
use crate::dialect::Malformed;
use crate::dialect::agent::{AgentEnd, Inbound, Outbound, Registration, Spoken, Standing, TokenPlace, Transport, Way};
use crate::dialect::fields::Fields;
use crate::dialect::reading::{read, refused};
use crate::dialect::values::{OurCommand, OurEvent};
use crate::model::recording::RecordingControl;
use crate::model::{Command, Event, ExecutionId, Level, RecordingConfig, SessionStep, StartExecution, StartRecording};
use serde_json::{Value, json};
use std::time::SystemTime;

/// What the seed's clients send and what is meant where a server leaves it out.
const DEFAULT_LANGUAGE: &str = "typescript";

/// This end, which remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct End;

/// This protocol, for an agent.
pub const SPOKEN: Spoken = Spoken {
    way: Way {
        transport: Transport::SocketIo("/"),
        token: TokenPlace::Handshake,
        verdict: None,
        introduces_late: true,
    },
    end: || Box::new(End),
    run: None,
    tells_addresses: false,
    remembers: false,
};

impl AgentEnd for End {
    fn connected(&mut self, me: &Registration, _: &Standing, _: SystemTime) -> Vec<Outbound> {
        vec![register(me)]
    }

    fn hear(&mut self, name: &str, arguments: &[Value], _: SystemTime) -> Result<Vec<Inbound>, Malformed> {
        decode(name, arguments).map(|inbound| vec![inbound])
    }

    fn tell(&mut self, event: &Event, event_id: Option<&str>, _: SystemTime) -> Vec<Outbound> {
        match event {
            // Ours alone.
            Event::ExecutionPlanned { .. } if event_id.is_none() => Vec::new(),
            _ => vec![encode(event, event_id)],
        }
    }

    fn heartbeat(&mut self, _: &Standing, _: SystemTime) -> Vec<Outbound> {
        vec![heartbeat()]
    }

    fn waits(&mut self, execution: &ExecutionId, words: &str, _: SystemTime) -> Vec<Outbound> {
        let (execution, message) = (execution.clone(), words.to_owned());
        vec![encode(&Event::ExecutionLog { execution, level: Level::Info, message }, None)]
    }

    fn boxed(&self) -> Box<dyn AgentEnd> {
        Box::new(*self)
    }
}

/// `agent:register`. Fields beyond the seed's are for our own hub; other servers ignore them.
#[must_use]
pub fn register(registration: &Registration) -> Outbound {
    let mut payload = json!({
        "name": registration.name,
        "systemInfo": registration.system_info,
        "agentId": registration.agent,
        "maxSessions": registration.max_sessions,
        "sessions": registration.sessions,
        "extensions": [EXTENSION],
    });
    if !registration.labels.is_empty() {
        payload["labels"] = json!(registration.labels);
    }
    if registration.draining {
        payload["draining"] = json!(true);
    }
    Outbound::event("agent:register", payload)
}

/// `agent:heartbeat`.
#[must_use]
pub fn heartbeat() -> Outbound {
    Outbound { name: "agent:heartbeat", arguments: Vec::new(), asks: false }
}

/// Reads one event of the server.
///
/// # Errors
/// When it is a command of this protocol and cannot be understood.
pub fn decode(name: &str, arguments: &[Value]) -> Result<Inbound, Malformed> {
    let fields = || Fields::of(name, arguments.first());
    Ok(match name {
        "execution:start" => {
            let fields = fields()?;
            Inbound::Command(Command::StartExecution(StartExecution {
                execution: fields.execution()?,
                target: fields.maybe_string("target")?,
                code: fields.string("code")?.to_owned(),
                config: fields.config()?,
            }))
        }
        "execution:cancel" => Inbound::Command(Command::CancelExecution { execution: fields()?.execution()? }),
        "recording:start" => {
            let fields = fields()?;
            Inbound::Command(Command::StartRecording(StartRecording {
                execution: fields.execution()?,
                flow: fields.flow()?,
                url: fields.string("url")?.to_owned(),
                language: fields.maybe_string("language")?.unwrap_or_else(|| DEFAULT_LANGUAGE.to_owned()),
                config: fields.config::<RecordingConfig>()?,
            }))
        }
        "recording:cancel" => {
            let fields = fields()?;
            Inbound::Command(Command::CancelRecording { execution: fields.execution()?, flow: fields.flow()? })
        }
        "agent:registered" => {
            let extensions = arguments.first().and_then(|payload| payload.get("extensions")).and_then(Value::as_array);
            match extensions.is_some_and(|all| all.iter().any(|one| one == EXTENSION)) {
                true => Inbound::Introduced,
                false => Inbound::Unknown,
            }
        }
        "error" => {
            let payload = arguments.first();
            let text = |field| payload.and_then(|payload| payload.get(field)).and_then(Value::as_str);
            Inbound::Told {
                message: text("message").unwrap_or("no reason given").to_owned(),
                execution: text("executionId").map(ExecutionId::from),
            }
        }
        "understudy:command" => {
            let OurCommand { command, .. } =
                read(arguments.first().unwrap_or(&Value::Null)).map_err(|refusal| refused(name, &refusal, None))?;
            Inbound::Command(command)
        }
        "recording:stop" => control(&fields()?, |_| Ok(RecordingControl::Stop))?,
        "recording:pause" => control(&fields()?, |_| Ok(RecordingControl::Pause))?,
        "recording:resume" => control(&fields()?, |_| Ok(RecordingControl::Resume))?,
        "recording:input" => control(&fields()?, |fields| fields.whole().map(RecordingControl::Input))?,
        _ => Inbound::Unknown,
    })
}

/// An extension: something for a recording that runs. Which flow it belongs to is the server's business.
fn control(
    fields: &Fields<'_>,
    read: impl FnOnce(&Fields<'_>) -> Result<RecordingControl, Malformed>,
) -> Result<Inbound, Malformed> {
    let execution = fields.execution()?;
    let control = read(fields)?;
    Ok(Inbound::Command(Command::ControlRecording { execution, control }))
}

/// An event as the server gets it. `event_id` lets a server that acknowledges recognise a redelivery.
#[must_use]
pub fn encode(event: &Event, event_id: Option<&str>) -> Outbound {
    let (name, mut payload) = match event {
        Event::ExecutionLog { execution, level, message } => {
            ("execution:log", json!({"executionId": execution, "message": message, "level": level}))
        }
        Event::ExecutionPlanned { execution, steps } => {
            ("execution:plan", json!({"executionId": execution, "steps": steps}))
        }
        Event::ExecutionStep { execution, step } => ("execution:step", encode_step(execution, step)),
        Event::ExecutionScreenshot { execution, step_number, image } => {
            let image = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, image);
            ("execution:screenshot", json!({"executionId": execution, "stepNumber": step_number, "imageData": image}))
        }
        Event::ExecutionComplete { execution, exit_code, duration_ms } => {
            ("execution:complete", json!({"executionId": execution, "exitCode": exit_code, "duration": duration_ms}))
        }
        Event::RecordingReady { flow, execution } => {
            ("recording:ready", json!({"testFlowId": flow, "executionId": execution}))
        }
        Event::RecordingAction { execution, index, action, code } => {
            ("recording:action", json!({"executionId": execution, "index": index, "action": action, "code": code}))
        }
        Event::RecordingFrame { execution, frame, width, height, page, url } => {
            let frame = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, frame);
            let payload = json!({
                "executionId": execution, "frame": frame, "width": width, "height": height, "page": page, "url": url,
            });
            ("recording:frame", payload)
        }
        Event::RecordingDialog { execution, kind, message, default_value } => (
            "recording:dialog",
            json!({"executionId": execution, "kind": kind, "message": message, "defaultValue": default_value}),
        ),
        Event::RecordingPicker { execution, picker } => {
            let mut payload = json!(picker);
            payload["executionId"] = json!(execution);
            ("recording:picker", payload)
        }
        Event::RecordingPicked { execution, selector, locator } => {
            ("recording:picked", json!({"executionId": execution, "selector": selector, "locator": locator}))
        }
        Event::RecordingMode { execution, mode } => ("recording:mode", json!({"executionId": execution, "mode": mode})),
        Event::RecordingComplete { flow, execution, success, code, message } => {
            let mut payload = json!({"testFlowId": flow, "executionId": execution, "success": success});
            set(&mut payload, "code", code.as_ref());
            set(&mut payload, "message", message.as_ref());
            ("recording:complete", payload)
        }
        Event::Live { .. } => ("understudy:event", json!(OurEvent { event: event.clone(), event_id: None })),
        Event::Error { message, execution } => {
            let mut payload = json!({"message": message});
            set(&mut payload, "executionId", execution.as_ref());
            ("error", payload)
        }
    };
    set(&mut payload, "eventId", event_id);
    Outbound::event(name, payload)
}

fn encode_step(execution: &ExecutionId, step: &SessionStep) -> Value {
    let mut payload = json!({
        "executionId": execution,
        "stepNumber": step.number,
        "status": step.state,
        "action": step.action,
        "explanation": step.explanation,
    });
    let location = step.location.as_ref();
    set(&mut payload, "location", location.map(|place| json!({"line": place.line, "column": place.column})));
    set(&mut payload, "duration", step.duration_ms);
    set(&mut payload, "error", step.error.as_ref());
    payload
}

/// Absent stays absent: clients tell it from `null`.
fn set(payload: &mut Value, field: &str, value: Option<impl serde::Serialize>) {
    if let Some(value) = value {
        payload[field] = json!(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    /// `fixtures/wire/testflow/*.json`: see SOURCE.md there.
    #[derive(Deserialize)]
    struct Golden<T> {
        name: String,
        frame: String,
        means: T,
    }

    fn golden<T: DeserializeOwned>(text: &str) -> Vec<Golden<T>> {
        serde_json::from_str(text).unwrap()
    }

    fn read(frame: &str) -> (String, Vec<Value>) {
        let packet = crate::wire::frame::Packet::parse(frame.strip_prefix('4').unwrap()).unwrap();
        let Some(Value::Array(mut items)) = packet.data else { panic!("{frame}") };
        let name = items.remove(0).as_str().unwrap().to_owned();
        (name, items)
    }

    #[test]
    fn the_seeds_commands_are_understood() {
        for case in golden::<Command>(include_str!("../../../fixtures/wire/testflow/commands.json")) {
            let (name, arguments) = read(&case.frame);
            assert_eq!(decode(&name, &arguments), Ok(Inbound::Command(case.means)), "{}", case.name);
        }
    }

    #[test]
    fn events_go_out_as_the_seed_writes_them() {
        for case in golden::<Event>(include_str!("../../../fixtures/wire/testflow/events.json")) {
            let (name, arguments) = read(&case.frame);
            let encoded = encode(&case.means, None);
            assert_eq!((encoded.name, &encoded.arguments), (name.as_str(), &arguments), "{}", case.name);
            let mut with_id = arguments;
            with_id[0]["eventId"] = json!("e-1");
            assert_eq!(encode(&case.means, Some("e-1")).arguments, with_id, "{}", case.name);
        }
    }

    #[test]
    fn what_cannot_be_understood_is_answered_with_what_could_be_read() {
        let id = "e".repeat(513);
        let start = |fields: Value| ("execution:start", vec![fields]);
        for ((name, arguments), message, execution) in [
            (("execution:start", vec![]), "execution:start: the payload must be an object, got nothing", None),
            (start(Value::Null), "execution:start: the payload must be an object, got null", None),
            (start(json!("x")), "execution:start: the payload must be an object, got a string", None),
            (start(json!([])), "execution:start: the payload must be an object, got an array", None),
            (start(json!({})), "execution:start: `executionId` must be a string, got nothing", None),
            (start(json!({"executionId": 7})), "execution:start: `executionId` must be a string, got a number", None),
            (start(json!({"executionId": ""})), "execution:start: `executionId` must not be empty", None),
            (
                start(json!({"executionId": id})),
                "execution:start: `executionId` has 513 bytes, at most 512 are allowed",
                None,
            ),
            (start(json!({"executionId": "e"})), "execution:start: `code` must be a string, got nothing", Some("e")),
            (
                start(json!({"executionId": "e", "code": {"_placeholder": true, "num": 0}})),
                "execution:start: `code` must be a string, got an object",
                Some("e"),
            ),
            (
                start(json!({"executionId": "e", "code": "", "target": true})),
                "execution:start: `target` must be a string, got a boolean",
                Some("e"),
            ),
            (
                start(json!({"executionId": "e", "code": "", "config": []})),
                "execution:start: `config` must be an object, got an array",
                Some("e"),
            ),
            (
                ("execution:cancel", vec![json!({"id": "e"})]),
                "execution:cancel: `executionId` must be a string, got nothing",
                None,
            ),
            (
                ("execution:cancel", vec![json!("e")]),
                "execution:cancel: the payload must be an object, got a string",
                None,
            ),
            (
                ("recording:start", vec![json!({"testFlowId": "f", "executionId": "e"})]),
                "recording:start: `url` must be a string, got nothing",
                Some("e"),
            ),
            (
                ("recording:cancel", vec![json!({"executionId": "e"})]),
                "recording:cancel: `testFlowId` must be a string, got nothing",
                Some("e"),
            ),
            (
                ("recording:stop", vec![json!({"testFlowId": "f"})]),
                "recording:stop: `executionId` must be a string, got nothing",
                None,
            ),
            (
                ("recording:input", vec![json!({"executionId": "e", "x": 1, "y": 1})]),
                "recording:input: missing field `type`",
                Some("e"),
            ),
            (
                ("recording:input", vec![json!({"executionId": "e", "type": "click", "x": 1})]),
                "recording:input: missing field `y`",
                Some("e"),
            ),
        ] {
            let expected = Malformed { message: message.to_owned(), session: execution.map(ExecutionId::from) };
            assert_eq!(decode(name, &arguments), Err(expected));
        }
        let bad = decode(
            "execution:start",
            &[json!({"executionId": "e", "code": "", "config": {"viewport": {"width": -1}}})],
        );
        assert!(bad.unwrap_err().message.starts_with("execution:start: `config`: "));
    }

    #[test]
    fn everything_else_is_ignored() {
        for (name, arguments, expected) in [
            ("", vec![], Inbound::Unknown),
            ("agent:status", vec![json!({})], Inbound::Unknown),
            ("execution:start ", vec![json!({})], Inbound::Unknown),
            ("agent:registered", vec![], Inbound::Unknown),
            ("agent:registered", vec![json!({"extensions": ["understudy/2"]})], Inbound::Unknown),
            ("agent:registered", vec![json!({"extensions": ["understudy/1"]})], Inbound::Introduced),
            ("error", vec![], Inbound::Told { message: "no reason given".to_owned(), execution: None }),
            (
                "error",
                vec![json!({"message": "m", "executionId": "e"})],
                Inbound::Told { message: "m".to_owned(), execution: Some("e".into()) },
            ),
        ] {
            assert_eq!(decode(name, &arguments), Ok(expected), "{name}");
        }
    }
}
