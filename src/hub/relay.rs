//! Protocol 000's relay as a machine: what came in and when, to what goes out where. No sockets, no clock.

use super::bus::{Message, PeerId, Room};
use super::history::History;
use super::registry::{Agent, Registry};
use super::sessions::{Known, Phase, Session, Sessions};
use super::token::{Identity, Role, UserId};
use crate::dialect::testflow::hub::{self as testflow, Inbound, Meaning, Registration, SessionKind};
use crate::model::{AgentId, ExecutionId};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What the relay is told.
#[derive(Debug)]
pub(super) enum Input {
    /// A peer with a good token.
    Connected {
        peer: PeerId,
        identity: Identity,
        /// Its id, should it register as an agent without naming one.
        spare: AgentId,
    },
    /// It is gone.
    Disconnected { peer: PeerId },
    /// It said something.
    Received { peer: PeerId, name: String, payload: Option<Value> },
    /// [`Relay::next_deadline`] has come.
    Tick,
}

/// What the relay wants done.
#[derive(Debug)]
pub(super) enum Effect {
    Join(PeerId, Room),
    Leave(PeerId, Room),
    Publish(Room, Message),
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
    system_info: Value,
}

#[derive(Debug)]
struct Peer {
    identity: Identity,
    spare: AgentId,
    agent: Option<AgentId>,
}

