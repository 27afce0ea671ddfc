//! The agent's end of protocol 003.

use super::events::{AgentMetadata, AgentPresence, AgentState, AgentStatus, Event as Told};
use super::messages::{
    Ack, Connection, Envelope, Message, Refused, Request, Stamp, Subscription, Work, WorkflowCancel, decode, encode,
};
use super::rooms::Room;
use super::story::{Story, failed, start, written};
use crate::dialect::agent::{
    AgentEnd, Inbound, Outbound, Registration, Spoken, Standing, TokenPlace, Transport, Verdict, Way,
};
use crate::dialect::ours::{self, EXTENSION};
use crate::dialect::reading::read;
use crate::dialect::values::{Amount, Id, Nothing, OurCommand, Percent};
use crate::dialect::{Malformed, bounds};
use crate::model::{Command, Event, ExecutionId};
use serde_json::{Value, json};
use std::time::SystemTime;

/// Who tells it.
const SOURCE: &str = "understudy";
/// Of an error without a workflow, bytes.
const ERROR_MAX: usize = 4 << 10;

/// This protocol, for an agent.
pub const SPOKEN: Spoken = Spoken {
    way: Way {
        transport: Transport::SocketIo("/ws"),
        token: TokenPlace::Handshake,
        verdict: Some(verdict),
        introduces_late: false,
    },
    end: || Box::new(End::default()),
    run: None,
    tells_addresses: false,
    remembers: true,
};

/// This end.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// The server is a hub of ours.
    ours: bool,
    me: Option<(Id, String)>,
    story: Story,
}

fn verdict(name: &str, arguments: &[Value]) -> Verdict {
    match decode(name, arguments.first()) {
        Ok(Some(Message::Connection { told: Connection::Established(_), .. })) => Verdict::Welcome,
        Ok(Some(Message::Connection { told: Connection::Refused(refused), .. })) => Verdict::Refused(words(&refused)),
        _ => Verdict::Open,
    }
}

fn words(Refused { error_code, error_message, .. }: &Refused) -> String {
    format!("{error_message} ({})", json!(error_code).as_str().unwrap_or_default())
}

fn said(message: &Message) -> Outbound {
    let (name, payload) = encode(message);
    Outbound::event(name, payload)
}

fn event(event: Told, now: SystemTime) -> Outbound {
    let stamp = Stamp { timestamp: written(now), source: SOURCE.to_owned() };
    said(&Message::Event(Box::new(Envelope { event, stamp })))
}

/// Something that the server answers.
fn request(request: Request) -> Outbound {
    Outbound { asks: true, ..said(&Message::Request(request)) }
}

impl End {
    fn status(&self, standing: &Standing, now: SystemTime) -> Option<Outbound> {
        let free = standing.slots.saturating_sub(standing.running);
        let (status, free) = match standing {
            Standing { draining: true, .. } => (AgentState::Busy, 0),
            Standing { running: 0, .. } => (AgentState::Idle, free),
            Standing { .. } if free == 0 => (AgentState::Busy, 0),
            Standing { .. } => (AgentState::Online, free),
        };
        let availability = 100.0 * free as f64 / standing.slots.max(1) as f64;
        self.changed(status, availability, standing, now)
    }

    fn changed(&self, status: AgentState, availability: f64, standing: &Standing, now: SystemTime) -> Option<Outbound> {
        let (agent_id, agent_name) = self.me.clone()?;
        let metadata = AgentMetadata {
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            last_update: Some(written(now)),
            cpu_usage: standing.load.map(|load| Amount::new(load.cpu_percent.round())),
            memory_usage: standing.load.map(|load| Amount::new(load.memory_percent.round())),
        };
        let availability = Percent::new(availability.floor());
        let metadata = Some(metadata);
        Some(event(Told::AgentStatusChanged(AgentStatus { agent_id, agent_name, status, availability, metadata }), now))
    }

    fn presence(&self, reason: Option<&str>) -> Option<AgentPresence> {
        let (agent_id, agent_name) = self.me.clone()?;
        let extensions = if reason.is_none() { vec![EXTENSION.to_owned()] } else { Vec::new() };
        Some(AgentPresence { agent_id, agent_name, reason: reason.map(str::to_owned), extensions })
    }
}

