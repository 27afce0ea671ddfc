//! The relay as a machine: what was said and when, to what is told where. No sockets, no clock, no protocol.

mod attendance;
mod flow;
mod listed;
mod plain;
mod waiting;
mod watch;
mod watching;

pub(super) use listed::RunView;

use super::bus::{PeerId, Room};
use super::clock::Instant;
use super::history::{History, Story};
use super::mailbox::Mailbox;
use super::registry::{Agent, Registry};
use super::runs::Runs;
use super::service::rooms;
use super::sessions::{Known, Phase, Session, Sessions};
use super::token::{Identity, Role, UserId};
use crate::dialect::hub::{AgentStatus, Meaning, Presence, Said, Service, Subject, Word};
use crate::dialect::swe::rooms::Room as Topic;
use crate::dialect::{Malformed, Protocol};
use crate::model::{AgentId, ExecutionId, Labels};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// What the relay is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Input {
    /// A peer with a good token.
    Connected {
        peer: PeerId,
        protocol: Protocol,
        identity: Identity,
        /// Its id, should it register as an agent without naming one.
        spare: AgentId,
    },
    /// It is gone.
    Disconnected { peer: PeerId },
    /// It said something, under this name.
    Received { peer: PeerId, name: String, said: Box<Result<Said, Malformed>> },
    /// [`Relay::next_deadline`] has come.
    Tick,
}

/// What the relay wants done.
#[derive(Debug)]
pub(super) enum Effect {
    Join(PeerId, Room),
    Leave(PeerId, Room),
    /// To everybody in the rooms, once.
    Publish(Vec<Room>, Arc<Word>),
    /// To one peer: what was told before it came.
    Replay(PeerId, Vec<Arc<Word>>),
    /// Whether what was just said is granted.
    Answer(bool),
    Close(PeerId),
}

/// An agent as `GET /api/v1/agents` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AgentView {
    agent_id: AgentId,
    name: String,
    status: &'static str,
    running: usize,
    max_sessions: u32,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    labels: Labels,
    system_info: Value,
}

#[derive(Debug, Serialize, Deserialize)]
struct Peer {
    identity: Identity,
    protocol: Protocol,
    spare: AgentId,
    agent: Option<AgentId>,
    /// How its user says to stand, of the protocols that have this.
    presence: Option<Presence>,
    /// Whether it hears only of sessions that it watches or has started.
    chooses: bool,
    watched: BTreeSet<(Subject, ExecutionId)>,
}

/// See the module. Hubs that act as one each have one, and all of them are alike: what is done depends on nothing but what they are
/// told and when.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Relay {
    peers: HashMap<PeerId, Peer>,
    agents: Registry,
    sessions: Sessions,
    history: History,
    mailbox: Mailbox,
    runs: Runs,
    timeout: Duration,
    /// Since when the first of those that wait has no agent that could ever take it.
    deserted: Option<Instant>,
    /// Whether agents have come, gone or changed in this step.
    #[serde(skip)]
    stirred: bool,
    #[serde(skip)]
    effects: Vec<Effect>,
}

