//! The agent's end of protocol 004.

use super::messages::{
    AgentState, AgentStatus, Auth, Complaint, INVALID, Message, NoticeLevel, Presence, UserPresence, decode, encode,
};
use super::story::{Story, complaint, notice, start};
use crate::dialect::Malformed;
use crate::dialect::agent::{
    AgentEnd, Inbound, Outbound, Registration, Spoken, Standing, TokenPlace, Transport, Verdict, Way,
};
use crate::dialect::ours::{self, EXTENSION};
use crate::dialect::values::{Id, Nothing, OurCommand};
use crate::model::{AgentId, Event, ExecutionId};
use serde_json::Value;
use std::time::SystemTime;

/// This protocol, for an agent.
pub const SPOKEN: Spoken = Spoken {
    way: Way {
        transport: Transport::WebSocket("/ws"),
        token: TokenPlace::Query,
        verdict: Some(verdict),
        introduces_late: false,
    },
    end: || Box::new(End::default()),
    run: None,
    tells_addresses: false,
    remembers: false,
};

/// This end.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// The server is a hub of ours.
    ours: bool,
    me: Option<(AgentId, String)>,
    story: Story,
}

/// The server writes the time.
fn said(message: &Message) -> Outbound {
    Outbound::message(encode(message, None))
}

fn verdict(_: &str, arguments: &[Value]) -> Verdict {
    match arguments.first().map(decode) {
        Some(Ok(Some(envelope))) => match envelope.message {
            Message::Auth(Auth { success: true, .. }) => Verdict::Welcome,
            Message::Auth(Auth { error, .. }) => {
                Verdict::Refused(error.unwrap_or_else(|| "no reason given".to_owned()))
            }
            _ => Verdict::Open,
        },
        _ => Verdict::Open,
    }
}

impl End {
    fn name(&self) -> &str {
        self.me.as_ref().map_or("understudy", |(_, name)| name)
    }

    /// How the agent stands: as a user, and as an agent.
    fn standing(&self, standing: &Standing) -> Vec<Outbound> {
        let (presence, state) = match standing {
            Standing { draining: true, .. } => (Presence::Away, AgentState::Stopped),
            Standing { running: 0, .. } => (Presence::Online, AgentState::Idle),
            Standing { .. } => (Presence::Busy, AgentState::Working),
        };
        self.as_such(presence, state)
    }

    fn as_such(&self, presence: Presence, state: AgentState) -> Vec<Outbound> {
        // A hub of ours tells the others itself how its agents stand.
        if self.ours {
            return vec![said(&Message::UserPresence(UserPresence::Own(presence)))];
        }
        let status = AgentStatus {
            agent_name: self.name().to_owned(),
            state,
            current_task: None,
            progress: None,
            agent_id: self.me.as_ref().map(|(agent, _)| Id::from(agent.as_str())),
            extensions: vec![EXTENSION.to_owned()],
        };
        [Message::UserPresence(UserPresence::Own(presence)), Message::AgentStatus(status)].iter().map(said).collect()
    }
}

impl AgentEnd for End {
    fn connected(&mut self, me: &Registration, standing: &Standing, _: SystemTime) -> Vec<Outbound> {
        self.me = Some((me.agent.clone(), me.name.clone()));
        let mut told = Vec::new();
        if self.ours {
            told.push(said(&Message::Register(ours::registration(me))));
        }
        told.extend(self.standing(standing));
        told
    }

    fn hear(&mut self, _: &str, arguments: &[Value], _: SystemTime) -> Result<Vec<Inbound>, Malformed> {
        let envelope = match decode(arguments.first().unwrap_or(&Value::Null)) {
            Ok(Some(envelope)) => envelope,
            Ok(None) => return Ok(vec![Inbound::Unknown]),
            Err(malformed) => {
                tracing::debug!(%malformed, "a message of protocol 004 cannot be understood");
                return Err(match malformed.session {
                    Some(_) => malformed,
                    None => Malformed { message: INVALID.to_owned(), session: None },
                });
            }
        };
        Ok(vec![match envelope.message {
            Message::Auth(Auth { success: true, extensions, .. }) => {
                self.ours = ours::announced(&extensions);
                if self.ours { Inbound::Introduced } else { Inbound::Noted }
            }
            Message::Auth(Auth { error, .. }) => Inbound::Told { message: error.unwrap_or_default(), execution: None },
            Message::Ping(_) => Inbound::Reply(said(&Message::Pong(Nothing {}))),
            Message::Task(task) => {
                let session = Some(task.task_id.clone().into());
                Inbound::Command(start(task).map_err(|message| Malformed { message, session })?)
            }
            Message::Command(OurCommand { command, .. }) => Inbound::Command(command),
            Message::Error(Complaint { error }) => Inbound::Told { message: error, execution: None },
            Message::Pong(_)
            | Message::AgentStatus(_)
            | Message::ChatMessage(_)
            | Message::Notification(_)
            | Message::UserPresence(_) => Inbound::Noted,
            Message::Register(_) | Message::Event(_) => Inbound::Unknown,
        }])
    }

    fn tell(&mut self, event: &Event, event_id: Option<&str>, now: SystemTime) -> Vec<Outbound> {
        if self.ours {
            return vec![said(&Message::Event(ours::event(event, event_id)))];
        }
        let messages = match (event, event.session()) {
            (Event::Error { message, .. }, None) => vec![complaint(message)],
            // It may be about a task that never was.
            (Event::Error { message, .. }, Some(task)) => vec![notice(NoticeLevel::Error, message.clone(), Some(task))],
            (_, Some(session)) => {
                let agent = self.name().to_owned();
                self.story.tell(session, &agent, event, now)
            }
            (_, None) => Vec::new(),
        };
        messages.iter().map(said).collect()
    }

    fn heartbeat(&mut self, _: &Standing, _: SystemTime) -> Vec<Outbound> {
        vec![said(&Message::Ping(Nothing {}))]
    }

    fn stands(&mut self, standing: &Standing, _: SystemTime) -> Vec<Outbound> {
        self.standing(standing)
    }

    fn waits(&mut self, execution: &ExecutionId, words: &str, _: SystemTime) -> Vec<Outbound> {
        vec![said(&notice(NoticeLevel::Info, words.to_owned(), Some(execution)))]
    }

    fn leaves(&mut self, _: SystemTime) -> Vec<Outbound> {
        self.as_such(Presence::Offline, AgentState::Stopped)
    }

    fn boxed(&self) -> Box<dyn AgentEnd> {
        Box::new(self.clone())
    }
}
