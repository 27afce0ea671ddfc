//! The hub's end of protocol 003.

use super::events::{AgentMetadata, AgentPresence, AgentState, AgentStatus, Event as Told, Workflow, WorkflowState};
use super::messages::{
    Ack, Connection, Envelope, ErrorCode, Established, Message, Refused, Request, Stamp, VERSION, Work, WorkflowCancel,
    WorkflowStart, decode, encode,
};
use super::rooms::Room;
use crate::dialect::hub::{self, Control, Frame, Heard, Order, Raw, Report, Said, Service, Translator, Word};
use crate::dialect::source::source;
use crate::dialect::testflow::EXTENSION;
use crate::dialect::values::{Amount, Id, OurCommand, Percent};
use crate::dialect::{Malformed, Protocol};
use crate::model::{Command, Event, ExecutionConfig, ExecutionId, Level, StartExecution, StepState};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::time::SystemTime;

/// Who tells what the hub itself knows.
const SOURCE: &str = "understudy";

/// Of what a workflow has said, lines that go with its progress; the newest.
const LOGS_MAX: usize = 20;

/// What a peer said, and how it is acknowledged where that needs nobody else.
#[must_use]
pub fn hear(name: &str, payload: Option<&Value>) -> Heard {
    let request = match decode(name, payload) {
        Ok(Some(Message::Request(request))) => request,
        Ok(Some(Message::Work { work, .. })) => return work_for(*work, name, payload),
        Ok(_) => return Heard::Nothing,
        Err(_) if matches!(name, "subscribe" | "unsubscribe") => {
            return Heard::Acknowledge(json!(Ack::refusal(ErrorCode::InvalidRoom, payload)));
        }
        Err(malformed) => return Heard::Said { name: name.to_owned(), said: Box::new(Err(malformed)) },
    };
    match request {
        Request::Ping(_) => Heard::Acknowledge(json!(Ack::Pong)),
        Request::Subscribe(subscription) => Heard::said(name, Said::Subscribe(subscription.room)),
        Request::Unsubscribe(subscription) => Heard::said(name, Said::Unsubscribe(subscription.room)),
        Request::Command(_) | Request::Event(_) => Heard::Nothing,
    }
}

fn work_for(work: Work, name: &str, payload: Option<&Value>) -> Heard {
    match work {
        Work::Start(start) => match order(start) {
            Ok(command) => Heard::said(name, Said::Start { order: asked(command, name, payload), agent: None }),
            Err(message) => Heard::Said { name: name.to_owned(), said: Box::new(Err(message)) },
        },
        Work::Cancel(WorkflowCancel { workflow_id }) => {
            let order = asked(Command::CancelExecution { execution: workflow_id.into() }, name, payload);
            Heard::said(name, Said::Control { order, control: Control::Cancel })
        }
    }
}

/// How a subscription is acknowledged.
#[must_use]
pub fn acknowledgement(done: bool, payload: Option<&Value>) -> Value {
    let room = payload.and_then(|payload| payload.get("room")).and_then(Value::as_str);
    match room.map(|room| Room::try_from(room.to_owned())) {
        Some(Ok(room)) if done => json!(Ack::Success { room }),
        _ => json!(Ack::refusal(ErrorCode::RoomAccessDenied, payload)),
    }
}

/// The first word to a peer with a good token.
#[must_use]
pub fn established(connection: &str, user: &str, now: SystemTime) -> Frame {
    let told = Connection::Established(Established {
        connection_id: Id::from(connection),
        user_id: Id::from(user),
        protocol_version: VERSION.to_owned(),
        extensions: vec![EXTENSION.to_owned()],
    });
    frame(&Message::Connection { told, timestamp: written(now) })
}

/// How a newer token is acknowledged.
#[must_use]
pub fn renewal(done: bool) -> Value {
    let code = ErrorCode::AuthFailed;
    match done {
        true => json!({"status": "success"}),
        false => json!({"status": "error", "error_code": code, "error_message": code.words()}),
    }
}