#[derive(Debug)]
pub(super) struct Relay {
    peers: HashMap<PeerId, Peer>,
    agents: Registry,
    sessions: Sessions,
    history: History,
    timeout: Duration,
    /// Since when sessions wait without any agent that could take them.
    deserted: Option<Instant>,
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
            timeout,
            deserted: None,
            effects: Vec::new(),
        }
    }

    /// Takes one input in; the effects are to be carried out in order.
    pub(super) fn step(&mut self, input: Input, now: Instant) -> Vec<Effect> {
        match input {
            Input::Connected { peer, identity, spare } => self.connected(peer, identity, spare, now),
            Input::Disconnected { peer } => self.disconnected(peer, now),
            Input::Received { peer, name, payload } => self.received(peer, name, payload, now),
            Input::Tick => self.tick(now),
        }
        self.assign(now);
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
            system_info: agent.system_info.clone(),
        };
        self.agents.iter().map(view).collect()
    }

    fn connected(&mut self, peer: PeerId, identity: Identity, spare: AgentId, now: Instant) {
        if identity.role != Role::Agent {
            self.effects.push(Effect::Join(peer, Room::User(identity.user.clone())));
            self.effects.push(Effect::Join(peer, Room::Clients));
            for (id, agent) in self.agents.iter() {
                let status = testflow::agent_status(id, agent.status(now, self.timeout));
                self.effects.push(Effect::Publish(Room::Peer(peer), status.into()));
            }
        }
        self.peers.insert(peer, Peer { identity, spare, agent: None });
    }

    fn disconnected(&mut self, peer: PeerId, now: Instant) {
        let Some(id) = self.peers.remove(&peer).and_then(|peer| peer.agent) else { return };
        self.part(&id, peer, now);
    }

    /// The agent's connection is gone; its sessions wait for it to come back.
    fn part(&mut self, id: &AgentId, peer: PeerId, now: Instant) {
        if let Some(agent) = self.agents.get_mut(id)
            && agent.peer == Some(peer)
        {
            agent.peer = None;
            agent.heard = now;
            self.tell_status(id, now);
        }
    }

    fn tick(&mut self, now: Instant) {
        let silent = self.agents.iter().filter(|(_, agent)| now >= agent.heard + self.timeout);
        for id in silent.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.give_up_sessions(&id, now);
            self.tell_status(&id, now);
        }
        if self.deserted.is_some_and(|since| now >= since + self.timeout) {
            while let Some((id, session)) = self.sessions.withdraw_first() {
                let seconds = self.timeout.as_secs();
                let message = format!(
                    "No agent came back within {seconds} s to take this session: connect one and start it again"
                );
                self.tell_of(&session.owner, &id, testflow::error(&message, Some(&id)));
                self.show(&id, now);
            }
        }
    }

    /// Tells the owners that the outcome is unknown; should the agent come back with it, it is still relayed.
    fn give_up_sessions(&mut self, id: &AgentId, now: Instant) {
        let Some(agent) = self.agents.get_mut(id) else { return };
        let seconds = self.timeout.as_secs();
        let message = format!(
            "The agent {} has not been heard for {seconds} s: the outcome of this session is unknown",
            agent.name
        );
        for session in std::mem::take(&mut agent.running) {
            self.sessions.lose(&session);
            if let Some(Session { owner, .. }) = self.sessions.get_mut(&session) {
                let owner = owner.clone();
                self.tell_of(&owner, &session, testflow::error(&message, Some(&session)));
                self.show(&session, now);
            }
        }
    }

    fn received(&mut self, peer: PeerId, name: String, payload: Option<Value>, now: Instant) {
        let Some(Peer { identity, agent, .. }) = self.peers.get(&peer) else { return };
        let (user, role, agent) = (identity.user.clone(), identity.role, agent.clone());
        if let Some(id) = &agent {
            match self.agents.get_mut(id) {
                Some(agent) if agent.peer == Some(peer) => agent.heard = now,
                // Another connection has taken its place.
                _ => return,
            }
            self.tell_status(id, now);
        }
        let inbound = match testflow::decode(&name, payload.as_ref()) {
            Ok(inbound) => inbound,
            Err(malformed) => return self.refuse(peer, &malformed.message, malformed.session.as_ref()),
        };
        let original = payload.as_ref().map(|payload| Message::new(name.clone(), payload));
        match (inbound, original) {
            (Inbound::Register(registration), _) => self.register(peer, &user, role, registration, now),
            (Inbound::Start { session, .. } | Inbound::Control { session, .. }, _)
                if agent.is_some() || role == Role::Agent =>
            {
                let message = format!("{name}: an agent takes sessions and starts none: connect once more as a client");
                self.refuse(peer, &message, Some(&session));
            }
            (Inbound::Start { session, kind }, Some(start)) => self.start(peer, user, session, kind, start, now),
            (Inbound::Control { session, cancels }, Some(command)) => {
                self.control(peer, &user, &session, cancels, command, now);
            }
            (Inbound::Event { session, means, event_id }, Some(event)) => match &agent {
                Some(id) => self.event(id, &session, means, event_id, event, now),
                None if means == Meaning::Error => tracing::debug!(peer = peer.0, "a client reports an error"),
                None => self.refuse(peer, &format!("{name}: only a registered agent may send this"), Some(&session)),
            },
            (Inbound::AgentError, _) => tracing::warn!(peer = peer.0, ?payload, "a peer reports an error"),
            (Inbound::Replay, _) if agent.is_none() && role == Role::Client => self.replay(peer, &user, now),
            (Inbound::Heartbeat | Inbound::Replay, _) => {}
            (Inbound::Unknown, _) | (_, None) => tracing::debug!(peer = peer.0, name, "ignoring an unknown event"),
        }
    }

    fn register(&mut self, peer: PeerId, user: &UserId, role: Role, registration: Registration, now: Instant) {
        if role == Role::Service {
            return self.refuse(peer, "agent:register: a token of the role `service` cannot be an agent's", None);
        }
        let Some(Peer { spare, agent: before, .. }) = self.peers.get(&peer) else { return };
        let (spare, before) = (spare.clone(), before.clone());
        let (listed, extended) = (registration.sessions.clone(), registration.extended);
        let registered = match self.agents.register(peer, user, &spare, registration, now) {
            Ok(registered) => registered,
            Err(not_yours) => return self.refuse(peer, &not_yours.to_string(), None),
        };
        let id = registered.id;
        if let Some(before) = before.filter(|before| *before != id) {
            self.effects.push(Effect::Leave(peer, Room::Agent(before.clone())));
            self.part(&before, peer, now);
        }
        if let Some(old) = registered.replaced {
            self.effects.push(Effect::Leave(old, Room::Agent(id.clone())));
            self.effects.push(Effect::Close(old));
        }
        self.effects.push(Effect::Leave(peer, Room::Clients));
        self.effects.push(Effect::Leave(peer, Room::User(user.clone())));
        self.effects.push(Effect::Join(peer, Room::Agent(id.clone())));
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.agent = Some(id.clone());
        }
        if extended {
            self.effects.push(Effect::Publish(Room::Agent(id.clone()), testflow::registered(&id).into()));
        }
        if let Some(listed) = listed {
            self.reconcile(&id, &listed, now);
        }
        for command in registered.held {
            self.effects.push(Effect::Publish(Room::Agent(id.clone()), command));
        }
        self.tell_status(&id, now);
    }

    /// An agent that is back says which sessions it still answers for.
    fn reconcile(&mut self, id: &AgentId, listed: &[ExecutionId], now: Instant) {
        for session_id in self.sessions.of_agent(id) {
            let Some(agent) = self.agents.get_mut(id) else { return };
            let Some(session) = self.sessions.get_mut(&session_id) else { continue };
            match (listed.contains(&session_id), &session.start, &session.phase) {
                (true, _, Phase::Lost(_)) => {
                    agent.running.insert(session_id.clone());
                    self.sessions.find(&session_id);
                }
                (true, _, _) => {}
                // The command got lost with the connection.
                (false, Some(start), Phase::Running(_)) => {
                    self.effects.push(Effect::Publish(Room::Agent(id.clone()), start.clone()));
                }
                (false, None, Phase::Running(_)) => {
                    agent.running.remove(&session_id);
                    let message = format!("The agent {} was restarted and has lost this session", agent.name);
                    if let Some(session) = self.sessions.end(&session_id) {
                        self.tell_of(&session.owner, &session_id, testflow::error(&message, Some(&session_id)));
                    }
                }
                (false, _, _) => drop(self.sessions.end(&session_id)),
            }
            self.show(&session_id, now);
        }
    }

    fn start(&mut self, peer: PeerId, user: UserId, id: ExecutionId, kind: SessionKind, start: Message, now: Instant) {
        match self.sessions.look_up(&id, &user) {
            Known::Unknown => {}
            Known::Foreign => return self.refuse(peer, "This id is in use: choose another", Some(&id)),
            Known::Live(_) | Known::Ended => {
                tracing::info!(session = %id, "not starting a session twice");
                return;
            }
        }
        if !self.agents.any_online(now) {
            let message = "No agent is connected: start one with `understudy agent` and try again";
            return self.refuse(peer, message, Some(&id));
        }
        if !self.sessions.has_room(&user) {
            let message = format!("{} sessions are waiting already: try again later", self.sessions.waiting());
            return self.refuse(peer, &message, Some(&id));
        }
        self.history.begin(&id, &user, start.clone(), now);
        let session = Session { owner: user.clone(), kind, phase: Phase::Waiting, start: Some(start) };
        self.sessions.enqueue(id.clone(), session);
        self.show_start(&id, now);
        self.assign(now);
        if self.sessions.get_mut(&id).is_some_and(|session| session.phase == Phase::Waiting) {
            let message = match self.sessions.waiting() - 1 {
                0 => "All agents are busy: this session is next".to_owned(),
                1 => "All agents are busy: 1 session is before this one".to_owned(),
                n => format!("All agents are busy: {n} sessions are before this one"),
            };
            self.tell_of(&user, &id, testflow::waits(&id, &message));
        }
    }

    fn control(
        &mut self,
        peer: PeerId,
        user: &UserId,
        id: &ExecutionId,
        cancels: bool,
        command: Message,
        now: Instant,
    ) {
        let session = match self.sessions.look_up(id, user) {
            Known::Live(session) => session,
            // It crossed the session's end.
            Known::Ended => return,
            Known::Foreign | Known::Unknown => {
                let message = format!("{}: no session of yours has this id", command.name);
                return self.refuse(peer, &message, Some(id));
            }
        };
        match session.phase.clone() {
            Phase::Running(agent) | Phase::Lost(agent) => self.command(&agent, command),
            Phase::Waiting if cancels => {
                let complete = testflow::cancelled(id, &session.kind);
                self.sessions.end(id);
                self.tell_of(user, id, complete);
                self.show(id, now);
            }
            Phase::Waiting => {
                let message = format!("{}: this session still waits for an agent", command.name);
                self.refuse(peer, &message, Some(id));
            }
        }
    }

    fn event(
        &mut self,
        agent_id: &AgentId,
        id: &ExecutionId,
        means: Meaning,
        event_id: Option<String>,
        event: Message,
        now: Instant,
    ) {
        let Some(agent) = self.agents.get_mut(agent_id) else { return };
        if event_id.is_some_and(|event_id| agent.is_repeated(event_id)) {
            return;
        }
        let Some(session) = self.sessions.get_mut(id) else {
            tracing::debug!(session = %id, event = %event.name, "dropping an event of no session");
            return;
        };
        let mut found = false;
        let refused = match &session.phase {
            Phase::Running(its) if its == agent_id => means == Meaning::Error && session.start.is_some(),
            Phase::Lost(its) if its == agent_id => {
                found = means == Meaning::Progress;
                false
            }
            _ => {
                tracing::warn!(session = %id, agent = %agent_id, "dropping an event about another agent's session");
                return;
            }
        };
        session.start = None;
        let owner = session.owner.clone();
        if refused {
            agent.running.remove(id);
            self.sessions.lose(id);
        } else if found {
            agent.running.insert(id.clone());
            self.sessions.find(id);
        } else if means == Meaning::Complete {
            agent.running.remove(id);
            self.sessions.end(id);
        }
        self.tell_of(&owner, id, event);
        if refused || found || means == Meaning::Complete {
            self.show(id, now);
        }
        // First: an agent that goes on with the next session has not been idle.
        self.assign(now);
        self.tell_status(agent_id, now);
    }

    /// Gives waiting sessions to agents with free slots.
    fn assign(&mut self, now: Instant) {
        while let Some(next) = self.sessions.first_waiting() {
            let Some(agent) = self.agents.assign(next, now) else { break };
            if let Some((id, start)) = self.sessions.start_first(agent.clone()) {
                self.command(&agent, start);
                self.history.assign(&id, &agent);
                self.show(&id, now);
            }
            self.tell_status(&agent, now);
        }
        let deserted = self.sessions.waiting() > 0 && !self.agents.any_online(now);
        self.deserted = if deserted { self.deserted.or(Some(now)) } else { None };
    }

    fn command(&mut self, id: &AgentId, command: Message) {
        match self.agents.get_mut(id) {
            Some(agent) if agent.peer.is_none() => agent.hold(command),
            Some(_) => self.effects.push(Effect::Publish(Room::Agent(id.clone()), command)),
            None => {}
        }
    }

    fn tell_status(&mut self, id: &AgentId, now: Instant) {
        if let Some(status) = self.agents.untold(id, now) {
            self.effects.push(Effect::Publish(Room::Clients, testflow::agent_status(id, status).into()));
        }
    }

    fn refuse(&mut self, peer: PeerId, message: &str, session: Option<&ExecutionId>) {
        self.effects.push(Effect::Publish(Room::Peer(peer), testflow::error(message, session).into()));
    }
}

mod watch;

#[cfg(test)]
mod tests;