impl Relay {
    /// `timeout`: how long an agent may be silent or away before it and its sessions are given up.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            peers: HashMap::new(),
            agents: Registry::new(timeout),
            sessions: Sessions::default(),
            history: History::default(),
            mailbox: Mailbox::default(),
            runs: Runs::default(),
            timeout,
            deserted: None,
            stirred: false,
            effects: Vec::new(),
        }
    }

    /// Takes one input in; the effects are to be carried out in order.
    pub(super) fn step(&mut self, input: Input, now: Instant) -> Vec<Effect> {
        match input {
            Input::Connected { peer, protocol, identity, spare } => {
                self.connected(peer, protocol, identity, spare, now)
            }
            Input::Disconnected { peer } => self.disconnected(peer, now),
            Input::Received { peer, name, said } => self.received(peer, &name, *said, now),
            Input::Tick => self.tick(now),
        }
        self.assign(now);
        self.look_who_waits(now);
        std::mem::take(&mut self.effects)
    }

    /// When to tick next.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let deserted = self.deserted.map(|since| since + self.timeout);
        self.agents.next_deadline().into_iter().chain(deserted).min()
    }

    /// All agents.
    pub(super) fn agents(&self, now: Instant) -> Vec<AgentView> {
        let view = |(id, agent): (&AgentId, &Agent)| AgentView {
            agent_id: id.clone(),
            name: agent.name.clone(),
            status: agent.status(now, self.timeout).as_str(),
            running: agent.running.len(),
            max_sessions: agent.slots,
            labels: agent.labels.clone(),
            system_info: agent.system_info.clone(),
        };
        self.agents.iter().map(view).collect()
    }

    /// All peers, in order.
    pub(super) fn peers(&self) -> Vec<PeerId> {
        let mut peers: Vec<_> = self.peers.keys().copied().collect();
        peers.sort();
        peers
    }

    /// A service tells something.
    pub(super) fn service(&mut self, mut service: Service) -> Vec<Effect> {
        vec![Effect::Publish(rooms(&mut service), Arc::new(Word::Service(service)))]
    }

    /// What can be started by its id.
    pub(super) fn runs(&mut self) -> &mut Runs {
        &mut self.runs
    }

    fn tick(&mut self, now: Instant) {
        let silent = self.agents.iter().filter(|(_, agent)| now >= agent.heard + self.timeout);
        for id in silent.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.give_up_sessions(&id, now);
            self.tell_status(&id, now);
        }
        self.withdraw_deserted(now);
    }

    fn received(&mut self, peer: PeerId, name: &str, said: Result<Said, Malformed>, now: Instant) {
        let Some(Peer { identity, agent, .. }) = self.peers.get(&peer) else { return };
        let (user, role, agent) = (identity.user.clone(), identity.role, agent.clone());
        let projects = identity.projects.clone();
        if let Some(id) = &agent {
            match self.agents.get_mut(id) {
                Some(agent) if agent.peer == Some(peer) => agent.heard = now,
                // Another connection has taken its place.
                _ => return,
            }
            self.tell_status(id, now);
        }
        let said = match said {
            Ok(said) => said,
            Err(malformed) => return self.refuse(peer, &malformed.message, malformed.session.as_ref()),
        };
        match said {
            Said::Register(registration) => self.register(peer, &user, role, registration, now),
            Said::Start { order, .. } | Said::Control { order, .. } | Said::Live { order, .. }
                if agent.is_some() || role == Role::Agent =>
            {
                let message = format!("{name}: an agent takes sessions and starts none: connect once more as a client");
                self.refuse(peer, &message, Some(order.command.session()));
            }
            Said::Live { order, wanted } => self.live(peer, user, Arc::new(order), wanted, now),
            Said::Watch(subject, id) => self.watch(peer, &user, subject, &id),
            Said::Unwatch(subject, id) => self.unwatch(peer, &user, subject, &id),
            Said::Retell(id) => self.retell(peer, &user, &id),
            Said::Start { order, wanted } => self.start(peer, user, Arc::new(order), wanted, now),
            Said::StartRun(run) => self.start_run(peer, user, run, now),
            Said::Control { order, control } => self.control(peer, &user, control, Arc::new(order), now),
            Said::Event { report, event_id } => match &agent {
                Some(id) => self.event(id, report, event_id, now),
                None if report.means == Meaning::Error => tracing::debug!(peer = peer.0, "a client reports an error"),
                None => {
                    let message = format!("{name}: only a registered agent may send this");
                    self.refuse(peer, &message, Some(&report.session));
                }
            },
            Said::Told(telling) if role == Role::Agent => self.told_by(peer, telling, now),
            Said::Unannounced if role == Role::Agent => self.take_in(peer, now),
            // What a server says, or nothing.
            Said::Told(_) | Said::Unannounced => {}
            Said::AgentError => tracing::warn!(peer = peer.0, "a peer reports an error"),
            Said::Replay if agent.is_none() && role == Role::Client => self.replay(peer, &user, now),
            Said::Presence(presence) => {
                if let Some(peer) = self.peers.get_mut(&peer) {
                    peer.presence = Some(presence);
                }
                self.publish(Room::Clients, Word::Presence { user: user.0, presence });
            }
            Said::Subscribe(topic) => {
                let room = topic_for(&user, projects.as_deref(), topic);
                self.effects.push(Effect::Answer(room.is_some()));
                self.effects.extend(room.map(|room| Effect::Join(peer, room)));
            }
            Said::Unsubscribe(topic) => {
                let room = topic_for(&user, projects.as_deref(), topic);
                self.effects.push(Effect::Answer(room.is_some()));
                self.effects.extend(room.map(|room| Effect::Leave(peer, room)));
            }
            Said::Heartbeat | Said::Replay => {}
            Said::Unknown => tracing::debug!(peer = peer.0, name, "ignoring an unknown event"),
        }
    }

    fn tell_status(&mut self, id: &AgentId, now: Instant) {
        let was = self.agents.get(id).map(|agent| agent.told);
        if let Some(status) = self.agents.untold(id, now) {
            self.stirred |= status == AgentStatus::Offline || was == Some(AgentStatus::Offline);
            let name = self.agents.get_mut(id).map(|agent| agent.name.clone()).unwrap_or_default();
            let topics = [Topic::Agent(id.as_str().into()), Topic::Global].map(Room::Topic);
            let rooms = topics.into_iter().chain([Room::Clients]).collect();
            let word = Word::Agent { agent: id.clone(), name, status };
            self.effects.push(Effect::Publish(rooms, Arc::new(word)));
        }
    }

    fn refuse(&mut self, peer: PeerId, message: &str, session: Option<&ExecutionId>) {
        self.publish(Room::Peer(peer), Word::Refused { message: message.to_owned(), session: session.cloned() });
    }

    fn publish(&mut self, room: Room, word: Word) {
        self.effects.push(Effect::Publish(vec![room], Arc::new(word)));
    }
}

/// The room, where this user may hear what is told in it.
fn topic_for(user: &UserId, projects: Option<&[String]>, topic: Topic) -> Option<Room> {
    match topic {
        Topic::User(id) => (id.as_str() == user.0).then(|| Room::User(user.clone())),
        Topic::Project(id) if projects.is_some_and(|mine| !mine.iter().any(|mine| mine == id.as_str())) => None,
        topic => Some(Room::Topic(topic)),
    }
}

#[cfg(test)]
mod tests;
