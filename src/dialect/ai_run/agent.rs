//! The agent's end of protocol 001.

use super::messages::{
    Authenticate, Authentication, Complaint, Heard, Message, PING, PONG, StartAgent, Status, decode, encode,
};
use super::source::execution;
use super::story::{self, Story};
use crate::dialect::Malformed;
use crate::dialect::agent::{
    AgentEnd, Inbound, Outbound, Registration, Spoken, Standing, TokenPlace, Transport, Verdict, Way,
};
use crate::dialect::ours::{self, EXTENSION};
use crate::dialect::values::OurCommand;
use crate::model::{Command, Event, ExecutionId, StartExecution};
use serde_json::Value;
use std::time::SystemTime;

/// This protocol, for an agent.
pub const SPOKEN: Spoken = Spoken {
    way: Way {
        transport: Transport::WebSocket("/ws"),
        token: TokenPlace::Message(authenticate),
        verdict: Some(verdict),
        introduces_late: false,
    },
    end: || Box::new(End::default()),
    run: Some(fetched),
    tells_addresses: false,
    remembers: true,
};

/// This end.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// The server is a hub of ours.
    ours: bool,
    story: Story,
}

fn authenticate(token: &str) -> Outbound {
    let message = Authenticate { token: token.to_owned(), extensions: vec![EXTENSION.to_owned()] };
    said(&Message::Authenticate(message))
}

fn said(message: &Message) -> Outbound {
    Outbound::message(encode(message))
}

fn verdict(_: &str, arguments: &[Value]) -> Verdict {
    match arguments.first().map(decode) {
        Some(Ok(Heard::Message(message))) => match *message {
            Message::Authentication(Authentication { status: Status::Success, .. }) => Verdict::Welcome,
            Message::Authentication(Authentication { error, .. }) => {
                Verdict::Refused(error.unwrap_or_else(|| "no reason given".to_owned()))
            }
            _ => Verdict::Open,
        },
        _ => Verdict::Open,
    }
}

/// The run that a server has for its id.
///
/// # Errors
/// In words: it is none, or nothing that can be done.
pub fn fetched(run: &ExecutionId, body: &str) -> Result<StartExecution, String> {
    let read = |error: &dyn std::fmt::Display| format!("The run {run} cannot be read: {error}");
    let value: Value = serde_json::from_str(body).map_err(|error| read(&error))?;
    let mut start: StartAgent = crate::dialect::reading::read(&value).map_err(|error| read(&error))?;
    start.run_id = run.as_str().into();
    execution(start)
}

impl End {
    fn start(start: StartAgent) -> Result<Inbound, Malformed> {
        let run = ExecutionId(start.run_id.to_string());
        if start.code.is_none() && start.actions.is_none() && start.goal.is_none() {
            return Ok(Inbound::Fetch(run));
        }
        let execution = execution(start).map_err(|message| Malformed { message, session: Some(run) })?;
        Ok(Inbound::Command(Command::StartExecution(execution)))
    }
}

impl AgentEnd for End {
    fn connected(&mut self, me: &Registration, _: &Standing, _: SystemTime) -> Vec<Outbound> {
        match self.ours {
            true => vec![said(&Message::Register(ours::registration(me)))],
            false => Vec::new(),
        }
    }

    fn hear(&mut self, _: &str, arguments: &[Value], _: SystemTime) -> Result<Vec<Inbound>, Malformed> {
        let message = match decode(arguments.first().unwrap_or(&Value::Null))? {
            Heard::Message(message) => *message,
            Heard::Ping => return Ok(vec![Inbound::Reply(Outbound::message(PONG.into()))]),
            Heard::Pong => return Ok(vec![Inbound::Noted]),
            Heard::Unknown(_) => return Ok(vec![Inbound::Unknown]),
        };
        Ok(vec![match message {
            Message::Authentication(Authentication { status: Status::Success, extensions, .. }) => {
                self.ours = ours::announced(&extensions);
                if self.ours { Inbound::Introduced } else { Inbound::Noted }
            }
            Message::Authentication(Authentication { error, .. }) => {
                Inbound::Told { message: error.unwrap_or_default(), execution: None }
            }
            Message::StartAgent(start) => Self::start(start)?,
            Message::Command(OurCommand { command, .. }) => Inbound::Command(command),
            Message::Error(Complaint { error, run_id }) => {
                Inbound::Told { message: error, execution: run_id.map(ExecutionId::from) }
            }
            _ => Inbound::Unknown,
        }])
    }

    fn tell(&mut self, event: &Event, event_id: Option<&str>, _: SystemTime) -> Vec<Outbound> {
        if self.ours {
            return vec![said(&Message::Event(ours::event(event, event_id)))];
        }
        let messages = match (event, event.session()) {
            // Whoever asked for it hears that it does not come.
            (Event::Error { message, .. }, Some(run)) if !self.story.knows(run) => {
                vec![story::completion(run, Some(message.clone()), None)]
            }
            (_, Some(run)) => self.story.tell(run, event),
            (Event::Error { message, .. }, None) => vec![story::complaint(message, None)],
            (_, None) => Vec::new(),
        };
        messages.iter().map(said).collect()
    }

    fn heartbeat(&mut self, _: &Standing, _: SystemTime) -> Vec<Outbound> {
        vec![Outbound::message(PING.into())]
    }

    fn boxed(&self) -> Box<dyn AgentEnd> {
        Box::new(self.clone())
    }
}
