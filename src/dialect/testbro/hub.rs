//! The hub's end of protocol 002.

use super::control;
use super::events::SessionEvent;
use super::live::Browsers;
use super::messages::{
    Connected, EXECUTION_EVENT, ExecutionStart, Heartbeat, Message, OfExecution, OfSession, PlaybackAction,
    ReplayControl, Request, decode, encode,
};
use super::telling::{self, Executions, complaint, envelope, in_itself, started, waiting, written};
use crate::dialect::hub::{Aside, Control, Frame, Heard, Order, Raw, Said, Subject, Translator, Wanted, Word};
use crate::dialect::ours::{self, EXTENSION};
use crate::dialect::values::{Id, OurCommand};
use crate::dialect::{Malformed, Protocol};
use crate::model::{Command, Event, ExecutionId, Labels};
use serde_json::Value;
use std::time::SystemTime;

/// Whether a message of this name says that its peer speaks this protocol: on the same socket others speak 000.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    name == EXECUTION_EVENT
        || SessionEvent::NAMES.contains(&name)
        // An agent of 000 has another word for it.
        || name == "understudy:register"
        || Request::NAMES.contains(&name) && !name.starts_with("understudy:")
}

/// What a peer said.
#[must_use]
pub fn hear(name: &str, payload: Option<&Value>) -> Heard {
    let request = match decode(name, payload) {
        Ok(Some(Message::Request(request))) => *request,
        Ok(Some(Message::Execution(event))) => {
            return telling::heard(*event).map_or(Heard::Nothing, |telling| Heard::said(name, Said::Told(telling)));
        }
        Ok(_) => return Heard::Nothing,
        Err(malformed) => return refused(name, malformed),
    };
    if let Some(control) = control::of(&request) {
        return match control {
            Ok((session, control, labels)) => {
                let command = Command::Live { execution: session.clone().into(), control };
                Heard::said(name, order(command, name, payload).said(labels.clone().into()))
            }
            Err(refusal) => {
                let session = payload.and_then(|payload| payload.get("session_id")).and_then(Value::as_str);
                let message = format!("{name}: {refusal}");
                refused(name, Malformed { message, session: session.map(ExecutionId::from) })
            }
        };
    }
    let said = match request {
        Request::SubscribeExecution(id) => Said::Watch(Subject::Execution, id.into()),
        Request::SubscribeBrowserSession(id) => Said::Watch(Subject::Browser, id.into()),
        Request::SubscribeRecording(id) => Said::Watch(Subject::Recording, id.into()),
        Request::SubscribePlayback(id) => Said::Watch(Subject::Playback, id.into()),
        Request::UnsubscribeExecution(id) => Said::Unwatch(Subject::Execution, id.into()),
        Request::UnsubscribeBrowserSession(id) => Said::Unwatch(Subject::Browser, id.into()),
        Request::UnsubscribeRecording(id) => Said::Unwatch(Subject::Recording, id.into()),
        Request::UnsubscribePlayback(id) => Said::Unwatch(Subject::Playback, id.into()),
        Request::ExecutionStart(mut start) => {
            let wanted = Wanted::from(std::mem::take(&mut start.labels));
            match started(start) {
                Ok(command) => order(command, name, payload).said(wanted),
                Err(malformed) => return refused(name, malformed),
            }
        }
        Request::ExecutionCancel(OfExecution { execution_id }) => {
            let order = order(Command::CancelExecution { execution: execution_id.into() }, name, payload);
            Said::Control { order, control: Control::Cancel }
        }
        Request::ReplayControl(ReplayControl {
            execution_id,
            action: PlaybackAction::Start | PlaybackAction::Seek,
            ..
        }) => Said::Retell(execution_id.into()),
        Request::ReplayControl(ReplayControl { execution_id, .. }) => {
            let message = format!("{name}: what is told again is told at once: only `start` and `seek` mean anything");
            return refused(name, Malformed { message, session: Some(execution_id.into()) });
        }
        Request::HeartbeatResponse(_) => Said::Heartbeat,
        Request::Command(OurCommand { command, labels }) => order(command, name, payload).said(labels.into()),
        Request::Register(registration) => ours::registered(registration),
        Request::Event(event) => ours::reported(event),
        _ => return Heard::Nothing,
    };
    Heard::said(name, said)
}

