//! The hub's end of protocol 001.

use super::commands::command;
use super::messages::{
    self, Action, Authentication, Complaint, Completion, Message, StartAgent, Status, StepUpdate, decode, encode,
};
use crate::dialect::Protocol;
use crate::dialect::hub::{Frame, Heard, Order, Raw, Report, Said, Translator, Word};
use crate::dialect::source::source;
use crate::dialect::testflow::EXTENSION;
use crate::dialect::values::{Id, OurCommand, OurEvent};
use crate::model::{Command, Event, ExecutionConfig, ExecutionId, Level, SessionStep, StartExecution, StepState};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

/// In place of a picture that an agent did not send: one transparent pixel.
const NO_PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// Whether the first message of a connection says that it speaks this protocol.
#[must_use]
pub fn is_first_word(value: &Value) -> bool {
    value.get("type").and_then(Value::as_str) == Some("authenticate")
}

/// What a peer said: the value of a JSON text, or a text that is no JSON as a JSON string.
#[must_use]
pub fn hear(value: &Value, authenticated: bool) -> Heard {
    let message = match decode(value) {
        Ok(messages::Heard::Message(message)) => *message,
        Ok(messages::Heard::Ping | messages::Heard::Pong | messages::Heard::Unknown(_)) => return Heard::Nothing,
        Err(malformed) => return Heard::Answer(complaint(&malformed.message, malformed.session.as_ref())),
    };
    let name = message.name();
    match message {
        Message::Authenticate(authenticate) => Heard::Token(authenticate.token),
        _ if !authenticated => Heard::Answer(complaint(
            &format!("{name}: authenticate first: {{\"type\":\"authenticate\",\"token\":…}}"),
            None,
        )),
        Message::StartAgent(StartAgent { run_id, code: None, actions: None, goal: None }) => {
            Heard::said(name, Said::StartRun(run_id.to_string()))
        }
        Message::StartAgent(start) => match order(start) {
            Ok(order) => Heard::said(name, Said::Start { order, agent: None }),
            Err(refusal) => Heard::Answer(refusal),
        },
        Message::Event(OurEvent { event, event_id }) => match Report::of(event) {
            Some(report) => Heard::said(name, Said::Event { report, event_id: event_id.map(|id| id.to_string()) }),
            None => Heard::said(name, Said::AgentError),
        },
        _ => Heard::Nothing,
    }
}

/// A run, as it is told an agent. The run itself is in it: nobody has to fetch it.
///
/// # Errors
/// The `completion` of a run that cannot be.
pub fn order(start: StartAgent) -> Result<Order, Frame> {
    let failed = |why: &str| completion(&ExecutionId(start.run_id.to_string()), Some(why.to_owned()), None);
    if start.goal.is_some() && start.code.is_none() && start.actions.is_none() {
        return Err(failed("Runs by `goal` are not there yet: give `code` or `actions`"));
    }
    let code = source(start.code.clone(), start.actions.clone(), "actions");
    let code = code.map_err(|why| failed(&format!("The run {}: {why}", start.run_id)))?;
    let config = ExecutionConfig { screenshots: Some(true), ..ExecutionConfig::default() };
    let execution = ExecutionId(start.run_id.to_string());
    let command = Command::StartExecution(StartExecution { execution, target: None, code, config });
    let raw = Raw::new(Protocol::AiRun, "start_agent", &encode(&Message::StartAgent(start)));
    Ok(Order { command, raw })
}

/// The answer to a token.
#[must_use]
pub fn authentication(error: Option<&str>) -> Frame {
    let (status, extensions) = match error {
        None => (Status::Success, vec![EXTENSION.to_owned()]),
        Some(_) => (Status::Failed, Vec::new()),
    };
    frame(&Message::Authentication(Authentication { status, error: error.map(str::to_owned), extensions }))
}

fn complaint(error: &str, run: Option<&ExecutionId>) -> Frame {
    let run_id = run.map(|run| Id::from(run.as_str()));
    frame(&Message::Error(Complaint { error: error.to_owned(), run_id }))
}

fn completion(run: &ExecutionId, error: Option<String>, commands: Option<Vec<Value>>) -> Frame {
    let status = if error.is_none() { Status::Success } else { Status::Failed };
    frame(&Message::Completion(Completion { status, commands, error, run_id: Some(Id::from(run.as_str())) }))
}