/// The only word to a peer without one.
#[must_use]
pub fn refused(is_missing: bool, now: SystemTime) -> Frame {
    let error_code = if is_missing { ErrorCode::AuthMissing } else { ErrorCode::AuthFailed };
    let error_message = error_code.words().to_owned();
    let told = Connection::Refused(Refused { error_code, error_message, connection_id: None });
    frame(&Message::Connection { told, timestamp: written(now) })
}

fn asked(command: Command, name: &str, payload: Option<&Value>) -> Order {
    Order { command, raw: Raw::new(Protocol::Swe, name.to_owned(), payload.unwrap_or(&Value::Null)) }
}

fn order(start: WorkflowStart) -> Result<Command, Malformed> {
    let execution = ExecutionId::from(start.workflow_id);
    let refuse = |what: String| Malformed { message: what, session: Some(execution.clone()) };
    let code = source(start.code, start.steps, "steps").map_err(|why| refuse(format!("workflow.start: {why}")))?;
    let config = ExecutionConfig::default();
    Ok(Command::StartExecution(StartExecution { execution, target: None, code, config }))
}

fn frame(message: &Message) -> Frame {
    let (name, payload) = encode(message);
    Frame::new(name, &payload)
}

fn written(now: SystemTime) -> String {
    humantime::format_rfc3339_millis(now).to_string()
}

/// Puts everything into this protocol's words.
#[derive(Debug, Default)]
pub struct Teller {
    workflows: HashMap<ExecutionId, Known>,
}

/// What is remembered of a workflow.
#[derive(Debug, Default)]
struct Known {
    steps: u32,
    step: Option<String>,
    logs: VecDeque<String>,
    errors: Vec<String>,
}

impl Translator for Teller {
    fn tell(&mut self, word: &Word, now: SystemTime) -> Vec<Frame> {
        let event = |event: Told| {
            frame(&Message::Event(Box::new(Envelope {
                event,
                stamp: Stamp { timestamp: written(now), source: SOURCE.to_owned() },
            })))
        };
        match word {
            Word::Session(report) => self.session(report).into_iter().map(event).collect(),
            Word::Agent { agent, name, status } => {
                let (status, availability) = match status {
                    hub::AgentStatus::Online => (AgentState::Online, 100.0),
                    hub::AgentStatus::Busy => (AgentState::Busy, 0.0),
                    hub::AgentStatus::Offline => (AgentState::Offline, 0.0),
                };
                let (agent_id, agent_name) = (Id::from(agent.as_str()), name.clone());
                let presence = AgentPresence {
                    agent_id: agent_id.clone(),
                    agent_name: agent_name.clone(),
                    reason: None,
                    extensions: Vec::new(),
                };
                let last_update = Some(written(now));
                let metadata = Some(AgentMetadata { version: None, last_update, cpu_usage: None, memory_usage: None });
                let availability = Percent::new(availability);
                let changed =
                    Told::AgentStatusChanged(AgentStatus { agent_id, agent_name, status, availability, metadata });
                match status {
                    AgentState::Offline => vec![event(Told::AgentDisconnected(presence)), event(changed)],
                    _ => vec![event(changed)],
                }
            }
            Word::Service(Service::Event(envelope)) => vec![frame(&Message::Event(envelope.clone()))],
            Word::Refused { message, session: Some(session) } => {
                vec![event(Told::WorkflowFailed(failed(session, message.clone())))]
            }
            // The protocol has no words for what cannot be understood.
            Word::Refused { message, session: None } => {
                vec![Frame::new("error", &json!({"message": message}))]
            }
            Word::Command(order) => {
                let request = Request::Command(OurCommand { command: order.command.clone() });
                vec![frame(&Message::Request(request))]
            }
            Word::Presence { .. } | Word::Registered(_) | Word::View(_) | Word::Service(Service::Message(_)) => {
                Vec::new()
            }
        }
    }
}

