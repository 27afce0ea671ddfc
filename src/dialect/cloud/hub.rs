//! The hub's end of protocol 004.

use super::messages::{
    AgentState, AgentStatus, Auth, Envelope, INVALID, Message, NoticeLevel, Notification, Task, UserPresence,
    UserStatus, decode, encode,
};
use super::story::{Story, complaint, notice, start, written};
use crate::dialect::Protocol;
use crate::dialect::hub::{
    self, Aside, Frame, Heard, News, Order, Raw, Registration, Said, Service, Telling, Translator, Wanted, Word,
};
use crate::dialect::ours::{self, EXTENSION};
use crate::dialect::values::{Id, Nothing, OurCommand};
use crate::model::{AgentId, Command, ExecutionId, Labels, Level};
use serde_json::Value;
use std::time::SystemTime;

/// What a peer said: the value of a JSON text, or a text that is no JSON as a JSON string.
#[must_use]
pub fn hear(value: &Value, now: SystemTime) -> Heard {
    let envelope = match decode(value) {
        Ok(Some(envelope)) => envelope,
        Ok(None) => return Heard::Nothing,
        Err(malformed) => {
            tracing::debug!(%malformed, "a message of protocol 004 cannot be understood");
            return Heard::Answer(unreadable(now));
        }
    };
    let Envelope { message, .. } = envelope;
    let name = message.name();
    match message {
        Message::Ping(_) => Heard::Answer(frame(&Message::Pong(Nothing {}), now)),
        Message::UserPresence(UserPresence::Own(presence)) => Heard::said(name, Said::Presence(presence)),
        Message::Task(mut task) => {
            let wanted = Wanted::from(std::mem::take(&mut task.labels));
            match start(task) {
                Ok(command) => Heard::said(name, order(command, name, value).said(wanted)),
                Err(message) => Heard::Answer(frame(&complaint(&message), now)),
            }
        }
        Message::Register(registration) => Heard::said(name, ours::registered(registration)),
        Message::Command(OurCommand { command, labels }) => {
            Heard::said(name, order(command, name, value).said(labels.into()))
        }
        Message::Event(event) => Heard::said(name, ours::reported(event)),
        Message::AgentStatus(AgentStatus { agent_name, agent_id, .. }) => {
            let agent = agent_id.map(AgentId::from);
            Heard::said(name, Said::Register(Registration { agent, name: agent_name, ..Registration::default() }))
        }
        Message::ChatMessage(chat) => {
            let (session, news) = (Some(chat.conversation_id.into()), vec![News::Done(chat.content)]);
            Heard::said(name, Said::Told(Telling { session, news }))
        }
        Message::Notification(notification) => Heard::said(name, Said::Told(noticed(notification))),
        _ => Heard::Nothing,
    }
}

/// What an agent of others says of its task: of one that it names, that it has ended.
fn noticed(notification: Notification) -> Telling {
    let Notification { level, message, task_id, .. } = notification;
    let failed = matches!(level, NoticeLevel::Error | NoticeLevel::Warning);
    let log = match level {
        NoticeLevel::Error => Level::Error,
        NoticeLevel::Warning => Level::Warn,
        NoticeLevel::Info | NoticeLevel::Success => Level::Info,
    };
    let news = match (&task_id, level) {
        (None, _) | (_, NoticeLevel::Info) => vec![News::Log(log, message)],
        (Some(_), _) if failed => News::failed(Some(message)),
        (Some(_), _) => vec![News::Log(log, message), News::complete(0)],
    };
    Telling { session: task_id.map(ExecutionId::from), news }
}

fn order(command: Command, name: &'static str, value: &Value) -> Order {
    Order { command, raw: Raw::new(Protocol::Cloud, name, value) }
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

/// What is told a peer of which something cannot be read.
#[must_use]
pub fn unreadable(now: SystemTime) -> Frame {
    frame(&complaint(INVALID), now)
}

/// Are you there?
#[must_use]
pub fn ping(now: SystemTime) -> Frame {
    frame(&Message::Ping(Nothing {}), now)
}

fn frame(message: &Message, now: SystemTime) -> Frame {
    let timestamp = written(now);
    Frame::new("", &encode(message, Some(&timestamp)))
}

/// Puts everything into this protocol's words.
#[derive(Debug, Default)]
pub struct Teller {
    story: Story,
}

impl Translator for Teller {
    fn tell(&mut self, word: &Word, now: SystemTime) -> Vec<Frame> {
        let messages = match word {
            Word::Session(report) => match (report.aside(), report.event()) {
                (Some(Aside::Waits(why)), _) => vec![notice(NoticeLevel::Info, why.to_owned(), Some(&report.session))],
                (Some(Aside::Lost(why)), _) => vec![self.story.lost(&report.session, why)],
                (None, Some(event)) => {
                    let agent = report.agent.as_deref().unwrap_or("understudy");
                    let beyond = ours::beyond(event).map(Message::Event);
                    self.story.tell(&report.session, agent, event, now).into_iter().chain(beyond).collect()
                }
                (None, None) => Vec::new(),
            },
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
            Word::Command(order) => vec![Message::Command(ours::command(order))],
            Word::Work(order) => match &order.command {
                Command::StartExecution(start) => vec![Message::Task(Task {
                    task_id: Id::from(start.execution.as_str()),
                    code: Some(start.code.clone()),
                    steps: None,
                    labels: Labels::default(),
                })],
                _ => Vec::new(),
            },
            Word::Service(Service::Message(message)) => vec![(**message).clone()],
            Word::Registered(_)
            | Word::Watched(..)
            | Word::View(_)
            | Word::Replayed
            | Word::Service(Service::Event(_)) => Vec::new(),
        };
        messages.iter().map(|message| frame(message, now)).collect()
    }
}