fn frame(message: &Message) -> Frame {
    Frame::new("", &encode(message))
}

/// Puts everything into this protocol's words.
#[derive(Debug, Default)]
pub struct Teller {
    runs: HashMap<ExecutionId, Run>,
}

/// What is remembered of a run.
#[derive(Debug, Default)]
struct Run {
    told: u32,
    /// Steps that have ended and whose picture has not come, by their number.
    unseen: BTreeMap<u32, (Value, String)>,
    /// What was done, in order.
    commands: Vec<Value>,
    error: Option<String>,
}

impl Translator for Teller {
    fn tell(&mut self, word: &Word, _: SystemTime) -> Vec<Frame> {
        match word {
            Word::Session(report) => self.session(report),
            // A run that is refused has ended for whoever asked for it.
            Word::Refused { message, session: Some(run) } => vec![completion(run, Some(message.clone()), None)],
            Word::Refused { message, session: None } => vec![complaint(message, None)],
            Word::Command(order) if order.raw.protocol == Protocol::AiRun => vec![Frame::from(&order.raw)],
            Word::Command(order) => {
                vec![frame(&Message::Command(OurCommand { command: order.command.clone() }))]
            }
            Word::Agent { .. } | Word::Presence { .. } | Word::Registered(_) | Word::View(_) | Word::Service(_) => {
                Vec::new()
            }
        }
    }
}

impl Teller {
    fn session(&mut self, report: &Report) -> Vec<Frame> {
        let id = &report.session;
        let Some(event) = report.event() else { return Vec::new() };
        let run = self.runs.entry(id.clone()).or_default();
        match event {
            Event::ExecutionStep { step, .. } => {
                run.stepped(step);
                Vec::new()
            }
            Event::ExecutionScreenshot { step_number, image, .. } => {
                run.seen(id, *step_number, image).into_iter().collect()
            }
            Event::ExecutionComplete { exit_code, .. } => {
                let mut run = self.runs.remove(id).unwrap_or_default();
                let mut frames = run.rest(id);
                let error = match exit_code {
                    0 => None,
                    130 => Some("The run was cancelled".to_owned()),
                    code => Some(run.error.unwrap_or_else(|| format!("The run has ended with exit code {code}"))),
                };
                frames.push(completion(id, error, Some(run.commands)));
                frames
            }
            Event::ExecutionLog { level: Level::Error, message, .. } => {
                run.error.get_or_insert_with(|| message.clone());
                Vec::new()
            }
            Event::Error { message, .. } => vec![complaint(message, Some(id))],
            Event::RecordingComplete { .. } => {
                self.runs.remove(id);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

impl Run {
    fn stepped(&mut self, step: &SessionStep) {
        if step.state == StepState::Running {
            return;
        }
        if step.state == StepState::Passed {
            self.commands.push(command(&step.action));
        }
        if let Some(error) = &step.error {
            self.error = Some(error.clone());
        }
        self.unseen.insert(step.number, (step.action.clone(), step.explanation.clone()));
    }

    /// The picture of a step; a step has one.
    fn seen(&mut self, id: &ExecutionId, number: u32, image: &[u8]) -> Option<Frame> {
        let (action, explanation) = self.unseen.remove(&number)?;
        Some(self.update(id, &action, explanation, STANDARD.encode(image)))
    }

    /// Steps of which no picture comes any more.
    fn rest(&mut self, id: &ExecutionId) -> Vec<Frame> {
        let rest = std::mem::take(&mut self.unseen);
        let updates = rest.into_values().map(|(action, words)| self.update(id, &action, words, NO_PICTURE.to_owned()));
        updates.collect()
    }

    fn update(&mut self, id: &ExecutionId, action: &Value, explanation: String, screenshot: String) -> Frame {
        self.told += 1;
        let mut details = action.as_object().cloned().unwrap_or_else(Map::new);
        let kind = match details.remove("type") {
            Some(Value::String(kind)) => kind,
            _ => "unknown".to_owned(),
        };
        frame(&Message::StepUpdate(StepUpdate {
            step_number: self.told,
            screenshot,
            action: Action { kind, details },
            explanation,
            run_id: Some(Id::from(id.as_str())),
        }))
    }
}