fn failed(session: &ExecutionId, error: String) -> Workflow {
    let known = Known { errors: vec![error.clone()], ..Known::default() };
    Workflow { error: Some(error), ..known.workflow(session, WorkflowState::Failed) }
}

impl Teller {
    fn session(&mut self, report: &Report) -> Vec<Told> {
        let id = &report.session;
        let Some(event) = report.event() else { return Vec::new() };
        let mut told = Vec::new();
        let known = self.workflows.entry(id.clone()).or_insert_with(|| {
            told.push(Told::WorkflowStarted(Known::default().workflow(id, WorkflowState::Running)));
            Known::default()
        });
        match event {
            Event::ExecutionLog { level, message, .. } => {
                known.said(message);
                if *level == Level::Error {
                    known.errors.push(message.clone());
                }
            }
            Event::ExecutionStep { step, .. } => {
                known.step = Some(step.explanation.clone());
                if step.state != StepState::Running {
                    known.steps += 1;
                    known.errors.extend(step.error.clone());
                    told.push(Told::WorkflowProgress(known.workflow(id, WorkflowState::Running)));
                }
            }
            Event::Error { message, .. } => {
                known.errors.push(message.clone());
                told.push(Told::WorkflowProgress(known.workflow(id, WorkflowState::Running)));
            }
            Event::ExecutionComplete { exit_code, duration_ms, .. } => {
                let known = self.workflows.remove(id).unwrap_or_default();
                told.push(known.end(id, *exit_code, *duration_ms));
            }
            Event::RecordingComplete { success, message, .. } => {
                let known = self.workflows.remove(id).unwrap_or_default();
                told.push(match (success, message) {
                    (true, _) => Told::WorkflowCompleted(known.workflow(id, WorkflowState::Completed)),
                    (false, why) => {
                        let error = why.clone().or_else(|| Some("The recording has failed".to_owned()));
                        Told::WorkflowFailed(Workflow { error, ..known.workflow(id, WorkflowState::Failed) })
                    }
                });
            }
            _ => {}
        }
        told
    }
}

impl Known {
    fn said(&mut self, message: &str) {
        self.logs.extend(message.lines().map(str::to_owned));
        while self.logs.len() > LOGS_MAX {
            self.logs.pop_front();
        }
    }

    fn end(&self, id: &ExecutionId, exit_code: i32, duration_ms: u64) -> Told {
        let duration_ms = Some(Amount::new(duration_ms as f64));
        let why = |words: String| Some(self.errors.last().cloned().unwrap_or(words));
        match exit_code {
            0 => Told::WorkflowCompleted(Workflow { duration_ms, ..self.workflow(id, WorkflowState::Completed) }),
            130 => {
                let error = Some("Cancelled".to_owned());
                Told::WorkflowFailed(Workflow { duration_ms, error, ..self.workflow(id, WorkflowState::Cancelled) })
            }
            code => {
                let error = why(format!("It has ended with exit code {code}"));
                Told::WorkflowFailed(Workflow { duration_ms, error, ..self.workflow(id, WorkflowState::Failed) })
            }
        }
    }

    fn workflow(&self, id: &ExecutionId, status: WorkflowState) -> Workflow {
        // How many steps there will be nobody tells: it grows with each, and is whole only at the end.
        let steps = f64::from(self.steps);
        let progress = if status == WorkflowState::Completed { 100.0 } else { (100.0 * steps / (steps + 1.0)).floor() };
        Workflow {
            workflow_id: Id::from(id.as_str()),
            status,
            progress: Percent::new(progress),
            current_step: self.step.clone(),
            total_steps: None,
            estimated_time_remaining: None,
            logs: self.logs.iter().cloned().collect(),
            errors: self.errors.clone(),
            project_id: None,
            duration_ms: None,
            error: None,
        }
    }
}
