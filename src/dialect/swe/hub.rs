//! The hub's end of protocol 003.

use super::events::{AgentMetadata, AgentPresence, AgentState, AgentStatus, Event as Told, Workflow, WorkflowState};
use super::messages::{
    Ack, Connection, Envelope, ErrorCode, Established, Message, Refused, Request, Stamp, VERSION, Work, WorkflowCancel,
    WorkflowStart, decode, encode,
};
use super::rooms::Room;
use super::story::{Story, failed, start, written};
use crate::dialect::Protocol;
use crate::dialect::hub::{
    self, Aside, Control, Frame, Heard, News, Order, Raw, Registration, Said, Service, Telling, Translator, Wanted,
    Word,
};
use crate::dialect::ours::{self, EXTENSION};
use crate::dialect::values::{Id, OurCommand, Percent};
use crate::model::{Command, Labels};
use serde_json::{Value, json};
use std::time::SystemTime;

/// Who tells what the hub itself knows.
const SOURCE: &str = "understudy";

/// An execution that was cancelled.
const EXIT_CANCELLED: i32 = 130;

/// What a peer said, and how it is acknowledged where that needs nobody else.
#[must_use]
pub fn hear(name: &str, payload: Option<&Value>) -> Heard {
    let request = match decode(name, payload) {
        Ok(Some(Message::Request(request))) => request,
        Ok(Some(Message::Work { work, .. })) => return work_for(*work, name, payload),
        Ok(Some(Message::Event(envelope))) => return told(envelope.event, name),
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
        Request::Register(registration) => Heard::said(name, ours::registered(registration)),
        Request::Command(OurCommand { command, labels }) => {
            Heard::said(name, asked(command, name, payload).said(labels.into()))
        }
        Request::Event(event) => Heard::said(name, ours::reported(event)),
    }
}

/// What an agent of others says of itself and of its workflows.
fn told(event: Told, name: &str) -> Heard {
    let here = |agent_id: Id, agent_name| {
        let (agent, name) = (Some(agent_id.into()), agent_name);
        Said::Register(Registration { agent, name, ..Registration::default() })
    };
    let said = match event {
        Told::AgentConnected(AgentPresence { agent_id, agent_name, .. }) => here(agent_id, agent_name),
        Told::AgentStatusChanged(AgentStatus { status: AgentState::Offline, .. }) => return Heard::Nothing,
        Told::AgentStatusChanged(AgentStatus { agent_id, agent_name, .. }) => here(agent_id, agent_name),
        Told::WorkflowStarted(workflow) | Told::WorkflowProgress(workflow) => went_on(workflow, Vec::new()),
        Told::WorkflowCompleted(workflow) => went_on(workflow, vec![News::complete(0)]),
        Told::WorkflowFailed(workflow) => {
            let cancelled = workflow.status == WorkflowState::Cancelled;
            let end = match workflow.error.clone().or_else(|| workflow.errors.last().cloned()) {
                _ if cancelled => vec![News::complete(EXIT_CANCELLED)],
                why => News::failed(why),
            };
            went_on(workflow, end)
        }
        _ => return Heard::Nothing,
    };
    Heard::said(name, said)
}

fn went_on(workflow: Workflow, end: Vec<News>) -> Said {
    let logs = News::Logs(workflow.logs);
    let done = workflow.current_step.map(News::Done);
    let news = done.into_iter().chain([logs]).chain(end).collect();
    Said::Told(Telling { session: Some(workflow.workflow_id.into()), news })
}

fn work_for(work: Work, name: &str, payload: Option<&Value>) -> Heard {
    match work {
        Work::Start(mut work) => {
            let wanted = Wanted::from(std::mem::take(&mut work.labels));
            match start(work) {
                Ok(command) => Heard::said(name, asked(command, name, payload).said(wanted)),
                Err(message) => Heard::Said { name: name.to_owned(), said: Box::new(Err(message)) },
            }
        }
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

fn frame(message: &Message) -> Frame {
    let (name, payload) = encode(message);
    Frame::new(name, &payload)
}

/// What an agent of others is asked.
fn work(order: &Order) -> Option<Work> {
    match &order.command {
        Command::StartExecution(start) => Some(Work::Start(WorkflowStart {
            workflow_id: Id::from(start.execution.as_str()),
            code: Some(start.code.clone()),
            steps: None,
            project_id: None,
            labels: Labels::default(),
        })),
        Command::CancelExecution { execution } => {
            Some(Work::Cancel(WorkflowCancel { workflow_id: Id::from(execution.as_str()) }))
        }
        _ => None,
    }
}

fn stamped(work: Work, now: SystemTime) -> Message {
    let stamp = Some(Stamp { timestamp: written(now), source: SOURCE.to_owned() });
    Message::Work { work: Box::new(work), stamp }
}

/// Puts everything into this protocol's words.
#[derive(Debug, Default)]
pub struct Teller {
    story: Story,
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
            Word::Session(report) => match (report.aside(), report.event()) {
                (Some(Aside::Waits(why)), _) => {
                    vec![event(Told::WorkflowProgress(self.story.waits(&report.session, why, now)))]
                }
                (Some(Aside::Lost(why)), _) => {
                    vec![event(Told::WorkflowFailed(self.story.lost(&report.session, why, now)))]
                }
                (None, Some(told)) => {
                    let beyond = ours::beyond(told).map(|event| frame(&Message::Request(Request::Event(event))));
                    self.story.tell(&report.session, told, now).into_iter().map(event).chain(beyond).collect()
                }
                (None, None) => Vec::new(),
            },
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
                vec![frame(&Message::Request(Request::Command(ours::command(order))))]
            }
            Word::Work(order) => work(order).map(|work| frame(&stamped(work, now))).into_iter().collect(),
            Word::Presence { .. }
            | Word::Registered(_)
            | Word::Watched(..)
            | Word::View(_)
            | Word::Replayed
            | Word::Service(Service::Message(_)) => Vec::new(),
        }
    }
}