impl AgentEnd for End {
    fn connected(&mut self, me: &Registration, standing: &Standing, now: SystemTime) -> Vec<Outbound> {
        let id = Id::from(me.agent.as_str());
        self.me = Some((id.clone(), me.name.clone()));
        let mut told = Vec::new();
        if self.ours {
            told.push(said(&Message::Request(Request::Register(ours::registration(me)))));
        }
        let projects = me.projects.iter().map(|project| Room::Project(project.into()));
        let rooms = std::iter::once(Room::Agent(id)).chain(projects);
        told.extend(rooms.map(|room| request(Request::Subscribe(Subscription { room }))));
        told.extend(self.presence(None).map(|presence| event(Told::AgentConnected(presence), now)));
        told.extend(self.status(standing, now));
        told
    }

    fn hear(&mut self, name: &str, arguments: &[Value], _: SystemTime) -> Result<Vec<Inbound>, Malformed> {
        Ok(vec![match decode(name, arguments.first())? {
            Some(Message::Connection { told: Connection::Established(established), .. }) => {
                self.ours = ours::announced(&established.extensions);
                if self.ours { Inbound::Introduced } else { Inbound::Noted }
            }
            Some(Message::Connection { told: Connection::Refused(refused), .. }) => {
                Inbound::Told { message: words(&refused), execution: None }
            }
            Some(Message::Work { work, .. }) => Inbound::Command(match *work {
                Work::Start(mut work) => {
                    let (workflow, project) = (work.workflow_id.clone().into(), work.project_id.take());
                    let command = start(work)?;
                    if let Some(project) = project {
                        self.story.belongs(&workflow, project);
                    }
                    command
                }
                Work::Cancel(WorkflowCancel { workflow_id }) => {
                    Command::CancelExecution { execution: workflow_id.into() }
                }
            }),
            Some(Message::Request(Request::Command(OurCommand { command, .. }))) => Inbound::Command(command),
            Some(Message::Event(_)) => Inbound::Noted,
            Some(Message::Request(_)) | None => Inbound::Unknown,
        }])
    }

    fn answered(&mut self, answer: &[Value]) -> Vec<Inbound> {
        match answer.first().map(read::<Ack>) {
            Some(Ok(Ack::Error { error_message, room, .. })) => {
                let message = format!("{error_message}: {}", room.unwrap_or_default());
                vec![Inbound::Told { message, execution: None }]
            }
            _ => Vec::new(),
        }
    }

    fn tell(&mut self, happened: &Event, event_id: Option<&str>, now: SystemTime) -> Vec<Outbound> {
        if self.ours {
            return vec![said(&Message::Request(Request::Event(ours::event(happened, event_id))))];
        }
        let told = match (happened, happened.session()) {
            // Whoever asked for it hears that it does not come.
            (Event::Error { message, .. }, Some(workflow)) if !self.story.knows(workflow) => {
                vec![Told::WorkflowFailed(failed(workflow, message.clone()))]
            }
            (_, Some(workflow)) => self.story.tell(workflow, happened, now),
            // The protocol has no words for what cannot be understood.
            (Event::Error { message, .. }, None) => {
                return vec![Outbound::event("error", json!({"message": bounds::cut(message, ERROR_MAX)}))];
            }
            (_, None) => Vec::new(),
        };
        told.into_iter().map(|told| event(told, now)).collect()
    }

    fn heartbeat(&mut self, standing: &Standing, now: SystemTime) -> Vec<Outbound> {
        std::iter::once(request(Request::Ping(Nothing {}))).chain(self.status(standing, now)).collect()
    }

    fn stands(&mut self, standing: &Standing, now: SystemTime) -> Vec<Outbound> {
        self.status(standing, now).into_iter().collect()
    }

    fn waits(&mut self, execution: &ExecutionId, words: &str, now: SystemTime) -> Vec<Outbound> {
        vec![event(Told::WorkflowProgress(self.story.waits(execution, words, now)), now)]
    }

    fn leaves(&mut self, now: SystemTime) -> Vec<Outbound> {
        let gone =
            self.presence(Some("The agent was stopped")).map(|presence| event(Told::AgentDisconnected(presence), now));
        let offline = self.changed(AgentState::Offline, 0.0, &Standing::default(), now);
        offline.into_iter().chain(gone).collect()
    }

    fn boxed(&self) -> Box<dyn AgentEnd> {
        Box::new(self.clone())
    }
}
