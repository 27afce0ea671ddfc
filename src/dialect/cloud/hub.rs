//! The hub's end of protocol 004.

use super::messages::{
    AgentState, AgentStatus, Auth, ChatMessage, Complaint, Envelope, INVALID, Message, NoticeLevel, Notification, Task,
    UserPresence, UserStatus, decode, encode,
};
use crate::dialect::Protocol;
use crate::dialect::hub::{self, Control, Frame, Heard, Order, Raw, Report, Said, Service, Translator, Word};
use crate::dialect::source::source;
use crate::dialect::testflow::EXTENSION;
use crate::dialect::values::{Id, Nothing, OurCommand, OurEvent};
use crate::model::recording::RecordingControl;
use crate::model::{Command, Event, ExecutionConfig, ExecutionId, Level, SessionStep, StartExecution, StepState};
use serde_json::Value;
use std::collections::HashMap;
use std::time::SystemTime;

/// What a peer said: the value of a JSON text, or a text that is no JSON as a JSON string.
#[must_use]
pub fn hear(value: &Value, now: SystemTime) -> Heard {
    let envelope = match decode(value) {
        Ok(Some(envelope)) => envelope,
        Ok(None) => return Heard::Nothing,
        Err(malformed) => {
            tracing::debug!(%malformed, "a message of protocol 004 cannot be understood");
            return Heard::Answer(frame(&complaint(INVALID), now));
        }
    };
    let Envelope { message, .. } = envelope;
    let name = message.name();
    match message {
        Message::Ping(_) => Heard::Answer(frame(&Message::Pong(Nothing {}), now)),
        Message::UserPresence(UserPresence::Own(presence)) => Heard::said(name, Said::Presence(presence)),
        Message::Task(task) => match start(task) {
            Ok(command) => Heard::said(name, Said::Start { order: order(command, name, value), agent: None }),
            Err(message) => Heard::Answer(frame(&complaint(&message), now)),
        },
        Message::Command(OurCommand { command }) => Heard::said(name, asked(order(command, name, value))),
        Message::Event(OurEvent { event, event_id }) => match Report::of(event) {
            Some(report) => {
                let event_id = event_id.map(|id| id.to_string());
                Heard::said(name, Said::Event { report, event_id })
            }
            None => Heard::said(name, Said::AgentError),
        },
        _ => Heard::Nothing,
    }
}

fn order(command: Command, name: &'static str, value: &Value) -> Order {
    Order { command, raw: Raw::new(Protocol::Cloud, name, value) }
}

fn asked(order: Order) -> Said {
    let control = match &order.command {
        Command::StartExecution(_) | Command::StartRecording(_) => return Said::Start { order, agent: None },
        Command::CancelExecution { .. } | Command::CancelRecording { .. } => Control::Cancel,
        Command::ControlRecording { control: RecordingControl::Input(_), .. } => Control::Input,
        Command::ControlRecording { .. } => Control::Word,
    };
    Said::Control { order, control }
}

/// A task as a request.
fn start(task: Task) -> Result<Command, String> {
    let id = task.task_id;
    let code = source(task.code, task.steps, "steps").map_err(|why| format!("task {id}: {why}"))?;
    let config = ExecutionConfig::default();
    Ok(Command::StartExecution(StartExecution { execution: id.into(), target: None, code, config }))
}

/// The first words to a peer: whether its token is good.
#[must_use]
pub fn welcome(user: Result<&str, &str>, now: SystemTime) -> Vec<Frame> {
    let (success, user_id, error) = match user {
        Ok(user) => (true, Some(Id::from(user)), None),
        Err(error) => (false, None, Some(error.to_owned())),
    };
    let extensions = if success { vec![EXTENSION.to_owned()] } else { Vec::new() };
    let mut said = vec![Message::Auth(Auth { success, user_id, error, extensions })];
    if success {
        said.push(notice(NoticeLevel::Info, "Connected to the understudy hub".to_owned(), None));
    }
    said.iter().map(|message| frame(message, now)).collect()
}

/// What is told a peer that showed no good token and wants something all the same.
#[must_use]
pub fn stranger(now: SystemTime) -> Frame {
    frame(&complaint("Not authenticated: connect with ?token= and a token of this hub"), now)
}

/// Are you there?
#[must_use]
pub fn ping(now: SystemTime) -> Frame {
    frame(&Message::Ping(Nothing {}), now)
}

fn complaint(error: &str) -> Message {
    Message::Error(Complaint { error: error.to_owned() })
}

fn notice(level: NoticeLevel, message: String, task: Option<&ExecutionId>) -> Message {
    Message::Notification(Notification { level, message, task_id: task.map(|id| Id::from(id.as_str())), user_id: None })
}

