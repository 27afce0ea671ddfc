//! The hub's end of protocol 001.

use super::messages::{
    self, Authentication, Complaint, Completion, Message, StartAgent, Status, StepUpdate, decode, encode,
};
use super::source::execution;
use super::story::{self, Story};
use crate::dialect::Protocol;
use crate::dialect::hub::{Aside, Frame, Heard, News, Order, Raw, Said, Telling, Translator, Wanted, Word, plain};
use crate::dialect::ours::{self, EXTENSION};
use crate::dialect::values::{Id, OurCommand};
use crate::model::{Command, ExecutionId, Labels, SessionStep, StepState};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::time::SystemTime;

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
        Message::StartAgent(StartAgent { run_id, code: None, actions: None, goal: None, .. }) => {
            Heard::said(name, Said::StartRun(run_id.to_string()))
        }
        Message::StartAgent(start) => {
            let wanted = Wanted::from(start.labels.clone());
            match order(start) {
                Ok(order) => Heard::said(name, order.said(wanted)),
                Err(refusal) => Heard::Answer(refusal),
            }
        }
        Message::Register(registration) => Heard::said(name, ours::registered(registration)),
        Message::Event(event) => Heard::said(name, ours::reported(event)),
        Message::Command(OurCommand { command, labels }) => {
            let raw = Raw::new(Protocol::AiRun, name, value);
            Heard::said(name, Order { command, raw }.said(labels.into()))
        }
        Message::StepUpdate(update) => Heard::said(name, told(update.run_id.clone(), stepped(update))),
        Message::Completion(Completion { status: Status::Success, run_id, .. }) => {
            Heard::said(name, told(run_id, vec![News::complete(0)]))
        }
        Message::Completion(Completion { error, run_id, .. }) => Heard::said(name, told(run_id, News::failed(error))),
        Message::Error(Complaint { error, run_id }) => Heard::said(name, told(run_id, vec![News::Error(error)])),
        Message::Authentication(_) => Heard::Nothing,
    }
}

/// What an agent of others says of a run.
fn told(run: Option<Id>, news: Vec<News>) -> Said {
    Said::Told(Telling { session: run.map(ExecutionId::from), news })
}

fn stepped(update: StepUpdate) -> Vec<News> {
    let mut action = update.action.details;
    action.insert("type".to_owned(), update.action.kind.into());
    let step = |state| SessionStep {
        action: Value::Object(action.clone()),
        ..plain::step(update.step_number, state, update.explanation.clone())
    };
    let picture = STANDARD.decode(&update.screenshot).ok().filter(|image| !image.is_empty());
    let steps = [StepState::Running, StepState::Passed].map(step).map(News::Step);
    steps.into_iter().chain(picture.map(|image| News::Picture(update.step_number, image))).collect()
}

/// A run, as it is told an agent. The run itself is in it: nobody has to fetch it.
///
/// # Errors
/// The `completion` of a run that cannot be.
pub fn order(start: StartAgent) -> Result<Order, Frame> {
    let run = ExecutionId(start.run_id.to_string());
    let execution = execution(start.clone()).map_err(|why| frame(&story::completion(&run, Some(why), None)))?;
    let command = Command::StartExecution(execution);
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
    frame(&story::complaint(error, run))
}

fn frame(message: &Message) -> Frame {
    Frame::new("", &encode(message))
}

/// Puts everything into this protocol's words.
#[derive(Debug, Default)]
pub struct Teller {
    story: Story,
}

impl Translator for Teller {
    fn tell(&mut self, word: &Word, _: SystemTime) -> Vec<Frame> {
        let messages = match word {
            Word::Session(report) => match (report.aside(), report.event()) {
                // There is no word for that; `GET /api/runs/{runId}` has it.
                (Some(Aside::Waits(_)), _) | (None, None) => Vec::new(),
                (Some(Aside::Lost(why)), _) => vec![self.story.lost(&report.session, why)],
                (None, Some(event)) => {
                    let beyond = ours::beyond(event).map(Message::Event);
                    self.story.tell(&report.session, event).into_iter().chain(beyond).collect()
                }
            },
            // A run that is refused has ended for whoever asked for it.
            Word::Refused { message, session: Some(run) } => vec![story::completion(run, Some(message.clone()), None)],
            Word::Refused { message, session: None } => vec![story::complaint(message, None)],
            Word::Command(order) if order.raw.protocol == Protocol::AiRun => return vec![Frame::from(&order.raw)],
            Word::Command(order) => vec![Message::Command(ours::command(order))],
            Word::Work(order) => match &order.command {
                Command::StartExecution(start) => vec![Message::StartAgent(StartAgent {
                    run_id: Id::from(start.execution.as_str()),
                    code: Some(start.code.clone()),
                    actions: None,
                    goal: None,
                    labels: Labels::default(),
                })],
                _ => Vec::new(),
            },
            Word::Agent { .. }
            | Word::Presence { .. }
            | Word::Registered(_)
            | Word::Watched(..)
            | Word::View(_)
            | Word::Replayed
            | Word::Service(_) => Vec::new(),
        };
        messages.iter().map(frame).collect()
    }
}