fn refused(name: &str, malformed: Malformed) -> Heard {
    Heard::Said { name: name.to_owned(), said: Box::new(Err(malformed)) }
}

fn order(command: Command, name: &str, payload: Option<&Value>) -> Order {
    Order { command, raw: Raw::new(Protocol::Testbro, name.to_owned(), payload.unwrap_or(&Value::Null)) }
}

/// The first word to a peer with a good token.
#[must_use]
pub fn connected(user: &str, now: SystemTime) -> Frame {
    frame(&Message::Request(Box::new(Request::Connected(Connected {
        message: "Connected to the understudy hub".to_owned(),
        user_id: Id::from(user),
        timestamp: written(now),
        extensions: vec![EXTENSION.to_owned()],
    }))))
}

/// Are you there?
#[must_use]
pub fn heartbeat(now: SystemTime) -> Frame {
    frame(&Message::Request(Box::new(Request::Heartbeat(Heartbeat { timestamp: written(now) }))))
}

fn frame(message: &Message) -> Frame {
    let (name, payload) = encode(message);
    Frame::new(name, &payload)
}

/// Puts everything into this protocol's words.
#[derive(Debug, Default)]
pub struct Teller {
    executions: Executions,
    browsers: Browsers,
}

impl Translator for Teller {
    fn tell(&mut self, word: &Word, now: SystemTime) -> Vec<Frame> {
        let messages = match word {
            Word::Session(report) => match (report.aside(), report.event()) {
                (Some(Aside::Waits(why)), _) => vec![envelope(Some(&report.session), waiting(why), now)],
                (Some(Aside::Lost(why)), _) => {
                    let lost = self.executions.lost(&report.session, why);
                    vec![envelope(Some(&report.session), lost, now)]
                }
                (None, Some(event)) => self.session(event, now),
                (None, None) => Vec::new(),
            },
            Word::Refused { message, session } => vec![envelope(session.as_ref(), complaint(message), now)],
            Word::Watched(subject, id) => vec![Message::Request(Box::new(watched(*subject, id)))],
            Word::Command(order) => return vec![handed_on(order)],
            Word::Work(order) => asked(order).map(|asked| Message::Request(Box::new(asked))).into_iter().collect(),
            Word::Agent { .. }
            | Word::Presence { .. }
            | Word::Registered(_)
            | Word::View(_)
            | Word::Replayed
            | Word::Service(_) => Vec::new(),
        };
        messages.iter().map(frame).collect()
    }
}

impl Teller {
    fn session(&mut self, event: &Event, now: SystemTime) -> Vec<Message> {
        let mut told = self.executions.tell(event, now, in_itself);
        told.extend(self.browsers.tell(event, now, in_itself));
        told
    }
}

fn watched(subject: Subject, id: &ExecutionId) -> Request {
    let id = Id::from(id.as_str());
    let session = |id| OfSession { session_id: id };
    match subject {
        Subject::Execution => Request::SubscriptionConfirmed(OfExecution { execution_id: id }),
        Subject::Browser => Request::BrowserSessionSubscribed(session(id)),
        Subject::Recording => Request::RecordingSubscribed(session(id)),
        Subject::Playback => Request::PlaybackSubscribed(session(id)),
    }
}

/// A request as an agent of others gets it.
fn asked(order: &Order) -> Option<Request> {
    match &order.command {
        Command::StartExecution(start) => Some(Request::ExecutionStart(ExecutionStart {
            execution_id: Id::from(start.execution.as_str()),
            code: Some(start.code.clone()),
            steps: None,
            labels: Labels::default(),
        })),
        Command::CancelExecution { execution } => {
            Some(Request::ExecutionCancel(OfExecution { execution_id: Id::from(execution.as_str()) }))
        }
        _ => None,
    }
}

/// A request as the agent gets it.
fn handed_on(order: &Order) -> Frame {
    let request = match &order.command {
        Command::Live { execution, control } => control::request(&Id::from(execution.as_str()), control),
        Command::StartExecution(_) | Command::CancelExecution { .. } if order.raw.protocol == Protocol::Testbro => {
            return Frame::from(&order.raw);
        }
        _ => Request::Command(ours::command(order)),
    };
    frame(&Message::Request(Box::new(request)))
}