fn frame(message: &Message, now: SystemTime) -> Frame {
    let timestamp = written(now);
    Frame::new("", &encode(message, Some(&timestamp)))
}

fn written(now: SystemTime) -> String {
    humantime::format_rfc3339_millis(now).to_string()
}

/// Puts everything into this protocol's words.
#[derive(Debug, Default)]
pub struct Teller {
    sessions: HashMap<ExecutionId, Session>,
}

/// What is remembered of a session.
#[derive(Debug, Default)]
struct Session {
    /// Steps that were told.
    steps: u32,
    /// The last thing that went wrong.
    error: Option<String>,
}

impl Translator for Teller {
    fn tell(&mut self, word: &Word, now: SystemTime) -> Vec<Frame> {
        let messages = match word {
            Word::Session(report) => self.session(report, now),
            Word::Agent { agent, name, status } => vec![Message::AgentStatus(AgentStatus {
                agent_name: name.clone(),
                state: match status {
                    hub::AgentStatus::Online => AgentState::Idle,
                    hub::AgentStatus::Busy => AgentState::Working,
                    hub::AgentStatus::Offline => AgentState::Stopped,
                },
                current_task: None,
                progress: None,
                agent_id: Some(Id::from(agent.as_str())),
                extensions: Vec::new(),
            })],
            Word::Presence { user, presence } => {
                let status = UserStatus { user_id: Id::from(user.as_str()), status: *presence };
                vec![Message::UserPresence(UserPresence::Of(status))]
            }
            Word::Refused { message, session: Some(session) } => {
                vec![notice(NoticeLevel::Error, message.clone(), Some(session))]
            }
            Word::Refused { message, session: None } => vec![complaint(message)],
            Word::Command(order) => vec![Message::Command(OurCommand { command: order.command.clone() })],
            Word::Service(Service::Message(message)) => vec![(**message).clone()],
            Word::Registered(_) | Word::View(_) | Word::Service(Service::Event(_)) => Vec::new(),
        };
        messages.iter().map(|message| frame(message, now)).collect()
    }
}

impl Teller {
    fn session(&mut self, report: &Report, now: SystemTime) -> Vec<Message> {
        let (id, agent) = (&report.session, report.agent.as_deref().unwrap_or("understudy"));
        let Some(event) = report.event() else { return Vec::new() };
        let known = self.sessions.entry(id.clone()).or_default();
        match event {
            Event::ExecutionStep {
                step: SessionStep { number, state: StepState::Running, explanation, .. }, ..
            } => {
                known.steps += 1;
                vec![
                    Message::AgentStatus(AgentStatus {
                        agent_name: agent.to_owned(),
                        state: AgentState::Working,
                        current_task: Some(explanation.clone()),
                        progress: None,
                        agent_id: None,
                        extensions: Vec::new(),
                    }),
                    Message::ChatMessage(ChatMessage {
                        conversation_id: Id::from(id.as_str()),
                        message_id: Id::from(&format!("{id}-{number}")),
                        content: explanation.clone(),
                        sender: agent.to_owned(),
                        timestamp: written(now),
                    }),
                ]
            }
            Event::ExecutionStep { step: SessionStep { error: Some(error), .. }, .. }
            | Event::ExecutionLog { level: Level::Error, message: error, .. } => {
                known.error = Some(error.clone());
                Vec::new()
            }
            Event::Error { message, .. } => vec![notice(NoticeLevel::Error, message.clone(), Some(id))],
            Event::ExecutionComplete { exit_code, duration_ms, .. } => {
                let Session { steps, error } = self.sessions.remove(id).unwrap_or_default();
                let seconds = *duration_ms as f64 / 1000.0;
                let (level, text) = match exit_code {
                    0 => (NoticeLevel::Success, format!("{id} passed: {steps} steps in {seconds:.1} s")),
                    130 => (NoticeLevel::Warning, format!("{id} was cancelled after {seconds:.1} s")),
                    code => {
                        let why = error.map(|error| format!(": {}", first_line(&error))).unwrap_or_default();
                        (NoticeLevel::Error, format!("{id} failed with exit code {code}{why}"))
                    }
                };
                vec![notice(level, text, Some(id))]
            }
            Event::RecordingComplete { success, message, .. } => {
                self.sessions.remove(id);
                let (level, text) = match (success, message) {
                    (true, _) => (NoticeLevel::Success, format!("{id} is recorded")),
                    (false, Some(why)) => (NoticeLevel::Error, format!("{id} was not recorded: {why}")),
                    (false, None) => (NoticeLevel::Error, format!("{id} was not recorded")),
                };
                vec![notice(level, text, Some(id))]
            }
            _ => Vec::new(),
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
